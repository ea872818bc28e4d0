"""Central slices by trilinear interpolation, compiled: one pass over the points of each slice."""

import math

import numpy as np
import torch
from numba import njit
from torch import Tensor

from vitreous.maths.kernels.threads import in_parts


def project(volume_ft: Tensor, rotations: Tensor, box: int, *, r_max: float, padding: int) -> Tensor:
    """Slices (n, N, N//2+1) complex64; see the kernel's public function."""
    out = np.zeros((len(rotations), box, box // 2 + 1), dtype=np.complex64)
    grid = torch.view_as_real(volume_ft.contiguous()).numpy()
    poses = rotations.to(torch.float32).contiguous().numpy()

    def work(start: int, stop: int) -> None:
        _slices(grid, poses[start:stop], out[start:stop], np.float32(r_max), np.float32(padding))

    in_parts(work, len(rotations))
    return torch.from_numpy(out)


@njit(cache=True, nogil=True, fastmath=True, boundscheck=False)
def _slices(grid, poses, out, r_max, padding):  # type: ignore[no-untyped-def]
    """grid (P, P, P//2+1, 2) float32; poses (n, 3, 3); out (n, N, N//2+1)."""
    padded = grid.shape[0]
    rows = out.shape[1]
    one = np.float32(1)
    for n in range(poses.shape[0]):
        xx, xy, xz = padding * poses[n, 0, 0], padding * poses[n, 0, 1], padding * poses[n, 0, 2]
        yx, yy, yz = padding * poses[n, 1, 0], padding * poses[n, 1, 1], padding * poses[n, 1, 2]
        for row in range(rows):
            ky = np.float32(row if row <= (rows - 1) // 2 else row - rows)
            left = r_max * r_max - ky * ky
            if left < 0:
                continue
            for kx in range(int(math.sqrt(left)) + 1):
                if kx * kx > left:
                    continue
                x = kx * xx + ky * yx
                y = kx * xy + ky * yy
                z = kx * xz + ky * yz
                sign = one
                if x < 0:
                    x, y, z, sign = -x, -y, -z, -one
                x0, y0, z0 = int(x), int(math.floor(y)), int(math.floor(z))
                fx, fy, fz = x - np.float32(x0), y - np.float32(y0), z - np.float32(z0)
                y1, z1 = y0 + 1, z0 + 1
                if y0 < 0:
                    y0 += padded
                if y1 < 0:
                    y1 += padded
                if z0 < 0:
                    z0 += padded
                if z1 < 0:
                    z1 += padded
                gx, gy, gz = one - fx, one - fy, one - fz
                a, b, c, d = gz * gy, gz * fy, fz * gy, fz * fy
                low_re = a * grid[z0, y0, x0, 0] + b * grid[z0, y1, x0, 0] + c * grid[z1, y0, x0, 0] + d * grid[z1, y1, x0, 0]
                low_im = a * grid[z0, y0, x0, 1] + b * grid[z0, y1, x0, 1] + c * grid[z1, y0, x0, 1] + d * grid[z1, y1, x0, 1]
                x1 = x0 + 1
                top_re = a * grid[z0, y0, x1, 0] + b * grid[z0, y1, x1, 0] + c * grid[z1, y0, x1, 0] + d * grid[z1, y1, x1, 0]
                top_im = a * grid[z0, y0, x1, 1] + b * grid[z0, y1, x1, 1] + c * grid[z1, y0, x1, 1] + d * grid[z1, y1, x1, 1]
                out[n, row, kx] = complex(gx * low_re + fx * top_re, sign * (gx * low_im + fx * top_im))
