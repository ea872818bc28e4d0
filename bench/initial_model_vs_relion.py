"""Initial models of simulated particles, ours over several seeds against RELION 3.1.3's SGD: CPU, wall, memory, and the fold.

python bench/initial_model_vs_relion.py FOLDER [--kind asymmetric] [--particles 2000] [--seeds 10] [--threads 1]
    [--symmetry C1] [--relion-minutes M]

The set (bench/ribosome.py, 128 px of 3 Å, SNR 0.05) is made in FOLDER where it is not there yet. Nothing is known but the
particle's diameter. A fold is right when the FSC of the map with the truth (either hand, the best turn; bench/judge3d.py) falls
below 0.5 no earlier than at 20 Å. RELION runs with its default iterations and batches, which are printed, and is stopped after
--relion-minutes (0: not run); then its last map is judged, and what each of its stages took is told.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import numpy as np

from class2d_vs_relion import emptied
from judge3d import Judged, judge
from measured import Cost, measured
from refine3d_vs_relion import DIAMETER_A, made
from specimens import KINDS

RIGHT_A = 20.0
RELION: list[str] = [
    *("--sgd", "--denovo_3dref", "--sgd_ini_iter", "50", "--sgd_inbetween_iter", "200", "--sgd_fin_iter", "50"),
    *("--sgd_write_iter", "10", "--sgd_ini_resol", "35", "--sgd_fin_resol", "15", "--sgd_ini_subset", "100"),
    *("--sgd_fin_subset", "500", "--ctf", "--K", "1", "--flatten_solvent", "--zero_mask", "--pad", "1", "--pool", "3"),
    *("--dont_combine_weights_via_disc", "--preread_images", "--oversampling", "1", "--healpix_order", "1"),
    *("--offset_range", "6", "--offset_step", "2", "--random_seed", "42"),
]


def ours(particles: Path, out: Path, *, group: str, seed: int, threads: int) -> Cost:
    """`vitreous initial-model` with its defaults."""
    words = ["initial-model", "--particles", f"{particles}/particles.star", "--particle-diameter-a", str(DIAMETER_A)]
    words += ["--symmetry", group, "--seed", str(seed), "--threads", str(threads), "--out", str(emptied(out))]
    return measured([sys.executable, "-m", "vitreous", *words], log=out.with_suffix(".log"), threads=threads)


def theirs(particles: Path, out: Path, *, group: str, minutes: float | None) -> Cost:
    """`relion_refine --sgd` with one thread."""
    emptied(out).mkdir()
    words = ["relion_refine", "--i", f"{particles}/particles.star", "--o", f"{out}/run", "--sym", group, "--j", "1"]
    words += ["--particle_diameter", str(DIAMETER_A), *RELION]
    print(" ".join(words), flush=True)
    return measured(words, log=out.with_suffix(".log"), minutes=minutes, watch=out, pattern="run_it*_optimiser.star")


def fold(particles: Path, map_path: Path) -> Judged:
    """The map against the truth, by either hand."""
    return judge(particles, map_path, None, group="C1", truth="truth_1.mrc", either_hand=True)


def by_seed(particles: Path, given: argparse.Namespace) -> list[tuple[Cost, Judged]]:
    """Ours for each seed, a line each."""
    found = []
    for seed in range(1, given.seeds + 1):
        out = Path(f"vitreous_{particles}_s{seed}")
        cost = ours(particles, out, group=given.symmetry, seed=seed, threads=given.threads)
        quality = fold(particles, out / "initial_model.mrc")
        found.append((cost, quality))
        right = "right" if quality.resolution_A(0.5) <= RIGHT_A else "WRONG"
        print(f"seed {seed}: {cost}; {right}: {quality}", flush=True)
    return found


def summary(found: list[tuple[Cost, Judged]]) -> str:
    """How many folds are right, and the CPU seconds in the mean and at most."""
    right = sum(quality.resolution_A(0.5) <= RIGHT_A for _, quality in found)
    spent = np.array([cost.cpu_s for cost, _ in found])
    return f"right fold in {right} of {len(found)}; CPU {spent.mean():.0f} s in the mean, {spent.max():.0f} s at most"


def against_relion(particles: Path, given: argparse.Namespace, mean_cpu_s: float) -> None:
    """RELION once, to its end or as long as is allowed; its last map judged."""
    out = Path(f"relion_{particles}")
    cost = theirs(particles, out, group=given.symmetry, minutes=given.relion_minutes)
    marks = ", ".join(f"{name[4:9]} {seconds:.0f}" for name, seconds in sorted(cost.marks.items()))
    print(f"RELION: {cost}{', stopped' if cost.stopped else ''}; CPU-s at iterations: {marks}", flush=True)
    maps = sorted(out.glob("run_it*_class001.mrc"))
    if len(maps) > 1:
        print(f"    {maps[-1].name}: {fold(particles, maps[-1])}")
    words = "at least " if cost.stopped else ""
    print(f"RELION took {words}{cost.cpu_s / mean_cpu_s:.1f} times our CPU seconds", flush=True)


def main() -> None:
    """Every seed, then RELION."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--kind", choices=KINDS, default="asymmetric")
    ask.add_argument("--particles", type=int, default=2000)
    ask.add_argument("--seeds", type=int, default=10)
    ask.add_argument("--threads", type=int, default=1)
    ask.add_argument("--symmetry", default="C1", help="the group that both are told; the specimen's own only if it is named here")
    ask.add_argument("--relion-minutes", type=float)
    given = ask.parse_args()
    if given.relion_minutes != 0 and not shutil.which("relion_refine"):
        ask.error("RELION is not here: install it, or give --relion-minutes 0")
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    particles = made(given.kind, given.particles)
    found = by_seed(particles, given)
    print(summary(found), flush=True)
    if given.relion_minutes != 0:
        against_relion(particles, given, float(np.mean([cost.cpu_s for cost, _ in found])))


if __name__ == "__main__":
    main()
