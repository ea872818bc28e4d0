"""Extraction from simulated micrographs at whole coordinates, ours against relion_preprocess: CPU, wall, agreement.

python bench/extract_vs_relion.py [--micrographs 4] [--particles 300] [--box 256] [--scale 128] FOLDER
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import numpy as np

from pick_vs_relion import timed
from vitreous.files import coordinates, mrc, star
from vitreous.tables.table import Table

SIDE = 4096


def make(given: argparse.Namespace) -> list[str]:
    """Micrographs of 4096 x 4096 smoothed noise on a slope, with random whole coordinates, also at the edges."""
    rng = np.random.default_rng(given.seed)
    names = [f"micrographs/m{number}.mrc" for number in range(given.micrographs)]
    for name in names:
        noise = rng.normal(size=(SIDE, SIDE)).astype(np.float32)
        image = 100 + 5 * noise + 3 * np.roll(noise, 1, 0) + np.linspace(0, 20, SIDE, dtype=np.float32)
        mrc.write_image(name, image, pixel_size_A=1.0)
        x, y = rng.integers(0, SIDE, (2, given.particles)).astype(float)
        coordinates.write(f"picks/{name.removesuffix('.mrc')}_p.star", Table({"x_px": x, "y_px": y}))
    optics = {"optics_group_name": ["a"], "optics_group": [1], "micrograph_pixel_size_A": [1.0], "voltage_kV": [300.0]}
    optics |= {"original_pixel_size_A": [1.0], "cs_mm": [2.7], "amplitude_contrast": [0.1]}
    columns = {"micrograph": np.array(names, object), "optics_group": np.ones(len(names), int)}
    star.write_table("micrographs.star", Table(columns, "micrographs", Table(optics, "optics")))
    Path("picks/coords_suffix_p.star").write_text("micrographs.star\n")
    return names


def main() -> None:
    """Make the input, extract with both, compare image by image."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--micrographs", type=int, default=4)
    parser.add_argument("--particles", type=int, default=300)
    parser.add_argument("--box", type=int, default=256)
    parser.add_argument("--scale", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    for old in ("ours", "theirs"):
        shutil.rmtree(old, ignore_errors=True)
    names = make(given)
    radius = int(0.375 * given.scale)
    ours = [sys.executable, "-m", "vitreous", "extract", "--micrographs", "micrographs.star"]
    ours += ["--coordinates", "picks/coords_suffix_p.star", "--box-px", str(given.box), "--resize"]
    ours += ["--rescaled-box-px", str(given.scale), "--background-diameter-px", str(2 * radius * given.box / given.scale)]
    ours += ["--out", "ours"]
    theirs = ["relion_preprocess", "--i", "micrographs.star", "--coord_dir", "picks/", "--coord_suffix", "_p.star"]
    theirs += ["--part_star", "theirs/particles.star", "--part_dir", "theirs/", "--extract", "--extract_size", str(given.box)]
    theirs += ["--scale", str(given.scale), "--norm", "--bg_radius", str(radius), "--invert_contrast"]
    for who, command in (("vitreous", ours), ("relion", theirs)):
        cpu, wall = timed(command)
        print(f"{who:9s} {cpu:6.2f} CPU-s {wall:6.2f} s wall for {given.particles * given.micrographs} particles")
    least = 1.0
    for name in names:
        pair = [mrc.read_stack(Path(who) / name.replace(".mrc", ".mrcs"))[0] for who in ("ours", "theirs")]
        least = min(least, *(float(np.corrcoef(a.ravel(), b.ravel())[0, 1]) for a, b in zip(*pair, strict=True)))
    print(f"lowest correlation of an image with RELION's: {least:.7f}")


if __name__ == "__main__":
    main()
