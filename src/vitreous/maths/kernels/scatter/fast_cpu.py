"""Trilinear spreading of values at any places, compiled: each thread owns a slab of planes, so none writes another's voxels."""

from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor

from vitreous.maths.kernels.threads import in_parts


def scatter(data: Tensor, weight: Tensor, points: Tensor, values: Tensor, weights: Tensor, *, reach: float) -> None:
    """Add values and weights to the accumulators; see the kernel's public function."""
    if not (data.is_contiguous() and weight.is_contiguous()):
        raise ValueError("the accumulators must be contiguous: they are added to in place")
    padded = data.shape[0]
    grid, sums = data.numpy(), weight.numpy()
    places = points.reshape(-1, 3).to(torch.float32).contiguous().numpy()
    summands = values.reshape(-1).to(torch.complex64).contiguous().numpy()
    powers = weights.reshape(-1).to(torch.float32).contiguous().numpy()
    # Planes that can be reached, by signed frequency; P/2 of an even grid is the plane -P/2.
    lowest, highest = max(-int(reach) - 1, -(padded // 2)), min(int(reach) + 1, (padded - 1) // 2)

    def work(start: int, stop: int) -> None:
        _spread(grid, sums, places, summands, powers, np.float32(reach * reach), (lowest + start, lowest + stop))

    in_parts(work, highest - lowest + 1)


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _spread(grid: Any, sums: Any, places: Any, values: Any, powers: Any, largest: Any, planes: Any) -> None:
    """Add what falls on planes first <= z < last (signed) within the squared radius `largest`."""
    first, last = planes
    padded = grid.shape[0]
    top_plane = (padded - 1) // 2
    one = np.float32(1)
    for p in range(places.shape[0]):
        x, y, z = places[p, 0], places[p, 1], places[p, 2]
        if x * x + y * y + z * z > largest:
            continue
        value = values[p]
        if x < 0:
            x, y, z, value = -x, -y, -z, value.conjugate()
        z0 = int(np.floor(z))
        z1 = z0 + 1 if z0 < top_plane else z0 + 1 - padded
        here, above = first <= z0 < last, first <= z1 < last
        if not (here or above):
            continue
        x0, y0 = int(x), int(np.floor(y))
        fx, fy, fz = x - np.float32(x0), y - np.float32(y0), z - np.float32(z0)
        for dz in range(2):
            if not (above if dz else here):
                continue
            plane = (z1 if dz else z0) % padded
            for dy in range(2):
                row = (y0 + dy) % padded
                share = (fz if dz else one - fz) * (fy if dy else one - fy)
                grid[plane, row, x0] += share * (one - fx) * value
                grid[plane, row, x0 + 1] += share * fx * value
                sums[plane, row, x0] += share * (one - fx) * powers[p]
                sums[plane, row, x0 + 1] += share * fx * powers[p]
