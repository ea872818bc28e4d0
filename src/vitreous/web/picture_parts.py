"""Arithmetic of pictures for the browser: shrinking over whole blocks, low- and high-pass in Å, grey levels, JPEG."""

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from vitreous.files.bands import Picture

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

SIGMAS = 6.0
"""Grey levels 0 to 255 stand for the mean less and plus so many standard deviations; the browser narrows that."""
QUALITY = 85
_BAND_PX = 1 << 23


def shrunk(picture: Picture, block: int) -> Floats:
    """A picture averaged over blocks of block x block pixels, a band at a time; blocks over the edge repeat its last pixels."""
    if block == 1:
        return picture.rows(0, picture.shape[0])
    height, width = (-(-side // block) for side in picture.shape)
    out = np.empty((height, width), np.float32)
    rows = max(_BAND_PX // max(picture.shape[1], 1) // block, 1) * block
    for first, band in picture.bands(rows):
        small = averaged(band, block)
        out[first // block : first // block + len(small)] = small
    return out


def averaged(pixels: Floats, block: int) -> Floats:
    """Pixels (y, x) averaged over blocks; those over the lower and right edge repeat its last pixels."""
    if block == 1:
        return pixels
    down, right = -pixels.shape[0] % block, -pixels.shape[1] % block
    if down or right:
        pixels = np.pad(pixels, ((0, down), (0, right)), mode="edge")
    height, width = pixels.shape[0] // block, pixels.shape[1] // block
    lines = pixels.reshape(height, block, -1).sum(axis=1)  # along memory, the large step; then across, on little
    return np.asarray(lines.reshape(height, width, block).sum(axis=2) / np.float32(block * block), np.float32)


def filtered(pixels: Floats, pixel_size_A: float, *, lowpass_A: float = 0.0, highpass_A: float = 0.0) -> Floats:
    """Pixels with soft limits in Fourier space (0: none); a high-pass keeps the mean."""
    if not pixel_size_A or not (lowpass_A or highpass_A):
        return pixels
    waves = fft.dctn(pixels, type=2)  # cosines: the picture goes on as its mirror, so that its edges do not meet
    down, across = (np.arange(side, dtype=np.float32) / (2 * side * pixel_size_A) for side in pixels.shape)
    frequency = np.hypot(down[:, None], across[None])
    if lowpass_A:
        waves *= _fall(frequency * lowpass_A)
    if highpass_A:
        kept = 1 - _fall(frequency * highpass_A)
        kept[0, 0] = 1
        waves *= kept
    return np.asarray(fft.idctn(waves, type=2, overwrite_x=True), np.float32)


def _fall(relative: Floats) -> Floats:
    """1 within the limit, 0 beyond 1.2 times of it, a cosine between (limit at the middle)."""
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip((relative - 0.9) / 0.2, 0, 1)), np.float32)


def background(small: Floats, pixel_size_A: float, highpass_A: float) -> Floats:
    """What a high-pass takes away, on the grid of `small`, without its mean."""
    return filtered(small, pixel_size_A, lowpass_A=highpass_A) - np.float32(small.mean(dtype=np.float64))


def enlarged(small: Floats, block: int, first_row: int, shape: tuple[int, int]) -> Floats:
    """A part of `shape` from row first_row of a picture of which `small` holds the blocks' means, by straight lines."""
    rows = (np.arange(first_row, first_row + shape[0]) + 0.5) / block - 0.5
    columns = (np.arange(shape[1]) + 0.5) / block - 0.5
    across = _between(small, columns, axis=1)
    return _between(across, rows, axis=0)


def _between(values: Floats, at: NDArray[np.float64], axis: int) -> Floats:
    at = np.clip(at, 0, values.shape[axis] - 1)
    low = np.minimum(at.astype(np.intp), max(values.shape[axis] - 2, 0))
    part = (at - low).astype(np.float32)
    part = part[:, None] if axis == 0 else part[None]
    above = np.minimum(low + 1, values.shape[axis] - 1)
    return np.asarray(values.take(low, axis) * (1 - part) + values.take(above, axis) * part, np.float32)


def spread(pixels: Floats) -> tuple[float, float]:
    """Mean and standard deviation; a picture of one value has 1, so that it can be drawn."""
    mean, sd = float(pixels.mean(dtype=np.float64)), float(pixels.std(dtype=np.float64))
    return mean, sd if sd > 0 and np.isfinite(sd) else 1.0


def levels(pixels: Floats, mean: float, sd: float) -> Bytes:
    """Grey levels: 0 at mean - 6 s.d., 255 at mean + 6 s.d."""
    scale = np.float32(255 / (2 * SIGMAS * sd))
    grey = pixels * scale
    grey += np.float32(127.5 - mean * float(scale) + 0.5)
    np.clip(grey, 0, 255, out=grey)
    return grey.astype(np.uint8)


def jpeg(grey: Bytes) -> bytes:
    """A grey JPEG."""
    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(grey), level=QUALITY))


def fitted(grey: Floats, side: int) -> Floats:
    """A picture of which the longer side is `side` at most, by averaging and straight lines."""
    longest = max(grey.shape)
    if longest <= side:
        return grey
    small = averaged(grey, max(longest // side, 1))
    if max(small.shape) <= side:
        return small
    zoom = side / max(small.shape)
    return np.asarray(ndimage.zoom(small, zoom, order=1, grid_mode=True, mode="nearest"), np.float32)


def square(data: bytes, side: int) -> Bytes:
    """The middle of a JPEG as a square of side x side."""
    grey = np.asarray(imagecodecs.jpeg8_decode(data), np.float32)
    edge = min(grey.shape)
    top, left = (grey.shape[0] - edge) // 2, (grey.shape[1] - edge) // 2
    small = fitted(grey[top : top + edge, left : left + edge], side)
    out = np.full((side, side), 127, np.uint8)
    out[: small.shape[0], : small.shape[1]] = np.clip(np.rint(small[:side, :side]), 0, 255)
    return out
