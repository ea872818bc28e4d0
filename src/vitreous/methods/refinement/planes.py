"""Transforms of batches of images at the points of a polar grid: a coarse grid by matrix products, Kaiser-Bessel from there.

Only the low frequencies that a grid asks for are made, as sums with cosines and sines on a quadrant of the padded grid,
(row cos or sin, column cos or sin) of frequencies >= 0; a point and its mirror across the y axis are read together.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.conventions import KAISER_WIDTH
from vitreous.maths.kernels.sample import correction, kernel, padded_box, shape_parameter
from vitreous.methods.refinement.polar import PolarGrid

Columns = tuple[torch.Tensor, torch.Tensor]
REACH = KAISER_WIDTH // 2


def _steps(box: int, shells: int) -> int:
    """Frequencies 0, 1, ... of the padded grid that points up to `shells` read."""
    return math.ceil(shells * padded_box(box) / box) + REACH + 2


@functools.lru_cache(maxsize=64)
def waves(box: int, shells: int, pixels: int, device: str = "cpu", dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Cosines and sines at pixels 0, 1, ... from the centre, over the kernel's correction: (2, pixels, steps)."""
    padded = padded_box(box)
    at = torch.arange(pixels, dtype=torch.float64)
    turns = 2 * math.pi / padded * at[:, None] * torch.arange(_steps(box, shells))
    line = correction(box, padded).flip(0)[(box - 1) // 2 :]  # symmetric; from the centre to the left edge
    return (torch.stack((torch.cos(turns), torch.sin(turns))) / line[:pixels, None]).to(dtype).to(device)


def folded(images: torch.Tensor, reach: int | None = None) -> torch.Tensor:
    """Images (n, N, N) as sums and differences of the halves about the centre: (2 along x, 2 along y, m, n, m), y before n.

    Entry d of an axis is pixel c + d plus, or minus, pixel c - d; the centre (and, for even N, the edge) is there alone.
    m = reach + 1: pixels farther out along an axis are left out; by default none is.
    """
    count, most = len(images), images.shape[-1] // 2
    size = min(most, most if reach is None else reach) + 1
    if images.device.type == "cpu" and images.dtype == torch.float32:
        out = torch.empty((2, 2, size, count, size))
        _fold(images.contiguous().numpy(), out.numpy())
        return out
    return _fold_axis(_fold_axis(images)).transpose(0, 1).transpose(2, 3)[:, :, :size, :, :size].contiguous()


def _fold_axis(images: torch.Tensor) -> torch.Tensor:
    """The last axis folded, then the last two exchanged: twice does both; parities come first."""
    centre, box = images.shape[-1] // 2, images.shape[-1]
    right = torch.nn.functional.pad(images[..., centre + 1 :], (1, 2 * centre + 1 - box))
    left = torch.nn.functional.pad(images[..., :centre].flip(-1), (1, 0))
    middle = torch.zeros_like(left)
    middle[..., 0] = images[..., centre]
    return torch.stack((middle + right + left, right - left)).transpose(-1, -2)


def quadrants(images: torch.Tensor, shells: int, reach: int | None = None) -> torch.Tensor:
    """Sums of images (n, N, N) with waves along y and x: (2, steps, 2, steps, n), cosines and sines along y, then along x.

    reach: pixels farther from the centre along an axis are zero.
    """
    count, steps = len(images), _steps(images.shape[-1], shells)
    parts = folded(images, reach)
    lines = waves(images.shape[-1], shells, parts.shape[-1], str(images.device), images.dtype)
    out = images.new_empty((2, steps, 2, steps, count))
    for wave_x in (0, 1):
        along = (parts[wave_x].view(-1, parts.shape[-1]) @ lines[wave_x]).view(2, -1, count * steps)
        for wave_y in (0, 1):
            made = lines[wave_y].T @ along[wave_y]
            out[wave_y, :, wave_x] = made.view(steps, count, steps).transpose(1, 2)
    return out


@dataclass(frozen=True)
class Reads:
    """For points of the first quadrant (p,): rows and columns (p, 5) to read, weights of cosines and of sines (p, 5) for y
    and x, and where the point and its mirror go in (half, shells + 1), flat, -1 for nowhere."""

    rows: torch.Tensor
    columns: torch.Tensor
    weights: torch.Tensor
    place: torch.Tensor
    mirror: torch.Tensor


@functools.lru_cache(maxsize=64)
def reads(grid: PolarGrid, device: str = "cpu") -> Reads:
    """What sampled() reads for a grid."""
    quarter = grid.half // 2 + 1
    angle, shell = (t.flatten() for t in torch.meshgrid(torch.arange(quarter), torch.arange(grid.shells + 1), indexing="ij"))
    padded = padded_box(grid.box)
    beta = shape_parameter(grid.box, padded)
    taps = torch.arange(KAISER_WIDTH) - REACH
    index, weights = [], []
    for k in (grid.points[1], grid.points[0]):
        position = k[shell, angle] * (padded / grid.box)
        nearest = torch.floor(position + 0.5)[:, None] + taps
        value = kernel(nearest - position[:, None], beta)
        index.append(nearest.abs().long())
        weights += [value, value * torch.where(nearest < 0, -1.0, 1.0)]
    mirror = torch.where((angle == 0) | (2 * angle == grid.half), -1, (grid.half - angle) * (grid.shells + 1) + shell)
    made = (index[0], index[1], torch.stack(weights), angle * (grid.shells + 1) + shell, mirror)
    return Reads(*(t.to(device) for t in made))


def sampled(quadrant: torch.Tensor, grid: PolarGrid) -> Columns:
    """Real and imaginary parts (half, shells + 1, n) of the transforms at the grid's points, from quadrants()."""
    steps, count = quadrant.shape[1], quadrant.shape[-1]
    if grid.half % 2 or steps < _steps(grid.box, grid.shells):
        raise ValueError(f"quadrants of {steps} steps cannot be read at {grid}")
    found = reads(grid, str(quadrant.device))
    shape = (grid.half, grid.shells + 1, count)
    if quadrant.device.type == "cpu" and quadrant.dtype == torch.float32:
        re, im = torch.empty(shape), torch.empty(shape)
        where = (found.rows.numpy(), found.columns.numpy(), _single(grid).numpy(), found.place.numpy(), found.mirror.numpy())
        _sample(quadrant.numpy(), where, re.view(-1, count).numpy(), im.view(-1, count).numpy())
        return re, im
    return _by_reference(quadrant, found, shape)


@functools.lru_cache(maxsize=64)
def _single(grid: PolarGrid) -> torch.Tensor:
    return reads(grid).weights.float().contiguous()


def _by_reference(parts: torch.Tensor, found: Reads, shape: tuple[int, ...]) -> Columns:
    weights = found.weights.to(parts.dtype)
    total = parts.new_zeros((2, 2, len(found.place), parts.shape[-1]))
    for wave_y in (0, 1):
        for wave_x in (0, 1):
            for j in range(KAISER_WIDTH):
                for i in range(KAISER_WIDTH):
                    weight = weights[wave_y, :, j] * weights[2 + wave_x, :, i]
                    total[wave_y, wave_x] += weight[:, None] * parts[wave_y, found.rows[:, j], wave_x, found.columns[:, i]]
    re, im = parts.new_zeros(shape).flatten(0, 1), parts.new_zeros(shape).flatten(0, 1)
    re[found.place] = total[0, 0] - total[1, 1]
    im[found.place] = -total[1, 0] - total[0, 1]
    twin = found.mirror >= 0
    re[found.mirror[twin]] = (total[0, 0] + total[1, 1])[twin]
    im[found.mirror[twin]] = (total[0, 1] - total[1, 0])[twin]
    return re.view(shape), im.view(shape)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _fold(images: NDArray[Any], out: NDArray[Any]) -> None:
    box = images.shape[1]
    size, centre, beyond = out.shape[2], box // 2, box - box // 2
    rows, back = np.empty((2, box), np.float32), np.empty((2, centre + 1), np.float32)
    for n in range(images.shape[0]):
        for y in range(size):
            up, down = images[n, centre - y], images[n, (centre + y) % box]
            first = np.float32(y > 0)
            second = np.float32(y < beyond)
            for x in range(box):
                rows[0, x] = second * down[x] + first * up[x]
                rows[1, x] = first * (second * down[x] - up[x])
            for x in range(centre):
                back[0, x + 1] = rows[0, centre - 1 - x]
                back[1, x + 1] = rows[1, centre - 1 - x]
            for parity in range(2):
                row, left, even, odd = rows[parity], back[parity], out[0, parity, y, n], out[1, parity, y, n]
                even[0], odd[0] = row[centre], 0
                for x in range(1, min(beyond, size)):
                    even[x] = row[centre + x] + left[x]
                    odd[x] = row[centre + x] - left[x]
                for x in range(beyond, size):
                    even[x] = left[x]
                    odd[x] = -left[x]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _sample(parts: NDArray[Any], where: Any, re: NDArray[Any], im: NDArray[Any]) -> None:
    rows, columns, weights, place, mirror = where
    count = parts.shape[4]
    total = np.empty((2, 2, count), np.float32)
    for p in range(place.size):
        total[:] = 0
        for j in range(KAISER_WIDTH):
            row = rows[p, j]
            for wave_x in range(2):
                w0, w1, w2, w3, w4 = weights[2 + wave_x, p]
                c0, c1, c2, c3, c4 = columns[p]
                for wave_y in range(2):
                    line, weight, out = parts[wave_y, row, wave_x], weights[wave_y, p, j], total[wave_y, wave_x]
                    for n in range(count):
                        out[n] += weight * (
                            w0 * line[c0, n] + w1 * line[c1, n] + w2 * line[c2, n] + w3 * line[c3, n] + w4 * line[c4, n]
                        )
        at, twin = place[p], mirror[p]
        for n in range(count):
            re[at, n] = total[0, 0, n] - total[1, 1, n]
            im[at, n] = -total[1, 0, n] - total[0, 1, n]
        if twin >= 0:
            for n in range(count):
                re[twin, n] = total[0, 0, n] + total[1, 1, n]
                im[twin, n] = total[0, 1, n] - total[1, 0, n]
