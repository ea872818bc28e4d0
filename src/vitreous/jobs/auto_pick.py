"""Picks particles on each micrograph by a Laplacian of Gaussian; coordinates in both of RELION's conventions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job, output
from vitreous.methods.picking.settings import BlobSearch

_OFF = {
    "do_log": "Yes",
    "do_refs": "No",
    "do_ref3d": "No",
    "do_topaz": "No",
    "do_topaz_train": "No",
    "do_topaz_train_parts": "No",
    "do_topaz_pick": "No",
    "do_topaz_filaments": "No",
    "do_pick_helical_segments": "No",
    "do_read_fom_maps": "No",
    "do_write_fom_maps": "No",
    "continue_manual": "No",
}
# options of template, Topaz and filament picking, which _OFF keeps off, and those that RELION itself ignores for blobs
_UNUSED = (
    *("angpix", "angpix_ref", "fn_refs_autopick", "fn_ref3d_autopick", "ref3d_sampling", "ref3d_symmetry", "lowpass", "highpass"),
    *("psi_sampling_autopick", "do_invert_refs", "do_ctf_autopick", "do_ignore_first_ctfpeak_autopick", "particle_diameter"),
    *("threshold_autopick", "mindist_autopick", "maxstddevnoise_autopick", "minavgnoise_autopick", "shrink", "do_amyloid"),
    *("helical_nr_asu", "helical_rise", "helical_tube_kappa_max", "helical_tube_length_min", "helical_tube_outer_diameter"),
    *("fn_topaz_exe", "topaz_filament_threshold", "topaz_hough_length", "topaz_model", "topaz_nr_particles", "topaz_other_args"),
    *("topaz_particle_diameter", "topaz_train_parts", "topaz_train_picks"),
)


@job(
    "relion.autopick",
    number=4,
    folder="AutoPick",
    title="Particle picking",
    version=1,
    command="auto-pick",
    fixed=_OFF,
    ignored=_UNUSED,
)
class AutoPick(MapJob):
    """Find round particles of known size on each micrograph."""

    follows: ClassVar[bool] = True
    micrographs: str = input(
        kind="micrographs", relion="fn_input_autopick", help="STAR file with the micrographs to pick from, with or without CTF."
    )
    blobs: BlobSearch = group(BlobSearch, tab="Laplacian")
    picks = output("autopick.star", kind="coordinates", help="The coordinate file of each micrograph")
    suffix = output(
        "coords_suffix_autopick.star", kind="coordinates", help="The same as RELION 3.1 has it: the name of the micrographs' file"
    )

    @classmethod
    def older_options(cls, said: Mapping[str, str]) -> Mapping[str, str]:
        """Template and Topaz options mean nothing where those ways of picking are off."""
        if said.get("do_topaz", "No").strip().lower() == "yes":
            raise UserError(
                "Particle picking does not support do_topaz: pick with do_log = Yes, or let an External job run Topaz"
            )
        meaningless = [name for name in _OFF if name.startswith("do_topaz_")]
        if said.get("do_refs", "No").strip().lower() == "no":
            meaningless.append("do_ref3d")
        return {name: "No" for name in meaningless if name in said}

    def units(self, context: Context) -> Sequence[Unit]:
        """One unit a micrograph."""
        from vitreous.files import micrographs

        if self.blobs.max_diameter_A < self.blobs.min_diameter_A:
            raise UserError(
                f"the largest diameter, {self.blobs.max_diameter_A:g} Å, is below the smallest, {self.blobs.min_diameter_A:g} Å: "
                "exchange --min-diameter-a and --max-diameter-a"
            )
        table = micrographs.read_table(self.micrographs)
        sizes = table.optics_column("micrograph_pixel_size_A")
        return [
            Unit(key=str(name), row={"micrograph": str(name), "pixel_size_A": float(size)})
            for name, size in zip(table["micrograph"], sizes, strict=True)
        ]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Pick on one micrograph and write its coordinates."""
        import numpy as np

        from vitreous.files import coordinates, micrographs
        from vitreous.methods.picking.blobs import pick_blobs
        from vitreous.tables.table import Table

        path = unit.row["micrograph"]
        image = micrographs.read_finite(path)
        found = pick_blobs(image, unit.row["pixel_size_A"], self.blobs, context=context)
        columns = {
            "x_px": found.x_px,
            "y_px": found.y_px,
            "pick_fom": found.signal,
            "class_number": np.zeros(len(found), np.int64),
            "psi_deg": np.zeros(len(found)),
        }
        file = picks_file(context.folder, path)
        coordinates.write(file, Table(columns))
        return {
            "micrograph": path,
            "file": str(file),
            "picks": len(found),
            "threshold": float(found.threshold) if np.isfinite(found.threshold) else None,
            "median_signal": float(np.median(found.signal)) if len(found) else None,
        }

    def taken_over(self, unit: Unit, context: Context) -> dict[str, Any] | None:
        """RELION leaves the same file of picks for each micrograph."""
        from vitreous.files import coordinates

        file = picks_file(context.folder, unit.row["micrograph"])
        if not file.is_file():
            return None
        count = len(coordinates.read(file))
        return {"micrograph": unit.key, "file": str(file), "picks": count, "threshold": None, "median_signal": None}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Write the list of coordinate files, and the coords_suffix file."""
        from vitreous.files import atomic, coordinates, star

        coordinates.write_list(context.folder / self.picks.name, {record["micrograph"]: record["file"] for record in records})
        atomic.write_text(context.folder / self.suffix.name, self.micrographs + "\n")
        total = sum(record["picks"] for record in records)
        context.note(f"{total} particles on {len(records)} micrographs, {total / max(len(records), 1):.1f} on each")
        if not total and not context.growing and len(records) == len(star.read_table(self.micrographs, "micrographs")):
            raise UserError(
                f"not one particle was found on the {len(records)} micrographs of {self.micrographs}: check the diameters, "
                "whether particles are white (--white-particles), or pick more with --threshold-adjust -1"
            )


def picks_file(folder: Path, micrograph: str) -> Path:
    """Where the picks of a micrograph go."""
    from vitreous.files import coordinates

    return coordinates.file_in(folder, micrograph, "autopick")
