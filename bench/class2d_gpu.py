"""2D classification of 100,000 simulated particles into 100 classes on an NVIDIA GPU: seconds, quality, fraction of the peak.

python bench/class2d_gpu.py FOLDER [--particles 100000] [--classes 100] [--counted 20]
The whole program is timed (`vitreous class2d --device cuda`, 128 px). The products of matrices are then counted over the first
--counted turns in this process, a complex multiplication as four real ones; their rate over the card's own best at such
products in float32 is the fraction of the peak. Says so and stops where there is no CUDA, or none in class2d.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

import ribosome
from class2d_vs_relion import DIAMETER_A, emptied, judged
from measured import measured
from vitreous.context import Context
from vitreous.files import particles as tables
from vitreous.jobs.class2d import Class2D
from vitreous.methods.refinement.class2d import classify2d
from vitreous.methods.refinement.settings import Class2DSettings, Classification

PRODUCTS = {"aten::mm", "aten::bmm", "aten::addmm", "aten::baddbmm"}
SIDE, REPEATS = 8192, 20


class Counted(TorchDispatchMode):
    """Counts the real multiplications and additions of all products of matrices inside it."""

    operations = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Add up one operation, and do it."""
        made = function(*args, **(kwargs or {}))
        if function._schema.name in PRODUCTS:
            of = args[-2]
            self.operations += 2 * made.numel() * of.shape[-1] * (4 if made.is_complex() else 1)
        return made


def best_rate() -> float:
    """Operations a second of large float32 products on this card."""
    a = torch.randn(SIDE, SIDE, device="cuda")
    torch.mm(a, a)
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(REPEATS):
        torch.mm(a, a)
    torch.cuda.synchronize()
    return 2 * SIDE**3 * REPEATS / (time.perf_counter() - began)


def fraction(folder: Path, chosen: Classification, last: int) -> str:
    """How fast the products of the first turns are done, start-up left out, in words."""
    context = Context(device="cuda", seed=1)
    table, source = tables.read(f"{folder}/particles.star", context)
    peak, began = best_rate(), 0.0
    with Counted() as counted:
        for state in classify2d(source, table, Class2DSettings(classification=chosen), context):
            if not began:
                began, counted.operations = time.perf_counter(), 0
            elif state.iteration >= last:
                break
        torch.cuda.synchronize()
        rate = counted.operations / (time.perf_counter() - began)
    return f"products at {rate / 1e12:.2f} of {peak / 1e12:.1f} Tflop/s in float32: {100 * rate / peak:.1f} % of the peak"


def main() -> None:
    """Make the set, run the program, count."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--particles", type=int, default=100_000)
    ask.add_argument("--classes", type=int, default=100)
    ask.add_argument("--counted", type=int, default=20)
    given = ask.parse_args()
    if not torch.cuda.is_available():
        sys.exit("this machine has no CUDA: nothing was measured")
    if not Class2D.type.uses_gpu:
        sys.exit("class2d has no CUDA path yet: nothing was measured")
    given.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(given.folder)
    folder, out = Path(f"sim{given.particles}"), emptied(Path("gpu"))
    if not (folder / "truth.star").exists():
        ribosome.make(folder, given.particles, distinct=20_000, box=128, pixel_A=3.0, snr=0.05, seed=1)
    words = ["class2d", "--particles", f"{folder}/particles.star", "--out", str(out), "--classes", str(given.classes)]
    words += ["--particle-diameter-a", str(DIAMETER_A), "--device", "cuda"]
    cost = measured([sys.executable, "-m", "vitreous", *words], log=out.with_suffix(".log"))
    judged(torch.cuda.get_device_name(), folder, out, cost)
    print(fraction(folder, Classification(classes=given.classes, particle_diameter_A=DIAMETER_A), given.counted))


if __name__ == "__main__":
    main()
