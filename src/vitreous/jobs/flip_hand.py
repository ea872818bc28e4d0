"""FlipHand: maps, and the poses that belong to them, in the other hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from vitreous.context import Context
from vitreous.job.declare import MapJob, Unit, input, job, output


@job(
    "relion.external.vitreous.flip_hand",
    number=99,
    folder="External",
    title="Handedness flip",
    version=1,
    command="flip-hand",
)
class FlipHand(MapJob):
    """Mirror a map, with its half maps, mask and particles, where its helices turned out left-handed."""

    map: str = input(kind="map", help="The map whose hand is wrong.")
    half1: str = input(kind="halfmap", optional=True, help="One of its half maps; the other is mirrored too. Empty: none.")
    mask: str = input(kind="mask", optional=True, help="Its mask. Empty: none.")
    particles: str = input(
        kind="particles", optional=True, help="Particles whose poses belong to the map, to go on with. Empty: none."
    )

    flipped = output("flipped.mrc", kind="map", help="The map in the other hand")
    flipped_half1 = output("flipped_half1.mrc", kind="halfmap", help="Half map 1 in the other hand", when="half1")
    flipped_half2 = output("flipped_half2.mrc", kind="halfmap", help="Half map 2 in the other hand", when="half1")
    flipped_mask = output("flipped_mask.mrc", kind="mask", help="The mask in the other hand", when="mask")
    posed = output("particles.star", kind="particles", help="The particles with the poses of the other hand", when="particles")

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work."""
        from vitreous.files.digest import digest

        row = {"map": self.map, "half1": self.half1, "mask": self.mask, "particles": self.particles}
        return [Unit("hand", row | ({"digest": digest(self.particles)} if self.particles else {}))]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Read each, mirror it, write it."""
        from vitreous.files import mrc, star
        from vitreous.files.half_maps import other_half
        from vitreous.methods.reconstruction.align_axes import other_hand, poses_of_other_hand
        from vitreous.methods.reconstruction.posed_table import poses_in, with_poses

        pairs = [(self.map, self.flipped.name)]
        if self.half1:
            first, second = sorted((self.half1, other_half(self.half1)))
            pairs += [(first, self.flipped_half1.name), (second, self.flipped_half2.name)]
        if self.mask:
            pairs.append((self.mask, self.flipped_mask.name))
        for source, name in pairs:
            volume, voxel_A = mrc.read_volume(source)
            mrc.write_volume(context.folder / name, other_hand(volume), pixel_size_A=voxel_A)
        count = 0
        if self.particles:
            table = star.read_table(self.particles, "particles")
            poses, origins_A = poses_in(table, self.particles)
            star.write_table(context.folder / self.posed.name, with_poses(table, poses_of_other_hand(poses), origins_A))
            count = len(table)
        context.note(f"{len(pairs)} maps mirrored" + (f", {count} poses with them" if count else ""))
        return {"maps": len(pairs), "particles": count}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote all files."""
