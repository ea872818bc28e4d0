"""3D classification: State -> State. Poses are found once against the map that all share, then climbed in each class.

Images are dealt into folds, and each is compared with maps that its own fold has no part in: a map that holds an image
agrees with it by its noise alone, which ties every image to the class it happened to begin in. Folds take turns within
an iteration, each seeing what those before it have just made, so that their classes keep one meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import Context, UserError
from vitreous.maths import masks
from vitreous.methods.refinement import (
    class3d_contrast,
    class3d_folds,
    class3d_maps,
    class3d_scores,
    expectation3d,
    gold_standard,
)
from vitreous.methods.refinement.class3d_focus import Sphere
from vitreous.methods.refinement.class3d_folds import FOLDS, Folds, Round
from vitreous.methods.refinement.class3d_look import GLOBAL_SEARCHES, RESCUES, How, Looking
from vitreous.methods.refinement.class3d_maps import ClassSums
from vitreous.methods.refinement.class3d_scores import Turn
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.refine3d import FIRST_SIGMA_ORIGIN_A, LEAST_SIGMA_ORIGIN_A, group_of, low_passed
from vitreous.methods.refinement.settings_class3d import Class3DSettings
from vitreous.methods.refinement.stock import Stock

Volume = NDArray[np.float32]
SHELLS_AHEAD = 4  # beyond the resolution of the folds are scored
JOINED_A = 40.0  # folds that share a map share its shells up to here
TOGETHER = 4  # iterations in which classes that begin with one map share it, while poses are found
POSED = 2  # the same where poses are known and only climbed from
LEAST_REACH = 8  # shells that are always scored
SUMS_SHARE = 0.25  # of the memory for the sums of an iteration: those before it live beside them, and images take a half
SETTLED = 0.005  # of the images changing class count as none
SETTLED_TIMES = 3  # iterations in which none changed end the classification
_JUDGED = ("noise", "signal_to_noise", "map_noise", "changed", "sigma_origin_px", "reach", "settled", "finished")


@dataclass(frozen=True)
class State:
    """All that an iteration needs of the last. modes: one a class, of all rows; shares (n, K): posterior of the classes.

    together: iterations to come in which the classes share one map, until they part in the last of these. searches: over
    all directions that are to come; down to -RESCUES, images that fit badly are searched alone. sums: of each fold, made
    with noise_before, up to shell `cut`; they are made again out of modes and shares where they are missing.
    """

    iteration: int
    maps: tuple[Volume, ...]
    noise: NDArray[np.float64]
    reach: int
    sigma_origin_px: float
    together: int
    searches: int = GLOBAL_SEARCHES
    modes: tuple[Modes, ...] = ()
    shares: NDArray[np.float64] | None = None
    noise_before: NDArray[np.float64] | None = None
    sums: tuple[ClassSums, ...] = ()
    cut: int = 0
    signal_to_noise: NDArray[np.float64] | None = None
    map_noise: NDArray[np.float64] | None = None
    changed: float = 1.0
    settled: int = 0
    finished: bool = False

    @property
    def classes(self) -> int:
        return len(self.maps)

    @property
    def best_class(self) -> NDArray[np.int64]:
        """Class (from 0) of the largest share of each row."""
        assert self.shares is not None
        found: NDArray[np.int64] = self.shares.argmax(1)
        return found

    def shell(self, number: int) -> int:
        """Last shell before the signal-to-noise of a class falls below 1."""
        if self.signal_to_noise is None:
            return 0
        below = np.flatnonzero(self.signal_to_noise[number, 1:] < 1.0)
        return int(below[0]) if len(below) else self.signal_to_noise.shape[1] - 1


class Classification:
    """What stays the same from one iteration to the next: the images, the settings, the mask, the folds."""

    def __init__(
        self, stock: Stock, settings: Class3DSettings, *, mask: Volume | None, context: Context, focus: Volume | None = None,
        second: Volume | None = None,
    ) -> None:  # fmt: skip
        self.stock, self.settings, self.context = stock, settings, context
        self.group = group_of(settings.reference.symmetry)
        ball = masks.sphere(stock.box, stock.radius_px, 5.0).numpy()
        self.mask = ball if mask is None else mask
        fold = np.random.default_rng(context.seed_for("folds")).permutation(stock.count) % FOLDS
        self.folds = Folds(stock, fold, self.group, settings.classes.regularisation, self.mask, focus, self._sphere(), second)
        self.limit = self._limit()
        self.looking = Looking(settings.sampling, self.group, self.folds.sphere)

    def _sphere(self) -> Sphere | None:
        """The sphere of the focus, or None; one outside of the box is the user's error."""
        focus, stock = self.settings.focus, self.stock
        if focus.focus_radius_A <= 0:
            return None
        place = (focus.focus_x_A, focus.focus_y_A, focus.focus_z_A)
        sphere = Sphere.of(place, focus.focus_radius_A, box=stock.box, pixel_size_A=stock.pixel_size_A)
        if not sphere.inside(stock.box):
            raise UserError(
                f"the focus sphere of {focus.focus_radius_A:g} Å about {place} Å is not inside the box of "
                f"{stock.box * stock.pixel_size_A:.1f} Å: places count from the first voxel, not from the middle"
            )
        return sphere

    def _limit(self) -> int:
        """The last shell that may be scored: as chosen, and as the memory allows."""
        limit_A = self.settings.optimisation.resolution_limit_A
        reach, classes = self.stock.pixels.reach, self.settings.classes.classes
        chosen = reach if limit_A <= 0 else min(reach, self.shell_of(limit_A))
        fits = class3d_maps.shells_within(SUMS_SHARE * self.context.memory_GB, FOLDS * classes)
        width_A = self.stock.box * self.stock.pixel_size_A
        if fits < LEAST_REACH:
            raise UserError(
                f"{classes} classes do not fit into {self.context.memory_GB:.3g} GB: their sums would reach "
                f"{width_A / max(fits, 1):.0f} Å only. Allow more memory, or take fewer classes"
            )
        if fits < chosen:
            self.context.note(
                f"{classes} classes are scored to {width_A / fits:.1f} Å at most, for their sums to fit into "
                f"{self.context.memory_GB:.3g} GB; more memory or fewer classes allow more"
            )
        return min(fits, chosen)

    def shell_of(self, resolution_A: float) -> int:
        return max(1, round(self.stock.box * self.stock.pixel_size_A / resolution_A))

    def begin(
        self, references: Sequence[Volume], *, modes: Modes | None = None, shares: NDArray[np.float64] | None = None
    ) -> State:
        """The state before the first iteration; one reference stands for all classes.

        modes: poses of the rows, if known, which are not searched again where shares (n, K) of the classes are known too,
        or where there is no reference: maps are then rebuilt from the images.
        """
        count = self.settings.classes.classes
        if len(references) not in (0, 1, count):
            raise UserError(f"There are {len(references)} references for {count} classes; give one, or as many as classes.")
        if not self.stock.usable().any():
            raise UserError("None of the particles can be used: every image is empty or holds values that are not numbers.")
        low = self.settings.reference.low_pass_A
        noise = expectation3d.first_noise(self.stock, np.flatnonzero(self.stock.usable()))
        reach = self.limit if low <= 0 else min(self.limit, self.shell_of(low) + SHELLS_AHEAD)
        searches = -RESCUES if shares is not None or not references else GLOBAL_SEARCHES
        state = State(
            0, (), noise, reach, FIRST_SIGMA_ORIGIN_A / self.stock.pixel_size_A, self._rounds_together(references, shares),
            searches=searches, modes=(modes,) * count if modes else (),
        )  # fmt: skip
        if shares is None and references:
            filtered = [low_passed(one, self.stock.pixel_size_A, low) for one in references]
            maps = tuple(class3d_maps.flattened(one, self.mask, self.folds.second) for one in filtered)
            if not self.settings.reference.greyscale_is_right:
                maps = class3d_scores.on_grey_scale(self.stock, maps, state, self.how(state).search)
            return replace(state, maps=maps if len(maps) == count else maps * count)
        return self._rebuilt(state, shares)

    def _rounds_together(self, references: Sequence[Volume], shares: NDArray[np.float64] | None) -> int:
        """Iterations in which the classes share one map."""
        if self.settings.classes.classes == 1:
            return 1
        if shares is not None or len(references) > 1:
            return 0
        if not self.settings.sampling.align:
            return 1
        return TOGETHER if references and not self.settings.sampling.local else POSED

    def _rebuilt(self, state: State, shares: NDArray[np.float64] | None) -> State:
        """The state with maps of the images at their known poses, of each class or of all."""
        even = np.full((self.stock.count, self.settings.classes.classes), 1.0 / self.settings.classes.classes)
        known = replace(state, shares=even if shares is None else shares, reach=self.limit)
        cut = min(self.limit, 32)
        parts = self._again(known, cut)
        ratio = class3d_contrast.agreement(parts, mask=self.mask)
        filtered = [gold_standard.filtered(one, 2 * ratio, self.stock.box) for one in class3d_maps.total(parts)]
        maps = tuple(class3d_maps.flattened(one, self.mask, self.folds.second) for one in filtered)
        shell = class3d_folds.resolved(ratio)
        reach = min(self.limit, max(LEAST_REACH, shell + SHELLS_AHEAD))
        return replace(known, maps=maps * (even.shape[1] // len(maps)), sums=parts, cut=cut, reach=reach)

    def how(self, state: State) -> How:
        """How the next iteration looks for poses."""
        return self.looking.how(
            iteration=state.iteration, searches=state.searches, reach=state.reach, sigma_origin_px=state.sigma_origin_px
        )

    def step(self, state: State) -> State:
        """One iteration: poses and shares in every class, noise, maps, and whether it is over."""
        self.stock.settle()
        cut = min(self.limit, 16 * -(-state.reach // 16))
        now = self._round(state, cut)
        if len(now.sums[0]) < state.classes:  # one map for all still
            even = [np.full((len(one.rows), state.classes), 1.0 / state.classes) for one in now.turns]
            turns = [replace(one, modes=one.modes * state.classes, shares=s) for one, s in zip(now.turns, even)]
        else:
            turns = now.turns
        sums = class3d_maps.total(now.sums)
        made = class3d_maps.regularised(
            sums, now.maps, self.settings.classes.regularisation, mask=self.mask, second=self.folds.second
        )
        made = made.repeated(state.classes // len(sums))
        after = replace(
            self._spread(state, turns), iteration=state.iteration + 1, maps=made.maps, cut=cut, noise_before=state.noise,
            noise=class3d_maps.noise(self.stock, turns, before=state.noise), sums=now.sums,
            signal_to_noise=made.signal_to_noise, map_noise=made.map_noise, searches=max(-RESCUES, state.searches - 1),
            together=max(0, state.together - 1) if state.classes > 1 else 1,
        )  # fmt: skip
        after = self._judged(after, state, turns, now.shell)
        return replace(after, **self.context.team.agree({name: getattr(after, name) for name in _JUDGED}))

    def _round(self, state: State, cut: int) -> Round:
        """Every image against its maps: in the first iteration all against the same ones, then fold by fold."""
        how, rows = self.how(state), self.mine

        def look(number: int, rows: NDArray[np.int64], maps: tuple[Volume, ...]) -> Turn:
            return class3d_scores.turn(self.stock, rows, maps=maps, state=state, how=how)

        if state.shares is None:
            turn = look(0, rows, state.maps[:1] if state.together else state.maps)
            now = Round([turn], self.folds.summed(turn, state.noise, cut), state.maps[:1] if state.together else state.maps, 0)
        else:
            sums = state.sums if state.cut == cut and state.sums else self._again(state, cut)
            if not state.together:
                return self.folds.round(sums, rows, noise=state.noise, cut=cut, look=look)
            low = self.shell_of(JOINED_A)
            now = self.folds.together(sums, rows, noise=state.noise, cut=cut, low=low, look=look)
        if state.together == 1 and state.classes > 1:
            turn = class3d_scores.joined(now.turns)
            seed = self.context.seed_for("first classes")
            return class3d_folds.part(self.folds, turn, state=state, classes=state.classes, cut=cut, seed=seed)
        return now

    @property
    def mine(self) -> NDArray[np.int64]:
        """Usable rows of this member."""
        everyone = np.flatnonzero(self.stock.usable())
        return everyone[self.stock.mine(everyone)]

    def _again(self, state: State, cut: int) -> tuple[ClassSums, ...]:
        """The sums of the folds out of the poses and shares of the last iteration."""
        assert state.shares is not None
        rows = self.mine
        shares = np.ones((len(rows), 1)) if state.together else state.shares[rows]
        modes = tuple(one.select(rows) for one in state.modes[: shares.shape[1]])
        noise = state.noise if state.noise_before is None else state.noise_before
        return self.folds.summed(Turn(rows, modes, shares, state.noise), noise, cut)

    def _spread(self, state: State, turns: Sequence[Turn]) -> State:
        """The state with the poses and shares of all members' images in the order of the table."""
        gathered = [turn for member in self.context.team.gather(list(turns)) for turn in member]
        count = self.stock.count
        shares = np.full((count, state.classes), 1.0 / state.classes)
        for turn in gathered:
            shares[turn.rows] = turn.shares
        modes = tuple(expectation3d.spread([(t.rows, t.modes[k]) for t in gathered], count) for k in range(state.classes))
        return replace(state, modes=modes, shares=shares)

    def _judged(self, after: State, before: State, turns: Sequence[Turn], shell: int) -> State:
        """How far the next iteration looks, how many images changed class, whether it is over."""
        known = before.shares is not None and not before.together
        usable = self.stock.usable()
        changed = float((after.best_class != before.best_class)[usable].mean()) if known else 1.0
        settled = before.settled + 1 if changed < SETTLED else 0
        spread = class3d_scores.origin_spread(turns, self.context.team)
        values: dict[str, Any] = {
            "changed": changed,
            "settled": settled,
            "sigma_origin_px": max(spread, LEAST_SIGMA_ORIGIN_A / self.stock.pixel_size_A),
            "reach": min(self.limit, max(LEAST_REACH, before.reach if shell == 0 else shell + SHELLS_AHEAD)),
        }
        after = replace(after, **values)
        return replace(after, finished=self.over(after))

    def over(self, state: State) -> bool:
        """Whether the iterations that are wanted are done, or nothing has changed for some."""
        chosen = self.settings.classes
        return state.iteration >= chosen.iterations or (chosen.stop_when_settled and state.settled >= SETTLED_TIMES)
