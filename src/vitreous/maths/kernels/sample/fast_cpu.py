"""Kaiser-Bessel samples, compiled: weights from a table, reads along the rows of a grid with margins."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

from vitreous.maths.conventions import KAISER_WIDTH
from vitreous.maths.kernels.sample import MARGIN, Prepared, kernel, shape_parameter
from vitreous.maths.kernels.threads import in_parts

_FINE = 4096


@lru_cache(maxsize=16)
def _table(box: int, padded: int) -> NDArray[np.float32]:
    """Weights (4096 + 1, W) of the neighbours nearest - 2 .. nearest + 2, by the place's distance from nearest, -0.5 .. 0.5."""
    part = torch.linspace(-0.5, 0.5, _FINE + 1, dtype=torch.float64)
    steps = torch.arange(KAISER_WIDTH, dtype=torch.float64) - KAISER_WIDTH // 2
    return np.ascontiguousarray(kernel(steps - part[:, None], shape_parameter(box, padded)).to(torch.float32).numpy())


def sample2(prepared: Prepared, kx: Tensor, ky: Tensor) -> Tensor:
    """Values (n, points) of images; see the kernel's public function."""
    out = np.zeros((len(prepared.ft), len(kx)), dtype=np.complex64)
    grid = prepared.ft.numpy()
    places = (torch.stack([kx, ky]).to(torch.float64) * prepared.ratio).numpy()
    table = _table(prepared.box, prepared.padded)
    origin = prepared.padded // 2 + MARGIN

    def work(start: int, stop: int) -> None:
        _images(grid[start:stop], places, table, out[start:stop], origin, MARGIN)

    in_parts(work, len(out))
    return torch.from_numpy(out)


def sample3(prepared: Prepared, rotations: Tensor, kx: Tensor, ky: Tensor) -> Tensor:
    """Values (n, points) of slices; see the kernel's public function."""
    out = np.zeros((len(rotations), len(kx)), dtype=np.complex64)
    grid = prepared.ft.numpy()
    plane = torch.stack([kx, ky]).to(torch.float64).numpy()
    poses = (rotations.to(torch.float64) * prepared.ratio).contiguous().numpy()
    table = _table(prepared.box, prepared.padded)
    origin = prepared.padded // 2 + MARGIN

    def work(start: int, stop: int) -> None:
        _slices(grid, poses[start:stop], plane, table, out[start:stop], origin, MARGIN)

    in_parts(work, len(out))
    return torch.from_numpy(out)


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _weights(place: Any, table: Any, into: Any) -> int:
    """Fill `into` (W,) by linear interpolation in the table; the nearest grid point comes back."""
    nearest = np.floor(place + 0.5)
    at = (place - nearest + 0.5) * (table.shape[0] - 1)
    low = min(int(at), table.shape[0] - 2)
    part = np.float32(at - low)
    for i in range(into.shape[0]):
        into[i] = table[low, i] + part * (table[low + 1, i] - table[low, i])
    return int(nearest)


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _images(grid: Any, places: Any, table: Any, out: Any, origin: int, margin: int) -> None:
    width = table.shape[1]
    wx, wy = np.empty(width, np.float32), np.empty(width, np.float32)
    for p in range(places.shape[1]):
        x, y = places[0, p], places[1, p]
        flipped = x < 0
        if flipped:
            x, y = -x, -y
        x0 = _weights(x, table, wx) + margin - width // 2
        y0 = _weights(y, table, wy) + origin - width // 2
        for n in range(grid.shape[0]):
            total = np.complex64(0)
            for j in range(5):
                line = np.complex64(0)
                for i in range(5):
                    line += wx[i] * grid[n, y0 + j, x0 + i]
                total += wy[j] * line
            out[n, p] = total.conjugate() if flipped else total


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _slices(grid: Any, poses: Any, plane: Any, table: Any, out: Any, origin: int, margin: int) -> None:
    width = table.shape[1]
    wx, wy, wz = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    for n in range(poses.shape[0]):
        for p in range(plane.shape[1]):
            kx, ky = plane[0, p], plane[1, p]
            x = kx * poses[n, 0, 0] + ky * poses[n, 1, 0]
            y = kx * poses[n, 0, 1] + ky * poses[n, 1, 1]
            z = kx * poses[n, 0, 2] + ky * poses[n, 1, 2]
            flipped = x < 0
            if flipped:
                x, y, z = -x, -y, -z
            x0 = _weights(x, table, wx) + margin - width // 2
            y0 = _weights(y, table, wy) + origin - width // 2
            z0 = _weights(z, table, wz) + origin - width // 2
            total = np.complex64(0)
            for k in range(5):
                sheet = np.complex64(0)
                for j in range(5):
                    line = np.complex64(0)
                    for i in range(5):
                        line += wx[i] * grid[z0 + k, y0 + j, x0 + i]
                    sheet += wy[j] * line
                total += wz[k] * sheet
            out[n, p] = total.conjugate() if flipped else total
