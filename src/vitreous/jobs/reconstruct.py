"""Reconstruct: particles with known poses to a map, its half maps and their FSC."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Size, Unit, group, input, job, output
from vitreous.methods.reconstruction.settings import Reconstruction
from vitreous.param import param

if TYPE_CHECKING:
    from vitreous.tables.table import Table


@job(
    "relion.external.vitreous.reconstruct",
    number=99,
    folder="External",
    title="Reconstruction",
    version=1,
    command="reconstruct",
)
class Reconstruct(MapJob):
    """Put particles with known poses together to a map, and say how far two halves of them agree."""

    particles: str = input(
        kind="particles", images=True, help="Particles with poses (and CTF), such as a refinement's run_data.star."
    )
    class_number: int = param(0, minimum=0, high=50, step=1, tab="I/O", help="Only the particles of this class; 0: all.")
    reconstruction: Reconstruction = group(Reconstruction, tab="Reconstruction")

    volume = output("reconstruction.mrc", kind="map", help="The map of all particles")
    half1 = output("half1_unfil.mrc", kind="halfmap", help="Half map 1, not filtered")
    half2 = output("half2_unfil.mrc", kind="halfmap", help="Half map 2, not filtered")
    curve = output("fsc.star", kind="postprocess", help="FSC of the half maps")

    def size(self) -> Size | None:
        """Three maps of the particles' box."""
        from vitreous.files import glance

        seen = glance.particles(self.particles)
        return Size(12 * seen.box_px**3, f"three maps of {seen.box_px}³ voxels", certain=True) if seen else None

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work: the whole file, known by what stands in it."""
        from vitreous.files.digest import digest

        return [Unit("map", {"particles": self.particles, "digest": digest(self.particles)})]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Read, reconstruct, write."""
        from vitreous.files import mrc, particles, star
        from vitreous.files.curves import fsc_block
        from vitreous.files.star_blocks import StarFile, list_block
        from vitreous.methods.reconstruction.particles import from_table
        from vitreous.methods.reconstruction.wiener import reconstruct_particles

        table, images = particles.read(self.particles, context, only=self._of_class)
        posed = from_table(table, images, name=self.particles, seed=context.seed_for("half sets"))
        made = reconstruct_particles(posed, self.reconstruction, context)
        for name, volume in ((self.volume.name, made.volume), (self.half1.name, made.half1), (self.half2.name, made.half2)):
            mrc.write_volume(context.folder / name, volume.numpy(), pixel_size_A=made.voxel_size_A)
        box = made.volume.shape[-1]
        general = list_block("general", {"rlnFinalResolution": made.resolution_A})
        curve = fsc_block(box * made.voxel_size_A, {"rlnFourierShellCorrelation": made.fsc.numpy()})
        star.write(context.folder / self.curve.name, StarFile([general, curve]))
        context.note(f"{len(table)} particles, {self.reconstruction.symmetry}: resolution {made.resolution_A:.2f} Å (FSC 0.143)")
        return {"particles": len(table), "resolution_A": made.resolution_A}

    def _of_class(self, table: "Table") -> "Table":
        """The particles of the class that was asked for."""
        if not self.class_number:
            return table
        if "class_number" not in table:
            raise UserError(f"{self.particles} has no column rlnClassNumber, but class {self.class_number} was asked for")
        return table.select(table["class_number"] == self.class_number)

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the one unit wrote all files."""
