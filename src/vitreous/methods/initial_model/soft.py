"""One pass of expectation-maximisation with every pose weighed: all directions, in-plane angles and shifts of a grid.

Both halves of the pass live on the polar bank: the posterior of a batch becomes one weighted mean image a direction,
and only those are put into the 3D transform.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import symmetry
from vitreous.maths.conventions import PADDING
from vitreous.methods.refinement import density, scores, search, slices
from vitreous.methods.refinement.gold_standard import Sums
from vitreous.methods.refinement.search import Bank, Shifts
from vitreous.methods.refinement.stock import Stock


@dataclass(frozen=True)
class Grid:
    """Which poses a pass weighs: HEALPix order, shells 0..shells, shifts about zero, point group."""

    order: int
    shells: int
    shifts: Shifts
    group: str


@dataclass(frozen=True)
class Pass:
    """Sums of a pass over some images for each map, and the mean log-likelihood (up to a constant of the images)."""

    sums: tuple[Sums, ...]
    log_likelihood: float


def gather(
    stock: Stock, rows: NDArray[np.int64], *, volumes: Sequence[NDArray[np.float32]], noise: NDArray[np.float64], grid: Grid
) -> Pass:
    """Weigh every pose of every image against the maps (one a class), and sum the images at their poses.

    Each member takes those of the rows that are its own; the sums are those of all.
    """
    bank, parts = _bank(stock, rows[stock.mine(rows)], volumes, grid)
    team = stock.context.team

    def work(part: NDArray[np.int64], space: scores.Workspace) -> Any:
        stock.context.check()
        found = _scored(stock, part, bank, noise, grid, space)
        cells = found.cells
        score = _to_posterior(cells)
        posterior = scores.posterior_modes(cells.flatten(2), bank.grid, space)
        sums = scores.empty_sums(len(bank.directions), bank.grid, cells)
        scores.accumulate(sums, posterior, found.modes)
        return sums, cells.sum((0, 2)) @ found.radial, score

    done = search.in_parallel(work, parts, stock.context.threads)
    sums, weights, score = done[0] if done else _nothing(bank)
    for more, extra, also in done[1:]:
        for total, piece in zip(sums, more):
            total += piece
        weights, score = weights + extra, score + also
    sums, weights = [team.sum(part) for part in sums], team.sum(weights)
    samples = scores.to_samples(sums, bank.grid).chunk(len(volumes))
    cubes = [_into_cubes(stock, bank, one, w) for one, w in zip(samples, weights.chunk(len(volumes)))]
    return Pass(tuple(cubes), sum(team.gather(score)) / len(rows))


def _nothing(bank: Bank) -> tuple[scores.Modes, torch.Tensor, float]:
    """The sums of no image."""
    like, count = bank.samples.real, len(bank.directions)
    return scores.empty_sums(count, bank.grid, like), like.new_zeros((count, bank.grid.shells + 1)), 0.0


def log_likelihood(
    stock: Stock, rows: NDArray[np.int64], *, volumes: Sequence[NDArray[np.float32]], noise: NDArray[np.float64], grid: Grid
) -> float:
    """Mean log-likelihood of images under the maps, all classes and poses of the grid marginalised."""
    bank, parts = _bank(stock, rows[stock.mine(rows)], volumes, grid)

    def work(part: NDArray[np.int64], space: scores.Workspace) -> float:
        cells = _scored(stock, part, bank, noise, grid, space).cells
        return float(cells.flatten(0, 2).logsumexp(0).sum())

    return sum(stock.context.team.gather(sum(search.in_parallel(work, parts, stock.context.threads)))) / len(rows)


def _bank(
    stock: Stock, rows: NDArray[np.int64], volumes: Sequence[NDArray[np.float32]], grid: Grid
) -> tuple[Bank, list[NDArray[np.int64]]]:
    banks = [
        search.build_bank(v, order=grid.order, group=grid.group, shells=grid.shells, support_px=stock.radius_px) for v in volumes
    ]
    bank = replace(
        banks[0],
        directions=torch.cat([b.directions for b in banks]),
        samples=torch.cat([b.samples for b in banks]),
        modes=[torch.cat(blocks, dim=-1) for blocks in zip(*(b.modes for b in banks))],
    )
    context = stock.context
    size = min(32, search.images_at_once(bank, grid.shifts, 0.25 * context.memory_GB / max(1, context.threads)))
    stock.tell_batch(size, search.cells_of(bank, grid.shifts))
    return bank, stock.chunks(rows, size)


def _scored(
    stock: Stock, part: NDArray[np.int64], bank: Bank, noise: NDArray[np.float64], grid: Grid, space: scores.Workspace
) -> search.Scored:
    still = torch.zeros((len(part), 2), dtype=torch.float64)
    return search.score(bank, search.Prepared.of(stock, part, noise, still), grid.shifts, space)


def _to_posterior(cells: torch.Tensor) -> float:
    """Turn log-likelihoods into weights that sum to one for each image, in place; gives the sum of log-likelihoods."""
    top = cells.amax((0, 1, 2))
    cells.sub_(top).exp_()
    total = cells.sum((0, 1, 2))
    cells.div_(total)
    return float((top + total.log()).sum())


def _into_cubes(stock: Stock, bank: Bank, samples: torch.Tensor, weights: torch.Tensor) -> Sums:
    """Put one weighted mean image a direction into the 3D transform, and at every symmetry mate."""
    area = bank.grid.radii.to(torch.float32)[:, None].expand(-1, bank.grid.half).clone()
    area[0] = 0.0
    data, weight = density.empty_cube(stock.pixels.reach)
    points = np.stack([k.flatten().numpy() for k in bank.grid.points], axis=1)
    values = (samples * area).flatten(1).to(torch.complex64).numpy()
    strength = (weights[:, :, None] * area).flatten(1).to(torch.float32).numpy()
    turns = bank.directions[: len(samples)].numpy()
    operators = symmetry.operators(bank.group).numpy()
    slices.insert_points(data, weight, values, strength, points, np.float32(PADDING), turns, operators)
    slices.complete_plane(data, weight)
    return Sums(data, weight)
