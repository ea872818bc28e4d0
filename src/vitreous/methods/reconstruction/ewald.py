"""Images refocused onto the Ewald sphere: single sidebands instead of planes (Russo & Henderson 2018 Ultramicroscopy)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vitreous.maths.ctf import CtfParams, phase_at, wavelength_A
from vitreous.maths.fourier import irfft2
from vitreous.maths.masks import disc
from vitreous.methods.straight import Optics

MASK_EDGE_PX = 3.0


@dataclass(frozen=True)
class Ewald:
    """The particle's diameter, within which its refocused sideband lies; reverse: curvature of the other sign (the hand)."""

    diameter_px: float
    reverse: bool = False

    def of(self, ft: Tensor, optics: Optics, ctf: CtfParams, pixel_size_A: float) -> tuple[Tensor, Tensor, Tensor]:
        """Places (n, p, 3) on the sphere in frequencies of the image, values (n, p) and weights (n, p) of whole planes.

        ft: centred half transforms (n, N, N//2+1). With phase x, an image is sin x V; times i exp(-i x) it is V/2 in focus
        less a twin out of focus twice as much, which a mask takes away as far as it lies outside the particle. The value at
        -k is the conjugate of what the other sideband has at k, so that the plane with one curvature holds both.
        """
        box, step = ft.shape[-2], 1.0 / (ft.shape[-2] * pixel_size_A)
        kx, ky, known = _whole_plane(box)
        x, y = optics.undistorted(kx, ky)
        phase = phase_at(ctf, (x * step).to(ft.device), (y * step).to(ft.device))
        turn = torch.polar(torch.ones_like(phase), math.pi / 2 - phase).to(torch.complex64)
        whole = torch.fft.fft2(torch.fft.ifftshift(irfft2(_without_mean(ft), box), dim=(1, 2)))
        focused = torch.fft.ifft2(whole * turn.view(whole.shape))
        mask = torch.fft.ifftshift(disc(box, self.diameter_px / 2, MASK_EDGE_PX)).to(ft.device)
        values = torch.fft.fft2(focused * mask).flatten(1)
        radius = torch.hypot(x, y)
        weights = self._weights(phase, ctf, radius * step, pixel_size_A)
        sign = -1.0 if self.reverse else 1.0
        height = sign * 0.5 * step * wavelength_A(ctf.voltage_kV.cpu())[:, None] * radius**2
        places = torch.stack([x.expand_as(height), y.expand_as(height), height], -1)
        return places[:, known], values[:, known], weights[:, known]

    def _weights(self, phase: Tensor, ctf: CtfParams, k_1_A: Tensor, pixel_size_A: float) -> Tensor:
        """What of V the masked sideband holds: (1 + a (2 sin^2 x - 1)) / 2, a the twin's overlap with the disc, (n, p)."""
        defocus = (ctf.defocus_u_A + ctf.defocus_v_A).abs()[:, None] / 2
        apart = 2 * wavelength_A(ctf.voltage_kV)[:, None] * defocus * k_1_A.to(phase.device) / (self.diameter_px * pixel_size_A)
        angle = torch.acos(apart.clamp(max=1.0))
        overlap = 2 / math.pi * (angle - apart.clamp(max=1.0) * torch.sin(angle))
        return (0.5 * (1 + overlap * (2 * torch.sin(phase) ** 2 - 1))).to(torch.float32)


def _without_mean(ft: Tensor) -> Tensor:
    """Half transforms whose images have the mean 0."""
    out = ft.clone()
    out[:, 0, 0] = 0
    return out


def _whole_plane(box: int) -> tuple[Tensor, Tensor, Tensor]:
    """Frequencies (N N,) of the whole plane in the transform's order, and which of them are not at Nyquist."""
    line = torch.fft.fftfreq(box, 1.0 / box, dtype=torch.float64).round()
    ky, kx = (k.reshape(-1) for k in torch.meshgrid(line, line, indexing="ij"))
    return kx, ky, (kx.abs() < box / 2) & (ky.abs() < box / 2)
