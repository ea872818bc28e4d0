"""Central slices by trilinear interpolation, compiled: one pass over the points of each slice."""

import math
from typing import Any

import numpy as np
import torch
from numba import njit
from torch import Tensor

from vitreous.maths.kernels.threads import in_parts


def project(volume_ft: Tensor, rotations: Tensor, box: int, *, r_max: float, padding: int) -> Tensor:
    """Slices (n, N, N//2+1) complex64; see the kernel's public function."""
    out = torch.zeros(len(rotations), box, box // 2 + 1, dtype=torch.complex64)
    grid = torch.view_as_real(volume_ft.contiguous()).reshape(-1).numpy()
    flat = torch.view_as_real(out).numpy()
    poses = (padding * rotations.to(torch.float64)).to(torch.float32).contiguous().numpy()

    def work(start: int, stop: int) -> None:
        _slices(grid, volume_ft.shape[0], poses[start:stop], flat[start:stop], np.float32(r_max))

    in_parts(work, len(rotations))
    return out


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _slices(grid: Any, padded: int, poses: Any, out: Any, r_max: Any) -> None:
    """grid (P * P * (P//2+1) * 2,) float32; poses (n, 3, 3), times the padding; out (n, N, N//2+1, 2).

    Places are unsigned, so that no read is tested for a negative index.
    """
    rows = out.shape[1]
    one = np.float32(1)
    line = np.uint64(2 * (padded // 2 + 1))
    sheet = np.uint64(padded) * line
    for n in range(poses.shape[0]):
        for row in range(rows):
            ky = np.float32(row if row <= (rows - 1) // 2 else row - rows)
            left = r_max * r_max - ky * ky
            if left < 0:
                continue
            start_x, start_y, start_z = ky * poses[n, 1, 0], ky * poses[n, 1, 1], ky * poses[n, 1, 2]
            for column in range(int(math.sqrt(left)) + 1):
                kx = np.float32(column)
                if kx * kx > left:
                    continue
                x = kx * poses[n, 0, 0] + start_x
                y = kx * poses[n, 0, 1] + start_y
                z = kx * poses[n, 0, 2] + start_z
                sign = one
                if x < 0:
                    x, y, z, sign = -x, -y, -z, -one
                x0, y0, z0 = int(x), int(np.floor(y)), int(np.floor(z))
                fx, fy, fz = x - np.float32(x0), y - np.float32(y0), z - np.float32(z0)
                y1, z1 = y0 + 1, z0 + 1
                y0 = y0 + padded if y0 < 0 else y0
                y1 = y1 + padded if y1 < 0 else y1
                z0 = z0 + padded if z0 < 0 else z0
                z1 = z1 + padded if z1 < 0 else z1
                at = np.uint64(2 * x0)
                a = np.uint64(z0) * sheet + np.uint64(y0) * line + at
                b = np.uint64(z0) * sheet + np.uint64(y1) * line + at
                c = np.uint64(z1) * sheet + np.uint64(y0) * line + at
                d = np.uint64(z1) * sheet + np.uint64(y1) * line + at
                gy, gz = one - fy, one - fz
                wa, wb, wc, wd = gz * gy, gz * fy, fz * gy, fz * fy
                i1, i2, i3 = np.uint64(1), np.uint64(2), np.uint64(3)
                low_re = wa * grid[a] + wb * grid[b] + wc * grid[c] + wd * grid[d]
                low_im = wa * grid[a + i1] + wb * grid[b + i1] + wc * grid[c + i1] + wd * grid[d + i1]
                top_re = wa * grid[a + i2] + wb * grid[b + i2] + wc * grid[c + i2] + wd * grid[d + i2]
                top_im = wa * grid[a + i3] + wb * grid[b + i3] + wc * grid[c + i3] + wd * grid[d + i3]
                out[n, row, column, 0] = low_re + fx * (top_re - low_re)
                out[n, row, column, 1] = sign * (low_im + fx * (top_im - low_im))
