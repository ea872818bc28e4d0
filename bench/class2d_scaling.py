"""2D classification of ever more particles: CPU seconds a visit, start-up, and peak memory, which should not grow.

python bench/class2d_scaling.py FOLDER [--sizes 5000,20000,50000,200000] [--box 64] [--classes 20] [--whole] [--keep]
Particles of bench/ribosome.py, 5,000 views repeated with new noise; all sizes score the same shells (30 Å). A visit is one
image in one turn. Each run is stopped when it has saved turn ten, unless --whole: then it goes on to the end, whose last turn
takes all images. Start-up is all CPU until the first classes are saved. Stacks are removed afterwards unless --keep.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import ribosome
from measured import Cost, measured
from vitreous.methods.refinement.schedule import turns
from vitreous.methods.refinement.settings import Classification

LIMIT_A, DIAMETER_A, WIDTH_A, DISTINCT = 30, 280, 384.0, 5_000
SAVED = 10


def classified(folder: Path, out: Path, *, classes: int, mini_batches: int, whole: bool) -> Cost:
    """`vitreous class2d` of a set, up to its first saved turn or to its end."""
    shutil.rmtree(out, ignore_errors=True)
    words = ["class2d", "--particles", f"{folder}/particles.star", "--out", str(out), "--classes", str(classes), "--threads", "1"]
    words += ["--mini-batches", str(mini_batches), "--particle-diameter-a", str(DIAMETER_A), "--resolution-limit-a", str(LIMIT_A)]
    until = "" if whole else f"run_it{SAVED:03d}_optimiser.star"
    command = [sys.executable, "-m", "vitreous", *words]
    return measured(command, log=out.with_suffix(".log"), watch=out, pattern="run_it*_optimiser.star", until=until)


def line(count: int, cost: Cost, *, classes: int, mini_batches: int, whole: bool) -> str:
    """A row of the table."""
    schedule = turns(Classification(classes=classes, mini_batches=mini_batches), count)
    visits = sum(turn.images for turn in (schedule if whole else schedule[:SAVED]))
    begun = cost.marks["run_it000_optimiser.star"]
    ended = cost.cpu_s if whole else cost.marks[f"run_it{SAVED:03d}_optimiser.star"]
    usual = sum(turn.images for turn in turns(Classification(classes=classes), count)) / count
    each = (ended - begun) / visits
    return (
        f"{count:9,d} {begun:10.1f} {visits:10,d} {1e3 * each:11.3f} {cost.peak_MB:8.0f} {usual:12.1f} "
        f"{1e3 * (usual * each + begun / count):14.1f}"
    )


def main() -> None:
    """All sizes in turn."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--sizes", type=lambda text: [int(word) for word in text.split(",")], default=[5000, 20000, 50000, 200000])
    ask.add_argument("--box", type=int, default=64)
    ask.add_argument("--classes", type=int, default=20)
    ask.add_argument("--mini-batches", type=int, default=50)
    ask.add_argument("--whole", action="store_true")
    ask.add_argument("--keep", action="store_true")
    given = ask.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    print("particles  start-up     visits  CPU-ms each  peak MB  visits usual  CPU-ms a particle", flush=True)
    run = {"classes": given.classes, "mini_batches": given.mini_batches, "whole": given.whole}
    for count in given.sizes:
        folder = Path(f"scale{count}_{given.box}")
        if not (folder / "truth.star").exists():
            ribosome.make(folder, count, distinct=DISTINCT, box=given.box, pixel_A=WIDTH_A / given.box, snr=0.05, seed=1)
        print(line(count, classified(folder, Path(f"out{count}"), **run), **run), flush=True)
        if not given.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
