"""Rounds of continuous pose refinement on the fine grid, from the fold of the starts to the last resolution."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vitreous.methods.initial_model.levels import Level, Volume
from vitreous.methods.refinement import expectation3d, gold_standard, resolution
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.settings3d import ORDERS

LEAST = 1000  # images of a round, if there are so many
KEPT = 4  # modes of an image that are climbed from


@dataclass(frozen=True)
class Refined:
    """Maps of a round, the noise (groups, shells) at its poses, the agreement of odd and even images by shell, and of this
    member's images the modes (one a class) and the shares of the classes (n, K)."""

    maps: tuple[Volume, ...]
    noise: NDArray[np.float64]
    fsc: NDArray[np.float64]
    modes: tuple[Modes, ...]
    shares: NDArray[np.float64]


def rows_for(level: Level, seed: int, *, everyone: bool) -> NDArray[np.int64]:
    """The usable rows, or a quarter of them by lot, but 1,000 at least."""
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
    reach: int,
    group: str,
    ratio: float,
    told: Callable[[float], None],
) -> Refined:
    """Search and climb with shells up to reach, then maps of the images at their poses; ratio as Level.grid takes it."""
    stock, order = level.stock, ORDERS[level.settings.poses.step]
    how = expectation3d.Search(order, reach, group, level.grid(order, reach, group, ratio).shifts, keep=KEPT)
    mine = np.flatnonzero(stock.mine(rows))
    found = []
    for number, volume in enumerate(maps):
        found.append(expectation3d.find(stock, rows[mine], volume=volume, noise=noise, start=None, how=how))
        told((number + 1) / len(maps))
    shares: NDArray[np.float64] = special.softmax(np.stack([modes.log_mass() for modes in found], axis=1), axis=1)
    made, curve = _reconstructed(level, rows[mine], found, shares, noise=noise, reach=reach, group=group)
    after = _noise(level, rows[mine], len(rows), made, found, shares)
    return Refined(made, np.where(np.isfinite(after), after, noise), curve, tuple(found), shares)


def _reconstructed(
    level: Level,
    rows: NDArray[np.int64],
    found: list[Modes],
    shares: NDArray[np.float64],
    *,
    noise: NDArray[np.float64],
    reach: int,
    group: str,
) -> tuple[tuple[Volume, ...], NDArray[np.float64]]:
    """Maps of the rows, filtered by the agreement of their odd and even images (which share the reference)."""
    stock, inverse = level.stock, (1.0 / noise).astype(np.float32)
    inside = np.arange(level.box // 2 + 1) <= reach
    maps, curve = [], np.zeros(level.box // 2 + 1)
    for number, modes in enumerate(found):
        halves = []
        for h in range(2):
            at = np.flatnonzero(rows % 2 == h)
            made = gold_standard.back_project(
                stock, rows[at], modes.select(at), inverse_noise=inverse, group=group, share=shares[at, number]
            )
            halves.append(gold_standard.added(made, stock.context.team))
        odd, even = (gold_standard.unfiltered(sums, level.box) for sums in halves)
        fsc = np.where(inside, resolution.half_map_fsc(odd, even, level.mask), 0.0)
        ratio = np.where(inside, resolution.signal_to_noise(resolution.joined(fsc)), 1e-6)
        maps.append(level.map_of(gold_standard.together(halves), ratio))
        curve = np.maximum(curve, fsc)
    return tuple(maps), curve


def _noise(
    level: Level, rows: NDArray[np.int64], count: int, maps: tuple[Volume, ...], found: list[Modes], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """sigma2 (groups, shells) left over at the best poses in the best classes; nan for a group that none of the rows is of."""
    stock, kind = level.stock, shares.argmax(1)
    sums = np.zeros((len(stock.group_names), stock.pixels.reach + 1))
    members = np.zeros(len(sums))
    for number, modes in enumerate(found):
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
