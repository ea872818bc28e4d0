"""Sums and means over shells of Fourier space; FSC, power spectra and the resolution read from them.

Shell r holds |k| rounding to r (whole-number frequencies); sums count each Friedel pair as the whole plane does.
"""

from functools import lru_cache

import torch
from torch import Tensor

from vitreous.maths.conventions import FSC_LIMITS, FSC_THRESHOLD
from vitreous.maths.grids import half_weights, radius2, radius3


@lru_cache(maxsize=16)
def shells2(box: int) -> Tensor:
    """Shell of each point of a half transform of an image, (N, N//2+1) int64; corners beyond N//2 have theirs too."""
    return torch.round(radius2(box)).to(torch.int64)


@lru_cache(maxsize=4)
def shells3(box: int) -> Tensor:
    """Shell of each point of a half transform of a volume, (N, N, N//2+1) int64."""
    return torch.round(radius3(box)).to(torch.int64)


def _index(ndim: int, box: int) -> Tensor:
    return shells2(box) if ndim == 2 else shells3(box)


def shell_sum(values: Tensor, *, ndim: int) -> Tensor:
    """Sums over shells 0 .. N//2 of real values on half-transform grids (..., [N,] N, N//2+1); (..., N//2+1) float64."""
    box = values.shape[-2]
    count = box // 2 + 1
    index = _index(ndim, box).to(values.device).reshape(-1)
    weighted = values.to(torch.float64) * half_weights(box).to(values.device)
    flat = weighted.reshape(-1, index.numel())
    sums = torch.zeros(flat.shape[0], int(index.max()) + 1, dtype=torch.float64, device=values.device)
    sums.index_add_(1, index, flat)
    return sums[:, :count].reshape(*values.shape[: values.ndim - ndim], count)


@lru_cache(maxsize=16)
def shell_count(box: int, ndim: int) -> Tensor:
    """Points of the whole plane (ndim 2) or space (3) in shells 0 .. N//2, float64."""
    shape = (box,) * (ndim - 1) + (box // 2 + 1,)
    return shell_sum(torch.ones(shape, dtype=torch.float64), ndim=ndim)


def shell_mean(values: Tensor, *, ndim: int) -> Tensor:
    """Means over shells 0 .. N//2, (..., N//2+1) float64."""
    return shell_sum(values, ndim=ndim) / shell_count(values.shape[-2], ndim).to(values.device)


def to_grid(spectrum: Tensor, box: int, *, ndim: int) -> Tensor:
    """A value per shell (..., shells) spread over the half-transform grid; corners take the last shell's value."""
    index = _index(ndim, box).clamp(max=spectrum.shape[-1] - 1)
    return spectrum[..., index.to(spectrum.device)]


def power(ft: Tensor, *, ndim: int) -> Tensor:
    """Mean |F|^2 of each shell, (..., N//2+1) float64."""
    return shell_mean(ft.real.to(torch.float64) ** 2 + ft.imag.to(torch.float64) ** 2, ndim=ndim)


def fsc(first: Tensor, second: Tensor) -> Tensor:
    """Fourier shell (or ring) correlation of two half transforms, ([N,] N, N//2+1); shells 0 .. N//2, float64.

    Shell 0 is 1; a shell where one of them is empty is 0.
    """
    ndim = first.ndim
    cross = shell_sum(first.real.double() * second.real.double() + first.imag.double() * second.imag.double(), ndim=ndim)
    one = shell_sum(first.real.double() ** 2 + first.imag.double() ** 2, ndim=ndim)
    two = shell_sum(second.real.double() ** 2 + second.imag.double() ** 2, ndim=ndim)
    scale = torch.sqrt(one * two)
    curve = torch.where(scale > 0, cross / scale.clamp(min=torch.finfo(torch.float64).tiny), torch.zeros_like(cross))
    curve[0] = 1.0
    return curve


def joined(curve: Tensor) -> Tensor:
    """The correlation of the map of both halves with the truth, from the halves' FSC: sqrt(2 FSC / (1 + FSC)), 0 below 0.

    Rosenthal & Henderson 2003.
    """
    held = curve.clamp(0, 1)
    return torch.sqrt(2 * held / (1 + held))


def signal_to_noise(curve: Tensor) -> Tensor:
    """SSNR of a map from its FSC with another of the same quality, FSC / (1 - FSC), the FSC held within [0.001, 0.999]."""
    held = curve.clamp(*FSC_LIMITS)
    return held / (1 - held)


def shell_at(curve: Tensor, threshold: float = FSC_THRESHOLD) -> int:
    """The last shell before the curve first falls below the threshold."""
    below = torch.nonzero(curve < threshold)
    return int(below[0, 0]) - 1 if len(below) else curve.shape[0] - 1


def resolution_at(curve: Tensor, threshold: float, box: int, pixel_size_A: float) -> float:
    """Resolution in Å of the last shell before the curve falls below the threshold; infinite if that is shell 0."""
    shell = shell_at(curve, threshold)
    return box * pixel_size_A / shell if shell > 0 else float("inf")
