"""STAR speed: a particle table of many rows and 30 columns read and written by vitreous and, where installed, starfile.

python bench/star_speed.py [--rows 1000000]. Each step runs in a process of its own, which prints CPU seconds (user and
system), wall seconds and peak memory. The goal for a million rows: read 3 CPU-s, write 3 CPU-s, peak 2.5 GB.
"""

import argparse
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def make_table(rows: int):
    """30 columns as after a refinement: 3 of text, 5 of whole numbers, 22 of floats."""
    from vitreous.tables.columns import COLUMNS
    from vitreous.tables.table import Table

    rng = np.random.default_rng(1)
    micrographs = [f"MotionCorr/job002/Movies/FoilHole_{i:07d}_Data_{i % 97:05d}_fractions.mrc" for i in range(rows // 200 + 1)]
    names = np.array([micrographs[i // 200] for i in range(rows)], object)
    images = np.array([f"{i % 200 + 1:06d}@Extract/job012/{micrographs[i // 200][18:-4]}.mrcs" for i in range(rows)], object)
    columns = {"micrograph": names, "image": images, "rlnGroupName": names}
    columns |= {name: rng.integers(1, 9, rows) for name in ("optics_group", "class_number", "half", "group_number")}
    columns["significant_samples"] = rng.integers(1, 500, rows)
    floats = [column.name for column in COLUMNS if column.type == "float" and column.name not in columns][:22]
    columns |= {name: rng.normal(0, 10 ** rng.uniform(0, 4), rows) for name in floats}
    optics = Table({"optics_group": np.arange(1, 9), "voltage_kV": np.full(8, 300.0)}, "optics")
    return Table(columns, "particles", optics)


def step(what: str, path: Path, rows: int) -> None:
    """One measured step; only its own work counts, but the peak is of the whole process."""
    if what in ("vitreous write", "starfile write"):
        table = make_table(rows)
        if what == "starfile write":
            import pandas as pd

            frames = {"particles": pd.DataFrame(dict(table.columns))}
    before, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    if what == "vitreous write":
        from vitreous.files import star

        star.write_table(path, table)
    elif what == "vitreous read":
        from vitreous.files import star

        assert len(star.read_table(path, "particles")) == rows
    elif what == "starfile write":
        import starfile

        starfile.write(frames, path.with_suffix(".peer.star"))
    else:
        import starfile

        assert len(starfile.read(path)["particles"]) == rows
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:16} {cpu:8.2f} CPU-s {wall:8.2f} s wall {after.ru_maxrss / 2**20:8.2f} GB peak", flush=True)


def main() -> None:
    """All steps, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        step(given.step, given.path, given.rows)
        return
    steps = ["vitreous write", "vitreous read"]
    if importlib.util.find_spec("starfile"):
        steps += ["starfile write", "starfile read"]
    else:
        print("starfile is not installed (pip install starfile): no peer to compare with")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "particles.star"
        for what in steps:
            command = [sys.executable, __file__, "--rows", str(given.rows), "--step", what, "--path", str(path)]
            subprocess.run(command, check=True)
        print(f"the file has {path.stat().st_size / 1e6:.0f} MB, {given.rows:,} rows and 30 columns")


if __name__ == "__main__":
    main()
