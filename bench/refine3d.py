"""3D refinement measured: CPU-seconds, wall and quality on simulated particles with known poses, from a blurred start.

python bench/refine3d.py --count 2000 --box 64 --pixel 3.2 --symmetry D2 [--start other.mrc] [--threads 2]
Prints a line a round: resolution between the halves, FSC 0.5 against the truth, median angular and shift error; at the end
the same figures for a reconstruction at the true poses.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from vitreous.context import Context
from vitreous.files import mrc, star
from vitreous.files.stacks import ImageStacks
from vitreous.maths import rotations, symmetry
from vitreous.methods.refinement import gold_standard, refine3d, resolution
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.refine3d import State
from vitreous.methods.refinement.settings3d import Optimisation, Reference, RefineSettings
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen
from vitreous.simulation.specimen import make_specimen
from vitreous.tables.table import Table


def turns_of(table: Table) -> torch.Tensor:
    """Rotations (n, 3, 3) of a table's poses."""
    return rotations.from_euler(*(np.array(table[name], float) for name in ("rot_deg", "tilt_deg", "psi_deg")))


def line(state: State, truth: Table, volume: np.ndarray, *, pixel_A: float, group: str) -> str:
    """The figures of one round."""
    if state.modes is None or state.joined is None:
        return "before round 1"
    turned, origins, _, _ = state.best
    error = rotations.distance_deg(turns_of(truth), torch.from_numpy(turned), symmetry.operators(group))
    true = np.stack([truth["origin_x_A"], truth["origin_y_A"]], axis=1)
    shift = np.median(np.linalg.norm(origins * pixel_A - true, axis=1))
    against = resolution.resolution_A(resolution.half_map_fsc(state.joined, volume), len(volume), pixel_A, 0.5)
    return (
        f"round {state.iteration:2d}: halves {state.resolution_A:6.2f} Å, truth (FSC 0.5) {against:6.2f} Å, "
        f"angle {float(error.median()):5.2f}° (below 10°: {float((error < 10).float().mean()):.3f}), shift {shift:5.2f} Å"
    )


def at_true_poses(engine: refine3d.Refinement, state: State, truth: Table, volume: np.ndarray, pixel_A: float) -> str:
    """What a reconstruction at the true poses reaches, with the noise and the halves of the refinement."""
    origins = np.stack([truth["origin_x_A"], truth["origin_y_A"]], axis=1) / pixel_A
    count = len(truth)
    known = Modes(turns_of(truth).numpy()[:, None], origins[:, None], np.zeros((count, 1)), np.zeros((count, 1, 5, 5)))
    inverse = (1.0 / state.noise).astype(np.float32)
    sums = []
    for half in (1, 2):
        rows = np.flatnonzero(state.half == half)
        made = gold_standard.back_project(engine.stock, rows, known.select(rows), inverse_noise=inverse, group=engine.group)
        sums.append(made)
    box = engine.stock.box
    fsc = resolution.half_map_fsc(*(gold_standard.unfiltered(s, box) for s in sums), engine.mask)
    ratio = resolution.signal_to_noise(resolution.joined(fsc))
    whole = gold_standard.filtered(gold_standard.together(sums), ratio, box)
    against = resolution.resolution_A(resolution.half_map_fsc(whole, volume), box, pixel_A, 0.5)
    return f"true poses: halves {resolution.resolution_A(fsc, box, pixel_A):.2f} Å, truth (FSC 0.5) {against:.2f} Å"


def main() -> None:
    """Simulate, refine, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind, default in (
        ("--count", int, 2000), ("--box", int, 64), ("--pixel", float, 3.2), ("--snr", float, 0.05), ("--low-pass", float, 40.0),
        ("--symmetry", str, "D2"), ("--start", str, ""), ("--threads", int, 2), ("--seed", int, 1),
    ):  # fmt: skip
        parser.add_argument(name, type=kind, default=default)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        specimen = Specimen(symmetry=said.symmetry, seed=said.seed)
        settings = ParticleSettings(count=said.count, box=said.box, pixel_size_A=said.pixel, snr=said.snr, specimen=specimen)
        truth = simulate_particles(settings, folder, Context(seed=said.seed))
        table = star.read_table(folder / "particles.star", "particles")
        volume = mrc.read_volume(folder / "true_map.mrc")[0]
        start = mrc.read_volume(said.start)[0] if said.start else volume
        chosen = RefineSettings(
            reference=Reference(symmetry=said.symmetry, low_pass_A=said.low_pass),
            optimisation=Optimisation(particle_diameter_A=1.1 * make_specimen(specimen).diameter_A),
        )
        began, spent = time.monotonic(), time.process_time()
        context = Context(threads=said.threads)
        stock = refine3d.stock_of(ImageStacks(table["image"].tolist()), table, chosen, context)
        engine = refine3d.Refinement(stock, chosen, mask=None, context=context)
        state = engine.begin(table, start)
        while not state.finished:
            state = engine.step(state)
            print(line(state, truth, volume, pixel_A=said.pixel, group=engine.group), flush=True)
        wall, cpu = time.monotonic() - began, time.process_time() - spent
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{said.count} particles: {wall:.1f} s wall, {cpu:.1f} CPU-s, {peak:.2f} GB at most")
        print(at_true_poses(engine, state, truth, volume, said.pixel))


if __name__ == "__main__":
    main()
