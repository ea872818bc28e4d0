"""Where the particles of one half look from: a global search on the polar bank, then a climb from each mode; and the noise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import sphere, symmetry
from vitreous.maths.rotations import random_rotations
from vitreous.methods.refinement import density, local, search, slices
from vitreous.methods.refinement.local import Climb, Modes
from vitreous.methods.refinement.scores import Workspace
from vitreous.methods.refinement.stock import Batch, Stock

LEAST_SHELLS = 8  # of a rough climb
PARTS = ("rotations", "origins", "log_likelihood", "information")  # of Modes


@dataclass(frozen=True)
class Search:
    """How to look: HEALPix order of the global grid (None: climb only), shells scored, shifts, modes kept, symmetry."""

    order: int | None
    reach: int
    group: str
    shifts: search.Shifts
    keep: int = 6


def find(
    stock: Stock,
    rows: NDArray[np.int64],
    *,
    volume: NDArray[np.float32],
    noise: NDArray[np.float64],
    start: Modes | None,
    how: Search,
) -> Modes:
    """Modes of these rows against one map; start (of these rows) is climbed from too. noise (groups, shells) is sigma2.

    With how.order None, start must be given.
    """
    cube = density.to_cube(volume, how.reach, stock.padding)
    bank = None
    size = 64
    if how.order is not None:
        step = sphere.step_deg(how.order)
        shells = min(search.shells_for(step, stock.radius_px, stock.box), how.reach)
        bank = search.build_bank(volume, order=how.order, group=how.group, shells=shells, support_px=stock.radius_px)
        size = search.images_at_once(bank, how.shifts, 0.25 * stock.context.memory_GB / max(1, stock.context.threads))
        stock.tell_batch(size, search.cells_of(bank, how.shifts))
    places = [np.arange(i, min(i + size, len(rows))) for i in range(0, len(rows), size)]

    def work(place: NDArray[np.int64], space: Workspace) -> Modes:
        stock.context.check()
        part = rows[place]
        before = None if start is None else start.select(place)
        modes = before if bank is None else _global(stock, part, bank, noise, before, how, space)
        assert modes is not None
        return _climb(stock, part, cube, noise, modes, how)

    return stack(search.in_parallel(work, places, stock.context.threads))


def stack(parts: Sequence[Modes]) -> Modes:
    """Modes of consecutive parts put together; parts without an image count for nothing."""
    full = [part for part in parts if len(part.origins)]
    if not full:
        return Modes(np.zeros((0, 1, 3, 3)), np.zeros((0, 1, 2)), np.zeros((0, 1)), np.zeros((0, 1, 5, 5)))
    return Modes(*(np.concatenate([getattr(part, name) for part in full]) for name in PARTS))


def spread(parts: Sequence[tuple[NDArray[np.int64], Modes]], count: int, *, keep: int = 1) -> Modes:
    """Modes of rows in a table of `count`, `keep` an image at least; rows of no part hold a pose of no meaning, likelihood 0."""
    keep = max(keep, *(modes.log_likelihood.shape[1] for _, modes in parts))
    made = Modes(
        np.tile(np.eye(3), (count, keep, 1, 1)), np.zeros((count, keep, 2)), np.full((count, keep), -np.inf),
        np.tile(np.eye(5), (count, keep, 1, 1)),
    )  # fmt: skip
    made.log_likelihood[:, 0] = 0.0
    for rows, modes in parts:
        width = modes.log_likelihood.shape[1]
        for name in PARTS:
            getattr(made, name)[rows, :width] = getattr(modes, name)
    return made


def _global(
    stock: Stock, part: NDArray[np.int64], bank: search.Bank, noise: NDArray[np.float64], before: Modes | None, how: Search,
    space: Workspace,
) -> Modes:  # fmt: skip
    centre = np.zeros((len(part), 2)) if before is None else before.origins[:, 0]
    origins = torch.from_numpy(np.ascontiguousarray(centre))
    scored = search.score(bank, search.Prepared.of(stock, part, noise, origins), how.shifts, space)
    found = search.best_modes(bank, scored, how.shifts, keep=how.keep, origins_px=origins)
    if before is None:
        return found
    return Modes(*(np.concatenate([getattr(m, name) for m in (before, found)], axis=1) for name in PARTS))


def _climb(
    stock: Stock, part: NDArray[np.int64], cube: NDArray[np.complex64], noise: NDArray[np.float64], modes: Modes, how: Search
) -> Modes:
    """Climb from all modes: at a quarter of the shells, a half, then all."""
    count = stock.pixels.count(how.reach)
    rough = tuple(stock.pixels.count(shell) for shell in (how.reach // 4, how.reach // 2) if shell >= LEAST_SHELLS)
    batch: Batch = stock.batch(part, count)
    weights = (1.0 / noise[:, stock.pixels.shell[:count]]).astype(np.float32)
    climbed = local.refine(
        batch.masked, batch.ctf, weights=weights, groups=stock.groups[part], pixels=stock.pixels.index[:count], cube=cube,
        start=modes, climb=Climb(stock.box, sigma_origin_px=how.shifts.sigma_px, rough=rough, padding=stock.padding),
    )  # fmt: skip
    return _kept(climbed, how)


def _kept(modes: Modes, how: Search) -> Modes:
    """The best how.keep modes that are apart, best first."""
    distinct = modes.distinct(nearer_deg=1.0, nearer_px=1.0, operators=symmetry.operators(how.group).numpy())
    return Modes(*(getattr(distinct, name)[:, : how.keep] for name in PARTS))


def beside(several: Sequence[Modes], how: Search) -> Modes:
    """The best how.keep modes of the same images out of several searches; those at one place count once."""
    return _kept(Modes(*(np.concatenate([getattr(modes, name) for modes in several], axis=1) for name in PARTS)), how)


def residual_sums(
    stock: Stock, rows: NDArray[np.int64], modes: Modes, *, volume: NDArray[np.float32], reach: int | None = None
) -> NDArray[np.float64]:
    """Sums of |X - C A|^2 (groups, shells) of masked images at their best poses; divide by 2 x pixels x images for sigma2.

    rows are those of this member, and so are the sums. Beyond shell `reach` the map is taken for empty.
    """
    cube = density.to_cube(volume, stock.pixels.reach if reach is None else min(reach, stock.pixels.reach), stock.padding)
    best = modes.posterior().argmax(1)
    sums = np.zeros((len(stock.group_names), stock.pixels.reach + 1))
    at = 0
    for part in stock.chunks(rows):
        batch = stock.batch(part)
        which = (np.arange(at, at + len(part)), best[at : at + len(part)])
        slices.residuals(
            batch.masked, batch.ctf, stock.pixels.shell, (stock.pixels.index, cube, np.float32(stock.padding), stock.box),
            modes.rotations[which], modes.origins[which], stock.groups[part], sums,
        )  # fmt: skip
        at += len(part)
    return sums


def fitted_scale(
    stock: Stock, rows: NDArray[np.int64], modes: Modes, *, volume: NDArray[np.float32], noise: NDArray[np.float64], reach: int
) -> float:
    """The factor on the map that fits the images best at their best poses, in shells up to reach; rows: each member's own."""
    count = stock.pixels.count(reach)
    cube = density.to_cube(volume, stock.pixels.reach, stock.padding)
    best = modes.posterior().argmax(1)
    cross = norm = 0.0
    weights = (1.0 / noise[:, stock.pixels.shell[:count]]).astype(np.float32)
    at = 0
    for part in stock.chunks(rows):
        batch = stock.batch(part, count)
        which = (np.arange(at, at + len(part)), best[at : at + len(part)])
        terms = slices.match(
            batch.masked, batch.ctf, weights[stock.groups[part]], stock.pixels.index[:count], cube, np.float32(stock.padding),
            modes.rotations[which], modes.origins[which], stock.box,
        )  # fmt: skip
        cross, norm = cross + float(terms[:, 0].sum()), norm + float(terms[:, 1].sum())
        at += len(part)
    cross, norm = stock.context.team.sum(np.array([cross, norm])).tolist()
    return max(cross, 1e-3 * norm) / norm if norm > 0 else 1.0


