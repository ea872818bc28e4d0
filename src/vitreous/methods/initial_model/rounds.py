"""Rounds of continuous pose refinement on the fine grid, from the fold of the starts to the last resolution."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vitreous.context import Team
from vitreous.maths import sphere
from vitreous.methods.initial_model.levels import Level, Volume
from vitreous.methods.refinement import expectation3d, gold_standard, resolution
from vitreous.methods.refinement.expectation3d import Search
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.rescue import rescued
from vitreous.methods.refinement.search import shells_for
from vitreous.methods.refinement.settings3d import ORDERS, STEPS

LEAST = 2000  # images of a round, if there are so many
KEPT = 4  # modes of an image that are climbed from


@dataclass(frozen=True)
class Posed:
    """Rows and, one a class, the modes of each row; shares (n, K) of the classes."""

    rows: NDArray[np.int64]
    modes: tuple[Modes, ...]
    shares: NDArray[np.float64]

    def select(self, which: NDArray[np.bool_]) -> "Posed":
        """Those of some rows."""
        return Posed(self.rows[which], tuple(modes.select(which) for modes in self.modes), self.shares[which])

    def gathered(self, team: Team) -> "Posed":
        """Those of all members, whose rows follow each other."""
        rows, shares = (np.concatenate(team.gather(own)) for own in (self.rows, self.shares))
        return Posed(rows, tuple(expectation3d.stack(team.gather(modes)) for modes in self.modes), shares)


@dataclass(frozen=True)
class Refined:
    """Maps of a round, the noise (groups, shells) at its poses, the agreement of odd and even images by shell, and the poses."""

    maps: tuple[Volume, ...]
    noise: NDArray[np.float64]
    fsc: NDArray[np.float64]
    posed: Posed


@dataclass(frozen=True)
class Plan:
    """Of one round: shells up to reach, point group, whether images that fit badly are searched again, and the level's box
    over the particles' own."""

    reach: int
    group: str
    rescue: bool
    ratio: float


def rows_for(level: Level, seed: int, *, everyone: bool) -> NDArray[np.int64]:
    """The usable rows, or a quarter of them by lot, but 2,000 at least."""
    usable = np.flatnonzero(level.stock.usable())
    if everyone:
        return usable
    return np.sort(np.random.default_rng(seed).permutation(usable)[: max(LEAST, len(usable) // 4)])


def refined(
    level: Level,
    rows: NDArray[np.int64],
    *,
    maps: tuple[Volume, ...],
    noise: NDArray[np.float64],
    known: Posed | None,
    plan: Plan,
    told: Callable[[float], None],
) -> Refined:
    """Climb from known poses, search for the others, then maps of the images at their poses."""
    mine = rows[level.stock.mine(rows)]
    found = []
    for number, volume in enumerate(maps):
        before = None if known is None else known.modes[number]
        found.append(_found(level, mine, volume, noise, None if known is None else known.rows, before, plan))
        told((number + 1) / len(maps))
    shares: NDArray[np.float64] = special.softmax(np.stack([modes.log_mass() for modes in found], axis=1), axis=1)
    posed = Posed(mine, tuple(found), shares)
    made, curve = _reconstructed(level, posed, noise=noise, plan=plan)
    after = _noise(level, posed, made)
    return Refined(made, np.where(np.isfinite(after), after, noise), curve, posed.gathered(level.stock.context.team))


def _found(
    level: Level, mine: NDArray[np.int64], volume: Volume, noise: NDArray[np.float64], known: NDArray[np.int64] | None,
    before: Modes | None, plan: Plan,
) -> Modes:  # fmt: skip
    """Modes of this member's rows: those that are known climbed from, the others searched for over all views."""
    stock = level.stock
    order = min(ORDERS[level.settings.poses.step] + 1, len(STEPS))
    shells = min(plan.reach, shells_for(sphere.step_deg(order), stock.radius_px, stock.box))
    wide = Search(order, plan.reach, plan.group, level.grid(order, shells, plan.group, plan.ratio).shifts, keep=KEPT)
    if known is None or before is None:
        made = expectation3d.find(stock, mine, volume=volume, noise=noise, start=None, how=wide)
    else:
        own = before.select(stock.mine(known))
        climb = replace(wide, order=None)
        old, new = np.isin(mine, known), ~np.isin(mine, known)
        parts = [expectation3d.find(stock, mine[old], volume=volume, noise=noise, start=own, how=climb)] if old.any() else []
        if new.any():
            parts.append(expectation3d.find(stock, mine[new], volume=volume, noise=noise, start=None, how=wide))
        made = expectation3d.stack(parts).select(np.argsort(np.concatenate([mine[old], mine[new]])))
    return rescued(stock, mine, made, volume=volume, noise=noise, how=wide)[0] if plan.rescue else made


def _reconstructed(
    level: Level, posed: Posed, *, noise: NDArray[np.float64], plan: Plan
) -> tuple[tuple[Volume, ...], NDArray[np.float64]]:
    """Maps of the rows, filtered by the agreement of their odd and even images (which share the reference)."""
    stock, inverse = level.stock, (1.0 / noise).astype(np.float32)
    inside = np.arange(level.box // 2 + 1) <= plan.reach
    maps, curve = [], np.zeros(level.box // 2 + 1)
    for number, modes in enumerate(posed.modes):
        halves = []
        for h in range(2):
            at = np.flatnonzero(posed.rows % 2 == h)
            made = gold_standard.back_project(
                stock, posed.rows[at], modes.select(at), inverse_noise=inverse, group=plan.group, share=posed.shares[at, number]
            )
            halves.append(gold_standard.added(made, stock.context.team))
        odd, even = (gold_standard.unfiltered(sums, level.box) for sums in halves)
        fsc = np.where(inside, resolution.half_map_fsc(odd, even, level.mask), 0.0)
        ratio = np.where(inside, resolution.signal_to_noise(resolution.joined(fsc)), 1e-6)
        maps.append(level.map_of(gold_standard.together(halves), ratio))
        curve = np.maximum(curve, fsc)
    return tuple(maps), curve


def _noise(level: Level, posed: Posed, maps: tuple[Volume, ...]) -> NDArray[np.float64]:
    """sigma2 (groups, shells) left over at the best poses in the best classes; nan for a group that none of the rows is of."""
    stock, kind, rows = level.stock, posed.shares.argmax(1), posed.rows
    sums = np.zeros((len(stock.group_names), stock.pixels.reach + 1))
    members = np.zeros(len(sums))
    for number, modes in enumerate(posed.modes):
        at = np.flatnonzero(kind == number)
        if len(at):
            sums += expectation3d.residual_sums(stock, rows[at], modes.select(at), volume=maps[number])
            members += np.bincount(stock.groups[rows[at]], minlength=len(sums))
    sums, members = stock.context.team.sum(sums), stock.context.team.sum(members)
    pixels = np.maximum(np.bincount(stock.pixels.shell, minlength=sums.shape[1]), 1)
    made = sums / (2.0 * pixels * np.maximum(members, 1)[:, None])
    made[:, 0] = made[:, 1]
    floored: NDArray[np.float64] = np.where(members[:, None] > 0, expectation3d.floored(made), np.nan)
    return floored
