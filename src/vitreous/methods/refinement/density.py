"""Real-space maps <-> padded half transforms ("cubes", slices.py) with the correction for trilinear interpolation."""

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.conventions import PADDING
from vitreous.maths.fourier import unwrapped
from vitreous.maths.kernels.project import gridding_correction, prepare


def gridding(box: int) -> torch.Tensor:
    """What trilinear interpolation on the padded grid multiplies a map (box, box, box) by."""
    line = gridding_correction(box, PADDING * box)
    return (line[:, None, None] * line[:, None] * line).to(torch.float32)


def empty_cube(reach: int) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Zero data and weight cubes for shells up to `reach` of the unpadded box."""
    half = PADDING * reach + 2
    shape = (2 * half + 1, 2 * half + 1, half + 2)
    return np.zeros(shape, np.complex64), np.zeros(shape, np.float32)


def _places(half: int, padded: int) -> tuple[torch.Tensor, int, int]:
    """Rows of the padded transform for rows of a cube; how many fit (odd: -n..n), and how far in from the cube's edge."""
    fit = min(half, (padded - 1) // 2)
    rows = torch.arange(-fit, fit + 1) % padded
    return rows, fit, half - fit


def to_cube(volume: NDArray[np.float32], reach: int) -> NDArray[np.complex64]:
    """The cube of a map (box, box, box) for projection up to shell `reach`, corrected for trilinear reading.

    A slice read from it is the unnormalised centred transform of the map's projection (sum along the view).
    """
    transform = prepare(torch.from_numpy(np.ascontiguousarray(volume)), PADDING)
    cube, _ = empty_cube(reach)
    half = (cube.shape[0] - 1) // 2
    rows, fit, off = _places(half, transform.shape[0])
    into = torch.from_numpy(cube)
    inner = slice(off, off + 2 * fit + 1)
    into[inner, inner, : fit + 1] = transform[rows][:, rows][:, :, : fit + 1]
    return cube


def from_cube(cube: NDArray[np.complex64], box: int) -> NDArray[np.float32]:
    """The map (box, box, box) of a cube made by insertion, corrected for trilinear insertion; to_cube's inverse in scale."""
    padded = PADDING * box
    transform = torch.zeros((padded, padded, padded // 2 + 1), dtype=torch.complex64)
    half = (cube.shape[0] - 1) // 2
    rows, fit, off = _places(half, padded)
    inner = slice(off, off + 2 * fit + 1)
    source = torch.from_numpy(cube)[inner, inner, : fit + 1]
    transform[rows[:, None, None], rows[None, :, None], torch.arange(fit + 1)[None, None, :]] = source
    wide = torch.fft.irfftn(transform, s=(padded,) * 3)
    volume: NDArray[np.float32] = (unwrapped(wide, (box,) * 3) / gridding(box)).numpy()
    return volume


def cube_shells(cube_side: int) -> NDArray[np.int64]:
    """Shell of the unpadded box (rounded radius / padding) of each voxel of a cube with this side."""
    half = (cube_side - 1) // 2
    at = np.arange(-half, half + 1)
    x = np.arange(half + 2)
    r = np.sqrt(at[:, None, None] ** 2.0 + at[None, :, None] ** 2.0 + x[None, None, :] ** 2.0)
    return np.rint(r / PADDING).astype(np.int64)
