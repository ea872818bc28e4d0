"""What 2D classification keeps and writes of many particles, without their images: CPU seconds and peak memory by step.

python bench/class2d_bookkeeping.py [--rows 1000000] [--folder DIR]. Images are noise made on demand; 2 classes, box 32.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.context import Context
from vitreous.files import chain, exact, iterations, particles, star
from vitreous.jobs.class2d import Class2D, Running
from vitreous.methods.refinement import class2d, first2d, iteration2d, problem2d
from vitreous.methods.refinement.heap import few_heaps
from vitreous.methods.refinement.settings import Class2DSettings, Classification
from vitreous.tables.table import Table

BOX, A_MICROGRAPH = 32, 200


class Noise:
    """Images of noise, the same for the same row."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.stock = np.random.default_rng(1).standard_normal((4096, BOX, BOX)).astype(np.float32)

    def __len__(self) -> int:
        return self.rows

    def read(self, indices: Any) -> np.ndarray:
        return self.stock[np.asarray(indices) % len(self.stock)]


def table_of(rows: int) -> Table:
    """As an extraction writes it: names, places, optics group and CTF."""
    random = np.random.default_rng(2)
    films = [f"MotionCorr/job002/Movies/FoilHole_{i:07d}_fractions.mrc" for i in range(-(-rows // A_MICROGRAPH))]
    film, number = np.divmod(np.arange(rows), A_MICROGRAPH)
    images = [f"{i + 1:06d}@Extract/job012/{films[f][18:]}s" for f, i in zip(film.tolist(), number.tolist())]
    columns: dict[str, Any] = {
        "image": np.array(images, object),
        "micrograph": np.array(films, object)[film],
        "optics_group": np.ones(rows, np.int64),
    }
    for name in ("x_px", "y_px", "autopick_score", "defocus_angle_deg", "ctf_resolution_A", "ctf_bfactor_A2"):
        columns[name] = random.uniform(0, 100, rows)
    columns["ctf_bfactor_A2"] = np.zeros(rows)
    for name in ("defocus_u_A", "defocus_v_A"):
        columns[name] = random.uniform(8000, 20000, rows)
    optics = {"optics_group": [1], "optics_group_name": ["opticsGroup1"], "pixel_size_A": [4.0], "voltage_kV": [300.0]}
    more = {"cs_mm": [2.7], "amplitude_contrast": [0.1], "box": [BOX], "dimensions": [2]}
    return Table(columns, "particles", Table({**optics, **more}, "optics"))


@contextmanager
def told(what: str) -> Iterator[None]:
    """One line of the work within: CPU and wall seconds, and the peak of the process so far."""
    before, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    yield
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:<42} {cpu:8.2f} CPU-s {time.perf_counter() - wall:8.2f} s   peak {after.ru_maxrss / 1e6:6.2f} GB", flush=True)


def measure(rows: int, folder: Path) -> None:
    """A whole life: table read, set out, begun, two turns, saved twice, loaded."""
    few_heaps(1)
    with told("(making the table)"):
        star.write_table(folder / "particles.star", table_of(rows))
    with told("read the table"):
        table = star.read_table(folder / "particles.star", "particles")
    settings = Class2DSettings(classification=Classification(classes=2, particle_diameter_A=100, mini_batches=200))
    context = Context(folder=folder)
    with told("set out"):
        setup = problem2d.problem(Noise(rows), table, settings, context)
    with told("first classes"):
        state = first2d.begin(setup, context)
    for _ in range(2):
        with told("a turn of a mini-batch"):
            state = class2d.step(setup, state, context)
    job = Class2D(particles="particles.star", classification=settings.classification)
    for number in (1, 2):
        with told(f"save, {number}"):
            job.save(Running(setup, table, state), folder, context)
    with told("  of that the exact numbers"):
        exact.write(folder, chain.Saved(state.iteration), iteration2d.exact(state))
    with told("load"):
        found = iterations.read(folder, state.iteration)
    with told("  and from it the state"):
        particles.in_order_of(found.particles, table, where="bench")
        iteration2d.restored(setup, found, state.iteration, exact.read(folder, state.iteration))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measure(given.rows, given.folder or Path(scratch))


if __name__ == "__main__":
    main()
