"""Where 3D refinement spends its CPU: each phase of each round, milliseconds an image, beside the core's peak rates.

python bench/refine3d_phases.py PARTICLES.star REFERENCE.mrc --particle-diameter-a 290 [--symmetry D2 --low-pass-a 40 --rounds 6]

Runs the loop on one thread with a timer about each phase (its own time, without that of phases inside it).
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from class2d_phases import Clock, peaks
from vitreous.context import Context
from vitreous.files import mrc, particles
from vitreous.methods.refinement import (
    density,
    expectation3d,
    gold_standard,
    local,
    polar,
    refine3d,
    resolution,
    scores,
    search,
    slices,
    stock,
)
from vitreous.methods.refinement.problem2d import Groups
from vitreous.methods.refinement.settings3d import Optimisation, Reference, RefineSettings

PHASES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "stock": (stock.Stock, ("_read", "_mask", "_ctf", "_make", "batch", "masked_images")),
    "polar": (polar, ("sample_images", "slices", "shift_phases")),
    "scores": (scores, ("modes", "columns", "shifted", "cross_terms", "norm_terms", "reference_modes")),
    "search": (search, ("build_bank", "score", "best_modes", "ctf_at")),
    "local": (local, ("refine",)),
    "density": (density, ("to_cube", "from_cube", "cube_shells")),
    "slices": (slices, ("insert_modes", "residuals", "complete_plane")),
    "halves": (gold_standard, ("back_project", "unfiltered", "filtered", "join_low", "together")),
    "expectation": (expectation3d, ("find", "residual_sums", "fitted_scale", "power_scale", "first_noise")),
    "resolution": (resolution, ("half_map_fsc", "corrected_fsc")),
    "round": (refine3d.Refinement, ("step", "begin", "_judge", "_maps", "_noise", "_sums", "_scaled")),
}


def watched() -> Clock:
    """A clock with a timer about every phase that there is."""
    clock = Clock()
    for label, (place, names) in PHASES.items():
        for name in names:
            if hasattr(place, name):
                setattr(place, name, clock.timed(f"{label}.{name}", getattr(place, name)))
    changed: list[tuple[Any, str, int]] = [
        *((torch, name, 0) for name in ("mm", "bmm")),
        (torch, "addmm", 1),
        *((torch.Tensor, name, first) for name, first in (("__matmul__", 0), ("baddbmm_", 1))),
    ]
    for at, name, first in changed:
        setattr(at, name, clock.counted(getattr(at, name), first))
    return clock


def bandwidth() -> str:
    """How fast one core copies 256 MB, bytes read and written together."""
    source = np.ones(2**26, np.float32)
    into = np.empty_like(source)
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        np.copyto(into, source)
        best = min(best, time.process_time() - began)
    return f"copies {2 * source.nbytes / best / 1e9:.1f} GB/s"


def main() -> None:
    """Run and tell."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("particles", type=Path)
    ask.add_argument("reference", type=Path)
    ask.add_argument("--particle-diameter-a", type=float, default=290.0)
    ask.add_argument("--symmetry", default="C1")
    ask.add_argument("--low-pass-a", type=float, default=40.0)
    ask.add_argument("--rounds", type=int, default=30)
    given = ask.parse_args()
    print(f"{peaks()}; {bandwidth()}")
    clock = watched()
    table, source = particles.read(given.particles)
    vars(source)["read"] = clock.timed("reading", source.read)
    chosen = RefineSettings(
        reference=Reference(symmetry=given.symmetry, low_pass_A=given.low_pass_a),
        optimisation=Optimisation(particle_diameter_A=given.particle_diameter_a),
    )
    context = Context(seed=1, threads=1)
    stock = refine3d.stock_of(source, table, chosen, context)
    engine = refine3d.Refinement(stock, chosen, groups=Groups.of(table), mask=None, context=context)
    state = engine.begin(table, mrc.read_volume(given.reference)[0])
    print(f"start\n{clock.table(len(table))}")
    while not state.finished and state.iteration < given.rounds:
        before = state
        state = engine.step(state)
        print(f"round {state.iteration}, {before.stage}, {before.reach} shells, {state.resolution_A:.1f} Å")
        print(clock.table(len(table)), flush=True)


if __name__ == "__main__":
    main()
