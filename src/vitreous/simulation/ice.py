"""Amorphous ice and carbon: the spectra of their contrast, and noise that has them."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vitreous.simulation.microscope import interaction_rad_VA
from vitreous.simulation.scattering import VOLT_A2, WATER_VOLUME_A3, form_factor, water_form_factor
from vitreous.simulation.settings import Ice, Microscope

Array = NDArray[np.float64]
CARBON_PER_A3 = 0.095  # atoms in amorphous carbon, 1.9 g/cm3
CARBON_ABSORBS = 0.0006  # part of the beam lost for each Å of carbon


def water_structure_factor(k_1_A: Array) -> Array:
    """Power of many water molecules over that of as many alone: small at low k (ice is hard to compress), a ring at 3.7 Å.

    The floor is twice that of bulk ice, for the rough surfaces of the film.
    """
    rise = 0.88 / (1 + np.exp(-(k_1_A - 0.235) / 0.02))
    return np.asarray(0.12 + rise + 0.7 * np.exp(-(((k_1_A - 0.27) / 0.03) ** 2) / 2))


def carbon_structure_factor(k_1_A: Array) -> Array:
    """The same of amorphous carbon, with its rings at 2.1 and 1.2 Å; holes in the film give it more power at low k."""
    rise = 0.75 / (1 + np.exp(-(k_1_A - 0.42) / 0.04))
    return np.asarray(0.25 + rise + 0.8 * np.exp(-(((k_1_A - 0.48) / 0.05) ** 2) / 2))


def ice_power_A2(ice: Ice, microscope: Microscope, k_1_A: Array) -> Array:
    """Power of the ice's contrast (2 x phase) an area, in Å2, before the transfer of the lenses."""
    phase = interaction_rad_VA(microscope.voltage_kV) * VOLT_A2 * water_form_factor(k_1_A)
    return np.asarray(4 * ice.thickness_A / WATER_VOLUME_A3 * phase**2 * water_structure_factor(k_1_A))


def carbon_power_A2(ice: Ice, microscope: Microscope, k_1_A: Array) -> Array:
    """The same of the carbon film."""
    phase = interaction_rad_VA(microscope.voltage_kV) * VOLT_A2 * form_factor("C", k_1_A)
    return np.asarray(4 * ice.carbon_thickness_A * CARBON_PER_A3 * phase**2 * carbon_structure_factor(k_1_A))


def white_transform(shape: tuple[int, int], generator: np.random.Generator) -> NDArray[np.complex64]:
    """Half transform (y, x//2+1) of white noise: E|z|^2 = 1 everywhere, for an image as numpy's irfft2 makes it."""
    half = (shape[0], shape[1] // 2 + 1, 2)
    noise = generator.standard_normal(half, np.float32).view(np.complex64)[..., 0] * np.float32(np.sqrt(0.5))
    noise[:, 0] *= np.float32(np.sqrt(2))  # the inverse keeps the real part of these columns only
    if shape[1] % 2 == 0:
        noise[:, -1] *= np.float32(np.sqrt(2))
    return np.asarray(noise, np.complex64)


def kept_from_frame_to_frame(ice: Ice, dose_e_A2: float, k_1_A: Array) -> Array:
    """Correlation of the ice's amplitudes before and after a dose: its molecules diffuse, by water_motion_A2 for each e/Å2."""
    return np.asarray(np.exp(-2 * np.pi**2 * k_1_A**2 * ice.water_motion_A2 * dose_e_A2 / 3))


def carbon_cover(shape: tuple[int, int], pixel_size_A: float, generator: np.random.Generator) -> NDArray[np.float32]:
    """Where the carbon is (y, x), from 0 to 1: beyond the edge of a round hole of 1.2 µm that crosses the frame."""
    centre, across = np.array(shape) / 2, min(shape)
    direction = generator.uniform(0, 2 * np.pi)
    edge = centre + generator.uniform(0.12, 0.38) * across * np.array([np.sin(direction), np.cos(direction)])
    radius = 6000 / pixel_size_A
    hole = edge - radius * np.array([np.sin(direction), np.cos(direction)])
    y, x = np.arange(shape[0])[:, None], np.arange(shape[1])[None]
    rough = ndimage.zoom(
        generator.normal(0, 40 / pixel_size_A, (8, 8)), np.array(shape) / 8, order=3, grid_mode=True, mode="nearest"
    )
    depth = np.hypot(y - hole[0], x - hole[1]) - radius + rough
    return np.asarray(1 / (1 + np.exp(-np.clip(depth / (15 / pixel_size_A), -40, 40))), np.float32)
