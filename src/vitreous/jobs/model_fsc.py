"""ModelFsc: a map against its atomic model."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job, output
from vitreous.methods.reconstruction.settings_maps import ModelComparison

if TYPE_CHECKING:
    from torch import Tensor

    from vitreous.methods.reconstruction.map_model import MapModel
    from vitreous.simulation.atoms import Atoms


@job(
    "relion.external.vitreous.model_fsc",
    number=99,
    folder="External",
    title="Map and model",
    version=1,
    command="model-fsc",
)
class ModelFsc(MapJob):
    """Compare a map with the density of an atomic model that was fitted into it: their FSC, and where it falls below 0.5."""

    map: str = input(kind="map", help="The map, such as a sharpened one; a cube.")
    model: str = input(kind="file", help="The atomic model in the map's frame, PDB or mmCIF, plain or .gz.")
    mask: str = input(
        kind="mask",
        optional=True,
        help="Mask of the map's size, or one cropped out of it, which is put where it covers the model. Empty: about the atoms.",
    )
    comparison: ModelComparison = group(ModelComparison, tab="Comparison")

    density = output("model_map.mrc", kind="map", help="The model's density on the map's grid, as electrons see it in ice")
    used = output("model_mask.mrc", kind="mask", help="The mask that was used")
    curve = output("model_fsc.star", kind="postprocess", help="FSC of map and model")

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work."""
        return [Unit("model", {"map": self.map, "model": self.model, "mask": self.mask})]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Read, make the model's density, compare, write."""
        import torch

        from vitreous.files import mrc
        from vitreous.methods.reconstruction.map_model import compare
        from vitreous.simulation.specimen import true_map

        volume, header_A = mrc.read_volume(self.map)
        voxel_A = self.comparison.voxel_size_A if self.comparison.voxel_size_A > 0 else header_A
        if voxel_A <= 0:
            raise UserError(f"{self.map} does not say its voxel size: give it (voxel-size-a)")
        if len(set(volume.shape)) != 1:
            raise UserError(f"{self.map} has {'x'.join(str(n) for n in reversed(volume.shape))} voxels: a cube is needed")
        atoms = self._atoms(box=len(volume), voxel_A=voxel_A, header_A=header_A)
        density = torch.from_numpy(true_map(atoms, box=len(volume), pixel_size_A=voxel_A))
        mask = self._mask(atoms, box=len(volume), voxel_A=voxel_A, context=context)
        found = compare(torch.from_numpy(volume), density, mask, voxel_size_A=voxel_A)
        for name, made in ((self.density.name, density), (self.used.name, mask)):
            mrc.write_volume(context.folder / name, made.numpy(), pixel_size_A=voxel_A)
        self._write_curve(found, size_A=len(volume) * voxel_A, context=context)
        context.note(f"map and model agree to {found.half_A:.2f} Å (FSC 0.5), {found.half_unmasked_A:.2f} Å without a mask")
        return {"half_A": found.half_A, "half_unmasked_A": found.half_unmasked_A, "agreement": found.agreement}

    def _atoms(self, *, box: int, voxel_A: float, header_A: float) -> "Atoms":
        """The atoms, from the map's middle voxel; the header says where models have the map's first voxel."""
        from dataclasses import replace

        import numpy as np

        from vitreous.files import mrc
        from vitreous.simulation.model import read_placed

        header = mrc.read_header(self.map)
        known = any(header.origin_A)
        # A voxel size that was calibrated anew stretches the whole map about the model's zero.
        stretch = voxel_A / header_A if known and header_A > 0 else 1.0
        first = np.array(header.origin_A) * stretch if known else np.array(header.start, float) * voxel_A
        atoms = read_placed(self.model, assembly=self.comparison.assembly)
        return replace(atoms, positions_A=atoms.positions_A - first - box // 2 * voxel_A)

    def _mask(self, atoms: "Atoms", *, box: int, voxel_A: float, context: Context) -> "Tensor":
        """The mask to compare in: given, placed, or made about the atoms; soft in any case."""
        import torch

        from vitreous.files import mrc
        from vitreous.maths.masks import soft_edge
        from vitreous.methods.reconstruction.map_model import mask_about, placed

        chosen = self.comparison
        edge_px = chosen.edge_A / voxel_A
        about = mask_about(atoms.positions_A / voxel_A + box // 2, box, extend_px=chosen.extend_A / voxel_A, edge_px=edge_px)
        if not self.mask:
            return about
        given = torch.from_numpy(mrc.read_volume(self.mask)[0])
        if given.shape != about.shape:
            given, (z, y, x) = placed(given, about)
            context.note(
                f"the mask is smaller than the map: its first voxel is put at {x}, {y}, {z} (x, y, z), where it covers the model"
            )
        sharp = bool(((given < 0.01) | (given > 0.99)).all())
        return soft_edge(given.numpy() > 0.5, 0.0, edge_px) if sharp else given

    def _write_curve(self, found: "MapModel", *, size_A: float, context: Context) -> None:
        from vitreous.files import star
        from vitreous.files.curves import fsc_block
        from vitreous.files.star_blocks import StarFile, list_block

        general = {
            "vitreousModel": self.model,
            "vitreousResolutionAtHalf": found.half_A,
            "rlnMaskName": self.mask or self.used.name,
        }
        curves = {
            "rlnFourierShellCorrelationMaskedMaps": found.masked.numpy(),
            "rlnFourierShellCorrelationUnmaskedMaps": found.unmasked.numpy(),
        }
        star.write(context.folder / self.curve.name, StarFile([list_block("general", general), fsc_block(size_A, curves)]))

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote all files."""
