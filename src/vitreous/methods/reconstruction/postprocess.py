"""From half maps to a sharpened map: masked FSC, MTF, FSC weights, Guinier fit, B-factor, low-pass."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vitreous.context import QUIET, Context, UserError
from vitreous.maths.filters import bfactor, low_pass
from vitreous.maths.fourier import irfft3, rfft3
from vitreous.maths.grids import frequency3
from vitreous.maths.shells import joined, shell_mean, to_grid
from vitreous.methods.reconstruction.fsc_correction import Curves, corrected_fsc
from vitreous.methods.reconstruction.settings import Sharpening

LEAST_FSC = 1e-4  # shells from the first below on are left out
LEAST_SHELLS = 4  # fewer do not make a line
TOO_FEW = (
    "fewer than 4 shells beyond {:g} Å hold signal, too few to fit a B-factor: the map is not sharpened; "
    "raise autob_lowres (fit from), or give a B-factor of your own (do_adhoc_bfac)"
)
REPEATS = 3
"""Phase randomisations that are averaged."""
EMPTY = -99.0
"""Logarithm written for a shell in which nothing is left."""


@dataclass(frozen=True)
class Guinier:
    """ln of the mean amplitude of shells 1 .. N//2 against 1/d^2 (1/Å2), before and after each step, and the fitted line.

    Amplitudes are those of a transform divided by the number of voxels. slope is B/4; all nan where no line was fitted.
    """

    inverse_d2: Tensor
    original: Tensor
    weighted: Tensor
    sharpened: Tensor
    slope: float
    intercept: float
    correlation: float


@dataclass(frozen=True)
class Postprocessed:
    """The sharpened map with and without mask (N, N, N), resolution, B-factor, FSC curves and Guinier plot."""

    volume: Tensor
    masked: Tensor
    curves: Curves
    guinier: Guinier
    resolution_A: float
    bfactor_A2: float
    voxel_size_A: float


@dataclass(frozen=True)
class Mtf:
    """A detector's MTF: values at frequencies in 1/pixel of the detector, rising."""

    frequency_1_px: Tensor
    value: Tensor


