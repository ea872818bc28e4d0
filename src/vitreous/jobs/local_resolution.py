"""LocalRes: resolution from place to place, and the map filtered by it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job, output
from vitreous.methods.reconstruction.settings_maps import LocalResolution

if TYPE_CHECKING:
    from vitreous.methods.reconstruction.local_resolution import LocallyResolved


@job(
    "relion.localres",
    number=16,
    folder="LocalRes",
    title="Local resolution",
    version=1,
    command="local-resolution",
    fixed={"do_relion_locres": "Yes", "do_resmap_locres": "No"},
    ignored=("fn_resmap", "pval", "minres", "maxres", "stepres"),
)
class LocalRes(MapJob):
    """Measure the resolution of two half maps from place to place, and filter and sharpen their mean by it."""

    half1: str = input(
        kind="halfmap",
        relion="fn_in",
        help="One of the two unfiltered half maps; the other's name has half2 in place of half1.",
    )
    solvent_mask: str = input(
        kind="mask",
        relion="fn_mask",
        optional=True,
        help="Soft mask of the same size, in which the resolutions are counted; it does not change them. Empty: no counts.",
    )
    mtf: str = input(
        kind="file",
        relion="fn_mtf",
        optional=True,
        tab="Local resolution",
        help="STAR file with the detector's MTF, divided out of the filtered map. Empty: none.",
    )
    local: LocalResolution = group(LocalResolution, tab="Local resolution")

    resolution = output("relion_locres.mrc", kind="localres", help="The resolution in Å of each voxel")
    filtered = output("relion_locres_filtered.mrc", kind="map", help="The map, sharpened and filtered from place to place")
    histogram = output("histogram.pdf", kind="logfile", help="How often each resolution occurs in the mask", when="solvent_mask")
    points = output("relion_locres.star", kind="file", help="Resolution at each point, and how often each occurs in the mask")

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work."""
        return [Unit("localres", {"half1": self.half1, "half2": self.half2(), "mask": self.solvent_mask})]

    def half2(self) -> str:
        """The path of the other half map."""
        from vitreous.files.half_maps import other_half

        return other_half(self.half1)

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Read, measure, filter, write."""
        import torch

        from vitreous.files import mrc
        from vitreous.files.curves import read_mtf
        from vitreous.methods.reconstruction.local_resolution import local_resolution
        from vitreous.methods.reconstruction.postprocess import Mtf

        first, header_A = mrc.read_volume(self.half1)
        second, _ = mrc.read_volume(self.half2())
        voxel_A = self.local.voxel_size_A if self.local.voxel_size_A > 0 else header_A
        if voxel_A <= 0:
            raise UserError(f"{self.half1} does not say its voxel size: give it (angpix)")
        inside = mrc.read_volume(self.solvent_mask)[0] > 0.5 if self.solvent_mask else None
        if inside is not None and inside.shape != first.shape:
            raise UserError(f"{self.solvent_mask} has another size than {self.half1}: make it from these maps")
        mtf = Mtf(*(torch.from_numpy(values) for values in read_mtf(self.mtf))) if self.mtf else None
        halves = (torch.from_numpy(first), torch.from_numpy(second))
        made = local_resolution(*halves, voxel_size_A=voxel_A, mtf=mtf, settings=self.local, context=context)
        for name, volume in ((self.resolution.name, made.resolution_A), (self.filtered.name, made.filtered)):
            mrc.write_volume(context.folder / name, volume.numpy(), pixel_size_A=voxel_A)
        values = made.resolution_A[torch.from_numpy(inside)] if inside is not None else made.at_places_A
        record = self._write_points(made, values.numpy(), context)
        where = "of the mask" if inside is not None else "of the points"
        context.note(
            f"half {where} is better than {record['median_A']:.2f} Å, 10 % is worse than {record['worst_tenth_A']:.2f} Å"
        )
        return record

    def _write_points(self, made: "LocallyResolved", values: Any, context: Context) -> dict[str, Any]:
        """The table of points and the histogram; the record."""
        import numpy as np

        from vitreous.files import star
        from vitreous.files.curves import histogram_block
        from vitreous.files.histogram_pdf import write_histogram
        from vitreous.files.star_blocks import StarFile, list_block, loop_block

        known = values[values > 0]
        if not len(known):
            raise UserError(f"{self.solvent_mask} holds no voxel at which the resolution was measured")
        tenth, middle, worst = (float(q) for q in np.quantile(known, (0.1, 0.5, 0.9)))
        z, y, x = (made.places.numpy()[:, axis] * made.voxel_size_A for axis in range(3))
        columns = {
            "rlnCoordinateX": x,
            "rlnCoordinateY": y,
            "rlnCoordinateZ": z,
            "rlnAngstromResolution": made.at_places_A.numpy(),
        }
        general = {"rlnUnfilteredMapHalf1": self.half1, "rlnUnfilteredMapHalf2": self.half2()}
        general |= {"rlnMaskName": self.solvent_mask} if self.solvent_mask else {}
        counted = histogram_block("histogram", "rlnAngstromResolution", known)
        if self.solvent_mask:
            middles, counts = (counted[label] for label in ("rlnAngstromResolution", "vitreousCount"))
            words = {"title": "Local resolution in the mask", "x_name": "resolution (Å)"}
            write_histogram(context.folder / self.histogram.name, middles, counts, **words)
        blocks = [list_block("general", general), counted, loop_block("points", columns)]
        star.write(context.folder / self.points.name, StarFile(blocks))
        return {"best_tenth_A": tenth, "median_A": middle, "worst_tenth_A": worst, "points": len(x)}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote all files."""
