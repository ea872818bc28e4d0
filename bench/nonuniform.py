"""Refinement with and without local regularisation on a specimen with a floppy lobe, judged by the part that stands still.

python bench/ribosome.py --kind floppy --particles 5000 --out FLOPPY
python bench/nonuniform.py FLOPPY --rows 2000 --out RUNS [--judge-only]

Each run starts from FLOPPY/rigid.mrc at 40 Å. Figures: CPU seconds; the halves' FSC in the still part's mask; FSC of the final
UNFILTERED joined map with the truth there, both at 0.5 and 0.143, and beside it what the halves' FSC F promises, sqrt(2F/(1+F)):
a truth that falls short of the promise would mean that the halves share noise. Errors of poses are modulo one common turn.
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

from class_views import Floats
from judge3d import FINE_A, Volume, angles_apart, common_turn, fsc, polished, same_order, small, turned, turns_in
from specimens import DIAMETER_A
from vitreous.files import mrc, star

RUNS = {"one FSC": "--no-regularise-locally", "local": "--regularise-locally"}
MASK_LOW_A, MASK_PART, GROW_PX, EDGE_PX = 20.0, 0.1, 3.0, 6.0


def still_mask(rigid: Volume, pixel_A: float) -> Volume:
    """A soft mask about the part that stands still."""
    smooth = ndimage.gaussian_filter(rigid, MASK_LOW_A / pixel_A / 4)
    away = ndimage.distance_transform_edt(smooth < MASK_PART * smooth.max())
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip((away - GROW_PX) / EDGE_PX, 0, 1)), np.float32)


def crossing_A(curve: Floats, length_A: float, threshold: float) -> float:
    """Resolution at which a curve first falls below a threshold, read between shells."""
    below = np.flatnonzero(curve[1:] < threshold)
    if not len(below):
        return length_A / (len(curve) - 1)
    shell = int(below[0]) + 1
    high, low = curve[shell - 1], curve[shell]
    return float(length_A / (shell - 1 + (high - threshold) / max(high - low, 1e-9)))


def refined(folder: Path, rows: int, out: Path, flag: str) -> float:
    """Run one refinement; its CPU seconds."""
    table = star.read_table(folder / "particles.star", "particles")
    chosen = out.with_suffix(".star")
    star.write_table(chosen, table.select(np.arange(min(rows, len(table)))))
    diameter = str(round(DIAMETER_A + 20))
    asked = ["refine3d", "--particles", str(chosen), "--reference", str(folder / "rigid.mrc"), "--low-pass-a", "40", flag]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    extra = ["--particle-diameter-a", diameter, "--threads", "1", "--out", str(out)]
    subprocess.run([sys.executable, "-m", "vitreous", *asked, *extra], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def judged(folder: Path, run: Path) -> str:
    """The figures of one finished run."""
    found = star.read_table(run / "run_data.star", "particles")
    true = same_order(found, star.read_table(folder / "truth.star", "particles"))
    rigid, pixel_A = mrc.read_volume(folder / "rigid.mrc")
    turn = common_turn(turns_in(found), turns_in(true), "C1").T
    halves = [mrc.read_volume(run / f"run_half{h}_class001_unfil.mrc")[0] for h in (1, 2)]
    mask = still_mask(rigid, pixel_A)
    joined = np.asarray((halves[0] + halves[1]) / 2, np.float32)
    shrunk, aim = small(joined, pixel_A, FINE_A), small(rigid, pixel_A, FINE_A)
    turn, move = polished(shrunk, aim, turn)
    move = move * len(rigid) / len(shrunk)
    one, two = (turned(half, turn, move) * mask for half in halves)
    between, truth = fsc(one, two), fsc(one + two, rigid * mask)
    promised = np.sqrt(2 * np.clip(between, 0, 1) / (1 + np.clip(between, 0, 1)))
    errors = angles_apart(turns_in(found) @ turn.T, turns_in(true), "C1")
    length_A = len(rigid) * pixel_A
    edge = int(length_A / crossing_A(between, length_A, 0.143))
    beyond = slice(edge + 2, int(1.4 * edge) + 2)
    return (
        f"halves 0.143 at {crossing_A(between, length_A, 0.143):.2f} Å; truth 0.5 at {crossing_A(truth, length_A, 0.5):.2f} Å "
        f"(halves promise {crossing_A(promised, length_A, 0.5):.2f} Å), 0.143 at {crossing_A(truth, length_A, 0.143):.2f} Å; "
        f"truth less promise {np.mean((truth - promised)[8:edge]):+.3f} up to the resolution, halves' FSC beyond it "
        f"{np.mean(between[beyond]):+.3f} where the truth's is {np.mean(truth[beyond]):+.3f}; "
        f"angle {np.median(errors):.2f}° in the median, {np.percentile(errors, 60):.2f}° at 60 %, "
        f"{np.mean(errors < 10):.3f} within 10°"
    )


def main() -> None:
    """Run and judge both."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--rows", type=int, default=2000)
    ask.add_argument("--out", type=Path, required=True)
    ask.add_argument("--judge-only", nargs="*", type=Path, help="folders of finished runs")
    said = ask.parse_args()
    said.out.mkdir(parents=True, exist_ok=True)
    for run in said.judge_only or []:
        print(f"{run}: {judged(said.folder, run)}", flush=True)
    for name, flag in RUNS.items() if said.judge_only is None else ():
        run = said.out / flag.removeprefix("--")
        seconds = refined(said.folder, said.rows, run, flag)
        print(f"{name}: {seconds:.0f} CPU-s; {judged(said.folder, run)}", flush=True)


if __name__ == "__main__":
    main()
