"""Any picture on disk as bands of rows: MRC, TIFF, EER and PNG; one image of a stack, a movie's frame, or the sum of frames."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import frames, mrc
from vitreous.files.mrc_header import Header, open_bytes, plain_path

Floats = NDArray[np.float32]
LARGEST_PX = 1 << 30
"""Pixels of the largest picture that is opened: a header that asks for more is taken for damaged."""
_MOVIES = (".tif", ".tiff", ".eer")


@dataclass(frozen=True)
class Picture:
    """A picture (y, x) of which bands of rows can be read; pixel_size_A is 0 where the file does not know it.

    count: images or frames in the file. Only a plain MRC is read band by band; others are decoded whole.
    """

    path: Path
    shape: tuple[int, int]
    pixel_size_A: float
    count: int
    _header: Header | None = None
    _index: int = 0
    _whole: list[Floats] = field(default_factory=list)

    def rows(self, first: int, last: int) -> Floats:
        """Rows first to last - 1 as float32; pixels that are no numbers become 0."""
        if self._whole:
            return self._whole[0][first:last]
        assert self._header is not None
        width = self._header.section_bytes // self.shape[0]
        raw = np.empty((last - first) * width, np.uint8)
        with open_bytes(self.path) as file:
            file.seek(self._header.offset + self._index * self._header.section_bytes + first * width)
            if file.readinto(raw) < raw.nbytes:  # type: ignore[attr-defined]
                raise UserError(f"{self.path} is cut short: copy or write it again")
        if self._header.mode == 101:
            return mrc.unpack_nibbles(raw.reshape(last - first, -1), self.shape[1]).astype(np.float32)
        return finite(raw.view(self._header.dtype).reshape(last - first, -1))

    def bands(self, height: int) -> Iterator[tuple[int, Floats]]:
        """The first row of each band, and the band; the last may be lower."""
        for first in range(0, self.shape[0], height):
            yield first, self.rows(first, min(first + height, self.shape[0]))


def finite(pixels: NDArray[np.generic]) -> Floats:
    """Pixels as float32, those that are no numbers as 0."""
    values = np.asarray(pixels, np.float32)
    if pixels.dtype.kind == "f" and not np.isfinite(values.sum()):
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    return values


def open_picture(path: str | os.PathLike[str], frame: str = "") -> Picture:
    """The picture of a file. frame: "" the only image (of a movie or stack: the sum of all, at most of 512), "7" the seventh,
    "2-9" the sum of those."""
    file = plain_path(path)
    if file.suffix.lower() == ".png":
        return _png(file)
    if file.suffix.lower() in _MOVIES:
        movie = frames.open_movie(file)
        first, last = frame_range(frame, movie.count, file)
        _refuse_large(file, movie.shape)
        return Picture(file, movie.shape, movie.pixel_size_A, movie.count, _whole=[_sum(movie, first, last)])
    header = mrc.read_header(file)
    count, y, x = header.shape
    _refuse_large(file, (y, x))
    first, last = frame_range(frame, count, file)
    if last - first == 1 and not header.compressed:
        return Picture(file, (y, x), header.pixel_size_A, count, header, first)
    return Picture(file, (y, x), header.pixel_size_A, count, _whole=[_sum(frames.MrcMovie(file), first, last)])


def frame_range(frame: str, count: int, path: str | os.PathLike[str]) -> tuple[int, int]:
    """The first frame (from 0) and the one past the last, of words such as "7", "2-9" and "" for all."""
    if not frame:
        return 0, min(count, 512)
    first, dash, last = frame.partition("-")
    if not (first.isdecimal() and (last.isdecimal() or not dash)) or len(frame) > 12:
        raise UserError(f"{frame!r} names no frames: say 7, or 2-9")
    low, high = int(first), int(last or first)
    if not 1 <= low <= high <= count:
        raise UserError(f"{path} has {count} frames; there is no {frame}")
    return low - 1, high


def _sum(movie: frames.Movie, first: int, last: int) -> Floats:
    """The sum of frames, one in memory at a time."""
    total = np.zeros(movie.shape, np.float32)
    for index in range(first, last):
        total += finite(movie.read(index, index + 1)[0])
    return total


def _png(file: Path) -> Picture:
    """A PNG as grey."""
    try:
        pixels = imagecodecs.png_decode(file.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except Exception as error:  # imagecodecs raises a class of its own that it does not export
        raise UserError(f"{file} is no PNG file, or a damaged one ({error})") from error
    grey = pixels if pixels.ndim == 2 else pixels[..., : min(3, pixels.shape[2])].mean(axis=2)
    return Picture(file, (grey.shape[0], grey.shape[1]), 0.0, 1, _whole=[finite(grey)])


def _refuse_large(file: Path, shape: tuple[int, int]) -> None:
    if shape[0] * shape[1] > LARGEST_PX:
        raise UserError(f"{file} has {shape[1]} x {shape[0]} pixels, more than can be shown")
