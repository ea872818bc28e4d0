"""Density compensation by iteration (Pipe & Menon 1999): weights that make the sampling itself even, not only each voxel."""

import torch
from torch import Tensor

from vitreous.context import QUIET, Context
from vitreous.maths.fourier import VOLUME
from vitreous.maths.grids import offsets, radius3
from vitreous.maths.kernels.divide import shell_means

BLOB_RADIUS = 1.9
"""Radius of the Kaiser-Bessel blob, in unpadded Fourier voxels."""

BLOB_ALPHA = 15.0
LARGEST = 1e20


def blob_transform(radius_1_voxel: Tensor, blob_radius: float) -> Tensor:
    """The 3D transform of a Kaiser-Bessel blob (order 0, alpha 15), 1 at 0, at radii in cycles a voxel."""
    argument = BLOB_ALPHA**2 - (2 * torch.pi * blob_radius * radius_1_voxel) ** 2
    root = argument.abs().sqrt().clamp(min=1e-3)
    inside = (root * torch.cosh(root) - torch.sinh(root)) / root**3
    outside = (torch.sin(root) - root * torch.cos(root)) / root**3
    top = torch.tensor(BLOB_ALPHA, dtype=root.dtype)
    scale = (top * torch.cosh(top) - torch.sinh(top)) / top**3
    return torch.where(argument > 0, inside, outside) / scale


def _window(padded: int, padding: int) -> Tensor:
    """The blob's transform over the padded box, its centre at index 0, (P, P, P) float32."""
    line = torch.fft.ifftshift(offsets(padded)).to(torch.float32) / padded
    radius = (line[:, None, None] ** 2 + line[:, None] ** 2 + line**2).sqrt()
    return blob_transform(radius, BLOB_RADIUS * padding)


def compensation(weight: Tensor, *, padding: int, r_max: float, iterations: int, context: Context = QUIET) -> Tensor:
    """G (P, P, P//2+1) float32 with (G weight) convolved by the blob even within r_max; zero beyond.

    Sums of slices are multiplied by G in place of a division by their weights (P, P, P//2+1), which may hold a prior.
    The first iteration alone divides by a local mean of the weights (relative to their shell's mean).
    """
    padded = weight.shape[0]
    radius = radius3(padded)
    inside = radius <= r_max * padding
    means = shell_means(weight, padding=1, r_max=r_max * padding)
    if float(means.max()) <= 0:
        return torch.zeros(weight.shape, dtype=torch.float32)
    # Weights fall steeply with the radius; what is left to even out is how they vary within a shell.
    shell = torch.floor(radius + 0.5).to(torch.int64).clamp(max=len(means) - 1)
    mean = means.clamp(min=1e-9 * float(means.max()))[shell].to(torch.float32)
    del radius, shell
    scaled = (weight / mean).to(torch.float32)
    found = inside.to(torch.float32)
    window = _window(padded, padding)
    for iteration in range(iterations):
        context.check()
        even = torch.fft.rfftn(
            torch.fft.irfftn((found * scaled).to(torch.complex64), s=[padded] * 3, dim=VOLUME) * window, dim=VOLUME
        )
        found = (found / even.real.abs().clamp(min=1e-6)).clamp(max=LARGEST) * inside
        context.progress(iteration + 1, iterations, "gridding")
    return found / mean
