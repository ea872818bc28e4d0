"""The one contrast transfer function, positive at low frequency for white particles under focus."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from vitreous.maths.grids import indices2
from vitreous.maths.zernike import even_basis


def wavelength_A(voltage_kV: Tensor) -> Tensor:
    """Relativistic wavelength of electrons in Å."""
    volts = voltage_kV * 1e3
    return 12.2643247 / torch.sqrt(volts * (1 + 0.978466e-6 * volts))


@dataclass(frozen=True)
class CtfParams:
    """The values of n CTFs, tensors (n,) float64; build one with CtfParams.of, which broadcasts numbers and arrays.

    defocus_u_A >= defocus_v_A by custom, under focus positive; defocus_angle_deg is that of u from +x towards +y.
    even_zernike (n, E): symmetric aberrations in rad, as zernike.even_basis orders them; E is 0 where there are none.
    """

    defocus_u_A: Tensor
    defocus_v_A: Tensor
    defocus_angle_deg: Tensor
    voltage_kV: Tensor
    cs_mm: Tensor
    amplitude_contrast: Tensor
    phase_shift_deg: Tensor
    bfactor_A2: Tensor
    scale: Tensor
    even_zernike: Tensor

    @staticmethod
    def of(
        defocus_u_A: Any,
        defocus_v_A: Any = None,
        *,
        defocus_angle_deg: Any = 0.0,
        voltage_kV: Any = 300.0,
        cs_mm: Any = 2.7,
        amplitude_contrast: Any = 0.1,
        phase_shift_deg: Any = 0.0,
        **envelope: Any,
    ) -> "CtfParams":
        """From numbers or arrays that broadcast to (n,); envelope is bfactor_A2 (0), scale (1), even_zernike (E,) or (n, E)."""
        values = [
            *(defocus_u_A, defocus_u_A if defocus_v_A is None else defocus_v_A, defocus_angle_deg, voltage_kV, cs_mm),
            *(amplitude_contrast, phase_shift_deg, envelope.pop("bfactor_A2", 0.0), envelope.pop("scale", 1.0)),
        ]
        even = torch.as_tensor(envelope.pop("even_zernike", ()), dtype=torch.float64)
        if envelope:
            raise TypeError(f"CtfParams has no {', '.join(envelope)}")
        tensors = [torch.as_tensor(v, dtype=torch.float64).reshape(-1) for v in values]
        spread = [t.contiguous() for t in torch.broadcast_tensors(*tensors)]
        spread.append(even.expand(len(spread[0]), even.shape[-1]).contiguous())
        return CtfParams(*spread)

    def __len__(self) -> int:
        return self.defocus_u_A.shape[0]

    def __getitem__(self, rows: Any) -> "CtfParams":
        """The CTFs of a slice, mask or index tensor (a single number keeps the batch axis)."""
        chosen = [rows] if isinstance(rows, int) else rows
        return CtfParams(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def to(self, device: str | torch.device) -> "CtfParams":
        """The same on another device."""
        return CtfParams(*(getattr(self, f.name).to(device) for f in fields(self)))

    def with_(self, **values: Tensor) -> "CtfParams":
        """The same with some fields replaced."""
        return replace(self, **values)


def _coefficients(params: CtfParams) -> Tensor:
    """The phase is linear in (|k|^2, kx^2 - ky^2, 2 kx ky, |k|^4, 1, Zernike terms); its coefficients (n, 5 + E).

    Symmetric aberrations are by custom terms of minus this phase.
    """
    lam = wavelength_A(params.voltage_kV)
    mean = (params.defocus_u_A + params.defocus_v_A) / 2
    half = (params.defocus_u_A - params.defocus_v_A) / 2
    angle = 2 * torch.deg2rad(params.defocus_angle_deg)
    spherical = -math.pi / 2 * params.cs_mm * 1e7 * lam**3
    constant = torch.deg2rad(params.phase_shift_deg) + torch.asin(params.amplitude_contrast)
    first = math.pi * lam
    own = torch.stack([first * mean, first * half * angle.cos(), first * half * angle.sin(), spherical, constant], 1)
    return torch.cat([own, -params.even_zernike], 1)


def _basis(kx: Tensor, ky: Tensor, zernikes: int) -> Tensor:
    square = kx**2 + ky**2
    own = torch.stack([square, kx**2 - ky**2, 2 * kx * ky, square**2, torch.ones_like(square)])
    return torch.cat([own, even_basis(kx, ky, zernikes)]) if zernikes else own


def phase_at(params: CtfParams, kx: Tensor, ky: Tensor) -> Tensor:
    """The argument of the sine, (n, *points) float64, at frequencies kx, ky in 1/Å of any one shape; + = under focus."""
    kx, ky = torch.broadcast_tensors(kx.to(torch.float64), ky.to(torch.float64))
    phase = _coefficients(params) @ _basis(kx.reshape(-1), ky.reshape(-1), params.even_zernike.shape[1])
    return phase.reshape(len(params), *kx.shape)


def ctf_at(params: CtfParams, kx: Tensor, ky: Tensor, *, dtype: torch.dtype = torch.float32) -> Tensor:
    """CTFs (n, *points) at frequencies kx, ky in 1/Å (tensors of one shape, any points: polar grids, lines).

    sin(pi lam dz |k|^2 - pi/2 Cs lam^3 |k|^4 + phase shift + asin(amplitude contrast)
    - even aberrations) exp(-B |k|^2 / 4) scale.
    float32 errs by up to 1e-4 (the phase is summed in float32); float64 is the reference.
    """
    kx, ky = torch.broadcast_tensors(kx.to(torch.float64), ky.to(torch.float64))
    basis = _basis(kx.reshape(-1), ky.reshape(-1), params.even_zernike.shape[1])
    out = (_coefficients(params).to(dtype) @ basis.to(dtype)).sin_()
    if bool((params.bfactor_A2 != 0).any()):
        out *= torch.exp((-params.bfactor_A2[:, None] / 4).to(dtype) * basis[:1].to(dtype))
    if bool((params.scale != 1).any()):
        out *= params.scale[:, None].to(dtype)
    return out.reshape(len(params), *kx.shape)


def ctf2d(params: CtfParams, box: int, pixel_size_A: float, *, dtype: torch.dtype = torch.float32) -> Tensor:
    """CTFs (n, N, N//2+1) on the half-transform grid of an N-pixel image, DC at index 0."""
    kx, ky = indices2(box)
    step = 1.0 / (box * pixel_size_A)
    device = params.defocus_u_A.device
    return ctf_at(params, (kx * step).to(device), (ky * step).to(device), dtype=dtype)


def ctf1d(params: CtfParams, k_1_A: Tensor, *, azimuth_deg: float | None = None) -> Tensor:
    """CTFs (n, len(k)) float64 along k in 1/Å, of the mean defocus, or of that at an azimuth from +x towards +y."""
    if azimuth_deg is None:
        mean = (params.defocus_u_A + params.defocus_v_A) / 2
        params, azimuth_deg = params.with_(defocus_u_A=mean, defocus_v_A=mean), 0.0
    angle = math.radians(azimuth_deg)
    return ctf_at(params, k_1_A * math.cos(angle), k_1_A * math.sin(angle), dtype=torch.float64)
