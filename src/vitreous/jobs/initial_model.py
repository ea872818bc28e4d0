"""InitialModel: particles alone to a first map."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitreous.context import Context, UserError
from vitreous.job.declare import LoopJob, Size, group, input, job, output
from vitreous.methods.initial_model.settings import Descent, Images, InitialModelSettings, Poses, Shape
from vitreous.methods.refinement.settings3d import ORDERS

if TYPE_CHECKING:
    from vitreous.methods.initial_model.descent import InitialModel as Engine
    from vitreous.methods.initial_model.state import State
    from vitreous.tables.table import Table


_PHASES = ("sgd_ini_iter", "sgd_inbetween_iter", "sgd_fin_iter")


@dataclass(frozen=True)
class Running:
    """A run under way: the engine with its images, the table as read, and the state after the last iteration."""

    engine: "Engine"
    particles: "Table"
    state: "State"

    @property
    def iteration(self) -> int:
        return self.state.iteration


@job(
    "relion.initialmodel",
    number=18,
    folder="InitialModel",
    title="3D initial model",
    version=1,
    command="initial-model",
    fixed={
        "ctf_intact_first_peak": "No",
        "sigma_tilt": "-1",
        "sgd_sigma2fudge_halflife": "-1",
        "do_pad1": "No",
        "skip_gridding": "Yes",
    },
    # older_options adds up the three phases of RELION 3.1's descent; how often it writes changes no map.
    ignored=(*_PHASES, "sgd_write_iter"),
)
class InitialModel(LoopJob):
    """Make a first map of particles, from random starts; its hand is that of chance."""

    particles: str = input(
        kind="particles", images=True, relion="fn_img", help="Particles with their CTF, best of good 2D classes."
    )
    continue_from: str = input(
        kind="optimiser",
        relion="fn_cont",
        optional=True,
        help="Optimiser of an iteration to go on from, of this job or another. Empty: the last iteration of this job, if any.",
    )
    shape: Shape = group(Shape, tab="Optimisation")
    descent: Descent = group(Descent, tab="Optimisation")
    images: Images = group(Images, tab="CTF")
    poses: Poses = group(Poses, tab="Sampling")

    volume = output("initial_model.mrc", kind="map", help="The first map (of the largest class)")
    posed = output("{root}_data.star", kind="particles", help="Particles with rough poses and classes")
    model = output("{root}_it{iteration}_model.star", kind="model", help="Maps, resolution, noise")
    optimiser = output("{root}_it{iteration}_optimiser.star", kind="optimiser", help="State of the last iteration")

    def settings(self) -> InitialModelSettings:
        """The options as the method takes them."""
        return InitialModelSettings(descent=self.descent, shape=self.shape, images=self.images, poses=self.poses)

    @classmethod
    def older_options(cls, said: Mapping[str, str]) -> Mapping[str, str]:
        """RELION 3.1 gave the mini-batches in three phases."""
        phases = [said[name].strip() for name in _PHASES if said.get(name, "").strip().isdigit()]
        return {"nr_iter": str(sum(map(int, phases)))} if len(phases) == len(_PHASES) and "nr_iter" not in said else {}

    def size(self) -> Size | None:
        """The maps and the table of each iteration."""
        from vitreous.files import glance

        each = glance.iteration_bytes(self.particles, maps=self.descent.classes)
        count = (1 + self.descent.reruns) * (self.descent.starts + 1) + self.descent.rounds + 1
        return Size(count * each, f"{count} iterations of {each / 1e6:.1f} MB") if each else None

    def begin(self, context: Context) -> Running:
        """Read the particles; nothing is known of the map yet."""
        engine, table = self._engine(context)
        engine.stock.tell_bad(self.particles)
        return Running(engine, table, engine.begin())

    def step(self, state: Running, context: Context) -> Running:
        """One random start, the sharpening of the best, or one round of pose refinement."""
        before, after = state.state, state.engine.step(state.state)
        if len(after.starts) > len(before.starts):
            best = max(one.score for one in after.starts)
            context.note(f"start {len(after.starts)}: score {after.starts[-1].score:.2f} of unseen images, best {best:.2f}")
        elif len(after.runs) > len(before.runs):
            context.note(f"sharpened the best start of run {len(after.runs)}: score {after.runs[-1].score:.2f}")
        if after.group != before.group:
            context.note(f"axes of {after.group} found, agreement {after.agreement:.2f} (1: perfect)")
        if after.sure is not None and before.sure is None:
            context.note(after.sure.sentence())
        return Running(state.engine, state.particles, after)

    def done(self, state: Running) -> bool:
        return state.state.finished

    def save(self, state: Running, folder: Path, context: Context) -> None:
        """The files of one iteration; the optimiser comes last, and says that the iteration is whole."""
        from vitreous.files import chain, exact, halves, mrc, optimiser, star
        from vitreous.maths import sphere
        from vitreous.methods.initial_model import results

        now, engine = state.state, state.engine
        iteration = chain.Saved(now.iteration, context.root)
        name = chain.start_of(folder, iteration)
        exact.write(folder, iteration, results.exact(now))
        for number, small in enumerate(now.maps, start=1):
            mrc.write_volume(f"{name}_class{number:03d}.mrc", engine.full_size(small), pixel_size_A=engine.full_pixel_A)
        star.write_table(f"{name}_data.star", state.particles.with_(**results.columns(engine, now)))
        order = ORDERS[self.poses.step] - 1
        grid = sphere.directions(order, now.group).numpy()
        halves.write_sampling(
            f"{name}_sampling.star", order=order, group=now.group, directions=grid,
            offset_range_A=self.poses.offset_range_px * engine.full_pixel_A,
            offset_step_A=self.poses.offset_step_px * engine.full_pixel_A,
        )  # fmt: skip
        plain = results.model(engine, now)
        paths = [f"{name}_class{number:03d}.mrc" for number in range(1, len(now.maps) + 1)]
        halves.write_model(f"{name}_model.star", halves.MapModel(map_paths=paths, directions=len(grid), **plain))
        values = {
            "rlnOutputRootName": f"{folder}/{context.root}",
            "rlnModelStarFile": f"{name}_model.star",
            "rlnExperimentalDataStarFile": f"{name}_data.star",
            "rlnOrientSamplingStarFile": f"{name}_sampling.star",
            "rlnCurrentIteration": now.iteration,
            "rlnNumberOfIterations": engine.rounds,
            "rlnRandomSeed": context.seed,
            "rlnParticleDiameter": f"{self.shape.particle_diameter_A:.6f}",
            "rlnDoCorrectCtf": int(self.images.correct_ctf),
        }
        own = {"vitreousScore": f"{now.score:.6f}", "vitreousGroup": now.group, "vitreousAgreement": f"{now.agreement:.6f}"}
        if now.sure is not None:
            own |= {"vitreousStartsAgreeing": f"{now.sure.agreeing}", "vitreousIsSure": f"{int(now.sure.is_sure)}"}
        command = f"vitreous {self.type.command} --particles {self.particles}"
        optimiser.write(f"{name}_optimiser.star", values, command=command, own=own)

    def saved(self, folder: Path) -> Sequence[int]:
        from vitreous.files import chain

        return chain.saved(folder)

    def load(self, folder: Path, iteration: int, context: Context) -> Running:
        """Take up the state of an iteration from its files."""
        from vitreous.files import chain, exact, mrc, optimiser, star
        from vitreous.methods.initial_model import results

        engine, table = self._engine(context)
        name = chain.start_of(folder, iteration)
        if not optimiser.is_ours(f"{name}_optimiser.star"):
            raise UserError(
                f"{name}_optimiser.star is RELION's, whose descent by mini-batches cannot be gone on with here: begin a new "
                "job, or give its map to refine3d as the reference"
            )
        said = optimiser.read_ours(f"{name}_optimiser.star")
        maps = [mrc.read_volume(f"{name}_class{n:03d}.mrc")[0] for n in range(1, self.descent.classes + 1)]
        rows = star.read_table(f"{name}_data.star", "particles")
        known = {name: said[f"vitreous{name.title()}"] for name in ("score", "group", "agreement")}
        held = exact.read(folder, iteration)
        return Running(engine, table, results.restored(engine, iteration, maps=maps, rows=rows, known=known, held=held))

    def finish(self, state: Running, context: Context) -> None:
        """The map of the largest class, and the particles with their last poses."""
        from vitreous.files import mrc, star
        from vitreous.methods.initial_model import results

        engine, now = state.engine, state.state
        columns = results.columns(engine, now)
        largest = results.largest(engine, columns)
        mrc.write_volume(context.folder / self.volume.name, engine.full_size(now.maps[largest]), pixel_size_A=engine.full_pixel_A)
        engine.stock.tell_bad(self.particles)
        used = engine.stock.usable()  # the jobs that follow take only what was looked at
        posed = context.folder / self.posed.name.format(root=context.root)
        star.write_table(posed, state.particles.with_(**columns).select(used))
        context.note(f"initial model of {used.sum()} particles in {now.group}, to {self.descent.last_resolution_A:g} Å")

    def _engine(self, context: Context) -> "tuple[Engine, Table]":
        from vitreous.files import particles
        from vitreous.methods.initial_model.descent import InitialModel as Engine

        table, source = particles.read(self.particles, context)
        return Engine(source, table, self.settings(), context), table
