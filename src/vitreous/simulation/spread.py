"""Points onto grids: the Fourier transform of weighted points at any place, by spreading with a smooth kernel (NUFFT).

The kernel is exp(b (sqrt(1 - (2x/w)^2) - 1)) of width w = 6 on a grid 1.5 times finer; relative error below 1e-4.
"""

from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import fft

WIDTH = 6
OVERSAMPLING = 1.5
_BETA = 0.976 * np.pi * WIDTH * (1 - 1 / (2 * OVERSAMPLING))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _taps(at: float, values: NDArray[np.float32]) -> int:
    """Fill the kernel's values at the grid points round `at`; returns the first of them."""
    first = int(np.ceil(at - WIDTH / 2))
    for i in range(WIDTH):
        x = 2.0 * (first + i - at) / WIDTH
        values[i] = np.exp(_BETA * (np.sqrt(max(0.0, 1.0 - x * x)) - 1.0))
    return first


@numba.njit(cache=True, nogil=True, fastmath=True)
def _spread2(grid: NDArray[np.float32], points: NDArray[np.float64], weights: NDArray[np.float32]) -> None:
    """Add points (n, 2: x, y in grid steps from element 0) with weights (n, r) to periodic grids (r, y, x)."""
    rank, ny, nx = grid.shape
    wx, wy = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    for p in range(len(points)):
        x0, y0 = _taps(points[p, 0], wx), _taps(points[p, 1], wy)
        for i in range(WIDTH):
            y = (y0 + i) % ny
            for j in range(WIDTH):
                x = (x0 + j) % nx
                w = wy[i] * wx[j]
                for r in range(rank):
                    grid[r, y, x] += w * weights[p, r]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _spread3(grid: NDArray[np.float32], points: NDArray[np.float64], weights: NDArray[np.float32]) -> None:
    """Add points (n, 3: x, y, z in grid steps from element 0) with weights (n,) to a periodic grid (z, y, x)."""
    nz, ny, nx = grid.shape
    wx, wy, wz = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    for p in range(len(points)):
        x0, y0, z0 = _taps(points[p, 0], wx), _taps(points[p, 1], wy), _taps(points[p, 2], wz)
        for h in range(WIDTH):
            z = (z0 + h) % nz
            for i in range(WIDTH):
                y = (y0 + i) % ny
                w = weights[p] * wz[h] * wy[i]
                for j in range(WIDTH):
                    grid[z, y, (x0 + j) % nx] += w * wx[j]


@cache
def grid_size(box: int) -> int:
    """Side of the finer grid for a box."""
    return 2 * int(fft.next_fast_len(int(np.ceil(box * OVERSAMPLING / 2))))


@cache
def _correction(box: int) -> NDArray[np.float64]:
    """One over the kernel's Fourier transform at frequencies -box//2 .. (box-1)//2 of the finer grid, DC first."""
    x = (np.arange(2000) + 0.5) / 2000 * (WIDTH / 2)
    kernel = np.exp(_BETA * (np.sqrt(1 - (2 * x / WIDTH) ** 2) - 1))
    frequency = np.fft.fftfreq(box) * box / grid_size(box)
    transform = 2 * (kernel * np.cos(2 * np.pi * frequency[:, None] * x)).sum(1) * (WIDTH / 2 / 2000)
    return np.asarray(1 / transform)


def transform2(points_px: NDArray[np.float64], weights: NDArray[np.float32], box: int) -> NDArray[np.complex64]:
    """F_r(k) = sum_p weights[p, r] exp(-2 pi i k . r_p / box): (r, box, box//2+1), DC at 0.

    points_px (n, 2) x, y in pixels from the centre that the phases refer to.
    """
    size = grid_size(box)
    grid = np.zeros((weights.shape[1], size, size), np.float32)
    _spread2(grid, points_px * (size / box), weights)
    whole = fft.rfft2(grid)
    half, rows = box // 2 + 1, np.fft.fftfreq(box, 1 / box).astype(int) % size
    correct = _correction(box)
    return np.asarray(whole[:, rows, :half] * (correct[:, None] * correct[None, :half]), np.complex64)


def transform3(points_px: NDArray[np.float64], weights: NDArray[np.float32], box: int) -> NDArray[np.complex64]:
    """The same in three dimensions for one weight a point: (box, box, box//2+1), DC at 0; points_px (n, 3) x, y, z."""
    size = grid_size(box)
    grid = np.zeros((size, size, size), np.float32)
    _spread3(grid, points_px * (size / box), weights)
    whole = fft.rfftn(grid)
    half, rows = box // 2 + 1, np.fft.fftfreq(box, 1 / box).astype(int) % size
    correct = _correction(box)
    cut = whole[np.ix_(rows, rows, np.arange(half))]
    return np.asarray(cut * (correct[:, None, None] * correct[None, :, None] * correct[None, None, :half]), np.complex64)
