"""Filters as weights over frequency, and images and volumes passed through them."""

import torch
from torch import Tensor

from vitreous.maths.fourier import irfft2, irfft3, rfft2, rfft3
from vitreous.maths.grids import frequency2, frequency3
from vitreous.maths.shells import to_grid


def low_pass(k_1_A: Tensor, cutoff_A: float, *, width_1_A: float = 0.0) -> Tensor:
    """1 up to 1/cutoff_A - width/2, 0 from + width/2 on, a raised cosine between; a sharp edge for width 0."""
    cut = 1.0 / cutoff_A
    if width_1_A <= 0:
        return (k_1_A <= cut).to(k_1_A.dtype)
    place = ((k_1_A - cut) / width_1_A + 0.5).clamp(0, 1)
    return 0.5 + 0.5 * torch.cos(torch.pi * place)


def high_pass(k_1_A: Tensor, cutoff_A: float, *, width_1_A: float = 0.0) -> Tensor:
    """1 - low_pass."""
    return 1 - low_pass(k_1_A, cutoff_A, width_1_A=width_1_A)


def band_pass(k_1_A: Tensor, *, low_A: float, high_A: float, width_1_A: float = 0.0) -> Tensor:
    """Keeps resolutions between low_A (the coarser, larger number) and high_A (the finer)."""
    return high_pass(k_1_A, low_A, width_1_A=width_1_A) * low_pass(k_1_A, high_A, width_1_A=width_1_A)


def bfactor(k_1_A: Tensor, b_A2: float) -> Tensor:
    """exp(-B k^2 / 4): a positive B damps, a negative one sharpens."""
    return torch.exp(-b_A2 / 4 * k_1_A**2)


def filter2(images: Tensor, weights: Tensor) -> Tensor:
    """Images (..., Y, X) with their half transforms multiplied by weights (Y, X//2+1)."""
    return irfft2(rfft2(images) * weights.to(images.dtype), list(images.shape[-2:]))


def filter3(volume: Tensor, weights: Tensor) -> Tensor:
    """A volume with its half transform multiplied by weights (N, N, N//2+1)."""
    return irfft3(rfft3(volume) * weights.to(volume.dtype), list(volume.shape[-3:]))


def low_pass2(images: Tensor, pixel_size_A: float, *, cutoff_A: float, edge_shells: float = 2.0) -> Tensor:
    """Square images without what is finer than cutoff_A, with a raised cosine over edge_shells."""
    box = images.shape[-1]
    width = edge_shells / (box * pixel_size_A)
    return filter2(images, low_pass(frequency2(box, pixel_size_A), cutoff_A, width_1_A=width))


def low_pass3(volume: Tensor, voxel_size_A: float, *, cutoff_A: float, edge_shells: float = 2.0) -> Tensor:
    """A cubic volume without what is finer than cutoff_A, with a raised cosine over edge_shells."""
    box = volume.shape[-1]
    width = edge_shells / (box * voxel_size_A)
    return filter3(volume, low_pass(frequency3(box, voxel_size_A), cutoff_A, width_1_A=width))


def whiten2(ft: Tensor, spectrum: Tensor) -> Tensor:
    """Half transforms (n, N, N//2+1) divided by the root of a power per shell (shells,); empty shells become zero."""
    grid = to_grid(spectrum, ft.shape[-2], ndim=2)
    scale = torch.where(grid > 0, grid.clamp(min=torch.finfo(grid.dtype).tiny).rsqrt(), torch.zeros_like(grid))
    return ft * scale.to(ft.real.dtype)
