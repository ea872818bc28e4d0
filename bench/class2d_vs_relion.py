"""2D classification of simulated particles, ours against RELION 3.1.3: CPU, wall and memory of whole processes, and quality.

python bench/class2d_vs_relion.py FOLDER [--sizes 500,5000] [--threads 1,2] [--repeat 1] [--relion-minutes M] [--oracle]
The sets (bench/ribosome.py, 128 px of 3 Å, SNR 0.05) are made in FOLDER where they are not there yet. RELION runs with its
usual defaults, which are printed, and 25 iterations, and is stopped after --relion-minutes (0: not run); then its last whole
iteration is judged. Judged are the views and in-plane angles within classes and the ring correlation of averages with true
projections (bench/judge2d.py).
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import numpy as np

import ribosome
from class_frc import Compared, Specimen
from class_views import Floats
from judge2d import Run, oracle, sheet, table, worse_shells
from measured import Cost, measured

CLASSES, DIAMETER_A, ITERATIONS = 20, 280, 25
RELION: list[str] = [
    *("--dont_combine_weights_via_disc", "--preread_images", "--ctf", "--flatten_solvent", "--zero_mask", "--norm", "--scale"),
    *("--pool", "30", "--pad", "2", "--tau2_fudge", "2", "--oversampling", "1", "--psi_step", "12"),
    *("--offset_range", "5", "--offset_step", "2", "--random_seed", "1"),
]


def last_iteration(folder: Path) -> tuple[Path, Path]:
    """Table and averages of the last iteration that is complete."""
    last = sorted(folder.glob("run_it*_optimiser.star"))[-1].name.removesuffix("_optimiser.star")
    return folder / f"{last}_data.star", folder / f"{last}_classes.mrcs"


def emptied(folder: Path) -> Path:
    """The folder without what an earlier run left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def ours(particles: Path, out: Path, *, threads: int, seed: int) -> Cost:
    """`vitreous class2d` with its defaults."""
    words = ["class2d", "--particles", f"{particles}/particles.star", "--out", str(emptied(out)), "--seed", str(seed)]
    words += ["--classes", str(CLASSES), "--particle-diameter-a", str(DIAMETER_A), "--threads", str(threads)]
    return measured([sys.executable, "-m", "vitreous", *words], log=out.with_suffix(".log"), threads=threads)


def theirs(particles: Path, out: Path, *, minutes: float | None, threads: int) -> Cost:
    """`relion_refine` with its usual defaults."""
    emptied(out).mkdir()
    words = ["relion_refine", "--i", f"{particles}/particles.star", "--o", f"{out}/run", "--K", str(CLASSES), *RELION]
    words += ["--particle_diameter", str(DIAMETER_A), "--iter", str(ITERATIONS), "--j", str(threads)]
    print(" ".join(words), flush=True)
    return measured(
        words, log=out.with_suffix(".log"), minutes=minutes, watch=out, pattern="run_it*_optimiser.star", threads=threads
    )


def by_iteration(cost: Cost) -> str:
    """CPU seconds of each of RELION's iterations, in words."""
    each = np.diff([cost.marks[name] for name in sorted(cost.marks)])
    ended = ", stopped" if cost.stopped else ""
    return f"{len(each)} iterations{ended}; CPU-s of each: " + " ".join(f"{seconds:.1f}" for seconds in each)


def judged(who: str, particles: Path, out: Path, cost: Cost) -> tuple[Run, Compared]:
    """Print what a run cost and how good it is."""
    run = Run.read(particles, *last_iteration(out))
    compared = run.compared(particles)
    print(f"{who}: {cost}\n    {run.verdict()}\n    {run.angles()}\n    averages:", end=" ", flush=True)
    if run.averages is not None:
        sheet(out.with_suffix(".png"), run.averages, compared)
    return run, compared


def compare(count: int, given: argparse.Namespace) -> None:
    """One size: ours for each number of threads and seed, RELION once, a table of ring correlations."""
    particles = Path(f"sim{count}")
    if not (particles / "truth.star").exists():
        ribosome.make(particles, count, distinct=20_000, box=128, pixel_A=3.0, snr=0.05, seed=1)
    print(f"{count} particles", flush=True)
    curves: dict[str, Floats] = {}
    run: Run | None = None
    for threads in given.threads:
        for seed in range(1, given.repeat + 1):
            out = Path(f"vitreous{count}_t{threads}_s{seed}")
            cost = ours(particles, out, threads=threads, seed=seed)
            run, compared = judged(f"vitreous, {threads} threads, seed {seed}", particles, out, cost)
            curves.setdefault("vitreous", compared.mean)
    if given.relion_minutes != 0:
        out = Path(f"relion{count}")
        cost = theirs(particles, out, minutes=given.relion_minutes, threads=given.relion_threads)
        print(by_iteration(cost))
        if len(cost.marks) > 1:
            run, compared = judged("RELION", particles, out, cost)
            curves["RELION"] = compared.mean
    if given.oracle and run:
        curves["oracle"] = oracle(run, particles).compared(particles).mean
    print(table(curves, Specimen.of(particles)))
    if "RELION" in curves:
        print(
            "worse than RELION by more than 0.01 at shells",
            worse_shells(curves["vitreous"], curves["RELION"]) or "none",
            flush=True,
        )


def numbers(text: str) -> list[int]:
    """Whole numbers between commas."""
    return [int(word) for word in text.split(",")]


def main() -> None:
    """All sizes in turn."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--sizes", type=numbers, default=[500, 5000])
    ask.add_argument("--threads", type=numbers, default=[1])
    ask.add_argument("--repeat", type=int, default=1)
    ask.add_argument("--relion-minutes", type=float)
    ask.add_argument("--relion-threads", type=int, default=1)
    ask.add_argument("--oracle", action="store_true")
    given = ask.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    for count in given.sizes:
        compare(count, given)


if __name__ == "__main__":
    main()
