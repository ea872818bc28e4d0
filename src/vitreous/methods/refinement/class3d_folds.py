"""Folds of images that take turns: each is compared with maps of the others, and its sums are renewed at once.

How classes that shared one map part is here too: from random shares, at poses that stay, from several starts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.refinement import class3d_contrast, class3d_maps, class3d_scores
from vitreous.methods.refinement.class3d_focus import Sphere
from vitreous.methods.refinement.class3d_maps import ClassSums
from vitreous.methods.refinement.class3d_scores import Known, Turn
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.stock import Stock

Volume = NDArray[np.float32]
FOLDS = 2
STARTS = 3  # random shares from which classes part; that which explains the images best goes on
CYCLES = 12  # of a start at most
UNCHANGED = 0.01  # of the images changing class ends a start


Look = Callable[[int, NDArray[np.int64], tuple[Volume, ...]], Turn]


@dataclass(frozen=True)
class Round:
    """What folds found, their sums after it, the maps that the last of them was compared with, and the shell resolved before."""

    turns: list[Turn]
    sums: tuple[ClassSums, ...]
    maps: tuple[Volume, ...]
    shell: int


@dataclass(frozen=True)
class Folds:
    """What all comparisons share.

    fold (n,) of each row of the table; trust is T; focus and sphere limit the classes; second: the second solvent mask.
    """

    stock: Stock
    fold: NDArray[np.int64]
    group: str
    trust: float
    mask: Volume
    focus: Volume | None = None
    sphere: Sphere | None = None
    second: Volume | None = None

    def summed(self, turn: Turn, noise: NDArray[np.float64], cut: int) -> tuple[ClassSums, ...]:
        """The sums of each fold's images."""
        return tuple(self.of_turn(self.part(turn, f), noise, cut) for f in range(FOLDS))

    def part(self, turn: Turn, number: int) -> Turn:
        """The images of a turn that lie in a fold."""
        return turn.select(np.flatnonzero(self.fold[turn.rows] == number))

    def of_turn(self, turn: Turn, noise: NDArray[np.float64], cut: int) -> ClassSums:
        """The sums of a turn's images."""
        return class3d_maps.summed(self.stock, turn, noise=noise, group=self.group, reach=cut)

    def round(
        self, sums: Sequence[ClassSums], rows: NDArray[np.int64], *, noise: NDArray[np.float64], cut: int, look: Look
    ) -> Round:  # fmt: skip
        """look(fold, rows, maps) of each fold against the maps of the others, made last."""
        now, turns = list(sums), []
        ratio = (FOLDS - 1) * class3d_contrast.agreement(now, mask=self.mask)
        maps: tuple[Volume, ...] = ()
        for f in range(FOLDS):
            others = class3d_maps.total([one for g, one in enumerate(now) if g != f])
            apart = class3d_contrast.differences(now)
            maps = class3d_contrast.scored(others, apart, ratio, self.trust, mask=self.mask, focus=self.focus, second=self.second)
            turns.append(look(f, rows[self.fold[rows] == f], maps))
            now[f] = self.of_turn(turns[-1], noise, cut)
        return Round(turns, tuple(now), maps, resolved(ratio))

    def together(
        self, sums: Sequence[ClassSums], rows: NDArray[np.int64], *, noise: NDArray[np.float64], cut: int, low: int, look: Look
    ) -> Round:
        """Each fold against its own map of all images, so that the folds agree on nothing but signal beyond shell `low`."""
        ratio = class3d_contrast.agreement(sums, mask=self.mask)
        maps = class3d_contrast.alone(sums, ratio, low, mask=self.mask, second=self.second)
        turns = [look(f, rows[self.fold[rows] == f], (maps[f],)) for f in range(FOLDS)]
        return Round(turns, tuple(self.of_turn(one, noise, cut) for one in turns), maps[-1:], resolved(ratio))


def resolved(ratio: NDArray[np.float64]) -> int:
    """The last shell before the signal-to-noise of a fold falls below that of a correlation of 0.143."""
    below = np.flatnonzero(ratio[1:] < 1.0 / 6.0)
    return int(below[0]) if len(below) else len(ratio) - 1


@dataclass(frozen=True)
class _Part:
    """What class3d_scores asks of a state, while classes part."""

    noise: NDArray[np.float64]
    modes: tuple[Modes, ...]
    shares: NDArray[np.float64] | None
    reach: int


def part(folds: Folds, turn: Turn, *, state: Known, classes: int, cut: int, seed: int) -> Round:
    """Classes out of one map: random shares, then rounds at poses that stay, from several starts; the best of these."""
    fixed = replace(turn, modes=(class3d_scores.heaviest(turn.modes[0]),) * classes)
    found: tuple[float, Round] | None = None
    for start in range(STARTS):
        lot = np.random.default_rng([seed, start]).permutation(folds.stock.count) % classes
        one = _started(folds, fixed, _Part(state.noise, (), np.asarray(np.eye(classes)[lot], np.float64), state.reach), cut)
        if found is None or one[0] > found[0]:
            found = one[0], replace(one[1], sums=())  # made again at the end: those of two starts would not fit
        del one
    assert found is not None
    turns = found[1].turns
    sums = tuple(folds.of_turn(each, state.noise, cut) for each in turns)
    return replace(found[1], sums=sums, turns=[replace(turns[0], left=turn.left), *turns[1:]])


def _started(folds: Folds, fixed: Turn, known: _Part, cut: int) -> tuple[float, Round]:
    """Rounds from given shares until few images change: the log-evidence of all members' images, and the last round."""
    stock, team = folds.stock, folds.stock.context.team
    assert known.shares is not None
    begun = replace(fixed, shares=known.shares[fixed.rows])
    now = Round([folds.part(begun, f) for f in range(FOLDS)], folds.summed(begun, known.noise, cut), (), 0)
    evidence = -np.inf
    for _ in range(CYCLES):
        poses = [one.modes for one in now.turns]

        def look(
            number: int, rows: NDArray[np.int64], maps: tuple[Volume, ...], poses: list[tuple[Modes, ...]] = poses,
            known: _Part = known,
        ) -> Turn:  # fmt: skip
            return class3d_scores.turn_at(stock, rows, maps=maps, state=known, modes=poses[number], sphere=folds.sphere)

        before, now = now, folds.round(now.sums, fixed.rows, noise=known.noise, cut=cut, look=look)
        known = replace(known, shares=_everyones(now.turns, folds))
        moved = sum(int((one.shares.argmax(1) != old.shares.argmax(1)).sum()) for one, old in zip(now.turns, before.turns))
        counts = np.array([moved, len(fixed.rows), sum(one.evidence for one in now.turns)], float)
        moved, count, evidence = team.sum(counts).tolist()
        if moved < UNCHANGED * count:
            break
    return float(evidence), now


def _everyones(turns: Sequence[Turn], folds: Folds) -> NDArray[np.float64]:
    """Shares (n, K) of all rows of the table, from all members; equal where a row is nobody's."""
    gathered = [one for member in folds.stock.context.team.gather(list(turns)) for one in member]
    made = np.full((folds.stock.count, turns[0].shares.shape[1]), 1.0 / turns[0].shares.shape[1])
    for one in gathered:
        made[one.rows] = one.shares
    return made
