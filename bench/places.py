"""What a place costs: seconds from handing a map job over to its begin and its end, and ms for each unit that does nothing.

python bench/places.py [--units 2000] [--workers 4] [--places here,slurm]     Slurm must be running (SLURM_CONF) for slurm.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

TOYS = str(Path(__file__).resolve().parents[1] / "tests" / "toys")
sys.path.insert(0, TOYS)
os.environ["PYTHONPATH"] = TOYS

import toy_jobs as toys  # noqa: E402

from vitreous.job.placement import Placement  # noqa: E402
from vitreous.project.project import Project  # noqa: E402


def measured(place: Placement, units: int) -> tuple[float, float, float]:
    """Seconds to the begin of the work and to the end, and ms for each unit in between."""
    with tempfile.TemporaryDirectory(prefix="places-") as folder:
        os.chdir(folder)
        Path("list.txt").write_text("".join(f"w{number} {number}\n" for number in range(units)))
        project = Project.new(folder)
        name = project.add(toys.ToyMap(listing="list.txt"), placement=place)
        began = time.time()
        project.start(name)
        state = project.wait(name, poll_s=0.1)
        ended = time.time()
        if state != "Succeeded":
            raise SystemExit(f"{name} has {state.lower()}:\n{(project.layout.job(name) / 'run.err').read_text()}")
        worked = project.layout.job(name) / "worked.txt"
        first = json.loads((project.layout.job(name) / ".vitreous/progress.jsonl").read_text().splitlines()[0])["time"]
        assert len(worked.read_text().splitlines()) == units
        os.chdir("/")
        return first - began, ended - began, 1000 * (ended - first) / units


def main() -> None:
    """Measure each place and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--places", default="here,slurm")
    said = parser.parse_args()
    placed = {
        "here": Placement(workers=said.workers),
        "slurm": Placement(workers=said.workers, use_queue=True, memory_GB=0.5),
        "slurm, led from here": Placement(workers=said.workers, use_queue=True, memory_GB=0.5, lead_from="here"),
    }
    print(f"{'place':<24}{'begun s':>9}{'end s':>9}{'ms a unit':>11}   ({said.units} units, {said.workers} workers)")
    for name, place in placed.items():
        if name.partition(",")[0] in said.places.split(","):
            begun, ended, each = measured(place, said.units)
            print(f"{name:<24}{begun:9.1f}{ended:9.1f}{each:11.2f}")


if __name__ == "__main__":
    main()
