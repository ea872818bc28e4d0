"""OrientationStats: how evenly a map is resolved, and Fourier space sampled, in all directions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, input, job, output
from vitreous.param import param

if TYPE_CHECKING:
    from vitreous.files.star_blocks import Block
    from vitreous.methods.reconstruction.orientation import Sampling

SUSPECT_CONES, SUSPECT_SAMPLING = 0.5, 0.81


@job(
    "relion.external.vitreous.orientation_stats",
    number=99,
    folder="External",
    title="Orientation statistics",
    version=1,
    command="orientation-stats",
)
class OrientationStats(MapJob):
    """Say how even a map is in all directions: conical FSCs of its half maps, and the views of its particles."""

    half1: str = input(kind="halfmap", optional=True, help="One of the two unfiltered half maps. Empty: only views are judged.")
    mask: str = input(kind="mask", optional=True, help="Soft mask in which the half maps are compared. Empty: none.")
    particles: str = input(kind="particles", optional=True, help="Particles with poses. Empty: only half maps are judged.")
    symmetry: str = param("C1", usual=True, tab="I/O", help="Point group whose mates count as views too, as C1, D2, O.")

    curves = output("orientation.star", kind="file", help="Scores, the curves of the cones, and counts of views")

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work."""
        from vitreous.files.digest import digest

        if not self.half1 and not self.particles:
            raise UserError("give half maps (half1), particles with poses, or both")
        row = {"half1": self.half1, "mask": self.mask, "particles": self.particles}
        return [Unit("orientation", row | ({"digest": digest(self.particles)} if self.particles else {}))]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Judge what is there, write."""
        from vitreous.files import star
        from vitreous.files.star_blocks import StarFile, list_block

        scores: dict[str, float] = {}
        blocks = self._judge_halves(scores, context) if self.half1 else []
        blocks += self._judge_views(scores, context) if self.particles else []
        star.write(context.folder / self.curves.name, StarFile([list_block("general", self._said(scores)), *blocks]))
        suspect = scores.get("vitreousConeEvenness", 1.0) < SUSPECT_CONES
        suspect |= scores.get("vitreousSamplingFactorFloored", 1.0) < SUSPECT_SAMPLING - 0.02
        context.note(
            "some directions are resolved or seen much less than others" if suspect else "the directions are even enough"
        )
        return scores

    def _said(self, scores: Mapping[str, float]) -> dict[str, Any]:
        """The scores with where they come from."""
        named = {"rlnUnfilteredMapHalf1": self.half1, "rlnMaskName": self.mask, "vitreousParticles": self.particles}
        return {"rlnSymmetryGroup": self.symmetry, **{label: name for label, name in named.items() if name}, **scores}

    def _judge_halves(self, scores: dict[str, float], context: Context) -> "list[Block]":
        """Curves in cones."""
        import torch

        from vitreous.files import mrc
        from vitreous.files.curves import fsc_block
        from vitreous.files.half_maps import other_half
        from vitreous.files.star_blocks import loop_block
        from vitreous.methods.reconstruction.orientation import conical

        (first, voxel_A), (second, _) = mrc.read_volume(self.half1), mrc.read_volume(other_half(self.half1))
        mask = torch.from_numpy(mrc.read_volume(self.mask)[0]) if self.mask else None
        if first.shape != second.shape or len(set(first.shape)) != 1 or (mask is not None and mask.shape != first.shape):
            raise UserError(f"{self.half1}, its other half and the mask must be cubes of the same size")
        found = conical(torch.from_numpy(first), torch.from_numpy(second), mask, voxel_size_A=voxel_A, context=context)
        best, worst = float(found.resolutions_A.min()), float(found.resolutions_A.max())
        scores |= {"vitreousConeEvenness": found.evenness, "vitreousBestConeA": best, "vitreousWorstConeA": worst}
        context.note(
            f"cones of 20°: {best:.2f} to {worst:.2f} Å, least area over greatest {found.evenness:.2f} (below 0.5: suspect)"
        )
        limits = {
            "vitreousConeFscLowest": found.curves.amin(0).numpy(),
            "vitreousConeFscMean": found.curves.mean(0).numpy(),
            "vitreousConeFscHighest": found.curves.amax(0).numpy(),
        }
        rot, tilt = found.directions.numpy().T
        angles = {"rlnAngleRot": rot, "rlnAngleTilt": tilt}
        each = {"rlnAngstromResolution": found.resolutions_A.numpy(), "vitreousConeArea": found.areas.numpy()}
        return [fsc_block(len(first) * voxel_A, limits), loop_block("cones", angles | each)]

    def _judge_views(self, scores: dict[str, float], context: Context) -> "list[Block]":
        """Sampling of Fourier space by the particles' views."""
        import numpy as np

        from vitreous.files import star
        from vitreous.files.star_blocks import loop_block
        from vitreous.methods.reconstruction.orientation import sampling

        table = star.read_table(self.particles, "particles", optics="optional")
        for column, label in (("rot_deg", "rlnAngleRot"), ("tilt_deg", "rlnAngleTilt")):
            if column not in table or not len(table):
                raise UserError(f"{self.particles} has no column {label}, or no rows: it needs the poses of a refinement")
        angles = [np.asarray(table[name], np.float64) for name in ("rot_deg", "tilt_deg")]
        try:
            found: Sampling = sampling(*angles, group=self.symmetry)
        except ValueError as error:
            raise UserError(str(error)) from error
        scores |= {
            "vitreousSamplingFactor": found.factor,
            "vitreousSamplingFactorFloored": found.floored,
            "vitreousPointSpreadEvenness": found.spread,
            "vitreousMissingShare": found.missing,
        }
        context.note(
            f"views: sampling factor {found.floored:.2f} (even: 1, below 0.81: suspect), "
            f"{found.missing:.0%} of directions hardly sampled"
        )
        rot, tilt = found.directions.numpy().T
        return [loop_block("views", {"rlnAngleRot": rot, "rlnAngleTilt": tilt, "vitreousCount": found.counts})]

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote all files."""
