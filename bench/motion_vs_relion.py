"""Motion correction against RELION 3.1's own, on simulated movies whose motion is known: accuracy and CPU seconds.

    python bench/motion_vs_relion.py [--movies N] [--patches N] [--folder DIR]

Prints, for each program: CPU seconds a movie (whole process), rms error of the trajectories over the field of view in
pixels (mean removed, and relative to the first frame), and the defocus that both sums give.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from vitreous.files import motion, star
from vitreous.methods.motion.model import LocalMotion

DOSE_E_A2 = 40.0


def seconds(command: list[str], folder: Path, log: Path) -> float:
    """CPU seconds (user and system) of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with log.open("w") as stream:
        subprocess.run(
            command, cwd=folder, check=True, stdout=stream, stderr=subprocess.STDOUT, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def places() -> tuple[np.ndarray, np.ndarray]:
    """A grid of places over the field of view."""
    x, y = np.meshgrid(np.linspace(-0.45, 0.45, 9), np.linspace(-0.45, 0.45, 9))
    return x.ravel(), y.ravel()


def trajectories(path: Path) -> np.ndarray:
    """Shifts (places, frames, 2) that a motion STAR describes."""
    found = motion.read(path)
    local = LocalMotion.none() if found.coefficients is None else LocalMotion(found.coefficients)
    return found.shifts_px[None] + local.at(*places(), np.arange(float(len(found.shifts_px))))


def errors(truth: Path, made: Path) -> tuple[float, float, float]:
    """Rms errors in pixels: trajectories with their mean removed, relative to frame 1, and of the whole-frame shift."""
    difference = trajectories(made) - trajectories(truth)
    centred = difference - difference.mean(1, keepdims=True)
    whole = difference.mean(0)
    return tuple(float(np.sqrt(np.mean(e**2))) for e in (centred, difference, whole - whole.mean(0)))


def main() -> None:
    """Simulate if need be, run both, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=3)
    parser.add_argument("--patches", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    vitreous = str(Path(sys.executable).with_name("vitreous"))
    if not (folder / "sim/movies.star").exists():
        seconds([vitreous, "simulate", "movies", "--movies", str(given.movies), "--out", "sim"], folder, folder / "sim.log")
    movies = star.read_table(folder / "sim/movies.star", "movies")
    names = [Path(name).stem for name in movies["movie"]]
    known = motion.read(folder / f"sim/motion/{names[0]}.star")
    dose = str(known.dose_per_frame_e_A2)
    patches = str(given.patches)
    ours = [vitreous, "motion-correction", "--movies", "sim/movies.star", "--gain-reference", "sim/gain.mrc", "--defects"]
    ours += ["sim/defects.txt", "--patches-x", patches, "--patches-y", patches, "--dose-per-frame-e-a2", dose, "--out", "ours"]
    theirs = ["relion_run_motioncorr", "--use_own", "--i", "sim/movies.star", "--o", "relion/", "--gainref", "sim/gain.mrc"]
    theirs += ["--defect_file", "sim/defects.txt", "--patch_x", patches, "--patch_y", patches, "--dose_per_frame", dose]
    theirs += ["--preexposure", "0", "--bfactor", "150", "--bin_factor", "1", "--dose_weighting", "--j", "1"]
    theirs += ["--grouping_for_ps", str(max(1, round(4 / known.dose_per_frame_e_A2)))]
    print(f"{len(names)} movies, {patches} x {patches} patches; rms errors in pixels")
    print("program    CPU s/movie   trajectory   relative to frame 1   whole frame")
    for word, command in (("vitreous", ours), ("RELION", theirs)):
        place = command[command.index("--out" if word == "vitreous" else "--o") + 1]
        cpu = seconds(command, folder, folder / f"{word}.log")
        rows = [errors(folder / f"sim/motion/{name}.star", folder / place / f"sim/movies/{name}.star") for name in names]
        means = np.sqrt(np.mean(np.square(rows), axis=0))
        print(f"{word:10} {cpu / len(names):11.2f} {means[0]:12.3f} {means[1]:21.3f} {means[2]:13.3f}")
    print(f"folder: {folder}")


if __name__ == "__main__":
    main()
