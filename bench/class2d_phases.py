"""Where 2D classification spends its CPU: milliseconds an image of each phase by shells scored, beside the core's peak rates.

python bench/class2d_phases.py PARTICLES.star --classes 20 --particle-diameter-a 280 [--mini-batches 200 --until 120 --every 10]

Runs the loop on one thread with a timer about each phase (its own time, without that of phases inside it) and prints a table
for every stretch of `--every` turns.
"""

import argparse
import functools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from vitreous.context import Context
from vitreous.files import particles
from vitreous.methods.refinement import (
    cells,
    class2d,
    expectation,
    first2d,
    maximisation,
    planes,
    prepare,
    problem2d,
    sampling,
    scale2d,
    scores,
    turn2d,
    update2d,
)
from vitreous.methods.refinement.settings import Class2DSettings, Classification

PHASES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "prepare": (prepare, ("pixels", "contrast", "quadrants", "sampled", "on_grid")),
    "planes": (planes, ("sample_images", "spread_images")),
    "scores": (scores, ("modes", "quarter_modes", "quarter_terms", "_product", "norm_modes", "folded_modes", "accumulate")),
    "cells": (cells, ("log_sums", "posterior")),
    "expectation": (expectation, ("paired", "paired_families", "score", "promising", "expect", "_sums")),
    "sampling": (sampling, ("phases_of",)),
    "turn": (turn2d, ("pixels", "_norms", "_models", "plan_for", "_expect", "looked_at")),
    "loop": (class2d, ("updated", "step")),
    "scale": (scale2d, ("measured",)),
    "update": (update2d, ("with_classes",)),
    "maximisation": (maximisation, ("residual_noise", "to_sums", "signal_to_noise", "regularised", "centred", "revived")),
}


class Clock:
    """CPU seconds of each phase, exclusive of the phases called inside it; and operations of matrix products."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self.operations = 0.0
        self._here = threading.local()

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function with its time taken."""

        @functools.wraps(work)
        def measured(*given: Any, **named: Any) -> Any:
            inside = self._here.__dict__.setdefault("inside", [])
            began = time.thread_time()
            inside.append(0.0)
            try:
                return work(*given, **named)
            finally:
                whole = time.thread_time() - began
                self.spent[name] += whole - inside.pop()
                self.calls[name] += 1
                if inside:
                    inside[-1] += whole

        return measured

    def counted(self, work: Callable[..., torch.Tensor], first: int) -> Callable[..., torch.Tensor]:
        """A matrix product whose factors are arguments first and first + 1, with its operations counted."""

        def product(*given: Any, **named: Any) -> torch.Tensor:
            left, right = given[first], given[first + 1]
            if isinstance(right, torch.Tensor) and left.dtype == torch.float32:
                self.operations += 2.0 * left.numel() * right.shape[-1]
            return work(*given, **named)

        return product

    def watch(self) -> None:
        """Put a timer about every phase that there is, and count products."""
        for label, (module, names) in PHASES.items():
            for name in names:
                setattr(module, name, self.timed(f"{label}.{name}", getattr(module, name)))
        changed: list[tuple[Any, str, int]] = [
            *((torch, name, 0) for name in ("mm", "bmm")),
            (torch, "addmm", 1),
            *((torch.Tensor, name, first) for name, first in (("__matmul__", 0), ("baddbmm_", 1))),
        ]
        for place, name, first in changed:
            setattr(place, name, self.counted(getattr(place, name), first))

    def table(self, images: int) -> str:
        """Milliseconds an image, the largest first; and start anew."""
        rows = sorted(self.spent.items(), key=lambda row: -row[1])
        text = "\n".join(f"  {1e3 * spent / images:7.3f} ms  {name} ({self.calls[name]})" for name, spent in rows)
        whole = 1e3 * sum(self.spent.values()) / images
        products = f"products of {self.operations / images / 1e6:.1f} million operations an image"
        self.spent.clear()
        self.calls.clear()
        self.operations = 0.0
        return f"  {whole:7.3f} ms  together; {products}\n{text}"


def peaks() -> str:
    """Rates of matrix products on one core, GFLOP/s."""
    torch.set_num_threads(1)
    found = []
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a, b = torch.randn(1024, 1024).to(dtype), torch.randn(1024, 1024).to(dtype)
        a @ b
        best = float("inf")
        for _ in range(5):
            began = time.process_time()
            a @ b
            best = min(best, time.process_time() - began)
        found.append(f"{name} {2 * 1024**3 / best / 1e9:.0f} GFLOP/s")
    return "matrix products of 1,024: " + ", ".join(found)


def main() -> None:
    """Run and tell."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("particles", type=Path)
    ask.add_argument("--classes", type=int, default=20)
    ask.add_argument("--particle-diameter-a", type=float, default=280.0)
    ask.add_argument("--mini-batches", type=int, default=200)
    ask.add_argument("--until", type=int, default=120)
    ask.add_argument("--every", type=int, default=10)
    given = ask.parse_args()
    print(peaks())
    chosen = Classification(classes=given.classes, particle_diameter_A=given.particle_diameter_a, mini_batches=given.mini_batches)
    clock = Clock()
    clock.watch()
    table, source = particles.read(given.particles)
    vars(source)["read"] = clock.timed("reading", source.read)
    setup = problem2d.problem(source, table, Class2DSettings(classification=chosen), Context(seed=1, threads=1))
    state = first2d.begin(setup, Context(seed=1, threads=1))
    print(f"start, {len(table)} images\n{clock.table(min(len(table), 1000))}")
    images, shells = 0, state.shells
    for number, turn in enumerate(setup.schedule[: given.until], 1):
        state = class2d.step(setup, state, Context(seed=1, threads=1))
        images += turn.images
        if number % given.every == 0 or turn is setup.schedule[-1]:
            told = f"turns to {number} of {len(setup.schedule)}, {shells}-{state.shells} shells, {images} images"
            print(f"{told}\n{clock.table(images)}", flush=True)
            images, shells = 0, state.shells


if __name__ == "__main__":
    main()
