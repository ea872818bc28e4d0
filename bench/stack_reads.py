"""Random particles out of one large stack: vitreous' positioned reads against mrcfile's memory map, warm and cold.

python bench/stack_reads.py [--images 20000 --box 128 --take 4000]. Cold means that the kernel was asked to forget the
file's pages first (posix_fadvise), which works on a file system of this machine's own disk.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import mrcfile
import numpy as np

from vitreous.files.stacks import ImageStacks, StackWriter


def ours(path: Path, rows: np.ndarray) -> np.ndarray:
    """By ImageStacks, from names as they stand in a STAR file."""
    return ImageStacks([f"{row + 1:06d}@{path}" for row in rows.tolist()]).read(np.arange(len(rows)))


def theirs(path: Path, rows: np.ndarray) -> np.ndarray:
    """By mrcfile.mmap and an index array."""
    with mrcfile.mmap(path, permissive=True) as file:
        return np.asarray(file.data[rows], np.float32)


def forget(path: Path) -> None:
    """Drop the file from the page cache."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def main() -> None:
    """Write a stack, read from it in both ways, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--box", type=int, default=128)
    parser.add_argument("--take", type=int, default=4_000)
    parser.add_argument("--folder", type=Path, help="where to write the stack; a folder on a disk, not in memory")
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "stack.mrcs"
        with StackWriter(path, box=given.box, pixel_size_A=1.0) as writer:
            for _ in range(0, given.images, 500):
                writer.append(rng.normal(size=(500, given.box, given.box)).astype(np.float32))
        rows = rng.choice(given.images, given.take, replace=False)
        for state in ("warm", "cold"):
            results = []
            for name, read in (("vitreous", ours), ("mrcfile mmap", theirs)):
                if state == "warm":
                    read(path, rows)
                else:
                    forget(path)
                cpu, wall = time.process_time(), time.perf_counter()
                results.append(read(path, rows))
                cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
                print(f"{state} {name:14} {wall:7.3f} s wall {cpu:7.3f} CPU-s, {given.take} images of {given.box} px")
            assert np.array_equal(*results)


if __name__ == "__main__":
    main()
