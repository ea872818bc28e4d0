"""Odd aberrations of an optics group: beam tilt and antisymmetric Zernike terms as phase factors of the prediction."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vitreous.maths.ctf import wavelength_A
from vitreous.maths.zernike import odd_term, zernike


def beam_tilt_phase(kx: Tensor, ky: Tensor, *, tilt_mrad: tuple[float, float], voltage_kV: float, cs_mm: float) -> Tensor:
    """g(k) = -2 pi 1e-3 Cs lambda^2 |k|^2 (t . k) in radians at frequencies in 1/Å; tilt in mrad along (x, y)."""
    lam = float(wavelength_A(torch.tensor(voltage_kV, dtype=torch.float64)))
    factor = -2 * math.pi * 1e-3 * cs_mm * 1e7 * lam**2
    return factor * (kx**2 + ky**2) * (tilt_mrad[0] * kx + tilt_mrad[1] * ky)


def odd_phase(kx: Tensor, ky: Tensor, coefficients: Sequence[float]) -> Tensor:
    """Sum of odd Zernike terms in radians, coefficients in the order (1,-1) (1,1) (3,-3) (3,-1) (3,1) (3,3) ..."""
    phase = torch.zeros(torch.broadcast_shapes(kx.shape, ky.shape), dtype=kx.dtype)
    for index, value in enumerate(coefficients):
        phase = phase + value * zernike(*odd_term(index), kx, ky)
    return phase


def phase_factor(phase: Tensor) -> Tensor:
    """exp(i g): multiplies the prediction; data are multiplied by its conjugate."""
    return torch.polar(torch.ones_like(phase), phase)
