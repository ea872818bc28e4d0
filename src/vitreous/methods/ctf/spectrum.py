"""The averaged amplitude spectrum of a micrograph, and the removal of its smooth background.

A spectrum is a square centred array [ky, kx], zero frequency at pixel (N//2, N//2), rows in the order of the image's.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from vitreous.context import UserError
from vitreous.maths.fourier import resize2

Array = NDArray[np.float32]
FINEST_FIT_PIXEL_A = 1.4  # rings beyond 2.8 Å do not help the fit
OUTLIER_SIGMAS = 5.0  # a tile whose contrast is so far from the others is left out


@dataclass(frozen=True)
class Spectrum:
    """Amplitudes (N, N), centred; one pixel is 1 / (N * pixel_size_A) in 1/Å."""

    amplitude: Array
    pixel_size_A: float

    @property
    def box(self) -> int:
        return int(self.amplitude.shape[0])

    def frequencies(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """kx (1, N) and ky (N, 1) in 1/Å."""
        axis = (np.arange(self.box) - self.box // 2) / (self.box * self.pixel_size_A)
        return axis[None, :], axis[:, None]


def from_image(
    image: Array, pixel_size_A: float, *, box: int = 512, max_resolution_A: float = 5.0, window_px: int = -1
) -> Spectrum:
    """Average the power of half-overlapping tiles of an image (y, x), and take the root.

    The tile is as wide as makes the fitting pixel 1.4 Å (or half of max_resolution_A, if less), so that the wanted
    frequencies are cut out of the tile's transform and nothing is interpolated. Tiles without variation, and tiles whose
    contrast is far from that of the others (carbon, ice, a hole's edge), are left out.
    """
    pixels = np.ascontiguousarray(image, dtype=np.float32)
    if window_px > 0:
        pixels = _central(pixels, window_px)
    if not np.isfinite(pixels).all():
        good = np.isfinite(pixels)
        if not good.any():
            raise UserError("the micrograph has no finite pixel; make or import it again")
        pixels = np.where(good, pixels, pixels[good].mean()).astype(np.float32)
    fit_pixel_A = max(pixel_size_A, min(FINEST_FIT_PIXEL_A, max_resolution_A / 2))
    tile = _even_size(box * fit_pixel_A / pixel_size_A)
    if tile > min(pixels.shape):
        tile = min(pixels.shape) // 2 * 2
        box = min(box, int(tile * pixel_size_A / fit_pixel_A) // 2 * 2)
    if box < 32:
        raise UserError(f"a micrograph of {pixels.shape[1]} x {pixels.shape[0]} pixels is too small to fit a CTF to")
    power = _tile_power(pixels, tile, box)
    return Spectrum(np.sqrt(power).astype(np.float32), tile * pixel_size_A / box)


def from_power_spectrum(picture: Array, pixel_size_A: float, *, box: int = 512) -> Spectrum:
    """A spectrum that motion correction has written: centred amplitudes (N, N), brought to the box if larger."""
    if picture.ndim != 2 or picture.shape[0] != picture.shape[1]:
        raise UserError(f"a power spectrum must be square; this one has {picture.shape[1]} x {picture.shape[0]} pixels")
    amplitude = np.array(picture, dtype=np.float32)
    if not np.isfinite(amplitude).all() or amplitude.std() == 0:
        raise UserError("the power spectrum is constant or holds values that are not numbers; make it again")
    size = amplitude.shape[0]
    amplitude[size // 2, size // 2] = amplitude[size // 2 - 1 : size // 2 + 2, size // 2 - 1 : size // 2 + 2].min()
    if size > box:
        amplitude = resample(amplitude, box)
    return Spectrum(amplitude, pixel_size_A)


def resample(picture: Array, box: int) -> Array:
    """A centred picture (y, x) with the same field of view in box x box pixels, by Fourier cropping; values are kept."""
    return resize2(torch.from_numpy(np.ascontiguousarray(picture)), box).numpy()


def flatten(spectrum: Spectrum, min_resolution_A: float) -> Array:
    """The spectrum less its smooth background, (N, N) centred.

    The background is a running mean as wide as the lowest fitted ring, taken twice so that it has no corners; the two
    axes, where edges and fixed patterns leave streaks, are bridged first, and single bright pixels are capped.
    """
    amplitude = spectrum.amplitude.astype(np.float64)
    size, centre = spectrum.box, spectrum.box // 2
    amplitude[centre] = 0.5 * (amplitude[centre - 1] + amplitude[centre + 1])
    amplitude[:, centre] = 0.5 * (amplitude[:, centre - 1] + amplitude[:, centre + 1])
    kx, ky = spectrum.frequencies()
    inner = kx**2 + ky**2 < (0.5 / min_resolution_A) ** 2
    amplitude[inner] = amplitude[~inner].max() if inner.all() else np.percentile(amplitude[~inner], 99)
    side = max(3, int(np.sqrt(2) * size * spectrum.pixel_size_A / min_resolution_A) | 1)
    flat = amplitude - uniform_filter(amplitude, side, mode="wrap")
    spread = flat[~inner].std()
    return np.clip(flat, -8 * spread, 8 * spread).astype(np.float32)


def _central(pixels: Array, side: int) -> Array:
    height, width = pixels.shape
    side = min(side, height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def _even_size(wanted: float) -> int:
    """The nearest even size that an FFT likes, not below the wanted one."""
    half = scipy.fft.next_fast_len(max(16, int(np.ceil(wanted / 2))), real=True)
    return 2 * int(half)


def _starts(length: int, tile: int) -> list[int]:
    count = max(1, int(np.ceil((length - tile) / (tile / 2))) + 1)
    return np.linspace(0, length - tile, count).round().astype(int).tolist() if length > tile else [0]


def _tile_power(pixels: Array, tile: int, box: int) -> NDArray[np.float64]:
    """Mean |F|^2 over good tiles, cut to the box, (box, box) centred."""
    window = np.hanning(tile + 1)[:tile].astype(np.float32)
    window2 = window[:, None] * window[None, :]
    corners = [(y, x) for y in _starts(pixels.shape[0], tile) for x in _starts(pixels.shape[1], tile)]
    spread = np.array([pixels[y : y + tile, x : x + tile].std() for y, x in corners])
    if not (spread > 0).any():
        raise UserError("all pixels of the micrograph have the same value; make or import it again")
    usable = spread > 0
    middle = np.median(spread[usable])
    scatter = 1.4826 * np.median(np.abs(spread[usable] - middle))
    usable &= np.abs(spread - middle) <= max(OUTLIER_SIGMAS * scatter, 0.05 * middle)
    half = box // 2
    total = np.zeros((box, half + 1))
    rows = np.r_[-half : box - half]
    for (y, x), used in zip(corners, usable):
        if used:
            part = pixels[y : y + tile, x : x + tile]
            transform = scipy.fft.rfft2((part - part.mean()) * window2)[rows][:, : half + 1]
            total += transform.real**2 + transform.imag**2
    return whole_plane(total / usable.sum(), box)


def whole_plane(half_plane: NDArray[np.float64], box: int) -> NDArray[np.float64]:
    """A centred (box, box) power spectrum of its half kx >= 0: rows ky from -box//2, columns kx from 0 to box//2."""
    half = box // 2
    whole = np.empty((box, box))
    whole[:, half:] = half_plane[:, : box - half]
    mirrored = np.roll(half_plane[::-1], 1, axis=0) if box % 2 == 0 else half_plane[::-1]
    whole[:, :half] = mirrored[:, half:0:-1]
    return whole
