"""Particles out of many stacks by row, read in batches by parallel positioned reads; and stacks written image by image."""

import copy
import fcntl
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vitreous.context import Reading, UserError
from vitreous.files import atomic, mrc
from vitreous.files.mrc_header import LENGTH, Header, as_type, make_header

_TOGETHER = 64  # images in one request
_OPEN = 256  # stacks kept open at a time


class ImageStacks:
    """Images named "index@stack" (index from 1), as one sequence in the order of the names.

    root is what relative paths count from. All images must be square and of one size (`box`). Stacks are opened when
    first needed and checked: a missing file, a wrong size or an index beyond the end names stack, index and row.
    reading says how many images make a batch, for which a stack is opened and closed once, and how many requests are in
    flight: on a cold disk 8 are four times as quick as one.
    """

    def __init__(
        self, names: Sequence[str] | NDArray[Any], root: Path | str = Path("."), *, reading: Reading | None = None
    ) -> None:
        self._root = Path(root)
        self._reading = reading or Reading()
        split = [mrc.split_name(str(name)) for name in names]
        paths: dict[str, int] = {}
        self._stack = np.array([paths.setdefault(path, len(paths)) for _, path in split], np.intp)
        self._index = np.array([0 if index is None else index - 1 for index, _ in split], np.int64)
        self._names = list(paths)
        self._headers: dict[int, Header] = {}
        self._box: int | None = None

    def __len__(self) -> int:
        return len(self._index)

    @property
    def box(self) -> int:
        """The side of the images in pixels."""
        if self._box is None:
            if not len(self):
                raise UserError("there is no particle in the table: the step before left none")
            self._header(0, 0)
        assert self._box is not None
        return self._box

    @property
    def pixel_size_A(self) -> float:
        """The pixel size in the first stack's header, 0 where it has none; an optics table knows better."""
        return self._header(0, 0).pixel_size_A

    @property
    def bytes(self) -> int:
        """Memory that all images take when they are read: four bytes a pixel."""
        return 4 * len(self) * self.box**2

    def check(self) -> None:
        """Look at the header of every stack and at every index, so that no error waits for the middle of the work."""
        order = np.lexsort((self._index, self._stack))
        heads = np.flatnonzero(np.diff(self._stack[order], prepend=-1))
        for first, end in zip(heads.tolist(), [*heads[1:].tolist(), len(order)]):
            for row in (int(order[end - 1]), int(order[first])):
                self._header(int(self._stack[row]), row)

    def _header(self, stack: int, row: int) -> Header:
        """The header of a stack, on behalf of a row of the table (from 0)."""
        if stack not in self._headers:
            header = mrc.read_header(self._root / self._names[stack])
            _, y, x = header.shape
            if y != x:
                raise UserError(f"{header.path} (row {row + 1}) has images of {x} x {y} pixels; particles must be square")
            if self._box is None:
                self._box = x
            if x != self._box:
                raise UserError(
                    f"{header.path} (row {row + 1}) has images of {x} pixels where the others have {self._box}: "
                    "extract all particles with one box size"
                )
            self._headers[stack] = header
        header = self._headers[stack]
        if not 0 <= self._index[row] < header.shape[0]:
            raise UserError(
                f"{header.path} holds {header.shape[0]} images and row {row + 1} of the table asks for number "
                f"{self._index[row] + 1}: the table does not belong to this stack, extract again"
            )
        return header

    def where(self) -> tuple[list[Path], NDArray[np.intp], NDArray[np.int64]]:
        """The stacks, and for each row its stack (a place in that list) and the image's index in it, from 0."""
        return [self._root / name for name in self._names], self._stack, self._index

    def header(self, row: int) -> Header:
        """The header of the stack that a row (from 0) names."""
        return self._header(int(self._stack[row]), row)

    def redirected(self, stacks: Sequence[Path], place: NDArray[np.intp], index: NDArray[np.int64]) -> "ImageStacks":
        """The same images where rows with place >= 0 are read from stacks[place], image `index` (from 0), as they stand."""
        other = copy.copy(self)
        other._names = [*self._names, *(str(path.absolute()) for path in stacks)]
        other._headers = dict(self._headers)
        moved = place >= 0
        other._stack = np.where(moved, place + len(self._names), self._stack)
        other._index = np.where(moved, index, self._index)
        return other

    def read(self, indices: ArrayLike) -> NDArray[np.float32]:
        """The images of these rows (from 0), in that order, as float32 (n, y, x)."""
        rows = np.asarray(indices, np.intp).reshape(-1)
        if not len(rows):
            return np.empty((0, self.box, self.box), np.float32)
        stacks = self._stack[rows]
        for stack in np.unique(stacks):
            mine = rows[stacks == stack]
            self._header(int(stack), int(mine[np.argmax(self._index[mine])]))
            self._header(int(stack), int(mine[np.argmin(self._index[mine])]))
        images = np.empty((len(rows), self.box, self.box), np.float32)
        with _turn(self._reading.turns):
            for part in self._shares(rows):
                self._read_plain(rows, part, images)
        return images

    def _shares(self, rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
        """Positions in `rows` in the order in which they lie on disk: a batch at a time, and not too many stacks."""
        order = np.lexsort((self._index[rows], self._stack[rows]))
        for start in range(0, len(order), self._reading.together):
            batch = order[start : start + self._reading.together]
            place = np.unique(self._stack[rows][batch], return_inverse=True)[1]
            for first in range(0, int(place[-1]) + 1, _OPEN):
                yield batch[(place >= first) & (place < first + _OPEN)]

    def _read_plain(self, rows: NDArray[np.intp], part: NDArray[np.intp], images: NDArray[np.float32]) -> None:
        """Fill the images of `part`: neighbours on disk in one request, several requests in flight."""
        files: dict[int, int] = {}
        try:
            for stack in np.unique(self._stack[rows[part]]).tolist():
                if not self._headers[stack].compressed:
                    files[stack] = _opened(self._headers[stack].path)
            stacks, indices = self._stack[rows[part]], self._index[rows[part]]
            breaks = np.flatnonzero((np.diff(stacks) != 0) | (np.diff(indices) != 1)) + 1
            bounds = [0, *breaks.tolist(), len(part)]

            def fetch(runs: range) -> None:
                for run in runs:
                    for first in range(bounds[run], bounds[run + 1], _TOGETHER):
                        last = min(first + _TOGETHER, bounds[run + 1])
                        stack = int(stacks[first])
                        slots = [images[place] for place in part[first:last].tolist()]
                        _read_run(self._headers[stack], files.get(stack), int(indices[first]), slots)

            count, requests = len(bounds) - 1, self._reading.requests
            step = max(-(-count // (4 * requests)), 1)
            shares = [range(at, min(at + step, count)) for at in range(0, count, step)]
            if len(shares) == 1 or requests == 1:
                fetch(range(count))
            else:
                with ThreadPoolExecutor(requests) as pool:
                    list(pool.map(fetch, shares))
        finally:
            for handle in files.values():
                os.close(handle)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"{path} cannot be opened any more ({error.strerror}): put it back, then continue the job") from error


@contextmanager
def _turn(path: Path | None) -> Iterator[None]:
    """Within the block, no other process that names the same file reads."""
    with path.open("ab") if path else nullcontext() as file:
        if file is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError as error:
                said = f"{path}: the file system knows no locks ({error.strerror}), so processes cannot take turns"
                raise UserError(f"{said}: read in parallel (--parallel-reads)") from error
        yield


class ImagesInMemory:
    """Images (n, y, x) that were read before the work, as a sequence like ImageStacks.

    They may be a stretch of the rows of `whole`, from row `first` on; other rows are read from there.
    """

    def __init__(self, images: NDArray[np.float32], pixel_size_A: float, *, first: int = 0, whole: Any = None) -> None:
        self._images, self.pixel_size_A, self.box = images, pixel_size_A, images.shape[-1]
        self._first, self._whole = first, whole

    def __len__(self) -> int:
        return len(self._images if self._whole is None else self._whole)

    def read(self, indices: ArrayLike) -> NDArray[np.float32]:
        """The images of these rows (from 0), in that order, as float32 (n, y, x)."""
        rows = np.asarray(indices, np.intp).reshape(-1)
        if self._whole is None:
            return self._images[rows]
        held = (rows >= self._first) & (rows < self._first + len(self._images))
        found = np.empty((len(rows), self.box, self.box), np.float32)
        found[held] = self._images[rows[held] - self._first]
        if not held.all():
            found[~held] = self._whole.read(rows[~held])
        return found


def _read_run(header: Header, handle: int | None, first: int, slots: list[NDArray[np.float32]]) -> None:
    """Fill slots (y, x) with neighbouring images of one stack from index `first` on, by one request."""
    if handle is None:
        for slot, image in zip(slots, mrc.read_sections(header, range(first, first + len(slots)))):
            slot[:] = image
        return
    plain = header.mode == 2 and header.dtype.isnative
    raw: list[NDArray[Any]] = [*slots] if plain else [np.empty(header.section_bytes, np.uint8) for _ in slots]
    _fill(header, handle, first, [part.data.cast("B") for part in raw])
    if plain:
        return
    _, y, x = header.shape
    for slot, part in zip(slots, raw):
        slot[:] = mrc.unpack_nibbles(part.reshape(y, -1), x) if header.mode == 101 else part.view(header.dtype).reshape(y, x)


def _fill(header: Header, handle: int, first: int, views: list[memoryview]) -> None:
    """Read bytes into the views, one behind the other, from image `first` on; a request may come back half done."""
    offset = header.offset + first * header.section_bytes
    while views:
        count = os.preadv(handle, views, offset)
        if not count:
            raise UserError(f"{header.path} is cut short: it ends after image {first + 1} begins; copy or write it again")
        offset += count
        while views and count >= len(views[0]):
            count -= len(views.pop(0))
        if count:
            views[0] = views[0][count:]


class StackWriter(AbstractContextManager["StackWriter"]):
    """Writes a stack image by image; it stands under its name when the block ends well, and not at all otherwise.

    box is the side in pixels. A writer that got no image leaves no file.
    """

    def __init__(self, path: str | os.PathLike[str], *, box: int, pixel_size_A: float, dtype: mrc.Dtype = "float32") -> None:
        self.path, self.box, self.pixel_size_A, self.dtype = Path(path), box, pixel_size_A, dtype
        self.count = 0
        self._sums = np.zeros(2)
        self._range = [np.inf, -np.inf]
        self._writing: AbstractContextManager[IO[Any]] | None = None
        self._file: IO[Any] | None = None

    def __len__(self) -> int:
        return self.count

    def append(self, images: ArrayLike) -> range:
        """Add (n, y, x) or (y, x); gives the indices (from 1) that the images have in the stack."""
        pixels = np.asarray(images)
        pixels = pixels[None] if pixels.ndim == 2 else pixels
        if pixels.shape[1:] != (self.box, self.box):
            raise ValueError(f"images of {pixels.shape[1:]} do not go into {self.path}, whose box is {self.box}")
        if self._file is None:
            self._writing = atomic.writing(self.path)
            self._file = self._writing.__enter__()
            self._file.write(bytes(LENGTH))
        typed = as_type(pixels, self.dtype)
        low, high, mean, deviation = mrc.statistics(typed) if typed.size else (0.0, 0.0, 0.0, 0.0)
        if typed.size:
            self._range = [min(self._range[0], low), max(self._range[1], high)]
        self._sums += typed.size * np.array([mean, deviation**2 + mean**2])
        self._file.write(typed.data.cast("B"))
        self.count += len(pixels)
        return range(self.count - len(pixels) + 1, self.count + 1)

    def _head(self) -> bytes:
        mean, square = self._sums / max(self.count * self.box**2, 1)
        deviation = float(np.sqrt(max(square - mean**2, 0.0)))
        return make_header(
            (self.count, self.box, self.box),
            "stack",
            dtype=self.dtype,
            pixel_size_A=self.pixel_size_A,
            statistics=(self._range[0], self._range[1], float(mean), deviation),
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool | None:
        if self._writing is None or self._file is None:
            return None
        if kind is None:
            try:
                self._file.seek(0)
                self._file.write(self._head())
            except BaseException as failure:
                self._writing.__exit__(type(failure), failure, failure.__traceback__)
                raise
        return self._writing.__exit__(kind, error, trace)
