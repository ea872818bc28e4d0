"""EER movies (electron event representation): any fractionation at 4k or 8k; and an encoder."""

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import imagecodecs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.files.movie import Movie
from vitreous.files.tiff import check_pages, open_tiff

_SKIP_BITS = {65000: 8, 65001: 7}  # compression -> bits of a run; 65002 says so in its tags
_SUB_BITS = 2  # an electron's place is known to a quarter of a pixel
_RUN = 7


class EerMovie(Movie):
    """Fractions of `frames_per_fraction` raw frames each; frames left over at the end are dropped.

    upsampling 1 gives the sensor's own pixels (4k), 2 half of them (8k). Rows are in the order of the file.
    """

    def __init__(self, path: Path, frames_per_fraction: int, upsampling: int) -> None:
        if upsampling not in (1, 2, 4):
            raise UserError(f"an EER movie cannot be rendered with upsampling {upsampling}: choose 1 (4k), 2 (8k) or 4 (16k)")
        self.path = path
        check_pages(path)
        with open_tiff(path) as file:
            pages = [page for page in file.pages if int(page.compression) in (65000, 65001, 65002)]
            if not pages:
                raise UserError(f"{path} holds no electron events: it is a TIFF file of another kind")
            first = file.pages.first
            self._bits = _code_bits(first)
            self._strips = [(list(page.dataoffsets), list(page.databytecounts)) for page in pages]
            raw_shape = (int(first.imagelength), int(first.imagewidth))
        self.raw_count = len(self._strips)
        if not 1 <= frames_per_fraction <= self.raw_count:
            raise UserError(
                f"{path} has {self.raw_count} raw frames; fractions of {frames_per_fraction} frames cannot be made of them: "
                f"choose from 1 to {self.raw_count}"
            )
        self._group, self._level = frames_per_fraction, {1: 0, 2: 1, 4: 2}[upsampling]
        self.count = self.raw_count // frames_per_fraction
        self.shape = (raw_shape[0] * upsampling, raw_shape[1] * upsampling)
        self.dtype = np.dtype(np.uint8 if frames_per_fraction < 256 else np.uint16)
        self.pixel_size_A = 0.0
        size = path.stat().st_size
        for index, (offsets, counts) in enumerate(self._strips):
            if max((o + c for o, c in zip(offsets, counts)), default=0) > size:
                raise UserError(f"{path} is cut short within raw frame {index + 1} of {self.raw_count}: copy it again")

    def _frame(self, index: int, out: NDArray[Any]) -> None:
        skip, across, down = self._bits
        out[:] = 0
        with self.path.open("rb") as file:
            for raw in range(index * self._group, (index + 1) * self._group):
                events = _even(_read_strips(file, *self._strips[raw]))
                try:
                    imagecodecs.eer_decode(events, self.shape, skip, across, down, superres=self._level, out=out)
                except Exception as error:  # imagecodecs raises a class of its own that it does not export
                    raise UserError(f"raw frame {raw + 1} of {self.path} cannot be decoded ({error}): copy it again") from error


def _code_bits(page: Any) -> tuple[int, int, int]:
    """Bits of a run, of the place across and of the place down within a pixel."""
    if int(page.compression) != 65002:
        return _SKIP_BITS[int(page.compression)], _SUB_BITS, _SUB_BITS
    tags = [page.tags.get(code) for code in (65007, 65008, 65009)]
    values = [int(tag.value) if tag is not None else default for tag, default in zip(tags, (_RUN, _SUB_BITS, _SUB_BITS))]
    return values[0], values[1], values[2]


def _read_strips(file: IO[bytes], offsets: list[int], counts: list[int]) -> bytes:
    return b"".join(os.pread(file.fileno(), count, offset) for offset, count in zip(offsets, counts))


def _even(events: bytes) -> bytes:
    """Padded to what the decoder takes: an even number of bytes, and room for a last whole code."""
    return events + bytes(4 + len(events) % 2)