def postprocess(
    half1: Tensor,
    half2: Tensor,
    *,
    voxel_size_A: float,
    mask: Tensor | None = None,
    mtf: Mtf | None = None,
    settings: Sharpening | None = None,
    context: Context = QUIET,
) -> Postprocessed:
    """Sharpen the mean of two unfiltered half maps (N, N, N); mask (N, N, N) in 0 .. 1, mtf if it is to be divided out."""
    chosen = settings or Sharpening()
    box = half1.shape[-1]
    _check(half1, half2, mask)
    curves = corrected_fsc(half1, half2, mask, seed=context.seed_for("phase randomisation"), repeats=REPEATS)
    if curves.shell < 1:
        raise UserError("the half maps do not agree at any resolution: are they the two halves of one refinement?")
    resolution = box * voxel_size_A / curves.shell
    context.progress(1, 2, f"resolution {resolution:.2f} Å")
    k = frequency3(box, voxel_size_A)
    ft = rfft3((half1 + half2) / 2)
    original = log_amplitudes(ft)
    if mtf is not None and chosen.use_mtf:
        ft = ft / mtf_grid(mtf, k, chosen.mtf_pixel_size_A).to(ft.real.dtype)
    if not chosen.skip_fsc_weighting:
        ft = ft * to_grid(fsc_weights(curves.corrected), box, ndim=3).to(ft.real.dtype)
    weighted = log_amplitudes(ft)
    line = (math.nan, math.nan, math.nan)
    b_factor = 0.0
    if chosen.auto_bfactor:
        fitted = fit_guinier(weighted, box * voxel_size_A, from_A=chosen.fit_from_A, to_A=chosen.fit_to_A)
        line = fitted or line
        b_factor = 4 * fitted[0] if fitted else 0.0
        if fitted is None:
            context.note(TOO_FEW.format(chosen.fit_from_A))
    elif chosen.use_bfactor:
        b_factor = chosen.bfactor_A2
    ft = ft * bfactor(k, b_factor).to(ft.real.dtype)
    sharpened = log_amplitudes(ft)
    cutoff = chosen.low_pass_A if chosen.skip_fsc_weighting else resolution
    volume = irfft3(ft * low_pass(k, cutoff, width_1_A=2 / (box * voxel_size_A)).to(ft.real.dtype), box)
    inverse_d2 = (torch.arange(1, box // 2 + 1, dtype=torch.float64) / (box * voxel_size_A)) ** 2
    guinier = Guinier(inverse_d2, original[1:], weighted[1:], sharpened[1:], *line)
    masked = volume if mask is None else volume * mask
    return Postprocessed(volume, masked, curves, guinier, resolution, b_factor, voxel_size_A)


def _check(half1: Tensor, half2: Tensor, mask: Tensor | None) -> None:
    if half1.shape != half2.shape or len(set(half1.shape)) != 1:
        sizes = " and ".join("x".join(str(n) for n in reversed(h.shape)) for h in (half1, half2))
        raise UserError(f"half maps of {sizes} voxels: they must be cubes of the same size")
    if mask is None:
        return
    if mask.shape != half1.shape:
        size = "x".join(str(n) for n in reversed(mask.shape))
        raise UserError(f"the mask has {size} voxels, the half maps have {half1.shape[-1]} a side: make it from these maps")
    if float(mask.min()) < -1e-5 or float(mask.max()) > 1 + 1e-5:
        raise UserError(f"the mask's values run from {float(mask.min()):g} to {float(mask.max()):g}: they must lie in 0 .. 1")


def fsc_weights(curve: Tensor) -> Tensor:
    """The correlation with the truth by shell; 0 from the first FSC below 1e-4 on."""
    weights = joined(curve)
    below = torch.nonzero(curve < LEAST_FSC)
    if len(below):
        weights[int(below[0, 0]) :] = 0
    return weights


def log_amplitudes(ft: Tensor) -> Tensor:
    """ln of the mean |F| / N^3 of shells 0 .. N//2; -99 where nothing is left."""
    mean = shell_mean(ft.abs(), ndim=3) / ft.shape[-2] ** 3
    return torch.where(mean > 1e-30, torch.log(mean.clamp(min=1e-30)), torch.full_like(mean, EMPTY))


def mtf_grid(mtf: Mtf, k_1_A: Tensor, pixel_size_A: float) -> Tensor:
    """The MTF on a grid of frequencies in 1/Å, linear between its points, constant beyond; pixel_size_A is the detector's."""
    k = k_1_A.numpy() * pixel_size_A
    value = torch.from_numpy(np.interp(k, mtf.frequency_1_px.numpy(), mtf.value.numpy()))
    if float(value.min()) <= 0:
        raise UserError("the MTF falls to 0 or below within the map's resolution: check its file and the detector's pixel size")
    return value


def fit_guinier(logs: Tensor, size_A: float, *, from_A: float, to_A: float) -> tuple[float, float, float] | None:
    """Slope, intercept and correlation of ln amplitude (shells 0 .. N//2) against 1/d^2 between two resolutions.

    size_A: box times voxel size. to_A 0: as far as there is something. None where fewer than 4 shells are left.
    """
    shells = torch.arange(len(logs), dtype=torch.float64)
    d = size_A / shells.clamp(min=1e-9)
    used = (d <= from_A) & (d >= to_A) & (logs > EMPTY) & (shells > 0)
    if int(used.sum()) < LEAST_SHELLS:
        return None
    x, y = (shells[used] / size_A) ** 2, logs[used]
    dx, dy = x - x.mean(), y - y.mean()
    slope = float((dx * dy).sum() / (dx * dx).sum())
    spread = float(torch.sqrt((dx * dx).sum() * (dy * dy).sum()))
    return slope, float(y.mean() - slope * x.mean()), float((dx * dy).sum()) / spread if spread > 0 else 0.0
