"""Coordinate and frequency grids of images and volumes, in half-transform and real-space layout."""

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=32)
def _rows(box: int) -> Tensor:
    return torch.fft.fftfreq(box, 1.0 / box, dtype=torch.float64).round()


@lru_cache(maxsize=32)
def _columns(box: int) -> Tensor:
    return torch.arange(box // 2 + 1, dtype=torch.float64)


def indices2(box: int) -> tuple[Tensor, Tensor]:
    """Whole-number frequencies (kx (1, N//2+1), ky (N, 1)) of a half transform of an N-pixel image; float64."""
    return _columns(box)[None, :], _rows(box)[:, None]


def indices3(box: int) -> tuple[Tensor, Tensor, Tensor]:
    """Whole-number frequencies (kx (1, 1, H), ky (1, N, 1), kz (N, 1, 1)) of a half transform of an N-voxel cube."""
    rows = _rows(box)
    return _columns(box)[None, None, :], rows[None, :, None], rows[:, None, None]


def radius2(box: int) -> Tensor:
    """|k| in whole-number frequencies, (N, N//2+1) float64; divide by box * pixel size for 1/Å."""
    kx, ky = indices2(box)
    return torch.hypot(kx, ky)


def radius3(box: int) -> Tensor:
    """|k| in whole-number frequencies, (N, N, N//2+1) float64."""
    kx, ky, kz = indices3(box)
    return torch.sqrt(kx**2 + ky**2 + kz**2)


def frequency2(box: int, pixel_size_A: float) -> Tensor:
    """|k| in 1/Å of a half transform, (N, N//2+1) float64."""
    return radius2(box) / (box * pixel_size_A)


def frequency3(box: int, voxel_size_A: float) -> Tensor:
    """|k| in 1/Å of a half transform of a volume, (N, N, N//2+1) float64."""
    return radius3(box) / (box * voxel_size_A)


def offsets(box: int) -> Tensor:
    """Pixel coordinates from the centre N//2, (N,) float64."""
    return torch.arange(box, dtype=torch.float64) - box // 2


def distance2(box: int) -> Tensor:
    """Distance of each pixel from the centre, in pixels, (N, N) float64."""
    line = offsets(box)
    return torch.hypot(line[:, None], line[None, :])


def distance3(box: int) -> Tensor:
    """Distance of each voxel from the centre, in voxels, (N, N, N) float64."""
    line = offsets(box) ** 2
    return torch.sqrt(line[:, None, None] + line[None, :, None] + line[None, None, :])


def half_weights(box: int) -> Tensor:
    """How often each column of a half transform counts in a sum over the whole plane, (N//2+1,) float64.

    Columns that hold both members of their Friedel pairs (kx = 0, and Nyquist of an even box) count once, others twice.
    """
    weights = torch.full((box // 2 + 1,), 2.0, dtype=torch.float64)
    weights[0] = 1.0
    if box % 2 == 0:
        weights[-1] = 1.0
    return weights
