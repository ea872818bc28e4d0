"""The phase of the CTF over a spectrum's pixels: what a fit evaluates again and again.

Astigmatism travels as the symmetric form (Axx, Axy, Ayy) with dz(theta) k^2 = Axx kx^2 + 2 Axy kx ky + Ayy ky^2, in Å, under
focus positive: it has no singular angle at zero astigmatism.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.ctf import CtfParams, phase_at

Floats = NDArray[np.float64]
CROSS_HALF_WIDTH_PX = 10  # about the axes, where edges and fixed patterns leave streaks


@dataclass(frozen=True)
class Microscope:
    """What the CTF needs beside the defocus."""

    voltage_kV: float
    cs_mm: float
    amplitude_contrast: float

    def phase(self, kx: Floats, ky: Floats, astigmatism: "Astigmatism") -> Floats:
        """The argument chi (rad) of CTF = sin(chi) at frequencies in 1/Å."""
        params = CtfParams.of(
            astigmatism.defocus_u_A,
            astigmatism.defocus_v_A,
            defocus_angle_deg=astigmatism.angle_deg,
            voltage_kV=self.voltage_kV,
            cs_mm=self.cs_mm,
            amplitude_contrast=self.amplitude_contrast,
        )
        return phase_at(params, torch.from_numpy(kx), torch.from_numpy(ky))[0].numpy()

    def fixed_phase(self, k2: Floats) -> Floats:
        """Phase (rad) without the defocus term, for squared frequencies k2 in 1/Å2."""
        k = np.sqrt(np.atleast_1d(np.asarray(k2, np.float64)))
        return self.phase(k, np.zeros_like(k), Astigmatism(0.0, 0.0, 0.0))

    @property
    def defocus_phase(self) -> float:
        """Phase (rad) that 1 Å of defocus adds at 1 / Å: pi times the wavelength."""
        one, zero = np.ones(1), np.zeros(1)
        return float((self.phase(one, zero, Astigmatism(1.0, 1.0, 0.0)) - self.fixed_phase(one))[0])

    @property
    def spherical_phase(self) -> float:
        """Phase (rad) that the spherical aberration takes away at 1 / Å."""
        return float((self.fixed_phase(np.zeros(1)) - self.fixed_phase(np.ones(1)))[0])


@dataclass(frozen=True)
class Astigmatism:
    """Defocus as users know it: u >= v in Å, angle of u from the x axis in (-90, 90] degrees, towards rising rows."""

    defocus_u_A: float
    defocus_v_A: float
    angle_deg: float

    @property
    def mean_A(self) -> float:
        return 0.5 * (self.defocus_u_A + self.defocus_v_A)

    @property
    def difference_A(self) -> float:
        return self.defocus_u_A - self.defocus_v_A

    def form(self) -> Floats:
        """(Axx, Axy, Ayy)."""
        twice = 2 * np.deg2rad(self.angle_deg)
        half = 0.5 * self.difference_A
        return np.array([self.mean_A + half * np.cos(twice), half * np.sin(twice), self.mean_A - half * np.cos(twice)])

    def along(self, azimuth_rad: Floats) -> Floats:
        """Defocus (Å) in the directions of these azimuths."""
        return self.mean_A + 0.5 * self.difference_A * np.cos(2 * (azimuth_rad - np.deg2rad(self.angle_deg)))


def from_form(form: Floats) -> Astigmatism:
    """The inverse of Astigmatism.form."""
    mean = 0.5 * (form[0] + form[2])
    cosine, sine = 0.5 * (form[0] - form[2]), form[1]
    half = float(np.hypot(cosine, sine))
    angle = float(np.rad2deg(0.5 * np.arctan2(sine, cosine)))
    return Astigmatism(float(mean + half), float(mean - half), 90.0 if angle <= -90 else angle)


@dataclass(frozen=True)
class Band:
    """The pixels that a fit looks at: one half of the plane, between two resolutions, off the axes.

    index: flat positions in the (N, N) picture; design (3, n): pi lambda (kx^2, 2 kx ky, ky^2); fixed (n,): the rest of the
    phase; k (n,) 1/Å; azimuth (n,) rad.
    """

    index: NDArray[np.intp]
    design: NDArray[np.float32]
    fixed: NDArray[np.float32]
    k: Floats
    azimuth: Floats

    def phase(self, form: Floats, phase_shift_rad: float = 0.0) -> NDArray[np.float32]:
        """The CTF's phase chi with CTF = sin(chi), (n,)."""
        return form.astype(np.float32) @ self.design + (self.fixed + np.float32(phase_shift_rad))


def band(box: int, pixel_size_A: float, microscope: Microscope, *, min_resolution_A: float, max_resolution_A: float) -> Band:
    """The band of a centred (box, box) spectrum."""
    axis = np.arange(box) - box // 2
    kx = np.broadcast_to(axis[None, :], (box, box)) / (box * pixel_size_A)
    ky = np.broadcast_to(axis[:, None], (box, box)) / (box * pixel_size_A)
    k = np.hypot(kx, ky)
    cross = min(CROSS_HALF_WIDTH_PX, box // 50)
    off_axes = (np.abs(axis[None, :]) > cross) & (np.abs(axis[:, None]) > cross)
    edge = (box // 2 - 1) / (box * pixel_size_A)
    chosen = (ky > 0) & off_axes & (k >= 1 / min_resolution_A) & (k <= min(1 / max_resolution_A, edge))
    index = np.flatnonzero(chosen)
    x, y = kx.ravel()[index], ky.ravel()[index]
    design = microscope.defocus_phase * np.stack([x * x, 2 * x * y, y * y])
    fixed = microscope.fixed_phase(x * x + y * y)
    return Band(index, design.astype(np.float32), fixed.astype(np.float32), np.hypot(x, y), np.arctan2(y, x))
