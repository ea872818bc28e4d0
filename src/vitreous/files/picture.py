"""Pictures for people: arrays to grey levels by percentiles or sigma, and PNG out of grey or colour."""

import os
import struct
import zlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vitreous.files import atomic

Bytes = NDArray[np.uint8]


def to_grey(
    image: ArrayLike, *, low: float = 1.0, high: float = 99.0, sigma: float | None = None, side: int | None = None
) -> Bytes:
    """An image (y, x) as grey levels 0 to 255: percentiles low and high become black and white.

    With sigma, the mean less and plus so many standard deviations do. With side, the picture is first averaged over
    whole blocks until its longer side is at most that long. Pixels that are not finite become black.
    """
    pixels = np.asarray(image, np.float32)
    if side is not None:
        pixels = shrink(pixels, side)
    finite = pixels[np.isfinite(pixels)]
    if not finite.size:
        return np.zeros(pixels.shape, np.uint8)
    if sigma is not None:
        middle, width = float(finite.mean(dtype=np.float64)), float(finite.std(dtype=np.float64)) * sigma
        black, white = middle - width, middle + width
    else:
        sample = finite if finite.size < 1 << 20 else finite[:: finite.size >> 20]
        black, white = (float(v) for v in np.percentile(sample, [low, high]))
    scale = 255 / (white - black) if white > black else 0.0
    levels = np.where(np.isfinite(pixels), (pixels - black) * scale, 0)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def shrink(image: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The image (y, x) averaged over square blocks until no side is longer than `side`; a rest at the edges is cut."""
    block = -(-max(image.shape) // side)
    if block <= 1:
        return image
    y, x = max(image.shape[0] // block, 1), max(image.shape[1] // block, 1)
    cut = image[: y * block, : x * block]
    if cut.shape != (y * block, x * block):  # one side is shorter than a block
        return image[::block, ::block]
    return np.asarray(cut.reshape(y, block, x, block).mean(axis=(1, 3)), np.float32)


def montage(images: ArrayLike, *, columns: int = 10, gap: int = 2) -> Bytes:
    """Grey pictures (n, y, x) uint8 in rows of `columns`, on black."""
    tiles = np.asarray(images, np.uint8)
    count, y, x = tiles.shape
    columns = min(columns, max(count, 1))
    rows = -(-count // columns)
    sheet = np.zeros((rows * (y + gap) - gap, columns * (x + gap) - gap), np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * (y + gap), index % columns * (x + gap)
        sheet[top : top + y, left : left + x] = tile
    return sheet


def png_bytes(pixels: ArrayLike) -> bytes:
    """A PNG of grey (y, x) or colour (y, x, 3) pixels of uint8, the first row on top."""
    data = np.asarray(pixels)
    if data.dtype != np.uint8 or data.ndim not in (2, 3) or (data.ndim == 3 and data.shape[2] != 3) or not data.size:
        raise ValueError(f"a picture is uint8 (y, x) or (y, x, 3), not {data.dtype} {data.shape}")
    height, width = data.shape[:2]
    rows = np.ascontiguousarray(data).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)  # filter 2: each row less the one above
    filtered[:, 0] = 2
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if data.ndim == 2 else 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes(), 6)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(name, body) for name, body in parts)


def _part(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def write_png(path: str | os.PathLike[str], pixels: ArrayLike) -> None:
    """Write a PNG; see png_bytes."""
    atomic.write_bytes(path, png_bytes(pixels))
