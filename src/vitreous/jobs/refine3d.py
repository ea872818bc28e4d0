"""Refine3D: particles and a first map to a gold-standard map with the poses that made it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitreous.context import Context, UserError
from vitreous.job.declare import LoopJob, Size, group, input, job, output
from vitreous.methods.refinement.settings3d import (
    ORDERS,
    Computation,
    Images,
    Optimisation,
    Reference,
    RefineSettings,
    Sampling,
)

if TYPE_CHECKING:
    from vitreous.methods.refinement.refine3d import Refinement
    from vitreous.methods.refinement.state3d import State
    from vitreous.tables.table import Table

USUAL_ROUNDS = 8
_HELICAL = (
    *("helical_nr_asu", "helical_range_distance", "helical_rise_inistep", "helical_rise_initial", "helical_rise_max"),
    *("helical_rise_min", "helical_tube_inner_diameter", "helical_tube_outer_diameter", "helical_twist_inistep"),
    *("helical_twist_initial", "helical_twist_max", "helical_twist_min", "helical_z_percentage", "do_apply_helical_symmetry"),
    *("do_local_search_helical_symmetry", "keep_tilt_prior_fixed", "range_psi", "range_rot", "range_tilt"),
)


def _references(path: str) -> list[str]:
    """The map, and with the map of half 1 that of half 2 beside it, so that the halves stay apart from the beginning."""
    name = Path(path).name
    other = str(Path(path).with_name(name.replace("half1", "half2", 1)))
    return [path, other] if "half1" in name and Path(other).is_file() else [path]


@dataclass(frozen=True)
class Running:
    """A refinement under way: the engine with its images, the table as read, and the state after the last round."""

    engine: "Refinement"
    particles: "Table"
    state: "State"

    @property
    def iteration(self) -> int:
        return self.state.iteration


@job(
    "relion.refine3d",
    number=10,
    folder="Refine3D",
    title="3D auto-refine",
    version=1,
    command="refine3d",
    fixed={"do_helix": "No", "do_blush": "No", "skip_gridding": "Yes"},
    ignored=_HELICAL,
)  # fmt: skip
class Refine3D(LoopJob):
    """Refine two halves of the particles independently against a map, as far as the halves agree."""

    particles: str = input(kind="particles", images=True, relion="fn_img", help="Particles with their CTF: particles.star.")
    reference: str = input(
        kind="map", relion="fn_ref", tab="Reference", help="A map to begin with, such as an initial model; it is low-passed."
    )
    solvent_mask: str = input(
        kind="mask", relion="fn_mask", optional=True, tab="Reference",
        help="Soft mask, 1 in the particle, of the particles' box. Empty: a soft sphere of the particle's diameter.",
    )  # fmt: skip
    continue_from: str = input(
        kind="optimiser",
        relion="fn_cont",
        optional=True,
        help="Optimiser of an iteration to go on from, of this job or another. Empty: the last iteration of this job, if any.",
    )
    start: Reference = group(Reference, tab="Reference")
    images: Images = group(Images, tab="CTF")
    optimisation: Optimisation = group(Optimisation, tab="Optimisation")
    sampling: Sampling = group(Sampling, tab="Auto-sampling")
    computation: Computation = group(Computation, tab="Compute")

    refined = output("{root}_data.star", kind="particles", help="Particles with their refined poses and half sets")
    volume = output("{root}_class001.mrc", kind="map", help="The map of both halves, filtered by its resolution")
    half1 = output("{root}_half1_class001_unfil.mrc", kind="halfmap", help="Half map 1, not filtered")
    half2 = output("{root}_half2_class001_unfil.mrc", kind="halfmap", help="Half map 2, not filtered")
    model = output("{root}_model.star", kind="model", help="Resolution, FSC, noise")
    optimiser = output("{root}_optimiser.star", kind="optimiser", help="To go on from, or for multi-body refinement")

    def settings(self) -> RefineSettings:
        """The options as the method takes them."""
        return RefineSettings(
            reference=self.start, images=self.images, optimisation=self.optimisation, sampling=self.sampling,
            computation=self.computation,
        )  # fmt: skip

    def size(self) -> Size | None:
        """Five maps and the table of each round."""
        from vitreous.files import glance

        each = glance.iteration_bytes(self.particles, maps=5)
        return Size(USUAL_ROUNDS * each, f"some {USUAL_ROUNDS} rounds of {each / 1e6:.1f} MB") if each else None

    def begin(self, context: Context) -> Running:
        """Read the inputs and make the state before round 1."""
        engine, table = self._engine(context)
        volumes = [self._read_reference(path, engine, context) for path in _references(self.reference)]
        if len(volumes) == 2:
            context.note(f"half 2 begins with its own map, {_references(self.reference)[1]}")
        state = engine.begin(table, *volumes)
        engine.stock.tell_bad(self.particles)
        return Running(engine, table, state)

    def _read_reference(self, path: str, engine: "Refinement", context: Context) -> Any:
        """A map on the particles' grid."""
        from vitreous.files import mrc
        from vitreous.methods.refinement.refine3d import fitted_reference

        volume, voxel_size_A = mrc.read_volume(path)
        if voxel_size_A <= 0:
            voxel_size_A = engine.stock.pixel_size_A
            context.note(f"{path} does not say its voxel size; the particles' {voxel_size_A:.3f} Å is taken")
        fitted = fitted_reference(volume, voxel_size_A, engine.stock, resize=self.start.resize)
        if fitted.shape != volume.shape or abs(voxel_size_A - engine.stock.pixel_size_A) > 0.01 * voxel_size_A:
            context.note(
                f"the reference ({volume.shape[0]} voxels of {voxel_size_A:.3f} Å) was brought to the particles' "
                f"{engine.stock.box} pixels of {engine.stock.pixel_size_A:.3f} Å"
            )
        return fitted

    def step(self, state: Running, context: Context) -> Running:
        """One round."""
        after = state.engine.step(state.state)
        at = after.convergence
        move_A = at.move_px * state.engine.stock.pixel_size_A
        known = state.state.modes is not None
        moved = f"poses turned by {at.turn_deg:.2f}° and moved by {move_A:.2f} Å in the median, " if known else ""
        context.note(f"round {after.iteration}: {after.resolution_A:.2f} Å (FSC 0.143), {moved}next search {after.stage}")
        return Running(state.engine, state.particles, after)

    def done(self, state: Running) -> bool:
        return state.state.finished

    def save(self, state: Running, folder: Path, context: Context) -> None:
        """The files of one iteration; the optimiser comes last, and says that the iteration is whole."""
        from vitreous.files import chain, exact
        from vitreous.methods.refinement import restored

        now = chain.Saved(state.iteration, context.root)
        exact.write(folder, now, restored.exact(state.state))
        self._write(state, folder, now.name, context)

    def saved(self, folder: Path) -> Sequence[int]:
        from vitreous.files import chain

        return chain.saved(folder)

    def load(self, folder: Path, iteration: int, context: Context) -> Running:
        """Take up the state of an iteration from its files."""
        from vitreous.files import chain, exact, halves, optimiser, particles, relion_halves, star
        from vitreous.methods.refinement.restored import MAPS, noise_by_optics, state_from, with_exact

        engine, table = self._engine(context)
        root = Path(chain.start_of(folder, iteration))
        models = [halves.read_model(Path(f"{root}_half{h}_model.star")) for h in (1, 2)]
        path = Path(f"{root}_optimiser.star")
        if optimiser.is_ours(path):
            said = optimiser.read_ours(path)
        else:
            said = relion_halves.standing(optimiser.read(path), models[0])
            context.note(f"{path} is RELION's: its poses, half sets, maps and noise are taken up, its counters begin anew")
        rows = star.read_table(f"{root}_data.star", "particles")
        rows = particles.in_order_of(rows, table, where=f"{root}_data.star")
        maps = halves.read_maps(folder, root.name, MAPS)
        models[0]["noise"] = noise_by_optics(models[0]["noise"], engine.stock, engine.groups)
        state = state_from(
            iteration, engine.stock.straight_rows(rows), models[0], said, maps, pixel_size_A=engine.stock.pixel_size_A,
            groups=engine.groups,
        )  # fmt: skip
        if not state.local_rounds and Path(self.reference).is_file():  # the first map is still to be compared with it
            engine.given = self._read_reference(self.reference, engine, context) * engine.mask
        return Running(engine, table, with_exact(state, exact.read(folder, iteration)))

    def finish(self, state: Running, context: Context) -> None:
        """The last files, without an iteration in their names."""
        self._write(state, context.folder, context.root, context)
        state.engine.stock.tell_bad(self.particles)
        context.note(f"refined {state.engine.stock.usable().sum()} particles to {state.state.resolution_A:.2f} Å")

    def _engine(self, context: Context) -> "tuple[Refinement, Table]":
        import numpy as np

        from vitreous.files import mrc, particles
        from vitreous.methods.refinement.problem2d import Groups
        from vitreous.methods.refinement.refine3d import Refinement, stock_of

        table, source = particles.read(self.particles, context)
        stock = stock_of(source, table, self.settings(), context)
        mask = None
        if self.solvent_mask:
            mask = mrc.read_volume(self.solvent_mask)[0]
            if mask.shape != (stock.box,) * 3:
                raise UserError(
                    f"{self.solvent_mask} has the shape {mask.shape}, but the particles have {stock.box} pixels a side"
                )
            mask = np.clip(mask, 0.0, 1.0)
        groups = Groups.of(table)
        return Refinement(stock, self.settings(), groups=groups, mask=mask, context=context), table

    def _write(self, running: Running, folder: Path, root: str, context: Context) -> None:
        """Particles, maps, models, sampling, and the optimiser last."""
        from vitreous.files import halves, optimiser, star
        from vitreous.maths import sphere
        from vitreous.methods.refinement.restored import as_columns, as_maps, as_model, as_progress

        state, stock = running.state, running.engine.stock
        name = str(folder / root)
        final = root == context.root
        rows = running.particles.with_(**as_columns(state, stock, running.engine.groups))
        if final:  # the jobs that follow take only what was refined
            rows = rows.select(stock.usable())
        star.write_table(f"{name}_data.star", rows)
        halves.write_maps(folder, root, as_maps(state, final=final), pixel_size_A=stock.pixel_size_A)
        order = ORDERS[self.sampling.step] - 1
        grid = sphere.directions(order, running.engine.group).numpy()
        halves.write_sampling(
            f"{name}_sampling.star", order=order, group=running.engine.group, directions=grid,
            offset_range_A=self.sampling.offset_range_px * stock.pixel_size_A,
            offset_step_A=2 * self.sampling.offset_step_px * stock.pixel_size_A,
        )  # fmt: skip
        models = ["_model"] if final else ["_half1_model", "_half2_model"]
        for half, suffix in enumerate(models, start=1):
            path = f"{name}_class001.mrc" if final else f"{name}_half{half}_class001.mrc"
            plain = as_model(state, stock, running.engine.groups, half=0 if final else half)
            halves.write_model(f"{name}{suffix}.star", halves.MapModel(map_paths=[path], directions=len(grid), **plain))
        values = {
            "rlnOutputRootName": str(folder / context.root),
            "rlnModelStarFile": f"{name}{models[0]}.star",
            **({} if final else {"rlnModelStarFile2": f"{name}{models[1]}.star"}),
            "rlnExperimentalDataStarFile": f"{name}_data.star",
            "rlnOrientSamplingStarFile": f"{name}_sampling.star",
            "rlnCurrentIteration": state.iteration,
            "rlnDoAutoRefine": 1,
            "rlnDoSplitRandomHalves": int(not final),
            "rlnJoinHalvesUntilThisResolution": f"{self.optimisation.join_halves_to_A:.6f}",
            "rlnRandomSeed": context.seed,
            "rlnParticleDiameter": f"{self.optimisation.particle_diameter_A:.6f}",
            "rlnDoZeroMask": int(self.optimisation.zero_outside),
            "rlnDoSolventFscCorrection": int(self.optimisation.solvent_corrected_fsc),
            "rlnSolventMaskName": self.solvent_mask or "None",
            "rlnDoCorrectCtf": int(self.images.correct_ctf),
            "rlnDoIgnoreCtfUntilFirstPeak": int(self.images.intact_first_peak),
            "rlnRefsAreCtfCorrected": int(self.images.reference_corrected or state.iteration > 0),
            "rlnDoCorrectNorm": int(self.images.correct_norm),
            "rlnDoCorrectScale": int(self.images.correct_scale),
        }
        progress = as_progress(state)
        command = f"vitreous {self.type.command} --particles {self.particles} --reference {self.reference}"
        optimiser.write(f"{name}_optimiser.star", {**values, **progress.labelled}, command=command, own=progress.own)
