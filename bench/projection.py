"""CPU milliseconds of the kernels for one slice of 128 pixels: project, backproject, sample; fast against reference.

    python bench/projection.py [box]

Goals on one core for box 128: 0.12 ms forward and 0.18 ms back in an unpadded volume.
"""

import sys
import time
from collections.abc import Callable

import torch

from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.maths.kernels.backproject import accumulators, insert
from vitreous.maths.kernels.project import prepare, project
from vitreous.maths.kernels.sample import prepare_images, prepare_volume, sample2, sample3
from vitreous.maths.rotations import random_rotations


def cpu_ms(work: Callable[[], object], count: int, repeats: int = 5) -> float:
    """Least CPU time of some runs, by item."""
    work()
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1e3 * best / count


def main() -> None:
    """Measure and print one line a kernel."""
    torch.set_num_threads(1)
    box = int(sys.argv[1]) if len(sys.argv) > 1 else 128
    generator = torch.Generator().manual_seed(0)
    count = 100
    volume = torch.randn(box, box, box, generator=generator)
    poses = random_rotations(count, generator).float()
    for padding in (1, 2):
        ft = prepare(volume, padding)
        slices = project(ft, poses, box, box, padding=padding)
        weights = slices.abs()
        data, weight = accumulators(box, padding)
        forward = cpu_ms(lambda ft=ft, p=padding: project(ft, poses, box, box, padding=p), count)
        back = cpu_ms(lambda d=data, w=weight, s=slices, c=weights, p=padding: insert(d, w, s, c, poses, box, padding=p), count)
        print(f"box {box}, padding {padding}: project {forward:.3f} ms, backproject {back:.3f} ms a slice")
    angle = torch.arange(96) * (torch.pi / 96)
    radius = torch.arange(1, min(41, box // 2))[:, None]
    kx, ky = (radius * angle.cos()).reshape(-1), (radius * angle.sin()).reshape(-1)
    images = torch.randn(count, box, box, generator=generator)
    ready, ready3 = prepare_images(images), prepare_volume(volume)
    print(f"prepare_images {cpu_ms(lambda: prepare_images(images), count):.3f} ms an image")
    print(f"sample2, {len(kx)} points: {cpu_ms(lambda: sample2(ready, kx, ky), count):.3f} ms an image")
    print(f"sample3, {len(kx)} points: {cpu_ms(lambda: sample3(ready3, poses, kx, ky), count):.3f} ms a slice")
    params = CtfParams.of(torch.linspace(5000, 25000, 1000, dtype=torch.float64))
    print(f"ctf2d: {cpu_ms(lambda: ctf2d(params, box, 1.5), 1000):.4f} ms a CTF")


if __name__ == "__main__":
    main()
