"""Loop jobs as teams measured: seconds of an iteration by one process of threads and by processes that share the images.

python bench/team.py --count 1000 --box 64 [--jobs class2d refine3d] [--sum-only]
Prints a line for each way: wall and CPU seconds of an iteration (the median), bytes added up over the members in each; and
what adding up the sums of one half of a refinement in a box of 256 costs, between 2 and 4 processes of this machine.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vitreous.context import Context
from vitreous.job.placement import Placement
from vitreous.job.registry import by_command
from vitreous.methods.refinement import density
from vitreous.run import assisting
from vitreous.run.folder import JobFolder
from vitreous.run.meeting import meet
from vitreous.run.places.members import Member
from vitreous.run.runner import run
from vitreous.run.team import Group
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen
from vitreous.simulation.specimen import make_specimen

WAYS = ((1, 1, "threads"), (1, 2, "threads"), (2, 1, "processes"), (4, 1, "processes"))
FULL_BOX = 256


def job_of(name: str, diameter_A: float, classes: int) -> object:
    """A job with few rounds."""
    from vitreous.job.options import build

    if name == "class2d":
        given = {"classes": classes, "particle_diameter_A": diameter_A, "use_em": True, "use_mini_batches": False}
        return build(by_command(name), {"particles": "particles.star", "em_iterations": 5, **given})
    given = {"particle_diameter_A": diameter_A, "most_rounds": 3, "low_pass_A": 40.0}
    return build(by_command(name), {"particles": "particles.star", "reference": "true_map.mrc", **given})


def cpu_s() -> float:
    """User and system seconds of this process and of those that it has waited for."""
    both = [resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def measure(name: str, job: object, workers: int, threads: int, kind: str) -> str:
    """One way of running a job, in a line."""
    groups: list[Group] = []

    def kept(*arguments: object, **named: object) -> Group:
        groups.append(meet(*arguments, **named))  # type: ignore[arg-type]
        return groups[-1]

    assisting.meet = kept
    folder = Path(f"{name}_{workers}x{threads}_{kind}")
    began, spent = time.monotonic(), cpu_s()
    run(job, folder, Placement(workers=workers, threads=threads, loop_workers=kind), seed=1, quiet=True)
    wall, cpu = time.monotonic() - began, cpu_s() - spent
    lines = [json.loads(line) for line in (folder / ".vitreous/rows/iterations.jsonl").read_text().splitlines()]
    rounds = [line["seconds"] for line in lines if "seconds" in line]
    summed = f", {groups[0].bytes_summed / len(rounds) / 1e6:.2f} MB added up in each" if groups else ""
    return (
        f"{name:10s} {workers} x {threads} {kind:9s}: {statistics.median(rounds):6.2f} s an iteration; "
        f"the whole job {wall:6.1f} s wall, {cpu:6.1f} CPU-s{summed}"
    )


def sums(rank: int, size: int, folder: Path) -> None:
    """The sums of one half of a refinement at a full box: data and weights of a half cube."""
    group = meet(JobFolder(folder), Member(rank, size, rank, "bench"), asked=lambda: False)
    data, weights = density.empty_cube(FULL_BOX // 2 - 1)
    team, took = group.team(), []
    for _ in range(3):
        began = time.monotonic()
        team.sum(data)
        team.sum(weights)
        took.append(time.monotonic() - began)
    empty = time.monotonic()
    for _ in range(200):
        team.gather(None)
    each = (time.monotonic() - empty) / 200
    team.gather(None)
    if rank == 0:
        size_MB = (data.nbytes + weights.nbytes) / 1e6
        print(
            f"{size} processes: {size_MB:.0f} MB added up in {min(took):.2f} s; an empty gathering {1e3 * each:.2f} ms",
            flush=True,
        )
    group.end()


def main() -> None:
    """Simulate, run each way, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind, default in (("--count", int, 1000), ("--box", int, 64), ("--pixel", float, 3.2), ("--classes", int, 10)):
        parser.add_argument(name, type=kind, default=default)
    parser.add_argument("--jobs", nargs="*", default=["class2d", "refine3d"])
    parser.add_argument("--sum-only", action="store_true")
    parser.add_argument("--member", nargs=3, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.member:
        sums(int(said.member[0]), int(said.member[1]), Path(said.member[2]))
        return
    with tempfile.TemporaryDirectory() as place:
        for size in (2, 4):
            folder = JobFolder(Path(place) / str(size))
            folder.hidden.mkdir(parents=True)
            call = [sys.executable, __file__, "--member"]
            members = [subprocess.Popen([*call, str(rank), str(size), str(folder.path)]) for rank in range(size)]
            if any(member.wait() for member in members):
                sys.exit("a member failed")
        if said.sum_only:
            return
        os.chdir(place)
        specimen = Specimen(symmetry="D2", seed=1)
        settings = ParticleSettings(count=said.count, box=said.box, pixel_size_A=said.pixel, snr=0.05, specimen=specimen)
        simulate_particles(settings, Path("."), Context(seed=1))
        diameter_A = 1.1 * make_specimen(specimen).diameter_A
        for name in said.jobs:
            job = job_of(name, diameter_A, said.classes)
            for workers, threads, kind in WAYS:
                print(measure(name, job, workers, threads, kind), flush=True)


if __name__ == "__main__":
    main()
