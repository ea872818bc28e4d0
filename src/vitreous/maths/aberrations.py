"""Odd aberrations of an optics group: beam tilt and antisymmetric Zernike terms as phase factors of the prediction."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vitreous.maths.ctf import wavelength_A
from vitreous.maths.grids import indices2


def beam_tilt_phase(kx: Tensor, ky: Tensor, *, tilt_mrad: tuple[float, float], voltage_kV: float, cs_mm: float) -> Tensor:
    """g(k) = -2 pi 1e-3 Cs lambda^2 |k|^2 (t . k) in radians at frequencies in 1/Å; tilt in mrad along (x, y)."""
    lam = float(wavelength_A(torch.tensor(voltage_kV, dtype=torch.float64)))
    factor = -2 * math.pi * 1e-3 * cs_mm * 1e7 * lam**2
    return factor * (kx**2 + ky**2) * (tilt_mrad[0] * kx + tilt_mrad[1] * ky)


def zernike(n: int, m: int, kx: Tensor, ky: Tensor) -> Tensor:
    """Z_n^m = R_n^|m|(|k|) times cos(m theta), or sin(|m| theta) for m < 0; |k| in 1/Å, not scaled to a disc."""
    radius, theta = torch.hypot(kx, ky), torch.atan2(ky, kx)
    order = abs(m)
    radial = torch.zeros_like(radius)
    for s in range((n - order) // 2 + 1):
        top = (-1) ** s * math.factorial(n - s)
        bottom = math.factorial(s) * math.factorial((n + order) // 2 - s) * math.factorial((n - order) // 2 - s)
        radial = radial + (top / bottom) * radius ** (n - 2 * s)
    return radial * (torch.cos(order * theta) if m >= 0 else torch.sin(order * theta))


def odd_phase(kx: Tensor, ky: Tensor, coefficients: Sequence[float]) -> Tensor:
    """Sum of odd Zernike terms in radians, coefficients in the order (1,-1) (1,1) (3,-3) (3,-1) (3,1) (3,3) ..."""
    phase = torch.zeros(torch.broadcast_shapes(kx.shape, ky.shape), dtype=kx.dtype)
    for i, value in enumerate(coefficients):
        k = math.floor((math.sqrt(1 + 4 * i) - 1) / 2)
        n = 2 * k + 1
        phase = phase + value * zernike(n, 2 * (i - k * k - k) - n, kx, ky)
    return phase


def phase_factor(phase: Tensor) -> Tensor:
    """exp(i g): multiplies the prediction; data are multiplied by its conjugate."""
    return torch.polar(torch.ones_like(phase), phase)


def phase_factor2d(box: int, pixel_size_A: float, *, tilt_mrad: tuple[float, float], voltage_kV: float, cs_mm: float) -> Tensor:
    """The phase factor (N, N//2+1) complex128 of a beam tilt on the half-transform grid."""
    kx, ky = (index / (box * pixel_size_A) for index in indices2(box))
    return phase_factor(beam_tilt_phase(kx, ky, tilt_mrad=tilt_mrad, voltage_kV=voltage_kV, cs_mm=cs_mm))
