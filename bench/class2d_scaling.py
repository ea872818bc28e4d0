"""2D classification of ever more particles: CPU seconds a visit, start-up, and peak memory, which should not grow.

python bench/class2d_scaling.py FOLDER [--sizes 5000,20000,50000,200000] [--box 64] [--classes 20] [--visits 20000] [--keep]
Particles of bench/ribosome.py, 5,000 views repeated with new noise; all sizes score the same shells (30 Å). A visit is one
image in one turn. Each run is stopped when it has saved a turn by which --visits were made (0: goes on to the end, whose last
turn takes all images). Start-up is all CPU until the first classes are saved. Stacks are removed afterwards unless --keep.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import ribosome
from measured import Cost, measured
from vitreous.jobs.class2d import WRITE_EVERY
from vitreous.methods.refinement.schedule import turns
from vitreous.methods.refinement.settings import Classification

LIMIT_A, DIAMETER_A, WIDTH_A, DISTINCT = 30, 280, 384.0, 5_000
SAVED = "run_it{:03d}_optimiser.star"


def stop(count: int, classes: int, visits: int) -> tuple[int, int]:
    """The first iteration that is saved with so many visits behind it, or the last one; and the visits."""
    made, schedule = 0, turns(Classification(classes=classes), count)
    for turn in schedule:
        made += turn.images
        if visits and made >= visits and turn.iteration % WRITE_EVERY == 0:
            return turn.iteration, made
    return schedule[-1].iteration, made


def classified(folder: Path, out: Path, *, classes: int, last: int) -> Cost:
    """`vitreous class2d` of a set, until an iteration is saved."""
    shutil.rmtree(out, ignore_errors=True)
    words = ["class2d", "--particles", f"{folder}/particles.star", "--out", str(out), "--classes", str(classes), "--threads", "1"]
    words += ["--particle-diameter-a", str(DIAMETER_A), "--resolution-limit-a", str(LIMIT_A)]
    command = [sys.executable, "-m", "vitreous", *words]
    return measured(command, log=out.with_suffix(".log"), watch=out, pattern="run_it*_optimiser.star", until=SAVED.format(last))


def line(count: int, cost: Cost, *, classes: int, visits: int) -> str:
    """A row of the table."""
    last, made = stop(count, classes, visits)
    usual = stop(count, classes, 0)[1] / count
    begun = cost.marks[SAVED.format(0)]
    each = (cost.marks[SAVED.format(last)] - begun) / made
    return (
        f"{count:9,d} {begun:10.1f} {made:10,d} {1e3 * each:11.3f} {cost.peak_MB:8.0f} {usual:12.1f} "
        f"{1e3 * (usual * each + begun / count):18.1f}"
    )


def main() -> None:
    """All sizes in turn."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--sizes", type=lambda text: [int(word) for word in text.split(",")], default=[5000, 20000, 50000, 200000])
    ask.add_argument("--box", type=int, default=64)
    ask.add_argument("--classes", type=int, default=20)
    ask.add_argument("--visits", type=int, default=20_000)
    ask.add_argument("--keep", action="store_true")
    given = ask.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    print("particles  start-up     visits  CPU-ms each  peak MB  visits usual  CPU-ms a particle", flush=True)
    for count in given.sizes:
        folder = Path(f"scale{count}_{given.box}")
        if not (folder / "truth.star").exists():
            ribosome.make(folder, count, distinct=DISTINCT, box=given.box, pixel_A=WIDTH_A / given.box, snr=0.05, seed=1)
        last, _ = stop(count, given.classes, given.visits)
        cost = classified(folder, Path(f"out{count}"), classes=given.classes, last=last)
        print(line(count, cost, classes=given.classes, visits=given.visits), flush=True)
        if not given.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
