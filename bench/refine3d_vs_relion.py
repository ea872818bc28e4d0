"""3D refinement of simulated particles, ours against RELION 3.1.3: CPU, wall and memory of whole processes, and quality.

python bench/refine3d_vs_relion.py FOLDER [--kinds asymmetric,D2,O] [--sizes 500,5000] [--threads 1] [--relion-minutes M]

The sets (bench/ribosome.py, 128 px of 3 Å, SNR 0.05) are made in FOLDER where they are not there yet. Both begin with the true
map low-passed to 40 Å and no poses. RELION runs with its usual defaults, which are printed, as two halves and a leader, and is
stopped after --relion-minutes (0: not run); then its last whole iteration is judged. Judged are the map, by its FSC with the
truth, and the poses (bench/judge3d.py). RELION's iterations are listed with what each took.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import ribosome
from class2d_vs_relion import by_iteration, emptied, numbers
from judge3d import Judged, judge
from measured import Cost, measured
from specimens import KINDS

SYMMETRY = {"asymmetric": "C1", "D2": "D2", "O": "O", "two-states": "C1", "floppy": "C1"}
DIAMETER_A, LOW_PASS_A = 290, 40
RELION: list[str] = [
    *("--auto_refine", "--split_random_halves", "--healpix_order", "2", "--auto_local_healpix_order", "4"),
    *("--low_resol_join_halves", "40", "--ini_high", str(LOW_PASS_A), "--firstiter_cc", "--ctf", "--flatten_solvent"),
    *("--zero_mask", "--oversampling", "1", "--offset_range", "5", "--offset_step", "2", "--norm", "--scale", "--pad", "2"),
    *("--dont_combine_weights_via_disc", "--preread_images", "--pool", "3", "--random_seed", "42", "--j", "1"),
]
MPI = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "3", "relion_refine_mpi"]


def made(kind: str, count: int) -> Path:
    """The folder of a set of particles, which is simulated where it is not there yet."""
    folder = Path(f"{kind}{count}")
    if not (folder / "truth.star").exists():
        ribosome.make(folder, count, distinct=20_000, box=128, pixel_A=3.0, snr=0.05, seed=1, kind=kind)
    return folder


def ours(particles: Path, out: Path, *, group: str, threads: int) -> Cost:
    """`vitreous refine3d` with its defaults."""
    words = ["refine3d", "--particles", f"{particles}/particles.star", "--reference", f"{particles}/truth_1.mrc"]
    words += ["--low-pass-a", str(LOW_PASS_A), "--particle-diameter-a", str(DIAMETER_A), "--symmetry", group]
    words += ["--out", str(emptied(out)), "--threads", str(threads)]
    return measured([sys.executable, "-m", "vitreous", *words], log=out.with_suffix(".log"), threads=threads)


def theirs(particles: Path, out: Path, *, group: str, minutes: float | None) -> Cost:
    """`relion_refine_mpi`: a leader that waits and a process for each half."""
    emptied(out).mkdir()
    words = [*MPI, "--i", f"{particles}/particles.star", "--o", f"{out}/run", "--ref", f"{particles}/truth_1.mrc"]
    words += ["--sym", group, "--particle_diameter", str(DIAMETER_A), *RELION]
    print(" ".join(words), flush=True)
    return measured(words, log=out.with_suffix(".log"), minutes=minutes, watch=out, pattern="run_it*_optimiser.star")


def result(out: Path) -> tuple[Path, Path] | None:
    """Map and table of a run that ended, or of RELION's last whole iteration after the first."""
    if (out / "run_class001.mrc").exists() and (out / "run_data.star").exists():
        return out / "run_class001.mrc", out / "run_data.star"
    whole = sorted(out.glob("run_it*_optimiser.star"))
    if len(whole) < 2:
        return None
    last = whole[-1].name.removesuffix("_optimiser.star")
    return out / f"{last}_half1_class001.mrc", out / f"{last}_data.star"


def verdict(who: str, particles: Path, out: Path, cost: Cost, *, group: str) -> Judged | None:
    """Print what a run cost and how good it is."""
    found = result(out)
    print(f"{who}: {cost}", flush=True)
    if found is None:
        return None
    quality = judge(particles, *found, group=group, truth="truth_1.mrc")
    part = "" if found[0].name == "run_class001.mrc" else f" ({found[0].name}, half of the data)"
    print(f"    {quality}{part}", flush=True)
    return quality


def compare(kind: str, count: int, given: argparse.Namespace) -> None:
    """One set: ours for each number of threads, RELION once, and how they stand to each other."""
    particles, group = made(kind, count), SYMMETRY[kind]
    print(f"{count} particles, {kind}, {group}", flush=True)
    mine: tuple[Cost, Judged | None] | None = None
    for threads in given.threads:
        out = Path(f"vitreous_{kind}{count}_t{threads}")
        cost = ours(particles, out, group=group, threads=threads)
        quality = verdict(f"vitreous, {threads} threads", particles, out, cost, group=group)
        mine = mine or (cost, quality)
    if given.relion_minutes == 0 or mine is None:
        return
    out = Path(f"relion_{kind}{count}")
    cost = theirs(particles, out, group=group, minutes=given.relion_minutes)
    print(by_iteration(cost))
    quality = verdict("RELION", particles, out, cost, group=group)
    if quality is not None and mine[1] is not None:
        print(standing(mine[0], mine[1], cost, quality), flush=True)


def standing(our_cost: Cost, our: Judged, their_cost: Cost, their: Judged) -> str:
    """Our figures beside RELION's in one line."""
    words = "at least " if their_cost.stopped else ""
    angles = [sorted(judged.angle_deg.tolist())[len(judged.angle_deg) // 2] for judged in (our, their)]
    return (
        f"RELION took {words}{their_cost.cpu_s / our_cost.cpu_s:.1f} times our CPU seconds; FSC 0.5 with the truth at "
        f"{our.resolution_A(0.5):.2f} against {their.resolution_A(0.5):.2f} Å, angle {angles[0]:.2f} against {angles[1]:.2f}°"
    )


def main() -> None:
    """All kinds and sizes in turn."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--kinds", type=lambda text: text.split(","), default=["asymmetric", "D2", "O"])
    ask.add_argument("--sizes", type=numbers, default=[500])
    ask.add_argument("--threads", type=numbers, default=[1])
    ask.add_argument("--relion-minutes", type=float)
    given = ask.parse_args()
    unknown = set(given.kinds) - set(KINDS)
    if unknown:
        ask.error(f"no such kinds: {', '.join(sorted(unknown))}")
    if given.relion_minutes != 0 and not shutil.which("relion_refine_mpi"):
        ask.error("RELION is not here: install it, or give --relion-minutes 0")
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    for kind in given.kinds:
        for count in given.sizes:
            compare(kind, count, given)


if __name__ == "__main__":
    main()
