"""Picking on simulated micrographs, ours against relion_autopick --LoG: CPU and wall seconds, recall and precision.

python bench/pick_vs_relion.py [--micrographs 8] [--particles 60] [--low 20000 --high 20000] FOLDER
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from vitreous.context import Context
from vitreous.files import coordinates, star
from vitreous.simulation.session import simulate_session
from vitreous.simulation.settings import Camera, Microscope, Particles, SessionSettings

DIAMETERS = (100, 170)


def simulate(folder: Path, given: argparse.Namespace) -> None:
    """Micrographs of 2048 x 2048 at 1.5 Å with particles of about 160 Å, in ice, counted."""
    settings = SessionSettings(
        movies=given.micrographs,
        movies_as_sums=True,
        particles=Particles(per_micrograph=given.particles),
        camera=Camera(width=2048, height=2048, pixel_size_A=1.5, frames=8, dose_e_A2=40),
        microscope=Microscope(defocus_low_A=given.low, defocus_high_A=given.high),
    )
    simulate_session(settings, folder, Context(seed=given.seed, threads=2))


def timed(command: list[str]) -> tuple[float, float]:
    """CPU and wall seconds of a program."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - began


def quality(picks: dict[str, Path], within_px: float, margin_px: float, side: int) -> tuple[float, float, int]:
    """Recall and precision of picks within a distance of a true particle, both away from the edges."""
    truth = star.read_table("particles_truth.star", "particles")
    found = hit = total = real = 0
    for name, rows in truth.split_by("micrograph").items():
        places = np.stack([truth["x_px"][rows], truth["y_px"][rows]], 1)
        table = coordinates.read(picks[name])
        ours = np.stack([table["x_px"], table["y_px"]], 1)
        away = np.linalg.norm(places[:, None] - ours[None], axis=2) if len(ours) else np.full((len(places), 1), np.inf)
        safe = ((places > margin_px) & (places < side - margin_px)).all(1)
        mine = ((ours > margin_px) & (ours < side - margin_px)).all(1)
        found += int((away.min(1)[safe] < within_px).sum())
        total += int(safe.sum())
        hit += int((away.min(0)[mine] < within_px).sum()) if len(ours) else 0
        real += int(mine.sum())
    return found / max(total, 1), hit / max(real, 1), real


def main() -> None:
    """Simulate, pick with both, compare with the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--micrographs", type=int, default=8)
    parser.add_argument("--particles", type=int, default=60)
    parser.add_argument("--low", type=float, default=8000, help="smallest defocus, Å")
    parser.add_argument("--high", type=float, default=22000, help="largest defocus, Å")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    simulate(Path("."), given)
    low, high = (str(d) for d in DIAMETERS)
    ours = [sys.executable, "-m", "vitreous", "auto-pick", "--micrographs", "micrographs_truth.star"]
    ours += ["--min-diameter-a", low, "--max-diameter-a", high, "--out", "ours"]
    subprocess.run(["rm", "-rf", "ours", "theirs"], check=True)
    theirs = ["relion_autopick", "--i", "micrographs_truth.star", "--odir", "theirs/", "--pickname", "autopick", "--LoG"]
    theirs += ["--LoG_diam_min", low, "--LoG_diam_max", high, "--shrink", "0", "--lowpass", "20"]
    names = [str(n) for n in star.read_table("micrographs_truth.star", "micrographs")["micrograph"]]
    for who, command in (("vitreous", ours), ("relion", theirs)):
        cpu, wall = timed(command)
        files = {
            name: Path("ours" if who == "vitreous" else "theirs") / (name.removesuffix(".mrc") + "_autopick.star")
            for name in names
        }
        recall, precision, count = quality(files, 40, 60, 2048)
        print(f"{who:9s} {cpu:6.2f} CPU-s {wall:6.2f} s wall; {count} picks, recall {recall:.3f}, precision {precision:.3f}")


if __name__ == "__main__":
    main()
