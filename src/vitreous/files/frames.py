"""Movies of any format, and what belongs to them: gain references and lists of defects."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import mrc
from vitreous.files.eer import EerMovie
from vitreous.files.movie import Movie
from vitreous.files.mrc_header import plain_path
from vitreous.files.tiff import TiffMovie, check_pages, open_tiff

__all__ = ["Movie", "MrcMovie", "open_movie", "read_defects", "read_gain"]

_TIFF = (".tif", ".tiff")


class MrcMovie(Movie):
    """An MRC stack as a movie; also mode 101 (four bits a pixel), and compressed."""

    def __init__(self, path: Path) -> None:
        self._header = mrc.read_header(path)
        self.path = self._header.path
        self.count, y, x = self._header.shape
        self.shape = (y, x)
        self.dtype = self._header.dtype.newbyteorder("=")
        self.pixel_size_A = self._header.pixel_size_A

    def read(self, first: int = 0, last: int | None = None) -> NDArray[Any]:
        stop = self.count if last is None else last
        if not 0 <= first < stop <= self.count:
            return super().read(first, last)
        return mrc.read_sections(self._header, np.arange(first, stop)).astype(self.dtype, copy=False)

    def _frame(self, index: int, out: NDArray[Any]) -> None:
        out[:] = mrc.read_sections(self._header, [index])[0]


def open_movie(path: str | os.PathLike[str], *, eer_fractions: int = 32, eer_upsampling: int = 1) -> Movie:
    """A movie in MRC, TIFF or EER, by the ending of its name; a missing, empty or cut file is a UserError.

    eer_fractions is the number of raw EER frames in a fraction (RELION's "EER fractionation"); eer_upsampling is 1 for
    the sensor's pixels (4k) or 2 for half of them (8k). Rows are as RELION reads them: TIFF from the last one in the file.
    """
    file = plain_path(path)
    suffix = file.suffix.lower()
    if suffix == ".eer":
        return EerMovie(file, eer_fractions, eer_upsampling)
    if suffix in _TIFF:
        return TiffMovie(file)
    if mrc.is_mrc(file):
        return MrcMovie(file)
    raise UserError(f"{file} is no movie by its name: it must end in .mrc, .mrcs, .tif, .tiff or .eer")


def read_gain(
    path: str | os.PathLike[str], *, shape: tuple[int, int], rotation: int = 0, flip: int = 0, eer: bool = False
) -> NDArray[np.float32]:
    """The factor (y, x) by which each frame is multiplied; 0 marks a defect.

    rotation is a multiple of 90 degrees, or RELION's 0 to 3: each step is numpy's rot90(gain, -1), clockwise with row 0
    on top. Then flip: 0 none, 1 upside down (y), 2 left to right (x). For EER a gain is divided by: the factor is
    mean / gain, unless the file is called .gain, which multiplies. An EER gain of half or double the size is fitted.
    """
    file = plain_path(path)
    turns = rotation // 90 if rotation >= 90 else rotation
    if turns not in (0, 1, 2, 3) or flip not in (0, 1, 2) or (rotation >= 90 and rotation % 90):
        raise UserError(f"a gain reference cannot be turned by {rotation} and flipped by {flip}: see the help of these options")
    gain: NDArray[Any] = np.rot90(_gain_pixels(file), -turns)
    gain = gain[::-1] if flip == 1 else gain[:, ::-1] if flip == 2 else gain
    fitted = _fit(gain, shape) if eer else gain
    if eer and file.suffix.lower() != ".gain":
        good = fitted > 0
        if not good.any():
            raise UserError(f"the gain reference {file} has no pixel above 0: choose another one")
        inverse = np.zeros(fitted.shape)
        np.divide(fitted.mean(dtype=np.float64), fitted, out=inverse, where=good)
        fitted = inverse
    if fitted.shape != shape:
        raise UserError(
            f"the gain reference {file} has {gain.shape[1]} x {gain.shape[0]} pixels and the movie's frames have "
            f"{shape[1]} x {shape[0]}: choose the gain of this camera mode, or turn it by 90 degrees"
        )
    return np.ascontiguousarray(fitted, np.float32)


def _gain_pixels(file: Path) -> NDArray[Any]:
    """A gain as it stands: MRC, TIFF (rows turned over, as in movies) or .gain (TIFF, rows as they are)."""
    suffix = file.suffix.lower()
    if suffix in (".dm4", ".dm3"):
        raise UserError(f"{file}: DM gain references are not read; convert it to MRC with dm2mrc of IMOD")
    if suffix in (*_TIFF, ".gain"):
        check_pages(file)
        with open_tiff(file) as opened:
            pixels = opened.pages.first.asarray(maxworkers=1).astype(np.float32)
        return pixels if suffix == ".gain" else pixels[::-1]
    return mrc.read_image(file)[0]


def _fit(gain: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """A 4k gain for 8k frames is repeated 2 x 2; an 8k gain for 4k frames is averaged 2 x 2, defects staying defects."""
    y, x = gain.shape
    if (2 * y, 2 * x) == shape:
        return gain.repeat(2, axis=0).repeat(2, axis=1)
    if (y, x) == (2 * shape[0], 2 * shape[1]):
        blocks = gain.reshape(shape[0], 2, shape[1], 2)
        return np.asarray(blocks.mean(axis=(1, 3)) * (blocks > 0).all(axis=(1, 3)))
    return gain


def read_defects(path: str | os.PathLike[str], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask (y, x), true where the camera is bad.

    The file is text with a rectangle `x y width height` in each line (MotionCor2's form), or a map in MRC or TIFF in
    which bad pixels are 1 and good ones 0. Pixels count in the frames' own rows and columns.
    """
    file = plain_path(path)
    if mrc.is_mrc(file) or file.suffix.lower() in _TIFF:
        marked = _gain_pixels(file)
        if marked.shape != shape:
            raise UserError(
                f"the defect map {file} has {marked.shape[1]} x {marked.shape[0]} pixels and the frames have "
                f"{shape[1]} x {shape[0]}: choose the map of this camera mode"
            )
        return np.asarray(marked > 0.5)
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError as error:
        raise UserError(f"cannot read the defects in {file}: {error.strerror}") from error
    mask = np.zeros(shape, bool)
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            x, y, width, height = (int(word) for word in words)
        except ValueError:
            raise UserError(
                f"{file}, line {number}: {line.strip()!r} is not `x y width height` in whole pixels (the text that SerialEM "
                "writes is not read): correct the line, or give a map"
            ) from None
        if min(x, y) < 0 or min(width, height) < 1 or x + width > shape[1] or y + height > shape[0]:
            raise UserError(
                f"{file}, line {number}: {line.strip()!r} lies outside of the frames of {shape[1]} x {shape[0]} pixels"
            )
        mask[y : y + height, x : x + width] = True
    return mask
