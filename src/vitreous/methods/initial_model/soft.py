"""One pass of expectation-maximisation with every pose weighed: all directions, in-plane angles and shifts of a grid.

Both halves of the pass live on the polar bank: the posterior of a batch becomes one weighted mean image a direction,
and only those are put into the 3D transform. Images are sampled once a grid and held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import symmetry
from vitreous.maths.conventions import PADDING
from vitreous.methods.refinement import cells, density, polar, scores, search, slices
from vitreous.methods.refinement.gold_standard import Sums
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.search import Bank, Shifts
from vitreous.methods.refinement.stock import Stock

BATCH = 32  # images that are scored together at most
HELD_GRIDS = 4  # polar grids whose samples are kept


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


@dataclass(frozen=True)
class Samples:
    """Masked images times their CTFs on a polar grid (n, shells + 1, half), and the means of C^2 on each circle."""

    values: torch.Tensor
    ctf2: torch.Tensor


class Held:
    """A stock's images on polar grids; those of this member are sampled once a grid, if they are few enough to be kept."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self._made: dict[PolarGrid, Samples] = {}

    def at(self, grid: PolarGrid, rows: NDArray[np.int64]) -> Samples:
        """Samples of these rows, in their order."""
        own = self.stock.own
        bytes_each = 8 * (grid.shells + 1) * grid.half
        if bytes_each * len(own) > 0.1e9 * self.stock.context.memory_GB / HELD_GRIDS:
            return self._sampled(grid, rows)
        if grid not in self._made:
            while len(self._made) >= HELD_GRIDS:
                self._made.pop(next(iter(self._made)))
            parts = [self._sampled(grid, part) for part in self.stock.chunks(np.arange(own.start, own.stop))]
            self._made[grid] = Samples(*(torch.cat([getattr(part, name) for part in parts]) for name in ("values", "ctf2")))
        held, at = self._made[grid], torch.from_numpy(rows - own.start)
        return Samples(held.values[at], held.ctf2[at])

    def _sampled(self, grid: PolarGrid, rows: NDArray[np.int64]) -> Samples:
        stock = self.stock
        values = polar.sample_images(stock.masked_images(rows).to(torch.float32), grid)
        scale = 1.0 / (grid.box * stock.pixel_size_A)
        ctf = stock.contrast(rows, *(k * scale for k in grid.points))
        return Samples((values * ctf).to(torch.complex64), ctf.square().mean(-1).to(torch.float32))


@dataclass(frozen=True)
class _Scores:
    """Of a batch: unscaled cells (scores.quarter_terms), what is added to the log of each pair (K * shifts * n,), the log of
    each image's sum (n,), the modes of its weighted, shifted images, and means of C^2/sigma^2 on circles (n, shells + 1)."""

    parts: scores.Quarters
    factor: torch.Tensor
    total: torch.Tensor
    modes: scores.Modes
    radial: torch.Tensor


