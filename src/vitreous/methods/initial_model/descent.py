"""From random maps to the fold: random starts on a coarse grid, the best one sharpened, then continuous pose refinement."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from vitreous.arrays.source import ImageSource
from vitreous.context import QUIET, Context, UserError
from vitreous.methods.initial_model import axes, rounds, sureness
from vitreous.methods.initial_model.levels import Level, Volume, box_for, known_origins, regridded
from vitreous.methods.initial_model.rounds import Plan
from vitreous.methods.initial_model.settings import InitialModelSettings
from vitreous.methods.initial_model.starts import Candidate, Starts, reach_of
from vitreous.methods.initial_model.state import State
from vitreous.methods.initial_model.sureness import Sureness
from vitreous.methods.particles import pixel_size_of
from vitreous.methods.refinement.refine3d import group_of
from vitreous.methods.refinement.settings3d import ORDERS
from vitreous.tables.table import Table

HELD_OUT = 300  # images that judge the starts and take no part in them
COARSE_SHELLS = 12  # that the grid of the starts holds at least, if the images do
LEAST_AGREEMENT = 0.6  # with its mates, below which a symmetry is doubted


class InitialModel:
    """What stays the same: the small images on a coarse and a fine grid, the settings, the plan of iterations."""

    def __init__(self, source: ImageSource, particles: Table, settings: InitialModelSettings, context: Context) -> None:
        self.settings, self.context = settings, context
        self.full_pixel_A = pixel_size_of(particles)
        self.full_box = int(source.read(np.arange(1)).shape[-1])
        length_A = self.full_box * self.full_pixel_A
        last = length_A / settings.descent.last_resolution_A
        self.box = box_for(int(np.ceil(last)), self.full_box)
        self.pixel_size_A = length_A / self.box
        self.origins_A = known_origins(particles)
        self.fine = Level(
            source, particles, box=self.box, pixel_size_A=self.pixel_size_A, settings=settings, context=context,
            origins_A=self.origins_A,
        )  # fmt: skip
        self.stock = self.fine.stock
        self.target = group_of(settings.shape.symmetry)
        self.last = min(self.stock.pixels.reach, round(last))
        usable = np.flatnonzero(self.stock.usable())
        rows = np.random.default_rng(context.seed_for("held out")).permutation(usable)
        held = min(HELD_OUT, len(rows) // 5)
        self.held_out, self.rows = np.sort(rows[:held]), np.sort(rows[held:])
        if len(self.rows) < 10:
            raise UserError(f"There are {len(self.rows)} usable particles; an initial model needs a few hundred.")
        self.starts = self._starts(particles, length_A)

    def _starts(self, particles: Table, length_A: float) -> Starts:
        """The starts, on a grid that holds what directions of their step, and of the next, can tell apart."""
        finer = min(len(ORDERS), ORDERS[self.settings.poses.step] + 1)
        shells = max(COARSE_SHELLS, reach_of(finer, self.fine))
        box = min(self.box, box_for(min(shells, self.last), self.full_box))
        level = Level(
            self.fine.source, particles, box=box, pixel_size_A=length_A / box, settings=self.settings,
            context=replace(self.context, on_note=_unsaid),
        )  # fmt: skip
        ratio = box / self.full_box
        return Starts(
            level, rows=self.rows, held_out=self.held_out, ratio=ratio, group=self.search_group, context=self.context
        )  # fmt: skip

    @property
    def before_rounds(self) -> int:
        """Iterations of the starts, each run's sharpening among them."""
        descent = self.settings.descent
        return (1 + descent.reruns) * (descent.starts + 1)

    @property
    def rounds(self) -> int:
        """Iterations in all."""
        return self.before_rounds + self.settings.descent.rounds

    @property
    def search_group(self) -> str:
        """The group imposed during the starts."""
        return "C1" if self.settings.shape.without_symmetry_first else self.target

    def begin(self) -> State:
        """The state before the first start."""
        empty = np.zeros((self.box,) * 3, np.float32)
        return State(0, (empty,) * self.settings.descent.classes, self.fine.noise, group=self.search_group)

    def step(self, state: State) -> State:
        """The next start, the sharpening of the best of a run, or the next round on the best maps."""
        number, each = state.iteration + 1, self.settings.descent.starts + 1
        if number > self.before_rounds:
            after = self.round(state, number - self.before_rounds)
        elif number % each:
            after = self._started(state, number - number // each)
        else:
            after = self._sharpened(state, number)
        self.stock.settle()
        return replace(after, iteration=number, finished=number == self.rounds)

    def _told(self, iteration: int, note: str) -> Callable[[float], None]:
        return lambda share: self.context.progress(iteration - 1 + share, self.rounds, note)

    def _started(self, state: State, number: int) -> State:
        total = self.settings.descent.starts * (1 + self.settings.descent.reruns)
        made = self.starts.run(number, self._told(state.iteration + 1, f"start {number} of {total}"))
        after = replace(state, starts=(*state.starts, made))
        return replace(after, maps=self._fine(made.maps), score=made.score) if made.score > state.score else after

    def _sharpened(self, state: State, number: int) -> State:
        """The best start of this run, sharpened; after the last run the best of all, with the symmetry that is wanted."""
        best = max(state.starts[-self.settings.descent.starts :], key=lambda one: one.score)
        told = self._told(number, "sharpening the best start")
        made = self.starts.sharpened(best.maps, number, told)
        runs = (*state.runs, made)
        best = max(runs, key=lambda one: one.score)
        state = replace(state, runs=runs, maps=self._fine(best.maps), score=best.score)
        if number < self.before_rounds:
            return state
        state = replace(state, sure=self.sureness(state.starts, best))
        return state if self.search_group == self.target else self.symmetrised(state, best)

    def sureness(self, starts: Sequence[Candidate], best: Candidate) -> Sureness:
        """How far the starts, and images that took no part, speak for the best maps."""
        shells = self.starts.shells
        agreements = tuple(sureness.agreement(one.maps, best.maps, shells) for one in starts)
        plain = tuple(sureness.featureless(volume) for volume in best.maps)
        both = [np.concatenate(self.context.team.gather(self.starts.likelihoods(maps))) for maps in (best.maps, plain)]
        return Sureness(agreements, *sureness.gain(both[0], both[1]))

    def symmetrised(self, state: State, best: Candidate) -> State:
        """The maps turned to the standard axes of the group and averaged over it, and sharpened with it."""
        turned, worst = [], 1.0
        for volume in best.maps:
            middle, _ = axes.centred(volume)
            turn, agreement = axes.find(middle, group=self.target, shells=self.starts.sharp_shells)
            turned.append(self.starts.level.solvent(axes.turned(middle, turn, group=self.target)))
            worst = min(worst, agreement)
        if worst < LEAST_AGREEMENT:
            self.context.note(f"the map agrees with its {self.target} mates to {worst:.2f} only: is this the right symmetry?")
        told = self._told(state.iteration + 1, f"sharpening in {self.target}")
        made = self.starts.sharpened(tuple(turned), state.iteration + 2, told, group=self.target)
        return replace(state, maps=self._fine(made.maps), score=made.score, group=self.target, agreement=worst)

    def round(self, state: State, place: int) -> State:
        """One round of continuous refinement at a resolution that rises from round to round; the last takes all images."""
        low, last = self._low, self.settings.descent.rounds
        reach = round(low + (self.last - low) * place / last)
        rows = rounds.rows_for(self.fine, self.context.seed_for("rounds"), everyone=place == last)
        plan = Plan(reach, state.group, rescue=place in (2, last), ratio=self.box / self.full_box)
        told = self._told(state.iteration + 1, f"refining poses to {self.box * self.pixel_size_A / reach:.0f} Å")
        made = rounds.refined(self.fine, rows, maps=state.maps, noise=state.noise, known=state.posed, plan=plan, told=told)
        return replace(state, maps=made.maps, noise=made.noise, fsc=made.fsc, posed=made.posed)

    @property
    def _low(self) -> int:
        return min(self.last, self.starts.sharp_shells)

    def _fine(self, maps: Sequence[Volume]) -> tuple[Volume, ...]:
        return tuple(regridded(volume, self.box) for volume in maps)

    def full_size(self, volume: Volume) -> Volume:
        """A small map on the particles' own grid and grey scale."""
        return regridded(volume, self.full_box)

    def small_size(self, volume: Volume) -> Volume:
        """full_size undone, for a map that was saved."""
        return regridded(volume, self.box)


def _unsaid(_: str) -> None:
    """The memory plan of the coarse grid is no news."""


def initial_model(
    source: ImageSource, particles: Table, settings: InitialModelSettings, context: Context = QUIET
) -> Iterator[State]:
    """Make a first map of particles, yielding a State after each start and each round; maps are on a small grid.

    InitialModel.full_size brings them to the particles' own. source gives the images of the table's rows.
    """
    engine = InitialModel(source, particles, settings, context)
    state = engine.begin()
    while not state.finished:
        state = engine.step(state)
        yield state
