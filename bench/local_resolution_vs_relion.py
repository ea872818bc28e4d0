"""Local resolution beside relion_postprocess --locres on the same half maps: CPU seconds, memory, agreement.

    python bench/local_resolution_vs_relion.py [--half1 run_half1_class001_unfil.mrc] [--box 64]

Without --half1, halves of a random ball are made whose noise rises from one side to the other. Each program runs as its own
process on one core. RELION needs about 250 CPU seconds for 128 voxels of 3 Å.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from measured import measured
from vitreous.files import mrc
from vitreous.files.half_maps import other_half
from vitreous.maths.filters import low_pass3
from vitreous.maths.masks import sphere

VOXEL_A = 3.0


def simulate(box: int) -> None:
    """Write half1.mrc and half2.mrc into the current directory."""
    generator = torch.Generator().manual_seed(0)
    truth = low_pass3(torch.randn(box, box, box, generator=generator), VOXEL_A, cutoff_A=8) * sphere(box, 0.35 * box, 4)
    rising = 2 * torch.linspace(0.05, 1, box) ** 2 * truth.std()
    for n in (1, 2):
        noisy = truth + rising * torch.randn(box, box, box, generator=generator)
        mrc.write_volume(f"half{n}.mrc", noisy.numpy(), pixel_size_A=VOXEL_A)


def compare(radius: float) -> str:
    """How near the two are inside a ball: resolutions, and the filtered maps' correlation."""
    ours, theirs = (mrc.read_volume(f"{name}_locres.mrc")[0] for name in ("ours/relion", "theirs"))
    at = np.arange(len(ours)) - len(ours) // 2
    inside = (at[:, None, None] ** 2 + at[:, None] ** 2 + at**2 < radius**2) & (theirs > 0)
    apart = np.abs(ours[inside] / theirs[inside] - 1)
    filtered = [mrc.read_volume(f"{name}_locres_filtered.mrc")[0][inside] for name in ("ours/relion", "theirs")]
    same = float(np.vdot(filtered[0], filtered[1]) / (np.linalg.norm(filtered[0]) * np.linalg.norm(filtered[1])))
    apart_by = f"{np.median(apart):.1%} in the median, {np.quantile(apart, 0.9):.1%} for nine of ten voxels at most"
    return f"resolutions differ by {apart_by}; filtered maps correlate {same:.4f}"


def main() -> None:
    """Print a line a program, and one that compares them."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--half1", type=Path)
    ask.add_argument("--box", type=int, default=64)
    given = ask.parse_args()
    relion = shutil.which("relion_postprocess")
    halves = [given.half1.resolve(), Path(other_half(str(given.half1))).resolve()] if given.half1 else []
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if halves:
            for n, path in enumerate(halves, 1):
                shutil.copy(path, f"half{n}.mrc")
        else:
            simulate(given.box)
        box, voxel_A = len(mrc.read_volume("half1.mrc")[0]), mrc.read_volume("half1.mrc")[1]
        ours = [str(Path(sys.executable).with_name("vitreous")), "local-resolution", "--half1", "half1.mrc", "--out", "ours"]
        theirs = [relion or "", "--locres", "--i", "half1.mrc", "--o", "theirs", "--angpix", str(voxel_A), "--adhoc_bfac", "-100"]
        for name, command in (("vitreous", ours), ("RELION", theirs)):
            if command[0]:
                print(f"{name}, {box} voxels: {measured(command, log=Path(f'{name}.log'))}", flush=True)
        if relion:
            print(compare(0.35 * box))


if __name__ == "__main__":
    main()
