"""MRC files out of the simulator, float32: volumes, images and stacks."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files.atomic import writing


def _header(nx: int, ny: int, nz: int, *, pixel_size_A: float, is_stack: bool) -> bytes:
    words = struct.pack("<10i", nx, ny, nz, 2, 0, 0, 0, nx, ny, 1 if is_stack else nz)
    words += struct.pack("<6f", nx * pixel_size_A, ny * pixel_size_A, (1 if is_stack else nz) * pixel_size_A, 90, 90, 90)
    words += struct.pack("<3i3f", 1, 2, 3, 0, -1, -2) + struct.pack("<2i", 0 if is_stack else 1, 0)
    words = words.ljust(208, b"\0") + b"MAP " + bytes([0x44, 0x44, 0, 0]) + struct.pack("<f", -1)
    return words.ljust(1024, b"\0")


def write_volume(path: Path, array: NDArray[np.float32], *, pixel_size_A: float) -> None:
    """A map (z, y, x)."""
    with writing(path) as file:
        nz, ny, nx = array.shape
        file.write(_header(nx, ny, nz, pixel_size_A=pixel_size_A, is_stack=False))
        file.write(np.ascontiguousarray(array, "<f4").data)


class _Stack:
    def __init__(self, file: IO[Any]) -> None:
        self.file, self.count = file, 0

    def append(self, images: NDArray[np.float32]) -> None:
        """More images (n, box, box)."""
        self.file.write(np.ascontiguousarray(images, "<f4").data)
        self.count += len(images)


@contextmanager
def StackWriter(path: Path, *, box: int, pixel_size_A: float, dtype: str) -> Iterator[_Stack]:
    """A stack of square images that grows by append."""
    with writing(path) as file:
        file.write(_header(box, box, 0, pixel_size_A=pixel_size_A, is_stack=True))
        stack = _Stack(file)
        yield stack
        file.seek(0)
        file.write(_header(box, box, stack.count, pixel_size_A=pixel_size_A, is_stack=True))
