"""MaskCreate: a map to a soft solvent mask."""

from collections.abc import Mapping, Sequence
from typing import Any

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job, output
from vitreous.methods.reconstruction.settings import MaskCreation


@job(
    "relion.maskcreate",
    number=12,
    folder="MaskCreate",
    title="Mask creation",
    version=1,
    command="mask-create",
    fixed={"do_helix": "No"},
    ignored=("helical_z_percentage",),
)
class MaskCreate(MapJob):
    """Make a mask that is 1 in the particle, 0 in the solvent and soft between."""

    map: str = input(kind="map", relion="fn_in", help="The map from which the mask is made.")
    creation: MaskCreation = group(MaskCreation, tab="Mask")

    mask = output("mask.mrc", kind="mask", help="The mask, 0 to 1")

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work."""
        return [Unit("mask", {"map": self.map})]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Read, mask, write."""
        import torch

        from vitreous.files import mrc
        from vitreous.methods.reconstruction.mask import create_mask

        volume, header_A = mrc.read_volume(self.map)
        voxel_A = self.creation.voxel_size_A if self.creation.voxel_size_A > 0 else header_A
        if voxel_A <= 0:
            raise UserError(f"{self.map} does not say its voxel size: give it (angpix)")
        if len(set(volume.shape)) != 1:
            raise UserError(f"{self.map} has {'x'.join(str(n) for n in reversed(volume.shape))} voxels: a cube is needed")
        made = create_mask(torch.from_numpy(volume), voxel_size_A=voxel_A, settings=self.creation)
        mrc.write_volume(context.folder / self.mask.name, made.mask.numpy(), pixel_size_A=voxel_A)
        filled = float(made.mask.mean())
        context.note(
            f"threshold {made.threshold:.4g}; {100 * made.core_share:.1f} % of the box above it, mask {100 * filled:.1f} %"
        )
        return {"threshold": made.threshold, "core_share": made.core_share, "mask_share": filled}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote the mask."""
