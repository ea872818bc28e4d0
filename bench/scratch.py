"""The ways of reading particle images: as they are, in small pools, in turns, from memory, from a scratch copy.

python bench/scratch.py [--stacks 200 --images 100 --box 128 --folder DIR --scratch DIR]. Random batches of 1,000 rows out of
stacks as extraction writes them; "cold": the kernel was asked to forget the files first. The pixels are compared.
"""

import argparse
import os
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from vitreous.context import Context
from vitreous.files.stacks import ImageStacks, StackWriter
from vitreous.job.disk import Disk
from vitreous.job.placement import Placement
from vitreous.run.before import leave, reading_of
from vitreous.run.estimates import preread_GB
from vitreous.run.folder import JobFolder

BATCH = 1_000


def forget(folder: Path) -> None:
    """Drop all files of a folder from the page cache."""
    for path in folder.rglob("*.mrcs"):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def spent() -> float:
    """CPU seconds of this process and the system on its behalf."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(what: str, disk: Disk, names: list[str], folder: Path, rows: np.ndarray) -> float:
    """Read all rows in random batches, after the staging that `disk` asks for; prints both, gives the sum of the pixels."""
    reading = reading_of(Placement(disk=disk), JobFolder(folder / "job"), threads=1)
    forget(folder)
    cpu, wall = spent(), time.perf_counter()
    images = reading.staged(ImageStacks(names, reading=reading), Context(reading=reading))
    ready, ready_cpu = time.perf_counter() - wall, spent() - cpu
    cpu, wall = spent(), time.perf_counter()
    total = sum(float(images.read(rows[at : at + BATCH]).sum(dtype=np.float64)) for at in range(0, len(rows), BATCH))
    print(
        f"{what:28} ready after {ready:6.2f} s ({ready_cpu:5.2f} CPU-s), "
        f"{len(rows)} images in {time.perf_counter() - wall:6.2f} s ({spent() - cpu:5.2f} CPU-s)"
    )
    leave(reading, succeeded=True)
    return total


def main() -> None:
    """Write stacks, read them in every way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stacks", type=int, default=200)
    parser.add_argument("--images", type=int, default=100, help="in each stack")
    parser.add_argument("--box", type=int, default=128)
    parser.add_argument("--folder", type=Path, help="where to write the stacks; a folder on a disk, not in memory")
    parser.add_argument("--scratch", type=Path, default=Path("/dev/shm"), help="a fast disk")
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(dir=given.folder) as name, tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        folder = Path(name)
        (folder / "job" / ".vitreous").mkdir(parents=True)
        names = []
        for number in range(given.stacks):
            with StackWriter(folder / f"{number:05d}.mrcs", box=given.box, pixel_size_A=1.0) as writer:
                writer.append(rng.normal(size=(given.images, given.box, given.box)).astype(np.float32))
            names += [f"{image + 1:06d}@{folder}/{number:05d}.mrcs" for image in range(given.images)]
        rows = rng.permutation(len(names))
        print(f"{len(names)} images of {given.box} px in {given.stacks} stacks, {preread_GB(len(names), given.box):.2f} GB")
        plain = Disk(keep_free_scratch_GB=0)
        ways = {
            "as they are, cold": plain,
            "pool of 3, cold": replace(plain, pool=3),
            "pool of 1000, cold": replace(plain, pool=1000),
            "in turns, cold": replace(plain, parallel_reads=False),
            "pre-read": replace(plain, preread=True),
            "scratch": replace(plain, scratch=scratch),
        }
        totals = {what: measure(what, disk, names, folder, rows) for what, disk in ways.items()}
        assert len(set(totals.values())) == 1, totals


if __name__ == "__main__":
    main()
