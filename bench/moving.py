"""A project with one large particle table that names stacks outside: listing the ways out, and re-pointing them.

python bench/moving.py [--rows 1000000 --files 20000]. Prints wall and CPU seconds and the largest memory of this process.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitreous.project.project import Project


def timed(what: str, work: Callable[[], Any]) -> Any:
    """Do and tell."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak_GB = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:34} {wall:6.2f} s wall {cpu:6.2f} CPU-s, peak {peak_GB:.2f} GB")
    return result


def fill(root: Path, rows: int, files: int) -> None:
    """A table of particles with 30 columns, and small tables as motion correction writes them."""
    folder = root / "Extract" / "job001"
    folder.mkdir(parents=True)
    numbers = "0.123456 " * 26
    names = [f"/data/session/Extract/micrograph{number:05d}.mrcs" for number in range(10_000)]
    with (folder / "particles.star").open("w") as file:
        file.write("\n# version 30001\n\ndata_particles\n\nloop_\n_rlnImageName #1\n_rlnMicrographName #2\n")
        file.writelines(f"_rlnX{number} #{number + 3}\n" for number in range(26))
        for row in range(rows):
            file.write(f"{row // 10_000 + 1:06d}@{names[row % 10_000]} MotionCorr/job002/mic.mrc {numbers}\n")
    small = root / "MotionCorr" / "job002" / "Movies"
    small.mkdir(parents=True)
    for number in range(files):
        text = f"data_general\n\n_rlnMicrographMovieName /data/session/movies/m{number:05d}.tiff\n_rlnImageSizeX 4096\n"
        (small / f"m{number:05d}.star").write_text(text)


def main() -> None:
    """Make the project, list, re-point, list again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, data = Path(folder) / "P", Path(folder) / "data"
        data.mkdir()
        project = Project.new(root)
        fill(root, given.rows, given.files)
        print(f"table of {(root / 'Extract/job001/particles.star').stat().st_size / 1e6:.0f} MB, {given.files} small ones")
        ways = timed("list the paths that lead out", project.external_paths)
        print(f"{len(ways.outside)} paths, {sum(one.reachable for one in ways.outside)} of them can be reached")
        plan = timed("repoint --dry-run", lambda: project.repoint("/data/session", str(data), dry_run=True))
        done = timed("repoint", lambda: project.repoint("/data/session", str(data)))
        assert done.files == plan.files
        print(f"{sum(done.files.values())} paths in {len(done.files)} files")


if __name__ == "__main__":
    main()
