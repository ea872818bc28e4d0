"""Trilinear spreading of slices into a volume, compiled: each thread owns a slab of planes, so none writes another's voxels."""

import math
from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor

from vitreous.maths.kernels.threads import in_parts


def insert(
    data: Tensor, weight: Tensor, slices: Tensor, weights: Tensor, rotations: Tensor, *, r_max: float, padding: int
) -> None:
    """Add slices and weights to the accumulators; see the kernel's public function."""
    if not (data.is_contiguous() and weight.is_contiguous()):
        raise ValueError("the accumulators must be contiguous: they are added to in place")
    padded = data.shape[0]
    grid, sums = torch.view_as_real(data).view(-1).numpy(), weight.view(-1).numpy()
    values = torch.view_as_real(slices.to(torch.complex64).contiguous()).numpy()
    powers = weights.to(torch.float32).contiguous().numpy()
    poses = (padding * rotations.to(torch.float64)).to(torch.float32).contiguous().numpy()
    # Planes that can be reached, by signed frequency; P/2 of an even grid is the plane -P/2.
    reach = int(padding * r_max) + 1
    lowest, highest = max(-reach, -(padded // 2)), min(reach, (padded - 1) // 2)
    count = highest - lowest + 1

    def work(start: int, stop: int) -> None:
        planes = (lowest + start, lowest + stop, stop - start == count)
        _spread(grid, sums, padded, values, powers, poses, np.float32(r_max), planes)

    in_parts(work, count)


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False, inline="always")
def _floor(value: Any) -> Any:
    """The floor of a float32 as an integer: math.floor would be a call into a library for each number."""
    whole = int(value)
    return whole - int(np.float32(whole) > value)


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False, inline="always")
def _add(grid: Any, sums: Any, at: Any, low: Any, top: Any, re: Any, im: Any, power: Any) -> None:
    """Add to the voxel at a place and to its neighbour along x; places are unsigned, so that none is tested for its sign."""
    pair = np.uint64(2) * at
    grid[pair] += low * re
    grid[pair + np.uint64(1)] += low * im
    grid[pair + np.uint64(2)] += top * re
    grid[pair + np.uint64(3)] += top * im
    sums[at] += low * power
    sums[at + np.uint64(1)] += top * power


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _spread(grid: Any, sums: Any, padded: int, values: Any, powers: Any, poses: Any, r_max: Any, planes: Any) -> None:
    """Add to planes = (first <= z < last, signed; are these all?) of grid (P*P*(P//2+1)*2,), values (n, N, N//2+1, 2)."""
    first, last, every = planes
    top_plane = (padded - 1) // 2
    rows = values.shape[1]
    one = np.float32(1)
    line = np.uint64(padded // 2 + 1)
    sheet = np.uint64(padded) * line
    for n in range(poses.shape[0]):
        for row in range(rows):
            ky = np.float32(row if row <= (rows - 1) // 2 else row - rows)
            left = r_max * r_max - ky * ky
            if left < 0:
                continue
            start_x, start_y, start_z = ky * poses[n, 1, 0], ky * poses[n, 1, 1], ky * poses[n, 1, 2]
            widest = int(math.sqrt(left))
            widest -= int(np.float32(widest * widest) > left)
            for column in range(0 if ky >= 0 else 1, widest + 1):
                kx = np.float32(column)
                x = kx * poses[n, 0, 0] + start_x
                z = kx * poses[n, 0, 2] + start_z
                sign = one
                if x < 0:
                    x, z, sign = -x, -z, -one
                z0 = _floor(z)
                z1 = z0 + 1 if z0 < top_plane else z0 + 1 - padded
                here, above = every or first <= z0 < last, every or first <= z1 < last
                if not (here or above):
                    continue
                y = sign * (kx * poses[n, 0, 1] + start_y)
                x0, y0 = int(x), _floor(y)
                fx, fy, fz = x - np.float32(x0), y - np.float32(y0), z - np.float32(z0)
                y1 = y0 + 1
                y0 = y0 + padded if y0 < 0 else y0
                y1 = y1 + padded if y1 < 0 else y1
                re, im, power = values[n, row, column, 0], sign * values[n, row, column, 1], powers[n, row, column]
                near, far = np.uint64(y0) * line + np.uint64(x0), np.uint64(y1) * line + np.uint64(x0)
                if here:
                    base = np.uint64(z0 + padded if z0 < 0 else z0) * sheet
                    share = (one - fz) * (one - fy)
                    _add(grid, sums, base + near, share * (one - fx), share * fx, re, im, power)
                    share = (one - fz) * fy
                    _add(grid, sums, base + far, share * (one - fx), share * fx, re, im, power)
                if above:
                    base = np.uint64(z1 + padded if z1 < 0 else z1) * sheet
                    share = fz * (one - fy)
                    _add(grid, sums, base + near, share * (one - fx), share * fx, re, im, power)
                    share = fz * fy
                    _add(grid, sums, base + far, share * (one - fx), share * fx, re, im, power)
