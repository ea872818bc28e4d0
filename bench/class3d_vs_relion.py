"""3D classification of two conformations, 70:30, ours against RELION 3.1.3: share of particles in the right class, and the cost.

python bench/class3d_vs_relion.py FOLDER [--sizes 500,1000] [--threads 1] [--seeds 0] [--relion-minutes M] [--judge RUN,...]

The sets (bench/ribosome.py --kind two-states, 128 px of 3 Å, SNR 0.05: a small lobe turned by 25 degrees) are made in FOLDER
where they are not there yet. Both begin with the map of the more frequent state low-passed to 50 Å, and no poses: K = 2, T = 4,
7.5 degrees. RELION runs 25 iterations with one thread and its usual defaults, which are printed, and is stopped after
--relion-minutes (0: not run); then its last whole iteration is judged. --judge: folders of earlier runs, judged only. Each map
is judged by its FSC with the true map of the state that most of its class have (bench/judge3d.py).
"""

import argparse
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from class2d_vs_relion import by_iteration, emptied, numbers
from judge3d import judge
from measured import Cost, measured
from refine3d_vs_relion import made
from vitreous.files import star

DIAMETER_A, LOW_PASS_A, CLASSES, ITERATIONS = 290, 50, 2, 25
RELION: list[str] = [
    *("--iter", str(ITERATIONS), "--tau2_fudge", "4", "--K", str(CLASSES), "--healpix_order", "2", "--sym", "C1"),
    *("--ini_high", str(LOW_PASS_A), "--firstiter_cc", "--ctf", "--flatten_solvent", "--zero_mask", "--oversampling", "1"),
    *("--offset_range", "5", "--offset_step", "2", "--norm", "--scale", "--pad", "2", "--dont_combine_weights_via_disc"),
    *("--preread_images", "--pool", "3", "--random_seed", "42", "--j", "1"),
]


@dataclass(frozen=True)
class Assigned:
    """Share of particles in the class of their state, classes being matched to states as fits best; the state of each class."""

    share: float
    shares: tuple[float, ...]
    states: tuple[int, ...]

    def __str__(self) -> str:
        return (
            f"{100 * self.share:.1f} % in the right class; classes of " + ", ".join(f"{100 * s:.1f}" for s in self.shares) + " %"
        )


def assigned(particles: Path, data: Path) -> Assigned:
    """The classes of a table judged by the truth."""
    true, found = (star.read_table(path, "particles") for path in (particles / "truth.star", data))
    place = {name: row for row, name in enumerate(found["image"].tolist())}
    kind = np.asarray(found["class_number"], int)[[place[name] for name in true["image"].tolist()]]
    state = np.asarray(true["class_number"], int)
    return matched(state, kind)


def matched(state: np.ndarray, kind: np.ndarray) -> Assigned:
    """States (n,) and classes (n,), both from 1."""
    counts = np.zeros((kind.max(), state.max()), int)
    np.add.at(counts, (kind - 1, state - 1), 1)
    rows, columns = linear_sum_assignment(-counts)
    states = counts.argmax(1)
    states[rows] = columns
    shares = counts.sum(1) / len(kind)
    return Assigned(counts[rows, columns].sum() / len(kind), tuple(shares.tolist()), tuple((states + 1).tolist()))


def ours(particles: Path, out: Path, *, threads: int, seed: int) -> Cost:
    """`vitreous class3d` with its defaults."""
    words = ["class3d", "--particles", f"{particles}/particles.star", "--reference", f"{particles}/truth_1.mrc"]
    words += ["--low-pass-a", str(LOW_PASS_A), "--classes", str(CLASSES), "--particle-diameter-a", str(DIAMETER_A)]
    words += ["--seed", str(seed), "--out", str(emptied(out)), "--threads", str(threads)]
    return measured([sys.executable, "-m", "vitreous", *words], log=out.with_suffix(".log"), threads=threads)


def theirs(particles: Path, out: Path, *, minutes: float | None) -> Cost:
    """`relion_refine` from the same map."""
    emptied(out).mkdir()
    words = ["relion_refine", "--i", f"{particles}/particles.star", "--o", f"{out}/run", "--ref", f"{particles}/truth_1.mrc"]
    words += ["--particle_diameter", str(DIAMETER_A), *RELION]
    print(" ".join(words), flush=True)
    return measured(words, log=out.with_suffix(".log"), minutes=minutes, watch=out, pattern="run_it*_optimiser.star")


def verdict(who: str, particles: Path, out: Path, cost: Cost | None) -> None:
    """Print what a run cost and how good its last iteration is."""
    print(f"{who}: {'' if cost is None else cost}", flush=True)
    whole = sorted(path for path in out.glob("run_it*_optimiser.star") if re.fullmatch(r"run_it\d+_optimiser.star", path.name))
    if len(whole) < 2:
        return
    last = str(whole[-1]).removesuffix("_optimiser.star")
    classes = assigned(particles, Path(f"{last}_data.star"))
    print(f"    {Path(last).name}: {classes}", flush=True)
    for number, state in enumerate(classes.states, start=1):
        found = Path(f"{last}_class{number:03d}.mrc")
        quality = judge(particles, found, Path(f"{last}_data.star"), group="C1", truth=f"truth_{state}.mrc")
        print(f"    class {number}, state {state}: {quality}", flush=True)


def main() -> None:
    """All sizes in turn."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--sizes", type=numbers, default=[500])
    ask.add_argument("--threads", type=numbers, default=[1])
    ask.add_argument("--seeds", type=numbers, default=[0])
    ask.add_argument("--relion-minutes", type=float)
    ask.add_argument("--judge", type=lambda text: text.split(","), default=[])
    given = ask.parse_args()
    if given.relion_minutes != 0 and not given.judge and not shutil.which("relion_refine"):
        ask.error("RELION is not here: install it, or give --relion-minutes 0")
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    for count in given.sizes:
        particles = made("two-states", count)
        for run in given.judge:
            verdict(run, particles, Path(run), None)
        if given.judge:
            continue
        for threads in given.threads:
            for seed in given.seeds:
                out = Path(f"vitreous_classes{count}_t{threads}_s{seed}")
                cost = ours(particles, out, threads=threads, seed=seed)
                verdict(f"vitreous, {count} particles, {threads} threads, seed {seed}", particles, out, cost)
        if given.relion_minutes != 0:
            out = Path(f"relion_classes{count}")
            cost = theirs(particles, out, minutes=given.relion_minutes)
            print(by_iteration(cost))
            verdict(f"RELION, {count} particles", particles, out, cost)


if __name__ == "__main__":
    main()
