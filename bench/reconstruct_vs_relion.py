"""Reconstruction beside relion_reconstruct on the same particles: CPU seconds, peak memory, half-map FSC, agreement.

    python bench/reconstruct_vs_relion.py [--box 128] [--particles 2000] [--sym C1]

Particles are slices of a random object with CTF, shifts and noise. RELION runs with its defaults (10 gridding iterations),
we with ours (1) and with 10. Each program runs as its own process on one core.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from vitreous.files import mrc, star
from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.maths.fourier import irfft2, shift2
from vitreous.maths.kernels.project import prepare, project
from vitreous.maths.masks import sphere
from vitreous.maths.rotations import random_rotations, to_euler
from vitreous.methods.reconstruction.wiener import masked_fsc, sphere_mask
from vitreous.tables.table import Table

PIXEL_A = 2.0


def simulate(box: int, count: int) -> None:
    """Write stack.mrcs and particles.star into the current directory, and the truth as truth.mrc."""
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(box, box, box, generator=generator) * sphere(box, 0.3 * box, 4)
    poses = random_rotations(count, generator)
    defocus = torch.linspace(8000, 20000, count, dtype=torch.float64)
    shifts = (torch.rand(count, 2, generator=generator, dtype=torch.float64) - 0.5) * 10
    prepared, images = prepare(truth), np.empty((count, box, box), np.float32)
    for part in torch.arange(count).split(200):
        ft = project(prepared, poses[part].float(), box, box) * ctf2d(CtfParams.of(defocus[part]), box, PIXEL_A)
        clean = irfft2(shift2(ft, -shifts[part] / PIXEL_A, box), box)
        images[part] = (clean + 5 * clean.std() * torch.randn(clean.shape, generator=generator)).numpy()
    mrc.write_stack("stack.mrcs", images, pixel_size_A=PIXEL_A)
    mrc.write_volume("truth.mrc", truth.numpy(), pixel_size_A=PIXEL_A)
    rot, tilt, psi = (angle.numpy() for angle in to_euler(poses))
    rows = {
        "image": np.array([f"{i + 1:06d}@stack.mrcs" for i in range(count)], dtype=object),
        "rot_deg": rot,
        "tilt_deg": tilt,
        "psi_deg": psi,
        "origin_x_A": shifts[:, 0].numpy(),
        "origin_y_A": shifts[:, 1].numpy(),
        "defocus_u_A": defocus.numpy(),
        "defocus_v_A": defocus.numpy(),
        "defocus_angle_deg": np.zeros(count),
        "half": np.arange(count) % 2 + 1,
        "optics_group": np.ones(count, int),
    }
    optics = {
        "optics_group_name": np.array(["one"], dtype=object),
        "optics_group": [1],
        "voltage_kV": [300.0],
        "cs_mm": [2.7],
        "amplitude_contrast": [0.1],
        "pixel_size_A": [PIXEL_A],
        "box": [box],
        "dimensions": [2],
    }
    star.write_table("particles.star", Table(rows, "particles", Table(optics, "optics")))


def measured(command: list[str]) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of a command on one core."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Simulate, run both, print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--box", type=int, default=128)
    parser.add_argument("--particles", type=int, default=2000)
    parser.add_argument("--sym", default="C1")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        simulate(given.box, given.particles)
        mask = sphere_mask(given.box, PIXEL_A, 0.8 * given.box * PIXEL_A)

        def volume(path: str) -> torch.Tensor:
            return torch.from_numpy(mrc.read_volume(path)[0])

        def line(who: str, cost: tuple[float, float], halves: list[str], whole: str) -> None:
            curve = masked_fsc(*(volume(half) for half in halves), mask)
            truth = masked_fsc(volume(whole), volume("truth.mrc"), mask)
            middle = slice(given.box // 8, given.box * 3 // 8)
            print(
                f"{who}: {cost[0]:.1f} CPU-s, {cost[1]:.0f} MB; halves' FSC {float(curve[middle].mean()):.4f}, "
                f"with the truth {float(truth[middle].mean()):.4f} (mean of the middle shells)"
            )

        relion = ["relion_reconstruct", "--i", "particles.star", "--ctf", "--sym", given.sym, "--pad", "2"]
        costs = [measured([*relion, "--o", "r.mrc"])]
        costs += [measured([*relion, "--o", f"r{n}.mrc", "--subset", str(n)]) for n in (1, 2)]
        line(
            "relion_reconstruct, three maps", (sum(c[0] for c in costs), max(c[1] for c in costs)), ["r1.mrc", "r2.mrc"], "r.mrc"
        )
        for gridding in (1, 10):
            out = f"v{gridding}"
            ours = [str(Path(sys.executable).with_name("vitreous")), "reconstruct", "--particles", "particles.star", "--out", out]
            ours += ["--sym", given.sym, "--gridding", str(gridding), "--memory-gb", "8"]
            halves = [f"{out}/half{n}_unfil.mrc" for n in (1, 2)]
            line(f"vitreous reconstruct, gridding {gridding}, three maps", measured(ours), halves, f"{out}/reconstruction.mrc")


if __name__ == "__main__":
    main()
