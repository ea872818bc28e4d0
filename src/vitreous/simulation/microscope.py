"""The beam and the lenses: wavelength, interaction, contrast transfer with its envelope. Written for the simulator alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.simulation.scattering import CHARGE_C, ELECTRON_KG, LIGHT_M_S, PLANCK_J_S
from vitreous.simulation.settings import Microscope

Array = NDArray[np.float64]


def wavelength_A(voltage_kV: float) -> float:
    """De Broglie wavelength of the beam's electrons."""
    energy = CHARGE_C * voltage_kV * 1e3
    momentum = np.sqrt(2 * ELECTRON_KG * energy + (energy / LIGHT_M_S) ** 2)
    return float(1e10 * PLANCK_J_S / momentum)


def interaction_rad_VA(voltage_kV: float) -> float:
    """Phase (rad) that the exit wave gains for each V Å of projected potential; 6.526e-4 at 300 kV."""
    energy = CHARGE_C * voltage_kV * 1e3
    rest = ELECTRON_KG * LIGHT_M_S**2
    mass = ELECTRON_KG * (1 + energy / rest)
    return float(2 * np.pi * mass * CHARGE_C * wavelength_A(voltage_kV) * 1e-20 / PLANCK_J_S**2)


@dataclass(frozen=True)
class Defocus:
    """Defocus along two axes in Å, under focus positive; u_A >= v_A, angle_deg from the x axis to the axis of u."""

    u_A: float
    v_A: float
    angle_deg: float

    def lowered(self, by_A: float) -> "Defocus":
        """The defocus of something that lies by_A further along the beam's way, hence less under focus."""
        return Defocus(self.u_A - by_A, self.v_A - by_A, self.angle_deg)


def phase_distortion(microscope: Microscope, defocus: Defocus, kx_1_A: Array, ky_1_A: Array) -> Array:
    """The argument of the sine, in rad: pi lambda dz k2 - pi/2 Cs lambda3 k4 + phase shift + asin(amplitude contrast)."""
    wave = wavelength_A(microscope.voltage_kV)
    k2 = kx_1_A**2 + ky_1_A**2
    azimuth = np.arctan2(ky_1_A, kx_1_A)
    mean, half = (defocus.u_A + defocus.v_A) / 2, (defocus.u_A - defocus.v_A) / 2
    dz = mean + half * np.cos(2 * (azimuth - np.deg2rad(defocus.angle_deg)))
    spherical = np.pi / 2 * microscope.cs_mm * 1e7 * wave**3 * k2**2
    offset = np.deg2rad(microscope.phase_shift_deg) + np.arcsin(microscope.amplitude_contrast)
    return np.asarray(np.pi * wave * dz * k2 - spherical + offset)


def transfer(microscope: Microscope, defocus: Defocus, kx_1_A: Array, ky_1_A: Array) -> NDArray[np.float32]:
    """Contrast transfer at frequencies in 1/Å with its envelope; positive at low k for white particles."""
    envelope = np.exp(-microscope.envelope_bfactor_A2 / 4 * (kx_1_A**2 + ky_1_A**2))
    return np.asarray(np.sin(phase_distortion(microscope, defocus, kx_1_A, ky_1_A)) * envelope, np.float32)


def random_defocus(microscope: Microscope, generator: np.random.Generator) -> Defocus:
    """The defocus of one micrograph, within the settings."""
    mean = generator.uniform(microscope.defocus_low_A, max(microscope.defocus_low_A, microscope.defocus_high_A))
    half = generator.uniform(0.2, 1) * microscope.astigmatism_A / 2
    return Defocus(mean + half, mean - half, float(generator.uniform(-90, 90)))
