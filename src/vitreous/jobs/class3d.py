"""Class3D: particles sorted by the shape of what they show, into several maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitreous.context import Context, UserError
from vitreous.job.declare import LoopJob, Size, group, input, job, output
from vitreous.methods.refinement.settings3d import ORDERS
from vitreous.methods.refinement.settings_class3d import (
    Beginning,
    Class3DSettings,
    Classes,
    CtfUse,
    Focus,
    Optimisation,
    Sampling,
)

if TYPE_CHECKING:
    from vitreous.files.many_references import Earlier
    from vitreous.methods.refinement.class3d import Classification, State
    from vitreous.tables.table import Table

_HELICAL = (
    *("helical_nr_asu", "helical_range_distance", "helical_rise_inistep", "helical_rise_initial", "helical_rise_max"),
    *("helical_rise_min", "helical_tube_inner_diameter", "helical_tube_outer_diameter", "helical_twist_inistep"),
    *("helical_twist_initial", "helical_twist_max", "helical_twist_min", "helical_z_percentage", "do_apply_helical_symmetry"),
    *("do_local_search_helical_symmetry", "keep_tilt_prior_fixed", "range_psi", "range_rot", "range_tilt"),
)


@dataclass(frozen=True)
class Running:
    """A classification under way: the engine with its images, the table as read, and the state after the last iteration."""

    engine: "Classification"
    particles: "Table"
    state: "State"

    @property
    def iteration(self) -> int:
        return self.state.iteration


@job(
    "relion.class3d",
    number=9,
    folder="Class3D",
    title="3D classification",
    version=1,
    command="class3d",
    fixed={"do_helix": "No", "do_blush": "No", "do_fast_subsets": "No", "allow_coarser": "No",
           "sigma_tilt": "-1", "ctf_corrected_ref": "Yes", "do_pad1": "No", "skip_gridding": "Yes"},
    ignored=_HELICAL,
)  # fmt: skip
class Class3D(LoopJob):
    """Sort particles by shape into several maps, with or without a search of their poses."""

    particles: str = input(kind="particles", images=True, relion="fn_img", help="Particles with their CTF: particles.star.")
    reference: str = input(
        kind="map", relion="fn_ref", tab="Reference", optional=True,
        help="A map from which all classes begin, or a STAR file of several maps, or the optimiser of an earlier classification. "
        "Empty only with random occupancies.",
    )  # fmt: skip
    solvent_mask: str = input(
        kind="mask", relion="fn_mask", optional=True, tab="Reference",
        help="Soft mask, 1 in the particle, of the particles' box. Empty: a soft sphere of the particle's diameter.",
    )  # fmt: skip
    second_mask: str = input(
        kind="mask", optional=True, tab="Reference",
        help="A mask, 1 in a solvent with a density of its own, such as the inside of a virus or a micelle: the maps are set to "
        "their mean in it. Empty: none.",
    )  # fmt: skip
    focus_mask: str = input(
        kind="mask", optional=True, tab="Reference",
        help="Soft mask in which alone the classes may differ while they are told apart; elsewhere all are compared as one map. "
        "Empty: everywhere.",
    )  # fmt: skip
    continue_from: str = input(
        kind="optimiser",
        relion="fn_cont",
        optional=True,
        help="Optimiser of an iteration to go on from, of this job or another. Empty: the last iteration of this job, if any.",
    )
    start: Beginning = group(Beginning, tab="Reference")
    ctf: CtfUse = group(CtfUse, tab="CTF")
    classes: Classes = group(Classes, tab="Optimisation")
    optimisation: Optimisation = group(Optimisation, tab="Optimisation")
    focus: Focus = group(Focus, tab="Focus")
    sampling: Sampling = group(Sampling, tab="Sampling")

    optimiser = output("{root}_it{iteration}_optimiser.star", kind="optimiser", help="To select classes from, or to go on from")
    classified = output("{root}_it{iteration}_data.star", kind="particles", help="Particles with class and pose")
    model = output("{root}_it{iteration}_model.star", kind="model", help="Classes with their shares, resolutions and accuracies")
    volumes = output("{root}_it{iteration}_class*.mrc", kind="map", help="The map of each class")

    def settings(self) -> Class3DSettings:
        """The options as the method takes them."""
        return Class3DSettings(
            reference=self.start,
            ctf=self.ctf,
            classes=self.classes,
            optimisation=self.optimisation,
            focus=self.focus,
            sampling=self.sampling,
        )

    def size(self) -> Size | None:
        """The maps and the table of each iteration."""
        from vitreous.files import glance

        each = glance.iteration_bytes(self.particles, maps=self.classes.classes)
        count = self.classes.iterations + 1
        return Size(count * each, f"up to {count} iterations of {each / 1e6:.1f} MB") if each else None

    def begin(self, context: Context) -> Running:
        """Read the inputs and make the state before iteration 1."""
        engine, table = self._engine(context)
        engine.stock.tell_bad(self.particles)
        if self.start.class_mapping:
            from vitreous.methods.refinement import class3d_state

            before = self._earlier()
            modes = class3d_state.modes_of(engine.stock.straight_rows(before.posed(table)), engine.stock.pixel_size_A)
            return Running(engine, table, engine.begin([], modes=modes, shares=before.shares(table)))
        state = engine.begin(self._references(engine, context), modes=self._poses(engine, table))
        return Running(engine, table, state)

    def step(self, state: Running, context: Context) -> Running:
        """One iteration."""
        before, after = state.state, state.engine.step(state.state)
        apart = "one map for all classes" if after.together else f"{100 * after.changed:.1f} % of the particles changed class"
        if before.together and not after.together:
            apart = "classes part"
        context.note(f"iteration {after.iteration}: {apart}, shares {_shares(after)}, scored to {self._reach(state, after)}")
        context.progress(after.iteration, self.classes.iterations, f"iteration {after.iteration}, {_shares(after)}")
        return Running(state.engine, state.particles, after)

    def done(self, state: Running) -> bool:
        return state.engine.over(state.state)  # by the options of now, which may allow more than those of a run that ended

    def save(self, state: Running, folder: Path, context: Context) -> None:
        """RELION's files of the iteration; the optimiser comes last, and says that the iteration is whole."""
        from vitreous.files import chain, exact
        from vitreous.methods.refinement import class3d_state

        now = chain.Saved(state.iteration, context.root)
        exact.write(folder, now, class3d_state.exact(state.state))
        self._write(state, folder, now.name, context)

    def saved(self, folder: Path) -> Sequence[int]:
        from vitreous.files import chain

        return chain.saved(folder)

    def load(self, folder: Path, iteration: int, context: Context) -> Running:
        """Take up the state of an iteration from its files."""
        from vitreous.files import chain, exact, halves, mrc, optimiser, particles, star
        from vitreous.methods.refinement import class3d_state

        engine, table = self._engine(context)
        name = chain.start_of(folder, iteration)
        path = f"{name}_optimiser.star"
        ours = optimiser.is_ours(path)
        said = optimiser.read_ours(path) if ours else {}
        if not ours:
            context.note(f"{path} is RELION's: its poses, classes, maps and noise are taken up")
        rows = particles.in_order_of(star.read_table(f"{name}_data.star", "particles"), table, where=f"{name}_data.star")
        paths = [f"{name}_class{number:03d}.mrc" for number in range(1, self.classes.classes + 2)]
        if [Path(path).is_file() for path in paths] != [True] * self.classes.classes + [False]:
            raise UserError(f"{path} is of a run that has not {self.classes.classes} classes: go on with as many as it has")
        maps = [mrc.read_volume(one)[0] for one in paths[:-1]]
        model = halves.read_model(f"{name}_model.star")
        state = class3d_state.state_from(iteration, rows, model, maps, engine.stock, said=said)
        return Running(engine, table, class3d_state.with_exact(state, exact.read(folder, iteration)))

    def finish(self, state: Running, context: Context) -> None:
        """The last iteration's files are the result."""
        state.engine.stock.tell_bad(self.particles)
        used = int(state.engine.stock.usable().sum())
        context.note(f"{used} particles in {state.state.classes} classes of {_shares(state.state)}")

    def _engine(self, context: Context) -> "tuple[Classification, Table]":
        from vitreous.files import particles
        from vitreous.methods.particles import pixel_size_of
        from vitreous.methods.refinement.class3d import Classification
        from vitreous.methods.refinement.stock import Stock

        only = None
        if self.start.class_mapping:
            only = partial(self._earlier().chosen, everyone=self.start.carry_over_all)
        table, source = particles.read(self.particles, context, only=only)
        stock = Stock(
            source, table, pixel_size_A=pixel_size_of(table), diameter_A=self.optimisation.particle_diameter_A, context=context,
            ctf=self.ctf.correct_ctf, zero_mask=self.optimisation.zero_outside,
            intact_first_peak=self.ctf.ignore_ctf_until_first_peak,
        )  # fmt: skip
        mask = self._mask(self.solvent_mask, stock.box) if self.solvent_mask else None
        focus, second = (self._mask(path, stock.box) if path else None for path in (self.focus_mask, self.second_mask))
        return Classification(stock, self.settings(), mask=mask, context=context, focus=focus, second=second), table

    def _earlier(self) -> "Earlier":
        """The classification that the mapping is of."""
        from vitreous.files import many_references

        if not self.reference:
            raise UserError("A class mapping is of an earlier classification: give its optimiser as the reference.")
        found = many_references.earlier(self.reference, self.start.class_mapping)
        if len(found.groups) != self.classes.classes:
            raise UserError(
                f"The class mapping {self.start.class_mapping!r} makes {len(found.groups)} classes, not {self.classes.classes}."
            )
        return found

    def _mask(self, path: str, box: int) -> Any:
        import numpy as np

        from vitreous.files import mrc

        mask = mrc.read_volume(path)[0]
        if mask.shape != (box,) * 3:
            raise UserError(f"{path} has the shape {mask.shape}, but the particles have {box} pixels a side")
        return np.clip(mask, 0.0, 1.0)

    def _references(self, engine: "Classification", context: Context) -> list[Any]:
        """The maps on the particles' grid."""
        from vitreous.files import many_references
        from vitreous.methods.refinement.refine3d import fitted_reference

        if self.start.random_occupancies:
            if self.reference:
                context.note(f"{self.reference} is not used: maps are rebuilt from the poses of the input (random occupancies)")
            return []
        if not self.reference:
            raise UserError("There is no reference: give a map, or begin with random occupancies from known poses.")
        found, size = many_references.read(self.reference), engine.stock.pixel_size_A
        made = []
        for path, volume, voxel_A in zip(found.paths, found.volumes, found.voxel_sizes_A):
            if voxel_A <= 0:
                context.note(f"{path} does not say its voxel size; the particles' {size:.3f} Å is taken")
            made.append(fitted_reference(volume, voxel_A if voxel_A > 0 else size, engine.stock, resize=self.start.resize))
        return made

    def _poses(self, engine: "Classification", table: "Table") -> Any:
        """The poses of the input where they are wanted; else None."""
        from vitreous.methods.refinement import class3d_state

        if self.sampling.align and not self.sampling.local and not self.start.random_occupancies:
            return None
        if not all(name in table for name in class3d_state.ANGLES):
            raise UserError(
                f"{self.particles} has no angles (rlnAngleRot, rlnAngleTilt, rlnAnglePsi): give particles of a refinement, or "
                "let all directions be searched"
            )
        return class3d_state.modes_of(engine.stock.straight_rows(table), engine.stock.pixel_size_A)

    def _reach(self, running: Running, state: "State") -> str:
        stock = running.engine.stock
        return f"{stock.box * stock.pixel_size_A / state.reach:.1f} Å"

    def _write(self, running: Running, folder: Path, root: str, context: Context) -> None:
        """Particles, maps, model, sampling, and the optimiser last."""
        from vitreous.files import halves, mrc, optimiser, star
        from vitreous.maths import sphere
        from vitreous.methods.refinement import class3d_state

        state, stock = running.state, running.engine.stock
        name = str(folder / root)
        star.write_table(f"{name}_data.star", running.particles.with_(**class3d_state.as_columns(state, stock)))
        paths = [f"{name}_class{number:03d}.mrc" for number in range(1, state.classes + 1)]
        for path, volume in zip(paths, state.maps):
            mrc.write_volume(path, volume, pixel_size_A=stock.pixel_size_A)
        order = ORDERS[self.sampling.step] - 1
        grid = sphere.directions(order, running.engine.group).numpy()
        halves.write_sampling(
            f"{name}_sampling.star", order=order, group=running.engine.group, directions=grid,
            offset_range_A=self.sampling.offset_range_px * stock.pixel_size_A,
            offset_step_A=2 * self.sampling.offset_step_px * stock.pixel_size_A,
        )  # fmt: skip
        plain = class3d_state.as_model(state, stock)
        model = halves.MapModel(map_paths=paths, directions=len(grid), trust=self.classes.regularisation, **plain)
        halves.write_model(f"{name}_model.star", model)
        values = {
            "rlnOutputRootName": str(folder / context.root),
            "rlnModelStarFile": f"{name}_model.star",
            "rlnExperimentalDataStarFile": f"{name}_data.star",
            "rlnOrientSamplingStarFile": f"{name}_sampling.star",
            "rlnCurrentIteration": state.iteration,
            "rlnNumberOfIterations": self.classes.iterations,
            "rlnRandomSeed": context.seed,
            "rlnParticleDiameter": f"{self.optimisation.particle_diameter_A:.6f}",
            "rlnDoZeroMask": int(self.optimisation.zero_outside),
            "rlnHighresLimitExpectation": f"{self.optimisation.resolution_limit_A:.6f}",
            "rlnSolventMaskName": self.solvent_mask or "None",
            "rlnSolventMask2Name": self.second_mask or "None",
            "rlnDoSkipAlign": int(not self.sampling.align),
            "rlnDoCorrectCtf": int(self.ctf.correct_ctf),
            "rlnDoIgnoreCtfUntilFirstPeak": int(self.ctf.ignore_ctf_until_first_peak),
            "rlnChangesOptimalClasses": f"{state.changed:.6f}",
        }
        own = {"vitreousTogether": state.together, "vitreousSearches": state.searches}
        command = f"vitreous {self.type.command} --particles {self.particles} --reference {self.reference}"
        optimiser.write(f"{name}_optimiser.star", values, command=command, own=own)


def _shares(state: "State") -> str:
    """Shares of the classes, as in 70.2, 29.8 %."""
    found = state.shares.mean(0) if state.shares is not None else [1.0 / state.classes] * state.classes
    return ", ".join(f"{100 * float(share):.1f}" for share in found) + " %"
