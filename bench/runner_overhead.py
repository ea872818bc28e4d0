"""What the runner costs beside the work: per unit, for units that do nothing, and at the start of a job.

python bench/runner_overhead.py batch 100000          one job, in one process
python bench/runner_overhead.py batch 100000 --workers 2
python bench/runner_overhead.py chain 100000          import watching a folder, motion, CTF and picking behind it, all at once
python bench/runner_overhead.py chain 100000 --seconds 600    the same, with files that come evenly in ten minutes
python bench/runner_overhead.py start                 from the command to the first unit; --help
"""

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TOYS = Path(__file__).resolve().parent.parent / "tests" / "toys"
STEPS = ("Import/job001", "MotionCorr/job002", "CtfFind/job003", "AutoPick/job004")


def used(who: int) -> float:
    """Seconds of CPU, user and system."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def peak_MB() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def batch(count: int, workers: int) -> None:
    """One job of `count` units that do nothing, done and continued."""
    sys.path.insert(0, str(TOYS))
    os.environ["PYTHONPATH"] = str(TOYS)
    import toy_streams

    from vitreous.job.placement import Placement
    from vitreous.run.runner import run

    Path("names.json").write_text(json.dumps([f"Movies/a-movie-of-a-long-session-{n:06d}.tiff" for n in range(count)]))
    job = toy_streams.ToyFollow(listing="names.json", log=False)
    before = peak_MB()
    for what in ("new", "continued with nothing to do"):
        began, cpu = time.perf_counter(), used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN)
        outcome = run(job, "External/job001", Placement(workers=workers), quiet=True)
        wall, cpu = time.perf_counter() - began, used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN) - cpu
        print(
            f"{count} units, {workers} workers, {what}: {outcome.did} done; per unit {1e3 * wall / count:.3f} ms wall, "
            f"{1e3 * cpu / count:.3f} ms CPU; peak {peak_MB():.0f} MB ({before:.0f} before the job)",
            flush=True,
        )


def _import(self: Any, unit: Any, context: Any) -> dict[str, Any]:
    return {"path": unit.key}


def _motion(self: Any, unit: Any, context: Any) -> dict[str, Any]:
    root = f"{context.folder}/{unit.key.rpartition('.')[0]}"
    motion = dict.fromkeys(("accumulated_motion_A", "early_motion_A", "late_motion_A"), 1.5)
    names = {"micrograph": f"{root}.mrc", "micrograph_metadata": f"{root}.star", "power_spectrum": f"{root}_PS.mrc"}
    return {**names, "movie": unit.row["movie"], **motion, "pixel_size_A": 1.0, "bad_pixels": 0, "local": False}


def _ctf(self: Any, unit: Any, context: Any) -> dict[str, Any]:
    numbers = ("defocus_u_A", "defocus_v_A", "ctf_astigmatism_A", "defocus_angle_deg", "ctf_fom", "ctf_resolution_A")
    root = f"{context.folder}/{unit.key.rpartition('.')[0]}"
    return {"micrograph": unit.key, "log": f"{root}.log", "ctf_image": f"{root}.ctf:mrc", **dict.fromkeys(numbers, 1.0)}


def _pick(self: Any, unit: Any, context: Any) -> dict[str, Any]:
    return {"micrograph": unit.key, "file": f"{context.folder}/{unit.key}.star", "picks": 3, "threshold": 1.0}


def _step(number: int, results: Any) -> None:
    """One job of the chain, with all of its own but the work."""
    from vitreous.jobs.auto_pick import AutoPick
    from vitreous.jobs.ctf_find import CtfFind
    from vitreous.jobs.import_movies import ImportMovies, Watching
    from vitreous.jobs.motion_correction import MotionCorrection
    from vitreous.run.runner import run

    watching = Watching(watch=True, settle_s=2, last_file="Movies/DONE")
    jobs: list[Any] = [
        ImportMovies(files="Movies/*.tiff", pixel_size_A=1.0, voltage_kV=300, watching=watching),
        MotionCorrection(movies="Import/job001/movies.star"),
        CtfFind(micrographs="MotionCorr/job002/corrected_micrographs.star"),
        AutoPick(micrographs="CtfFind/job003/micrographs_ctf.star"),
    ]
    type(jobs[number]).work = (_import, _motion, _ctf, _pick)[number]
    start_MB, began = peak_MB(), time.perf_counter()
    outcome = run(jobs[number], STEPS[number], quiet=True)
    wall = time.perf_counter() - began
    results.put((number, outcome.did, wall, used(resource.RUSAGE_SELF), peak_MB(), start_MB))


def chain(count: int, seconds: float) -> None:
    """Four jobs at once: files come into one folder in so many seconds, and each step follows the one before."""
    Path("Movies").mkdir()
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    steps = []
    began = time.perf_counter()
    for number in range(4):
        steps.append(context.Process(target=_step, args=(number, results)))
        steps[-1].start()
        while not Path(STEPS[number], ".vitreous", "lock").exists():
            time.sleep(0.01)
    for number in range(count):
        Path("Movies", f"a-movie-of-a-long-session-{number:06d}.tiff").write_bytes(b"II*")
        time.sleep(max(0.0, began + seconds * number / count - time.perf_counter()))
    print(f"{count} files were there after {time.perf_counter() - began:.1f} s", flush=True)
    Path("Movies", "DONE").touch()
    for step in steps:
        step.join()
    wall = time.perf_counter() - began
    for number, did, own, cpu, peak, start in sorted(results.get() for _ in steps):
        print(
            f"{STEPS[number]:18s} {did} done in {own:.1f} s; per unit {1e3 * cpu / count:.3f} ms CPU; "
            f"peak {peak:.0f} MB ({start:.0f} at its start)"
        )
    print(f"the chain: {wall:.1f} s, {1e3 * wall / count / len(STEPS):.3f} ms wall for each unit of a step", flush=True)


def start() -> None:
    """Start-up: help, and a job of one unit that does nothing."""
    python = sys.executable
    Path("names.json").write_text('["a", "b"]')
    toy = [python, str(TOYS / "toy_vitreous.py"), "toy-follow", "--listing", "names.json", "--out", "out"]
    commands = {
        "python -c pass": [python, "-c", "pass"],
        "vitreous --help": [python, "-m", "vitreous", "--help"],
        "vitreous ctf-find --help": [python, "-m", "vitreous", "ctf-find", "--help"],
        "two units that do nothing": toy,
        "the same with two workers": [*toy, "--workers", "2"],
    }
    for name, words in commands.items():
        walls, cpus = [], []
        for turn in range(5):
            said = [word if word != "out" else f"out{len(words)}-{turn}" for word in words]
            cpu, began = used(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(said, check=True, stdout=subprocess.DEVNULL)
            walls.append(time.perf_counter() - began)
            cpus.append(used(resource.RUSAGE_CHILDREN) - cpu)
        print(f"{name:28s} {sorted(walls)[2]:.2f} s wall, {sorted(cpus)[2]:.2f} s CPU (median of 5)")


def main() -> None:
    """Measure what was asked for, in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("batch", "chain", "start"))
    parser.add_argument("count", type=int, nargs="?", default=10000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0, help="in which the files of the chain come; 0: as fast as it goes")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if said.what == "batch":
            batch(said.count, said.workers)
        elif said.what == "chain":
            chain(said.count, said.seconds)
        else:
            start()
        os.chdir("/")


if __name__ == "__main__":
    main()
