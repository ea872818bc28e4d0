"""2D classification: particles into averages of like views, in RELION's iteration files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitreous.context import Context, UserError
from vitreous.job.declare import LoopJob, Size, Unit, group, input, job, output
from vitreous.methods.refinement.settings import AutoSelect, Class2DSettings, Classification, CtfUse, PlaneSearch

if TYPE_CHECKING:
    from vitreous.methods.refinement.problem2d import Problem
    from vitreous.methods.refinement.state import State
    from vitreous.tables.table import Table

WRITE_EVERY = 10
_HELICAL = ("do_bimodal_psi", "do_restrict_xoff", "helical_rise", "helical_tube_outer_diameter", "range_psi")


@dataclass(frozen=True)
class Running:
    """A classification under way: what never changes, the table as read, and the state after the last iteration."""

    setup: "Problem"
    particles: "Table"
    state: "State"
    changes: Mapping[str, float] = field(default_factory=dict)

    @property
    def iteration(self) -> int:
        return self.state.iteration


@job(
    "relion.class2d",
    number=8,
    folder="Class2D",
    title="2D classification",
    version=1,
    command="class2d",
    fixed={"do_helix": "No", "do_fast_subsets": "No", "allow_coarser": "No"},
    ignored=_HELICAL,
)
class Class2D(LoopJob):
    """Sort particles by view and shape into averages, and find their in-plane angles and shifts."""

    particles: str = input(
        kind="particles", images=True, relion="fn_img", help="Particles with their CTF: particles.star of an extraction."
    )
    continue_from: str = input(
        kind="optimiser",
        relion="fn_cont",
        optional=True,
        help="Optimiser of an iteration to go on from, of this job or another. Empty: the last iteration of this job, if any.",
    )
    ctf: CtfUse = group(CtfUse, tab="CTF")
    classification: Classification = group(Classification, tab="Optimisation")
    search: PlaneSearch = group(PlaneSearch, tab="Sampling")
    selection: AutoSelect = group(AutoSelect, tab="Selection")

    optimiser = output("{root}_it{iteration}_optimiser.star", kind="optimiser", help="To select classes from, or to go on from")
    classified = output("{root}_it{iteration}_data.star", kind="particles", help="Particles with class, angle and shift")
    model = output("{root}_it{iteration}_model.star", kind="model", help="Classes, as RELION 3.1 selects from them")
    averages = output("{root}_it{iteration}_classes.mrcs", kind="references2d", help="The class averages")
    kept_particles = output("particles.star", kind="particles", help="Particles of the kept classes", when="auto_select")
    kept_averages = output("class_averages.star", kind="references2d", help="The classes that were kept", when="auto_select")
    backup = output("backup_selection.star", kind="file", help="Which classes were kept", when="auto_select")

    @classmethod
    def older_options(cls, said: Mapping[str, str]) -> Mapping[str, str]:
        """RELION 3.1 knew full passes only, nr_iter of them."""
        return {"do_em": "Yes", "do_grad": "No"} if "nr_iter" in said and not {"do_em", "do_grad"} & set(said) else {}

    def size(self) -> Size | None:
        """The averages and the table of each iteration that is saved."""
        from vitreous.files import glance

        chosen = self.classification
        each = glance.iteration_bytes(self.particles, images=chosen.classes)
        count = 1 + (chosen.em_iterations if chosen.use_em else -(-chosen.mini_batches // WRITE_EVERY))
        return Size(count * each, f"up to {count} saved iterations of {each / 1e6:.1f} MB") if each else None

    def begin(self, context: Context) -> Running:
        """Read the particles, estimate the noise, make first classes of single images."""
        from vitreous.methods.refinement import first2d

        setup, table = self._problem(context)
        if self.classification.use_mini_batches:
            sizes = [turn.images for turn in setup.schedule]
            context.note(f"{len(sizes)} turns of {sizes[0]} to {sizes[-2:][0]} of {len(table)} images, the last of all of them")
        return Running(setup, table, first2d.begin(setup, context))

    def step(self, state: Running, context: Context) -> Running:
        """One full pass, or mini-batches up to the next multiple of ten: what is saved between two looks for a stop."""
        from vitreous.methods.refinement import class2d, iteration2d

        setup, now = state.setup, state.state
        while True:
            now = class2d.step(setup, now, context)
            context.progress(now.iteration, setup.schedule[-1].iteration, _said(setup, now))
            if self.classification.use_em or now.iteration % WRITE_EVERY == 0 or class2d.done(setup, now):
                return Running(setup, state.particles, now, iteration2d.changes(setup, state.state, now))

    def done(self, state: Running) -> bool:
        return state.state.iteration >= state.setup.schedule[-1].iteration

    def save(self, state: Running, folder: Path, context: Context) -> None:
        """RELION's five files of the iteration, and the exact state, to go on as if there had been no stop."""
        from vitreous.files import chain, exact, iterations
        from vitreous.methods.refinement import iteration2d

        now = chain.Saved(state.iteration, context.root)
        exact.write(folder, now, iteration2d.exact(state.state))
        plain = {**iteration2d.plain(state.setup, state.state), "iteration": now}
        particles = state.particles.with_(**iteration2d.columns(state.setup, state.state))
        seed = context.seed_for("class2d")
        values = iterations.Iteration2D(
            particles=particles,
            command=f"vitreous {self.type.command} --particles {self.particles}",
            seed=seed,
            options=self._options(),
            changes=state.changes,
            **plain,
        )
        iterations.write(folder, values)

    def saved(self, folder: Path) -> Sequence[int]:
        from vitreous.files import chain

        return chain.saved(folder)

    def load(self, folder: Path, iteration: int, context: Context) -> Running:
        """Take up an iteration from its files."""
        from vitreous.files import exact, iterations, particles
        from vitreous.methods.refinement import iteration2d

        setup, table = self._problem(context)
        found = iterations.read(folder, iteration)
        rows = particles.in_order_of(found.particles, table, where=f"iteration {iteration} in {folder}")
        found = replace(found, particles=rows)
        state = iteration2d.restored(setup, found, iteration, exact.read(folder, iteration))
        return Running(setup, table, state)

    def finish(self, state: Running, context: Context) -> None:
        """The last iteration's files are the result; of these the good classes are chosen, if that is asked for."""
        shares = ", ".join(f"{100 * share:.1f}" for share in sorted(state.state.shares.tolist(), reverse=True))
        context.note(f"{len(state.particles)} particles in {state.state.classes} classes of {shares} %")
        if self.selection.auto_select:
            self._select(f"{context.root}_it{state.iteration:03d}_optimiser.star", context)

    def _select(self, optimiser: str, context: Context) -> None:
        """What the job of selection does by score. That no class is good enough does not spoil the classification."""
        from vitreous.job import options, registry

        for made in (self.kept_particles, self.kept_averages, self.backup):
            (context.folder / made.name).unlink(missing_ok=True)
        path = str(context.folder / optimiser)
        chosen = {name: getattr(self.selection, name) for name in ("least_score", "least_particles", "least_classes")}
        select = options.build(registry.job_types()["select"], {"model": path, "by_score": True, **chosen})
        try:
            context.note(select.work(Unit(key=path), context)["note"])
        except UserError as error:
            context.note(f"nothing was selected: {error}")

    def _problem(self, context: Context) -> "tuple[Problem, Table]":
        from vitreous.files import particles
        from vitreous.methods.refinement import problem2d
        from vitreous.methods.refinement.heap import few_heaps

        few_heaps(context.threads)
        table, source = particles.read(self.particles, context)
        settings = Class2DSettings(ctf=self.ctf, classification=self.classification, search=self.search)
        return problem2d.problem(source, table, settings, context), table

    def _options(self) -> dict[str, Any]:
        """Our options where RELION's optimiser file has a place for them."""
        chosen = self.classification
        return {
            "rlnParticleDiameter": f"{chosen.particle_diameter_A:.6f}",
            "rlnDoZeroMask": int(chosen.mask_with_zeros),
            "rlnDoCorrectScale": int(chosen.correct_scale),
            "rlnHighresLimitExpectation": f"{chosen.resolution_limit_A:.6f}",
            "rlnDoSkipAlign": int(not self.search.align),
            "rlnDoCorrectCtf": int(self.ctf.correct_ctf),
            "rlnDoIgnoreCtfUntilFirstPeak": int(self.ctf.ignore_ctf_until_first_peak),
        }


def _said(setup: "Problem", state: "State") -> str:
    """How far it is, in a line."""
    best = max(state.resolution_shell(k) for k in range(state.classes))
    resolution = state.box * setup.images.pixel_size_A / max(best, 1)
    revived = f", {len(state.reseeded)} empty classes revived" if state.reseeded else ""
    return f"iteration {state.iteration}, {resolution:.1f} Å, smallest class {100 * float(state.shares.min()):.1f} %{revived}"
