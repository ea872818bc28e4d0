"""Images of many stacks copied into one large stack, byte for byte, for a fast disk; and read from there."""

import errno
import hashlib
import os
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import Context, UserError
from vitreous.files import atomic, mrc
from vitreous.files.mrc_header import LENGTH, Header, make_header, plain_path
from vitreous.files.stacks import ImageStacks

INDEX, RESERVE = "index.npz", "reserve"
_INDEX_BYTES = 8192  # of an index beside its arrays, and of what a file system adds
_AT_ONCE = 16 * 2**20  # bytes in one request
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_KEPT = ("float32", "float16", "int16", "uint16", "int8")  # types that are copied as they are; others become float32
_NO_STATISTICS = (0.0, -1.0, -2.0, -1.0)  # says in MRC that they were not worked out


@dataclass(frozen=True)
class Wanted:
    """The images of a table, each once, in the order in which they lie on disk: stack and index of each, and the rows' places."""

    paths: list[Path]
    stack: NDArray[np.intp]
    index: NDArray[np.int64]
    first_row: NDArray[np.intp]
    of_row: NDArray[np.intp]

    def key(self) -> str:
        """A hash of which images these are, of which files, with size and time of change of each."""
        about = [path.stat() for path in self.paths]
        said = [[str(path.resolve()), one.st_size, one.st_mtime_ns] for path, one in zip(self.paths, about)]
        digest = hashlib.sha256(repr(said).encode())
        digest.update(self.stack.astype(np.int64).tobytes() + self.index.tobytes())
        return digest.hexdigest()


def wanted(images: ImageStacks) -> Wanted:
    """What a copy of these images holds."""
    paths, stack, index = images.where()
    order = np.lexsort((index, stack))
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(stack[order]) != 0) | (np.diff(index[order]) != 0)
    first = order[new]
    of_row = np.empty(len(order), np.intp)
    of_row[order] = np.cumsum(new) - 1
    return Wanted(list(map(plain_path, paths)), stack[first], index[first], first, of_row)


def size_bytes(images: ImageStacks) -> int:
    """What a copy of these images takes on disk, all of the type of the first."""
    return len(wanted(images).stack) * _bytes_of(images.header(0))


def write(images: ImageStacks, folder: Path, *, room_bytes: Callable[[], int], context: Context) -> None:
    """Copy the images into `folder`, a stack for each type of pixel, as long as room_bytes() says that there is room.

    The index is written last, so a copy that was cut short is none. Images that found no room are left out of it.
    """
    what = wanted(images)
    key = what.key()
    kinds = np.array([_KEPT.index(_kind(images.header(int(what.first_row[at])))) for at in _heads(what)], np.intp)
    kind = np.repeat(kinds, np.diff([*_heads(what), len(what.stack)])).astype(np.int8)
    place = np.full(len(what.stack), -1, np.int64)
    reserve = folder / RESERVE  # so that the index finds room however full the disk becomes
    atomic.write_bytes(reserve, bytes(place.nbytes + kind.nbytes + _INDEX_BYTES))
    for number in np.unique(kind):
        mine = np.flatnonzero(kind == number)
        copied = _write_stack(images, what, mine, folder / _name(number), room_bytes, context)
        place[mine[:copied]] = np.arange(copied)
        if copied < len(mine):
            break
    reserve.unlink()
    with atomic.writing(folder / INDEX) as file:
        np.savez(file, key=np.array(key), kind=kind, place=place)


def is_full(error: BaseException) -> bool:
    """Whether an error comes of a disk without room."""
    return any(isinstance(one, OSError) and one.errno in _FULL for one in (error, error.__cause__))


