"""AlignSymmetry: a map brought to the standard axes of its point group."""

from collections.abc import Mapping, Sequence
from typing import Any

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job, output
from vitreous.methods.reconstruction.settings_maps import AxesAlignment


@job(
    "relion.external.vitreous.align_symmetry",
    number=99,
    folder="External",
    title="Symmetry alignment",
    version=1,
    command="align-symmetry",
)
class AlignSymmetry(MapJob):
    """Turn and move a map so that its symmetry axes are the standard ones of its point group, which refinement expects."""

    map: str = input(kind="map", help="The map, such as one refined or started without symmetry.")
    particles: str = input(
        kind="particles", optional=True, help="Particles whose poses belong to the map; they are turned with it. Empty: none."
    )
    axes: AxesAlignment = group(AxesAlignment, tab="Axes")

    symmetric = output("symmetrised.mrc", kind="map", help="The map on its axes, averaged over its symmetry mates")
    aligned = output("aligned.mrc", kind="map", help="The map on its axes, not averaged")
    curve = output("fsc.star", kind="postprocess", help="FSC of the two: how far the map has the symmetry")
    posed = output("particles.star", kind="particles", help="The particles with the poses of the aligned map", when="particles")

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work."""
        from vitreous.files.digest import digest

        row = {"map": self.map, "particles": self.particles}
        return [Unit("axes", row | ({"digest": digest(self.particles)} if self.particles else {}))]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Read, align, write."""
        from vitreous.files import mrc
        from vitreous.maths import symmetry
        from vitreous.methods.reconstruction.align_axes import LEAST_AGREEMENT, align_axes

        volume, voxel_A = mrc.read_volume(self.map)
        if voxel_A <= 0 or len(set(volume.shape)) != 1:
            raise UserError(f"{self.map} must be a cube whose header says its voxel size")
        try:
            name = symmetry.canonical(self.axes.symmetry)
        except ValueError as error:
            raise UserError(str(error)) from error
        made = align_axes(
            volume,
            group=name,
            voxel_size_A=voxel_A,
            finest_A=self.axes.finest_A,
            keep_centre=self.axes.keep_centre,
            context=context,
        )
        for out, map_ in ((self.symmetric.name, made.symmetric), (self.aligned.name, made.volume)):
            mrc.write_volume(context.folder / out, map_, pixel_size_A=voxel_A)
        self._write_curve(made, size_A=len(volume) * voxel_A, context=context)
        if self.particles:
            self._write_particles(made, voxel_A=voxel_A, context=context)
        if made.agreement < LEAST_AGREEMENT:
            context.note(
                f"the map agrees with its {name} mates by {made.agreement:.2f} only (1: symmetric): has it this symmetry?"
            )
        else:
            context.note(f"the map agrees with its {name} mates by {made.agreement:.2f} (1: symmetric)")
        return {"agreement": made.agreement, "turn": made.turn.tolist(), "move_A": (made.move_px * voxel_A).tolist()}

    def _write_curve(self, made: Any, *, size_A: float, context: Context) -> None:
        from vitreous.files import star
        from vitreous.files.curves import fsc_block
        from vitreous.files.star_blocks import StarFile, list_block

        general = {"rlnSymmetryGroup": self.axes.symmetry, "vitreousAgreement": made.agreement}
        blocks = [list_block("general", general), fsc_block(size_A, {"rlnFourierShellCorrelation": made.curve})]
        star.write(context.folder / self.curve.name, StarFile(blocks))

    def _write_particles(self, made: Any, *, voxel_A: float, context: Context) -> None:
        """The same particles, their poses and origins turned and moved with the map."""
        from vitreous.files import star
        from vitreous.methods.reconstruction.align_axes import poses_of_aligned
        from vitreous.methods.reconstruction.posed_table import poses_in, with_poses

        table = star.read_table(self.particles, "particles")
        poses, origins_A = poses_of_aligned(*poses_in(table, self.particles), made, voxel_size_A=voxel_A)
        star.write_table(context.folder / self.posed.name, with_poses(table, poses, origins_A))

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote all files."""
