"""Density compensation by iteration (Pipe & Menon 1999): weights that make the sampling itself even, not only each voxel."""

import torch
from torch import Tensor

from vitreous.context import QUIET, Context
from vitreous.maths.fourier import VOLUME
from vitreous.maths.kernels.divide import shell_means

BLOB_RADIUS = 1.9
"""Radius of the Kaiser-Bessel blob, in unpadded Fourier voxels."""

BLOB_ALPHA = 15.0
LARGEST = 1e20  # stays finite in single precision where nothing was seen


def blob_transform(radius_1_voxel: Tensor, blob_radius: float) -> Tensor:
    """The 3D transform of a Kaiser-Bessel blob (order 0, alpha 15), 1 at 0, at radii in cycles a voxel."""
    argument = BLOB_ALPHA**2 - (2 * torch.pi * blob_radius * radius_1_voxel) ** 2
    root = argument.abs().sqrt().clamp(min=1e-3)
    inside = (root * torch.cosh(root) - torch.sinh(root)) / root**3
    outside = (torch.sin(root) - root * torch.cos(root)) / root**3
    top = torch.tensor(BLOB_ALPHA, dtype=root.dtype)
    scale = (top * torch.cosh(top) - torch.sinh(top)) / top**3
    return torch.where(argument > 0, inside, outside) / scale


def blob_window(padded: int, padding: int) -> Tensor:
    """The blob's transform by squared distance in voxels from the padded box's centre, for `radially`; float32."""
    square = torch.arange(3 * (padded // 2) ** 2 + 1, dtype=torch.float64)
    return blob_transform(square.sqrt() / padded, BLOB_RADIUS * padding).to(torch.float32)


def radially(grid: Tensor, table: Tensor) -> None:
    """Multiply a cubic or half grid (P, P, P or P//2+1), origin at index 0, by a table over the squared radius, in place.

    Plane by plane: no grid of radii is kept, which would be as large as the data.
    """
    padded = grid.shape[0]
    rows = torch.fft.fftfreq(padded, 1 / padded).round().to(torch.int64) ** 2
    plane = rows[:, None] + rows[: grid.shape[2]]
    for z in range(padded):
        grid[z] *= table[plane + rows[z]]


def compensation(weight: Tensor, *, padding: int, r_max: float, iterations: int, context: Context = QUIET) -> Tensor:
    """G (P, P, P//2+1) float32 with (G weight) convolved by the blob even within r_max; zero beyond.

    Sums of slices are multiplied by G in place of a division by their weights (P, P, P//2+1), which may hold a prior.
    The first iteration alone divides by a local mean of the weights (relative to their shell's mean).
    """
    padded = weight.shape[0]
    means = shell_means(weight, padding=1, r_max=r_max * padding)
    if float(means.max()) <= 0:
        return torch.zeros(weight.shape, dtype=torch.float32)
    # Weights fall steeply with the radius; what is left to even out is how they vary within a shell.
    radius = torch.arange(3 * (padded // 2) ** 2 + 1, dtype=torch.float64).sqrt()
    shell = torch.floor(radius + 0.5).to(torch.int64).clamp(max=len(means) - 1)
    inside = radius <= r_max * padding
    usual = torch.where(inside, 1 / means.clamp(min=1e-9 * float(means.max()))[shell], 0).to(torch.float32)
    scaled = weight.to(torch.float32)
    radially(scaled, usual)
    found = torch.ones_like(scaled)
    window = blob_window(padded, padding)
    for iteration in range(iterations):
        context.check()
        blurred = torch.fft.irfftn((found * scaled).to(torch.complex64), s=[padded] * 3, dim=VOLUME)
        radially(blurred, window)
        found /= torch.fft.rfftn(blurred, dim=VOLUME).real.abs_().clamp_(min=1e-6)
        radially(found, inside.to(torch.float32))
        found.clamp_(max=LARGEST)
        context.progress(iteration + 1, iterations, "gridding")
    radially(found, usual)
    return found
