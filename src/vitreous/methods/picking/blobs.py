"""Finds round particles of known size by the Laplacian of a Gaussian, against the micrograph's own noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from vitreous.context import QUIET, Context
from vitreous.methods.picking.flatten import bin_down, flatten
from vitreous.methods.picking.peaks import Peaks, centred_on, find_peaks, roundness, thin_out
from vitreous.methods.picking.settings import BlobSearch

Image = NDArray[np.float32]
SIZE_RATIO = 1.5
"""A blob is of another size when that size answers so many times more strongly,"""
SIZE_CERTAINTY = 3.0
"""by more than so many standard deviations of the noise."""
ROUND = 0.15
"""The roundness below which a peak is the rim of something large."""


@dataclass(frozen=True)
class Picks:
    """Particles in a micrograph: centres in pixels from the first row and column (0-based), signal over noise, diameter."""

    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    signal: NDArray[np.float64]
    diameter_A: NDArray[np.float64]
    threshold: float

    def __len__(self) -> int:
        return len(self.x_px)


@dataclass(frozen=True)
class Responses:
    """For each pixel: the best signal over noise among the sizes asked for, that size, and what speaks for other sizes.

    whole is the answer of the largest size asked for, which sees a particle of several lobes as one. misfit is by how
    many standard deviations of its noise another size answers more than SIZE_RATIO times as strongly. wave_A is the length
    over which the noise varies.
    """

    signal: Image
    whole: Image
    diameter_A: Image
    misfit: Image
    wave_A: float


def _spectrum(image: Image, pad: int) -> tuple[NDArray[np.complex64], tuple[int, int]]:
    padded = np.pad(image, pad, mode="reflect")
    rows, columns = (fft.next_fast_len(side, real=True) for side in padded.shape)
    filled = np.pad(padded, ((0, rows - padded.shape[0]), (0, columns - padded.shape[1])), mode="wrap")
    return fft.rfft2(filled), filled.shape


def _noise_power(spectrum: NDArray[np.complex64], k: NDArray[np.float64], band: tuple[float, float]) -> float:
    """The median over shells of the power per pixel in a band of frequencies, where particles of the size give little."""
    low, high = band
    shells = np.minimum(((k - low) / (high - low) * 16).astype(int), 16)
    inside = (k >= low) & (shells < 16)
    power = np.abs(spectrum[inside]).astype(np.float64) ** 2
    total = np.bincount(shells[inside], power, 16)
    count = np.bincount(shells[inside], minlength=16)
    return float(np.median(total[count > 0] / count[count > 0]))


def _laplacian(k: NDArray[np.float64], diameter_A: float) -> NDArray[np.float64]:
    """Transfer function of the Laplacian of a Gaussian of standard deviation diameter / (2 sqrt 2); k in 1/Å.

    The largest value is the same for all diameters, and a disc of this diameter is answered more strongly than any other.
    """
    width = np.sqrt(2) / (np.pi * diameter_A)
    square = (k / width) ** 2
    result: NDArray[np.float64] = square * np.exp(-square / 2)
    return result


def sizes(search: BlobSearch) -> tuple[list[float], list[float]]:
    """The diameters (Å) that are asked for, and the others that a blob is compared with."""
    low, high = search.min_diameter_A, search.max_diameter_A
    steps = max(2, int(np.ceil(np.log(max(high / low, 1.01)) / np.log(1.15))) + 1)
    wanted = [float(d) for d in np.geomspace(low, high, steps)]
    return wanted, [low / 4, low / 3, low / 2, low / 1.5, high * 1.5, high * 2, high * 3]


def respond(image: Image, pixel_size_A: float, search: BlobSearch) -> Responses:
    """Signal over noise of bright blobs in a flat image (y, x), by matched Laplacians of Gaussians of many sizes.

    The noise of each filter follows from the power spectrum between the particle's own frequencies and Nyquist,
    taken to go on at that level below.
    """
    wanted, others = sizes(search)
    pad = min(int(1.5 * search.max_diameter_A / pixel_size_A) + 1, min(image.shape) - 1)
    spectrum, shape = _spectrum(image, pad)
    ky, kx = fft.fftfreq(shape[0], pixel_size_A)[:, None], fft.rfftfreq(shape[1], pixel_size_A)[None, :]
    k = np.hypot(ky, kx)
    nyquist = 0.5 / pixel_size_A
    power = _noise_power(spectrum, k, (min(2 / search.min_diameter_A, 0.5 * nyquist), 0.8 * nyquist))
    twice = np.full(k.shape[1], 2.0)
    twice[0] = 1
    area = shape[0] * shape[1]

    def answer(diameter_A: float) -> tuple[Image, float, float]:
        transfer = _laplacian(k, diameter_A)
        weight = transfer**2 * twice
        noise = float(np.sqrt(weight.sum() * power) / area)
        roughness = 2 * np.pi**2 * (weight * k**2).sum() / weight.sum()
        full = fft.irfft2(spectrum * transfer.astype(np.float32), s=shape)
        return full[pad : pad + image.shape[0], pad : pad + image.shape[1]], noise, float(1 / np.sqrt(roughness))

    best, strength = np.full((2, *image.shape), -np.inf, np.float32)
    diameter, misfit, wave = np.zeros(image.shape, np.float32), np.full(image.shape, -np.inf, np.float32), np.inf
    for size in wanted:
        strong, noise, length = answer(size)
        diameter[strong / noise > best] = size
        best, strength, wave = np.maximum(best, strong / noise), np.maximum(strength, strong), min(wave, length)
    for size in others:
        strong, noise, _ = answer(size)
        misfit = np.maximum(misfit, (strong - SIZE_RATIO * strength) / noise)
    return Responses(best, answer(wanted[-1])[0], diameter, misfit, wave)


def noise_threshold(false_picks: float, area_A2: float, wave_A: float) -> float:
    """The signal over noise that so many maxima of pure Gaussian noise of this area exceed on average.

    wave_A**-2 is the variance of the slope of the unit-variance noise; the number of maxima above u is
    area * wave**-2 * (2 pi)**-1.5 * u * exp(-u**2 / 2) (valid for u > 1.5).
    """
    count = area_A2 / wave_A**2 / (2 * np.pi) ** 1.5 / false_picks
    threshold = 1.5
    for _ in range(100):  # u = sqrt(2 log(count u)) contracts for u > 1
        threshold = max(1.5, float(np.sqrt(2 * np.log(max(count * threshold, 1.0)))))
    return threshold


def _choose(responses: Responses, pixel_size_A: float, search: BlobSearch) -> tuple[Peaks, float]:
    """The peaks that count, thinned and centred, and the threshold that they passed."""
    signal, fits = responses.signal, responses.misfit < SIZE_CERTAINTY
    in_range = signal[(signal > 0) & fits]
    mean, spread = (float(in_range.mean()), float(in_range.std())) if in_range.size else (0.0, 0.0)
    floor = noise_threshold(search.false_picks, signal.size * pixel_size_A**2, responses.wave_A)
    threshold = floor + search.threshold_adjust * spread
    peaks = find_peaks(signal, max(threshold, 1e-6))
    peaks = peaks.select(fits[peaks.row, peaks.column])
    radius = responses.diameter_A[peaks.row, peaks.column].astype(np.float64) / 2 / pixel_size_A
    peaks = peaks.select(roundness(signal, peaks, radius) >= ROUND)
    distance = search.min_distance_A if search.min_distance_A >= 0 else 0.75 * search.min_diameter_A
    peaks = thin_out(peaks, distance / pixel_size_A)
    peaks = centred_on(peaks, find_peaks(responses.whole, 1e-6), reach=search.min_diameter_A / 2 / pixel_size_A)
    peaks = thin_out(peaks, distance / pixel_size_A)
    return peaks.select(peaks.height <= mean + search.upper_threshold * spread), threshold


def pick_blobs(image: Image, pixel_size_A: float, search: BlobSearch, *, context: Context = QUIET) -> Picks:
    """Particles in a micrograph (y, x), the strongest first.

    A pick needs a signal that noise alone would rarely give (search.false_picks), a size in the range asked for, and
    its distance from stronger picks and from the edge. A blob above the upper threshold clears its surroundings too.
    """
    if image.ndim != 2 or not np.isfinite(image).all():
        raise ValueError("a micrograph must be two-dimensional, with finite values only")
    if search.max_diameter_A < search.min_diameter_A:
        raise ValueError("the largest diameter is smaller than the smallest")
    factor = max(1, int(search.max_resolution_A / 2 / pixel_size_A))
    pixel = pixel_size_A * factor
    context.check()
    sign = np.float32(1 if search.white_particles else -1)
    flat = sign * flatten(bin_down(image.astype(np.float32, copy=False), factor), 2 * search.max_diameter_A / pixel)
    if min(flat.shape) < 4:
        raise ValueError(f"a micrograph of {image.shape[1]} x {image.shape[0]} pixels is too small to pick from")
    if not flat.any():
        return Picks(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), np.inf)
    responses = respond(flat, pixel, search)
    peaks, threshold = _choose(responses, pixel, search)
    y, x = ((place + 0.5) * factor - 0.5 for place in (peaks.y, peaks.x))
    edge = (search.edge_A if search.edge_A >= 0 else search.min_diameter_A / 2) / pixel_size_A
    inside = (np.minimum(x, image.shape[1] - 1 - x) >= edge) & (np.minimum(y, image.shape[0] - 1 - y) >= edge)
    return Picks(
        x_px=x[inside],
        y_px=y[inside],
        signal=peaks.height[inside],
        diameter_A=responses.diameter_A[peaks.row, peaks.column][inside].astype(np.float64),
        threshold=threshold,
    )
