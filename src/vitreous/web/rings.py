"""Power spectra for the eye: the data beside the rings of a fit, radial curves, and how far they agree; numpy only."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter1d

from vitreous.files import mrc

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
BOX = 512
_WINDOW = 15  # shells over which agreement is reckoned


@dataclass(frozen=True)
class Fit:
    """What a table says of one micrograph's CTF."""

    voltage_kV: float
    cs_mm: float
    amplitude_contrast: float
    defocus_u_A: float
    defocus_v_A: float
    defocus_angle_deg: float
    phase_shift_deg: float = 0.0
    resolution_A: float = 0.0


@dataclass(frozen=True)
class Curves:
    """By frequency in 1/Å: data and fit, 0 to 1, and their agreement, -1 to 1."""

    k: Doubles
    data: Doubles
    fit: Doubles
    agreement: Doubles


def wavelength_A(voltage_kV: float) -> float:
    """Of electrons, with relativity."""
    volts = voltage_kV * 1e3
    return float(12.2643 / np.sqrt(volts * (1 + 0.978476e-6 * volts)))


def strength(fit: Fit, kx: Doubles, ky: Doubles) -> Doubles:
    """|CTF| at frequencies in 1/Å."""
    k2 = kx**2 + ky**2
    wave = wavelength_A(fit.voltage_kV)
    turn = 2 * (np.arctan2(ky, kx) - np.deg2rad(fit.defocus_angle_deg))
    defocus = 0.5 * (fit.defocus_u_A + fit.defocus_v_A + (fit.defocus_u_A - fit.defocus_v_A) * np.cos(turn))
    chi = np.pi * wave * k2 * (defocus - 0.5 * wave**2 * k2 * fit.cs_mm * 1e7)
    shift = np.deg2rad(fit.phase_shift_deg) + np.arcsin(np.clip(fit.amplitude_contrast, 0, 1))
    return np.asarray(np.abs(np.sin(chi + shift)))


def read_curves(path: Path) -> Curves | None:
    """Curves that a fit has left as text in CTFFIND's order of rows; None where the file holds something else."""
    try:
        lines = [line for line in path.read_text("utf-8", "replace").splitlines() if line.strip() and not line.startswith("#")]
        rows = [np.array(line.split(), np.float64) for line in lines[:6]]
    except (OSError, ValueError):
        return None
    if len(rows) < 5 or len({len(row) for row in rows}) != 1 or len(rows[0]) < 4:
        return None
    k, data, fit, agreement = rows[0], rows[2], rows[3], rows[4]
    return Curves(k, _scaled(data, k), fit, agreement)


def _scaled(data: Doubles, k: Doubles) -> Doubles:
    """Brought to 0..1 by what lies beyond the first rise, where the background is gone."""
    beyond = data[k > 0.03] if (k > 0.03).any() else data
    low, high = np.percentile(beyond, [1, 99])
    return np.asarray(np.clip((data - low) / max(high - low, 1e-12), -0.2, 1.4))


