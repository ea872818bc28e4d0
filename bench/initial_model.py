"""First maps measured: CPU seconds of whole processes, and how often the right fold is found, over several seeds.

python bench/ribosome.py --particles 2000 --out FOLDER
python bench/initial_model.py FOLDER --out OUT [--seeds 10] [--first-seed 0] [--symmetry C1] [--word=--classes --word=2 ...]

FOLDER is one of ribosome.py's. The fold is right when the map's FSC with the truth (either hand) is 0.5 at 20 Å or better;
judge3d.py brings it to the truth's frame. Words are handed on to the command.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from judge3d import judge
from specimens import DIAMETER_A

RIGHT_A = 20.0


def made(folder: Path, job: Path, seed: int, words: list[str]) -> tuple[float, float, float]:
    """Run the command; CPU seconds, wall seconds and the peak in GB."""
    job.parent.mkdir(parents=True, exist_ok=True)
    given = ["--particles", str(folder / "particles.star"), "--particle-diameter-a", str(DIAMETER_A), "--seed", str(seed)]
    began = time.monotonic()
    with open(job.parent / f"{job.name}.log", "wb") as log:
        command = [sys.executable, "-m", "vitreous", "initial-model", *given, "--out", str(job), *words]
        child = subprocess.Popen(command, stdout=log, stderr=log)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}: see {log.name}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1e6


def sure(job: Path) -> str:
    """What the run says of itself: how many starts agree."""
    said = re.findall(r"(\d+ of \d+) random starts", (job.parent / f"{job.name}.log").read_text())
    return f", {said[-1]} starts agree" if said else ""


def main() -> None:
    """Run each seed, count the folds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    for name, default in (("seeds", 10), ("first-seed", 0), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--symmetry", default="C1")
    parser.add_argument("--word", action="append", default=[])
    said = parser.parse_args()
    words = ["--threads", str(said.threads), *(() if said.symmetry == "C1" else ("--symmetry", said.symmetry)), *said.word]
    spent, right = [], 0
    for seed in range(said.first_seed, said.first_seed + said.seeds):
        job = said.out / f"seed{seed:02d}"
        cpu, wall, peak = made(said.folder, job, seed, words)
        found = judge(
            said.folder,
            job / "initial_model.mrc",
            job / "run_data.star",
            group=said.symmetry,
            truth="truth_1.mrc",
            either_hand=True,
        )
        spent.append(cpu)
        right += found.resolution_A(0.5) <= RIGHT_A
        print(f"seed {seed}: {found}; {cpu:.0f} CPU-s, {wall:.0f} s wall, {peak:.2f} GB{sure(job)}", flush=True)
    print(f"right fold in {right} of {said.seeds}; {np.mean(spent):.0f} CPU-s a run, {max(spent):.0f} at most")


if __name__ == "__main__":
    main()
