"""Trilinear spreading of slices into a volume, compiled: each thread owns a slab of planes, so none writes another's voxels."""

import math

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
    grid, sums = torch.view_as_real(data).numpy(), weight.numpy()
    values = torch.view_as_real(slices.to(torch.complex64).contiguous()).numpy()
    powers = weights.to(torch.float32).contiguous().numpy()
    poses = rotations.to(torch.float32).contiguous().numpy()

    # Planes that can be reached, by signed frequency; P/2 of an even grid is the plane -P/2.
    padded = data.shape[0]
    reach = int(padding * r_max) + 1
    lowest, highest = max(-reach, -(padded // 2)), min(reach, (padded - 1) // 2)

    def work(start: int, stop: int) -> None:
        _spread(grid, sums, values, powers, poses, np.float32(r_max), np.float32(padding), lowest + start, lowest + stop)

    in_parts(work, highest - lowest + 1)


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _spread(grid, sums, values, powers, poses, r_max, padding, first, last):  # type: ignore[no-untyped-def]
    """Add what falls on planes first <= z < last (signed): grid (P, P, P//2+1, 2), values (n, N, N//2+1, 2)."""
    padded = grid.shape[0]
    highest = (padded - 1) // 2
    rows = values.shape[1]
    one = np.float32(1)
    for n in range(poses.shape[0]):
        xx, xy, xz = padding * poses[n, 0, 0], padding * poses[n, 0, 1], padding * poses[n, 0, 2]
        yx, yy, yz = padding * poses[n, 1, 0], padding * poses[n, 1, 1], padding * poses[n, 1, 2]
        for row in range(rows):
            ky = np.float32(row if row <= (rows - 1) // 2 else row - rows)
            left = r_max * r_max - ky * ky
            if left < 0:
                continue
            for kx in range(0 if ky >= 0 else 1, int(math.sqrt(left)) + 1):
                if kx * kx > left:
                    continue
                x = kx * xx + ky * yx
                z = kx * xz + ky * yz
                sign = one
                if x < 0:
                    x, z, sign = -x, -z, -one
                z0 = int(math.floor(z))
                z1 = z0 + 1 if z0 < highest else z0 + 1 - padded
                if (z0 < first or z0 >= last) and (z1 < first or z1 >= last):
                    continue
                y = sign * (kx * xy + ky * yy)
                x0, y0 = int(x), int(math.floor(y))
                fx, fy, fz = x - np.float32(x0), y - np.float32(y0), z - np.float32(z0)
                y1 = y0 + 1
                if y0 < 0:
                    y0 += padded
                if y1 < 0:
                    y1 += padded
                re, im, power = values[n, row, kx, 0], sign * values[n, row, kx, 1], powers[n, row, kx]
                for step in range(2):
                    plane = z1 if step == 1 else z0
                    if plane < first or plane >= last:
                        continue
                    along = fz if step == 1 else one - fz
                    if plane < 0:
                        plane += padded
                    for y_step in range(2):
                        line = y1 if y_step == 1 else y0
                        share = along * (fy if y_step == 1 else one - fy)
                        low, top = share * (one - fx), share * fx
                        grid[plane, line, x0, 0] += low * re
                        grid[plane, line, x0, 1] += low * im
                        grid[plane, line, x0 + 1, 0] += top * re
                        grid[plane, line, x0 + 1, 1] += top * im
                        sums[plane, line, x0] += low * power
                        sums[plane, line, x0 + 1] += top * power
