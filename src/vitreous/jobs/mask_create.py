"""MaskCreate: a map to a soft solvent mask."""

from collections.abc import Mapping, Sequence
from typing import Any

from vitreous.context import Context, UserError
from vitreous.job.declare import AskJob, Unit, group, input, job, output
from vitreous.methods.reconstruction.settings import MaskCreation
from vitreous.param import param


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
class MaskCreate(AskJob):
    """Make a mask that is 1 in the particle, 0 in the solvent and soft between."""

    map: str = input(kind="map", relion="fn_in", help="The map from which the mask is made.")
    creation: MaskCreation = group(MaskCreation, tab="Mask")

    ask: bool = param(
        False,
        tab="Mask",
        help="Place spheres, boxes and regions in the window instead of using one threshold; the job waits until that is done.",
    )
    answer: str = param(
        "", tab="Mask", help="File with the spheres, boxes and regions of a mask, as the window saves it. Empty: a threshold."
    )

    mask = output("mask.mrc", kind="mask", help="The mask, 0 to 1")

    def question(self) -> str:
        """A mask, while shapes are wished for and none are given."""
        return "mask" if self.ask and not self.answer else ""

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work; an answer is part of it by what it says."""
        from vitreous.files.mask_shapes import read_shapes

        row: dict[str, Any] = {"map": self.map}
        if self.answer:
            row["shapes"] = read_shapes(self.answer).model_dump(mode="json", exclude_none=True)
        return [Unit("mask", row)]

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
        whole = torch.from_numpy(volume)
        if "shapes" in unit.row:
            made = self._of_shapes(whole, unit.row["shapes"], voxel_A=voxel_A)
        else:
            made = create_mask(whole, voxel_size_A=voxel_A, settings=self.creation)
        mrc.write_volume(context.folder / self.mask.name, made.mask.numpy(), pixel_size_A=voxel_A)
        filled = float(made.mask.mean())
        how = f"threshold {made.threshold:.4g}" if "shapes" not in unit.row else "shapes from an answer"
        share = "above it" if "shapes" not in unit.row else "inside them"
        context.note(f"{how}; {100 * made.core_share:.1f} % of the box {share}, mask {100 * filled:.1f} %")
        return {"threshold": made.threshold, "core_share": made.core_share, "mask_share": filled}

    def _of_shapes(self, volume: Any, said: Any, *, voxel_A: float) -> Any:
        """The mask of an answer's shapes on this grid."""
        from vitreous.files.mask_shapes import inside, parse_shapes
        from vitreous.methods.reconstruction.mask import region_above, shaped_mask

        shapes = parse_shapes(said, f"the answers of {self.answer}")

        def above(one: Any) -> Any:
            return region_above(volume, one.level, voxel_size_A=voxel_A, low_pass_A=one.low_pass_A, largest=one.largest)

        core = inside(shapes, tuple(volume.shape), voxel_A=voxel_A, region=above)
        extend_px = self.creation.extend_px if shapes.extend_px is None else shapes.extend_px
        return shaped_mask(core, extend_px=extend_px, edge_px=self.creation.edge_px if shapes.edge_px is None else shapes.edge_px)

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote the mask."""