def encode(places: NDArray[np.int64], shape: tuple[int, int]) -> bytes:
    """The bit stream of one raw frame.

    places is (n, 2): y and x of each electron in quarters of a pixel, 0 <= y < 4 rows. A pixel holds one electron a
    frame; of several the first stays. The stream is, from the lowest bit: the number of empty pixels before the next
    electron (7 bits; 127 stands for 127 empty pixels and no electron), then two bits each of its place across and
    down the pixel, the higher of which is inverted.
    """
    rows, columns = places[:, 0] >> _SUB_BITS, places[:, 1] >> _SUB_BITS
    if len(places) and not (rows.min() >= 0 and columns.min() >= 0 and rows.max() < shape[0] and columns.max() < shape[1]):
        raise ValueError("an electron lies outside of the frame")
    pixel, first = np.unique(rows * shape[1] + columns, return_index=True)
    across, down = (places[first, 1] & 3) ^ 2, (places[first, 0] & 3) ^ 2
    gaps = np.diff(np.append(pixel, shape[0] * shape[1]), prepend=-1) - 1
    full = (1 << _RUN) - 1
    overflow = gaps // full
    # each electron: its overflow codes, then its own code; the last gap ends the frame
    values = np.append(gaps[:-1] % full | across << _RUN | down << (_RUN + _SUB_BITS), gaps[-1] % full)
    total = overflow + 1
    own = np.cumsum(total) - 1
    codes = np.full(int(total.sum()), full, np.uint16)
    codes[own] = values
    widths = np.full(len(codes), _RUN, np.int64)
    widths[own] = _RUN + 2 * _SUB_BITS
    return _pack(codes, widths)


def _pack(codes: NDArray[np.uint16], widths: NDArray[np.int64]) -> bytes:
    """Codes of different widths, one behind the other, lowest bit first."""
    ends = np.cumsum(widths)
    bits = np.zeros(int(ends[-1]), np.uint8)
    starts = ends - widths
    for bit in range(int(widths.max())):
        has = widths > bit
        bits[starts[has] + bit] = codes[has] >> bit & 1
    packed = np.packbits(bits, bitorder="little").tobytes()
    return packed + bytes(4 + len(packed) % 2)


def write_eer(
    path: str | Path, frames: Iterable[ArrayLike], *, shape: tuple[int, int] = (4096, 4096), metadata: str = ""
) -> None:
    """Write raw frames, each an integer array (n, 2) with y and x of its electrons in quarters of a pixel.

    shape is (y, x) of the sensor in pixels; metadata is the acquisition's XML, kept with the first frame.
    """
    with atomic.writing(path) as file:
        file.write(struct.pack("<2sHHHQ", b"II", 43, 8, 0, 0))
        link = 8  # where the offset of the next page is to be written
        for page in _pages(frames, shape, metadata):
            start = file.tell()
            data, directory = page
            file.write(data)
            at = file.tell()
            file.write(directory(start, at))
            end = file.tell()
            file.seek(link)
            file.write(struct.pack("<Q", at))
            file.seek(end)
            link = end - 8
        if link == 8:
            raise ValueError(f"a movie without frames cannot be written to {path}")


def _pages(frames: Iterable[ArrayLike], shape: tuple[int, int], metadata: str) -> Iterator[tuple[bytes, Any]]:
    """For each raw frame its bytes, and the directory for given places of these bytes and of itself."""
    for index, frame in enumerate(frames):
        places = np.asarray(frame, np.int64).reshape(-1, 2)
        events = encode(places, shape)
        xml = metadata.encode() if index == 0 else b""

        def directory(start: int, at: int, size: int = len(events), xml: bytes = xml) -> bytes:
            entries = [
                (256, 4, 1, shape[1]),
                (257, 4, 1, shape[0]),
                (258, 3, 1, 1),
                (259, 3, 1, 65001),
                (262, 3, 1, 1),
                (273, 16, 1, start),
                (277, 3, 1, 1),
                (278, 4, 1, shape[0]),
                (279, 16, 1, size),
            ]
            if xml:
                entries.append((65001, 7, len(xml), start + size) if len(xml) > 8 else (65001, 7, len(xml), 0))
            body = b"".join(struct.pack("<HHQQ", *entry) for entry in entries)
            return struct.pack("<Q", len(entries)) + body + struct.pack("<Q", 0)

        yield events + (xml if len(xml) > 8 else b""), directory
