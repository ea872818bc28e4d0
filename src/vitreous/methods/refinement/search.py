"""Global search: every view direction of a grid, every in-plane angle and a grid of shifts at once, on the polar bank."""

import functools
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import rotations, sphere, symmetry
from vitreous.maths.kernels.sample import prepare_volume
from vitreous.methods.refinement import cells, polar, scores
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.sampling import disc_of_shifts
from vitreous.methods.refinement.stock import Stock

_jit: Any = numba.njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True)
class Bank:
    """Polar central slices of one map at the directions (K, 3, 3; psi = 0) of an asymmetric unit, as angular modes."""

    grid: polar.PolarGrid
    directions: torch.Tensor
    modes: scores.Modes
    samples: torch.Tensor
    group: str
    step_deg: float


def shells_for(step_deg: float, radius_px: float, box: int) -> int:
    """How many shells a grid of directions of this step can tell apart: half a radian or so of phase at the usual radius."""
    far = 0.6 * radius_px * math.radians(0.4 * step_deg)
    return max(4, min(int(0.8 * box / (2 * math.pi * far)), (box + 1) // 2 - 1))


def build_bank(volume: NDArray[np.float32], *, order: int, group: str, shells: int, support_px: float) -> Bank:
    """The bank of a map (box, box, box) at HEALPix directions of an order, shells 0..shells, all in-plane angles."""
    box = volume.shape[0]
    angles = polar.angles_for(shells, support_px, box, coarsest_deg=sphere.step_deg(order))
    grid = polar.PolarGrid(box, shells, angles, support_px)
    where = sphere.directions(order, group)
    turned = rotations.from_euler(where[:, 0], where[:, 1], torch.zeros(len(where), dtype=torch.float64))
    prepared = prepare_volume(torch.from_numpy(np.ascontiguousarray(volume, np.float32)))
    samples = polar.slices(prepared, turned, grid)
    return Bank(grid, turned, scores.reference_modes(samples, grid), samples, group, sphere.step_deg(order))


@dataclass(frozen=True)
class Shifts:
    """Origins (s, 2) px tried about each image's own, and the spread of the prior about zero (px)."""

    offsets: torch.Tensor
    sigma_px: float

    @staticmethod
    def within(radius_px: float, step_px: float, sigma_px: float) -> "Shifts":
        """A square grid of this step inside a circle."""
        return Shifts(disc_of_shifts(radius_px, step_px), sigma_px)


@dataclass(frozen=True)
class Prepared:
    """What the search needs of a batch: masked images (n, box, box), 1/sigma2 (n, shells + 1), origins px, and contrast.

    contrast(kx, ky) gives the CTFs, with all that multiplies slices, at frequencies in 1/Å of any shape: (n, *shape).
    """

    images: torch.Tensor
    contrast: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    inverse_noise: torch.Tensor
    origins_px: torch.Tensor
    pixel_size_A: float

    @staticmethod
    def of(stock: Stock, rows: NDArray[np.int64], noise: NDArray[np.float64], origins_px: torch.Tensor) -> "Prepared":
        """Some rows of a stock, with the noise (groups, shells) of their groups, moved by origins (n, 2) px."""
        return Prepared(
            images=stock.masked_images(rows),
            contrast=functools.partial(stock.contrast, rows),
            inverse_noise=torch.from_numpy(1.0 / noise[stock.groups[rows]]),
            origins_px=origins_px,
            pixel_size_A=stock.pixel_size_A,
        )


@dataclass(frozen=True)
class Scored:
    """Log-likelihoods, less each image's constant, of all pairs of a direction and a column (shifts, then images).

    parts: cells of pairs (K * columns) as sums of cosines and sines (scores.quarter_terms), in a workspace; less (K, shifts, n):
    what is to be subtracted at every angle.
    """

    parts: scores.Quarters
    less: torch.Tensor
    angles: int

    def cells(self) -> torch.Tensor:
        """All of them, (angles, K, shifts, n)."""
        out = self.less.new_empty((self.angles, self.parts[0].shape[1]))
        scores.unfolded(self.parts, out)
        return out.view(self.angles, *self.less.shape) - self.less

    def best(self) -> torch.Tensor:
        """The best over the angles, (K, shifts, n)."""
        return cells.maxima(self.parts, self.angles // 2).view(self.less.shape) - self.less

    def at(self, direction: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        """Over all angles, of directions and shifts (n, c) of each image: (angles, n, c)."""
        _, shifts, n = self.less.shape
        image = torch.arange(n)[:, None].expand(direction.shape)
        pair = ((direction * shifts + shift) * n + image).flatten()
        out = self.less.new_empty((self.angles, len(pair)))
        scores.unfolded(scores.chosen(self.parts, pair), out)
        return out.view(self.angles, *direction.shape) - self.less[direction, shift, image]


def score(bank: Bank, batch: Prepared, shifts: Shifts, space: scores.Workspace) -> Scored:
    """Every image of a batch at every pose of the bank and every shift."""
    grid = bank.grid
    samples = polar.sample_images(batch.images.to(torch.float32), grid)
    weight = batch.inverse_noise[:, : grid.shells + 1, None].to(torch.float32)
    kx, ky = grid.points
    scale = 1.0 / (grid.box * batch.pixel_size_A)
    ctf = batch.contrast(kx * scale, ky * scale)
    samples = samples * (ctf * weight)
    radial = (ctf.square().mean(-1) * weight[..., 0]).to(torch.float32)
    if batch.origins_px.any():
        samples = samples * polar.shift_phases(batch.origins_px, grid).to(torch.complex64)
    phases = polar.shift_phases(shifts.offsets, grid).to(torch.complex64)
    moved = scores.shifted(scores.columns(samples), scores.columns(phases), space)
    modes = scores.modes(moved, grid, space)
    parts = scores.quarter_terms(modes, bank.modes, grid, space)
    place = batch.origins_px[None] + shifts.offsets[:, None]
    far = (place.square().sum(-1) / (2 * shifts.sigma_px**2)).to(torch.float32)
    return Scored(parts, scores.norm_terms(radial, bank.samples, grid)[:, None, :] + far, grid.angles)


@_jit
def _spread_out(candidates, best_first, keep, least_trace, operators, chosen):  # type: ignore[no-untyped-def]
    """Keep the candidate rotations (n, c, 3, 3) that are not near a better one, mates counted; chosen (n, keep), -1: none."""
    for i in range(candidates.shape[0]):
        count = 0
        for c in best_first[i]:
            if c < 0 or count == keep:
                break
            near = False
            for k in range(count):
                kept = candidates[i, chosen[i, k]]
                for o in range(operators.shape[0]):
                    trace = 0.0
                    for a in range(3):
                        for b in range(3):
                            for d in range(3):
                                trace += candidates[i, c, a, b] * operators[o, b, d] * kept[a, d]
                    if trace > least_trace:
                        near = True
                        break
                if near:
                    break
            if not near:
                chosen[i, count] = c
                count += 1


def best_modes(bank: Bank, found: Scored, shifts: Shifts, *, keep: int, origins_px: torch.Tensor, depth: float = 25.0) -> Modes:
    """The `keep` best well-separated poses of each image, within `depth` of the best in log-likelihood.

    Of the directions that are best at any angle and shift, the best angle of every sector at the best shift is looked at.
    """
    angles = bank.grid.angles
    over, move = found.best().max(1)  # (K, n)
    _, direction = over.T.topk(min(12 * keep, len(over)), dim=1)
    n, width = direction.shape
    move = torch.gather(move.T, 1, direction)
    sectors = max(d for d in range(1, 13) if angles % d == 0)
    values, at = found.at(direction, move).view(sectors, angles // sectors, n, width).max(1)
    angle = at + (torch.arange(sectors) * (angles // sectors))[:, None, None]
    values, angle = (part.permute(1, 0, 2).flatten(1) for part in (values, angle))
    values, which = values.topk(min(12 * keep, values.shape[1]), dim=1)
    direction, move = (torch.gather(part, 1, which % width) for part in (direction, move))
    psi = -360.0 / angles * torch.gather(angle, 1, which).to(torch.float64)
    candidates = (rotations.from_euler(torch.zeros_like(psi), torch.zeros_like(psi), psi) @ bank.directions[direction]).numpy()
    order = np.where((values >= values[:, :1] - depth).numpy(), np.arange(values.shape[1]), -1)
    chosen = np.full((n, keep), -1)
    least = 1.0 + 2.0 * math.cos(math.radians(1.2 * bank.step_deg))
    _spread_out(np.ascontiguousarray(candidates), order, keep, least, symmetry.operators(bank.group).numpy(), chosen)
    rows = np.arange(n)[:, None]
    log_likelihood = np.where(chosen >= 0, values.numpy()[rows, chosen], -np.inf).astype(np.float64)
    origins = (origins_px[:, None] + shifts.offsets[move]).numpy()
    return Modes(candidates[rows, chosen], origins[rows, chosen], log_likelihood, np.zeros((n, keep, 5, 5)))


def images_at_once(bank: Bank, shifts: Shifts, memory_GB: float) -> int:
    """How many images a pass may take so that its buffers (four times the cells) stay inside the memory."""
    return max(1, min(64, int(memory_GB * 1e9 / (4 * 4 * cells_of(bank, shifts)))))


def cells_of(bank: Bank, shifts: Shifts) -> int:
    """Scores of one image: angles, directions and shifts."""
    return bank.grid.angles * int(bank.directions.shape[0]) * len(shifts.offsets)


def in_parallel(work: Any, parts: list[Any], threads: int) -> list[Any]:
    """Results of work(part, workspace) in order, on threads that each own a workspace.

    Meanwhile torch itself keeps to one thread: nested threads would only wait for each other.
    """
    if threads <= 1 or len(parts) < 2:
        space = scores.Workspace()
        return [work(part, space) for part in parts]
    lanes = [parts[i::threads] for i in range(threads)]

    def lane(mine: list[Any]) -> list[Any]:
        space = scores.Workspace()
        return [work(part, space) for part in mine]

    inner = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(lane, lanes))
    finally:
        torch.set_num_threads(inner)
    return [done[i % threads][i // threads] for i in range(len(parts))]