def power_scale(
    stock: Stock, rows: NDArray[np.int64], *, volume: NDArray[np.float32], noise: NDArray[np.float64], reach: int
) -> float:
    """A first guess of that factor: a quarter of the images' power at low shells is taken for signal."""
    count = stock.pixels.count(reach)
    cube = density.to_cube(volume, stock.pixels.reach, stock.padding)
    out = np.empty(count, np.complex64)
    power = 0.0
    turns = random_rotations(64, torch.Generator().manual_seed(len(rows))).numpy()
    weight = 1.0 / noise.mean(0)[stock.pixels.shell[:count]]
    ctf2 = (stock.batch(rows[:64]).ctf[:, :count].astype(np.float64) ** 2).mean(0)
    for turn in turns:
        slices.read(stock.pixels.index[:count].astype(np.float64), cube, np.float32(stock.padding), turn, out)
        power += float((np.abs(out) ** 2 * ctf2 * weight).sum()) / len(turns)
    return float(np.sqrt(0.25 * 2.0 * count / max(power, 1e-30)))


def first_noise(stock: Stock, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """sigma2 (groups, shells) out of the mean power of up to 1,000 masked images of each group."""
    out = np.zeros((len(stock.group_names), stock.pixels.reach + 1))
    for group in range(len(stock.group_names)):
        mine = rows[stock.groups[rows] == group][:1000]
        sums, mean = np.zeros(len(stock.pixels.index)), np.zeros(len(stock.pixels.index), np.complex128)
        for part in stock.chunks(mine[stock.mine(mine)]):
            masked = stock.batch(part).masked
            sums += (masked.real.astype(np.float64) ** 2 + masked.imag.astype(np.float64) ** 2).sum(0)
            mean += masked.sum(0)
        sums, mean = stock.context.team.sum(sums), stock.context.team.sum(mean)
        n = max(len(mine), 1)
        power = sums / n - np.abs(mean / n) ** 2
        out[group] = by_shell(power, stock) / 2.0
    stock.settle()
    return floored(out)


def by_shell(values: NDArray[np.float64], stock: Stock) -> NDArray[np.float64]:
    """Means over shells (reach + 1,) of a value per listed pixel; shell 0 repeats shell 1."""
    total = np.bincount(stock.pixels.shell, values, stock.pixels.reach + 1)
    count = np.bincount(stock.pixels.shell, minlength=stock.pixels.reach + 1)
    mean: NDArray[np.float64] = total / np.maximum(count, 1)
    mean[0] = mean[1]
    return mean


def floored(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """sigma2 kept above a ten-thousandth of its group's median, so that an empty shell never divides by zero."""
    least = 1e-4 * np.median(noise, axis=1, keepdims=True)
    return np.maximum(noise, np.maximum(least, 1e-30))