def periodogram(image: Floats, box: int = BOX) -> Floats:
    """The mean amplitude spectrum of half overlapping squares of a micrograph, its centre in the middle."""
    height, width = image.shape
    box = min(box, height // 2 * 2, width // 2 * 2)
    steps_y, steps_x = (np.unique(np.linspace(0, size - box, min(9, 2 * size // box)).astype(int)) for size in (height, width))
    taper = np.hanning(box).astype(np.float32)
    window = taper[:, None] * taper[None, :]
    total = np.zeros((box, box // 2 + 1), np.float64)
    for y in steps_y:
        for x in steps_x:
            piece = image[y : y + box, x : x + box]
            total += np.abs(np.fft.rfft2((piece - piece.mean()) * window))
    half = total / (len(steps_y) * len(steps_x))
    full = np.empty((box, box))
    full[:, : box // 2 + 1] = half
    full[:, box // 2 + 1 :] = np.roll(half[::-1, ::-1], 1, axis=0)[:, -box // 2 : -1][:, : box // 2 - 1]
    return np.fft.fftshift(full).astype(np.float32)


def frequencies(box: int, pixel_size_A: float) -> tuple[Doubles, Doubles]:
    """kx (1, N) and ky (N, 1) of a spectrum whose centre is at N // 2, in 1/Å."""
    k = (np.arange(box) - box // 2) / (box * pixel_size_A)
    return k[None, :], k[:, None]


def curves(spectrum: Floats, pixel_size_A: float, fit: Fit) -> Curves:
    """Radial curves of a spectrum and a fit, averaged along the fit's own rings."""
    box = spectrum.shape[0]
    kx, ky = frequencies(box, pixel_size_A)
    k = np.sqrt(kx**2 + ky**2)
    mean = 0.5 * (fit.defocus_u_A + fit.defocus_v_A)
    turn = 2 * (np.arctan2(ky, kx) - np.deg2rad(fit.defocus_angle_deg))
    defocus = mean + 0.5 * (fit.defocus_u_A - fit.defocus_v_A) * np.cos(turn)
    same = k * np.sqrt(np.clip(defocus / mean if mean else 1.0, 0.2, 5))  # where a round CTF has the same phase
    shell = np.minimum((same * box * pixel_size_A + 0.5).astype(int), box // 2)
    count = np.bincount(shell.ravel(), minlength=box // 2 + 1)[: box // 2]
    radial = np.bincount(shell.ravel(), spectrum.ravel().astype(np.float64), box // 2 + 1)[: box // 2] / np.maximum(count, 1)
    at = np.arange(box // 2) / (box * pixel_size_A)
    round_fit = Fit(fit.voltage_kV, fit.cs_mm, fit.amplitude_contrast, mean, mean, 0.0, fit.phase_shift_deg)
    model = strength(round_fit, at, np.zeros_like(at))
    flat = np.log(np.maximum(radial, 1e-12))
    flat = flat - uniform_filter1d(flat, max(9, box // 16))
    spread = np.sqrt(uniform_filter1d(flat**2, max(15, box // 12)))
    data = np.clip(0.5 + 0.35 * flat / np.maximum(spread, 1e-9), -0.2, 1.4)
    return Curves(at, data, model, _agreement(data, model))


def model_only(pixel_size_A: float, fit: Fit) -> tuple[Curves, Floats]:
    """The rings of a fit whose data are gone: its curve without data, and its picture at the right."""
    at = np.linspace(0, 1 / (2 * pixel_size_A), 1024)
    mean = 0.5 * (fit.defocus_u_A + fit.defocus_v_A)
    round_fit = Fit(fit.voltage_kV, fit.cs_mm, fit.amplitude_contrast, mean, mean, 0.0, fit.phase_shift_deg)
    edge_A = max(2 * pixel_size_A, fit.resolution_A / 1.6)  # no more than the eye wants around the last ring
    kx, ky = np.broadcast_arrays(*frequencies(BOX, edge_A / 2))
    seen = np.sqrt(kx**2 + ky**2) <= 1 / max(fit.resolution_A, 2 * pixel_size_A)
    picture = np.where(kx >= 0, np.where(seen, strength(fit, kx, ky), 0.5), 0.0)
    return Curves(at, np.empty(0), strength(round_fit, at, np.zeros_like(at)), np.empty(0)), np.asarray(picture, np.float32)


def _agreement(data: Doubles, model: Doubles) -> Doubles:
    """Correlation of data and model in a window around each frequency."""

    def mean(values: Doubles) -> Doubles:
        return np.asarray(uniform_filter1d(values, _WINDOW))

    both = mean(data * model) - mean(data) * mean(model)
    sizes = (mean(data**2) - mean(data) ** 2) * (mean(model**2) - mean(model) ** 2)
    return np.asarray(both / np.sqrt(np.maximum(sizes, 1e-12)))


def beside(spectrum: Floats, pixel_size_A: float, fit: Fit | None) -> Floats:
    """A picture, 0 to 1: the spectrum without its background at the left, the fit at the right up to its resolution."""
    box = spectrum.shape[0]
    kx, ky = frequencies(box, pixel_size_A)
    k = np.sqrt(kx**2 + ky**2)
    smooth = gaussian_filter(np.log(np.maximum(spectrum, 1e-12)), 1.2)
    flat = smooth - gaussian_filter(smooth, box / 24)
    ring = (k > 0.02) & (k < (1 / fit.resolution_A if fit and fit.resolution_A > 0 else k.max() / 2))
    low, high = np.percentile(flat[ring] if ring.any() else flat, [2, 98])
    data = np.clip((flat - low) / max(float(high - low), 1e-12), 0, 1)
    if fit is None:
        return np.asarray(data, np.float32)
    model = strength(fit, *np.broadcast_arrays(kx, ky))
    if fit.resolution_A > 0:
        model = np.where(k <= 1 / fit.resolution_A, model, 0.5 + 0.25 * (model - 0.5))
    return np.asarray(np.where(np.arange(box)[None, :] < box // 2, data, model), np.float32)


def read_picture(path: Path, fit: Fit | None) -> Floats:
    """The picture that a fit has left, turned so that the data stand at the left; 0 to 1. They are what is less like the fit."""
    picture, pixel_size_A = mrc.read_image(f"{path}:mrc" if path.suffix == ".ctf" else path)
    low, high = np.percentile(picture, [1, 99])
    scaled = np.clip((picture - low) / max(float(high - low), 1e-12), 0, 1)
    if fit is not None and pixel_size_A > 0 and scaled.shape[0] == scaled.shape[1]:
        model = strength(fit, *np.broadcast_arrays(*frequencies(scaled.shape[0], pixel_size_A)))
        middle = scaled.shape[1] // 2
        left, right = (float(np.corrcoef(scaled[:, half].ravel(), model[:, half].ravel())[0, 1]) for half in _halves(middle))
        if left > right:
            scaled = np.roll(scaled[::-1, ::-1], 1, axis=(0, 1))
    return np.asarray(scaled, np.float32)


def _halves(middle: int) -> tuple[slice, slice]:
    return slice(0, middle), slice(middle, None)