def gather(
    stock: Stock,
    rows: NDArray[np.int64],
    *,
    volumes: Sequence[NDArray[np.float32]],
    noise: NDArray[np.float64],
    grid: Grid,
    held: Held | None = None,
) -> Pass:
    """Weigh every pose of every image against the maps (one a class), and sum the images at their poses.

    Each member takes those of the rows that are its own; the sums are those of all. held saves sampling the images anew.
    """
    bank, parts = _bank(stock, rows[stock.mine(rows)], volumes, grid)
    held, team = held or Held(stock), stock.context.team

    def work(part: NDArray[np.int64], space: scores.Workspace) -> Any:
        stock.context.check()
        found = _scored(held, part, bank, noise, grid, space)
        n = len(part)
        pairs = found.factor.numel() // n
        found.factor.view(-1, n).sub_(found.total)
        posterior = cells.posterior(found.parts, bank.grid.half, found.factor, least=np.inf)
        folded = scores.folded_modes(posterior.folded, bank.grid, space)
        directions = len(bank.directions)
        modes = [mode.view(*mode.shape[:2], directions, -1) for mode in folded]
        sums = scores.empty_sums(directions, bank.grid, found.radial)
        scores.accumulate(sums, modes, found.modes)
        weights = posterior.total.view(directions, pairs // directions, n).sum(1) @ found.radial
        return sums, weights, float(found.total.sum())

    done = search.in_parallel(work, parts, stock.context.threads)
    sums, weights, score = done[0] if done else _nothing(bank)
    for more, extra, also in done[1:]:
        for total, piece in zip(sums, more):
            total += piece
        weights, score = weights + extra, score + also
    sums, weights = [team.sum(part) for part in sums], team.sum(weights)
    split = zip(scores.to_samples(sums, bank.grid).chunk(len(volumes)), weights.chunk(len(volumes)))
    cubes = tuple(_into_cubes(stock, bank, one, w) for one, w in split)
    return Pass(cubes, sum(team.gather(score)) / len(rows))


def _nothing(bank: Bank) -> tuple[scores.Modes, torch.Tensor, float]:
    """The sums of no image."""
    like, count = bank.samples.real, len(bank.directions)
    return scores.empty_sums(count, bank.grid, like), like.new_zeros((count, bank.grid.shells + 1)), 0.0


def log_likelihoods(
    stock: Stock,
    rows: NDArray[np.int64],
    *,
    volumes: Sequence[NDArray[np.float32]],
    noise: NDArray[np.float64],
    grid: Grid,
    held: Held | None = None,
) -> NDArray[np.float64]:
    """Log-likelihood (n,) of the member's own of these rows, in order: all classes and poses of the grid marginalised."""
    bank, parts = _bank(stock, rows[stock.mine(rows)], volumes, grid)
    held = held or Held(stock)

    def work(part: NDArray[np.int64], space: scores.Workspace) -> NDArray[np.float64]:
        stock.context.check()
        found: NDArray[np.float64] = _scored(held, part, bank, noise, grid, space).total.to(torch.float64).numpy()
        return found

    done = search.in_parallel(work, parts, stock.context.threads)
    return np.concatenate(done) if done else np.zeros(0)


def log_likelihood(
    stock: Stock,
    rows: NDArray[np.int64],
    *,
    volumes: Sequence[NDArray[np.float32]],
    noise: NDArray[np.float64],
    grid: Grid,
    held: Held | None = None,
) -> float:
    """Mean log-likelihood of images under the maps, all classes and poses of the grid marginalised."""
    own = log_likelihoods(stock, rows, volumes=volumes, noise=noise, grid=grid, held=held)
    return sum(stock.context.team.gather(float(own.sum()))) / len(rows)


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
    size = min(BATCH, search.images_at_once(bank, grid.shifts, 0.25 * context.memory_GB / max(1, context.threads)))
    stock.tell_batch(size, search.cells_of(bank, grid.shifts))
    return bank, stock.chunks(rows, size)


def _scored(
    held: Held, part: NDArray[np.int64], bank: Bank, noise: NDArray[np.float64], grid: Grid, space: scores.Workspace
) -> _Scores:
    here = bank.grid
    images = held.at(here, part)
    inverse = torch.from_numpy(1.0 / noise[held.stock.groups[part], : here.shells + 1]).to(torch.float32)
    phases = scores.columns(polar.shift_phases(grid.shifts.offsets, here).to(torch.complex64))
    moved = scores.shifted(scores.columns(images.values * inverse[..., None]), phases, space)
    modes = scores.modes(moved, here, space)
    parts = scores.quarter_terms(modes, bank.modes, here, space)
    radial = images.ctf2 * inverse
    far = (grid.shifts.offsets.square().sum(-1) / (2 * grid.shifts.sigma_px**2)).to(torch.float32)
    factor = (-scores.norm_terms(radial, bank.samples, here)[:, None, :] - far[None, :, None]).flatten()
    total = (cells.log_sums(parts, here.half) + factor).view(-1, len(part)).logsumexp(0)
    return _Scores(parts, factor, total, modes, radial)


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