def read(images: ImageStacks, folder: Path) -> tuple[ImageStacks, int, int] | None:
    """The images read from a copy where it has them, how many it has, and how many there are.

    None if there is no copy in the folder, or one of other images, or of stacks that have changed since.
    """
    try:
        with np.load(folder / INDEX) as file:
            key, kind, place = str(file["key"]), file["kind"], file["place"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    what = wanted(images)
    if key != what.key():
        return None
    stacks = [folder / _name(number) for number in range(len(_KEPT))]
    index = place[what.of_row]
    other = images.redirected(stacks, np.where(index >= 0, kind[what.of_row], -1).astype(np.intp), index)
    try:
        other.check()
    except UserError:
        return None
    return other, int((place >= 0).sum()), len(place)


def _heads(what: Wanted) -> list[int]:
    """Where the images of each stack begin."""
    return [0, *(np.flatnonzero(np.diff(what.stack)) + 1).tolist()]


def _name(number: int) -> str:
    return f"particles_{_KEPT[number]}.mrcs"


def _kind(header: Header) -> str:
    plain = header.dtype.isnative and header.mode != 101 and header.dtype.name in _KEPT
    return header.dtype.name if plain else "float32"


def _bytes_of(header: Header) -> int:
    """Bytes of one image in the copy."""
    return header.shape[1] * header.shape[2] * np.dtype(_kind(header)).itemsize


def _write_stack(
    images: ImageStacks,
    what: Wanted,
    mine: NDArray[np.intp],
    path: Path,
    room_bytes: Callable[[], int],
    context: Context,
) -> int:
    """Write images of one type as a stack; gives how many found room."""
    header = images.header(int(what.first_row[mine[0]]))
    size, copied = _bytes_of(header), 0
    with atomic.writing(path) as file:
        file.write(bytes(LENGTH))
        file.flush()
        for count, pixels in _portions(images, what, mine, context):
            context.check()
            if room_bytes() < count * size or not _written(file, pixels, LENGTH + copied * size):
                break
            copied += count
            context.progress(int(mine[copied - 1]) + 1, len(what.stack), "images copied to the scratch disk")
        shape = (copied, header.shape[1], header.shape[2])
        head = make_header(shape, "stack", dtype=_kind(header), pixel_size_A=header.pixel_size_A, statistics=_NO_STATISTICS)
        os.ftruncate(file.fileno(), LENGTH + copied * size)
        os.pwrite(file.fileno(), head, 0)
    return copied


def _written(file: IO[bytes], pixels: memoryview, offset: int) -> bool:
    """Write at an offset; False when the disk is full."""
    while pixels:
        try:
            count = os.pwrite(file.fileno(), pixels, offset)
        except OSError as error:
            if error.errno in _FULL:
                return False
            raise
        pixels, offset = pixels[count:], offset + count
    return True


def _portions(images: ImageStacks, what: Wanted, mine: NDArray[np.intp], context: Context) -> Iterator[tuple[int, memoryview]]:
    """Numbers of images and their bytes in order, several requests ahead."""
    ends = np.flatnonzero((np.diff(what.stack[mine]) != 0) | (np.diff(what.index[mine]) != 1)) + 1
    runs: list[NDArray[np.intp]] = np.split(mine, ends)

    def parts() -> Iterator[NDArray[np.intp]]:
        for run in runs:
            step = max(1, _AT_ONCE // _bytes_of(images.header(int(what.first_row[run[0]]))))
            yield from (run[at : at + step] for at in range(0, len(run), step))

    def fetch(part: NDArray[np.intp]) -> tuple[int, memoryview]:
        header = images.header(int(what.first_row[part[0]]))
        return len(part), _raw(header, what.index[part])

    requests = context.reading.requests
    with ThreadPoolExecutor(requests) as pool:
        ahead: deque[Future[tuple[int, memoryview]]] = deque()
        for part in parts():
            ahead.append(pool.submit(fetch, part))
            if len(ahead) >= requests:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _raw(header: Header, index: NDArray[np.int64]) -> memoryview:
    """The bytes of neighbouring images as they stand in the file, or as float32 where the type cannot be kept."""
    plain = _kind(header) == header.dtype.name and header.mode != 101 and not header.compressed
    if not plain:
        pixels: NDArray[Any] = np.ascontiguousarray(mrc.read_sections(header, index), _kind(header))
        return pixels.data.cast("B")
    raw = np.empty(len(index) * header.section_bytes, np.uint8)
    view, offset = raw.data, header.offset + int(index[0]) * header.section_bytes
    handle = os.open(header.path, os.O_RDONLY)
    try:
        while view:
            count = os.preadv(handle, [view], offset)
            if not count:
                raise UserError(f"{header.path} is cut short: copy or write it again")
            view, offset = view[count:], offset + count
    finally:
        os.close(handle)
    return raw.data
