"""Initial models measured: CPU-seconds and how often the right fold is found, over several seeds.

python bench/initial_model.py --count 1500 --box 64 --pixel 3.2 --symmetry D2 --seeds 10
The fold is right when the map agrees with the truth (best turn and hand) to a correlation above 0.9 at 25 Å.
"""

import argparse
import math
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from vitreous.context import Context
from vitreous.files import mrc, star
from vitreous.files.stacks import ImageStacks
from vitreous.maths import fourier, rotations, sphere
from vitreous.methods.initial_model import axes
from vitreous.methods.initial_model.descent import InitialModel
from vitreous.methods.initial_model.settings import InitialModelSettings, Shape
from vitreous.methods.refinement.refine3d import low_passed
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen
from vitreous.simulation.specimen import make_specimen

SMALL = 32


def agreement(found: np.ndarray, truth: np.ndarray, pixel_A: float) -> float:
    """The best correlation over turns and both hands, of maps low-passed to 25 Å on a small grid."""
    small = [
        fourier.resize3(torch.from_numpy(low_passed(v, pixel_A, 25.0)), SMALL).numpy().astype(np.float32) for v in (found, truth)
    ]
    aim = small[1].ravel() - small[1].mean()
    aim /= np.linalg.norm(aim)

    def score(hand: np.ndarray, turn: np.ndarray) -> float:
        there = axes.turned(hand, turn, group="C1").ravel()
        there = there - there.mean()
        return float(there @ aim / np.linalg.norm(there))

    where, generator = sphere.healpix(1), torch.Generator().manual_seed(0)
    grid = rotations.from_euler(where[:, :1], where[:, 1:], torch.arange(0, 360, 30.0)[None]).reshape(-1, 3, 3).numpy()
    best = -1.0
    for hand in (small[0], np.roll(small[0][::-1], 1, 0).copy()):
        scores = [score(hand, turn) for turn in grid]
        for start in np.argsort(scores)[-4:]:
            turn, top, step = grid[start], scores[start], 12.0
            while step > 1.0:
                near = rotations.from_vector(torch.randn(16, 3, generator=generator, dtype=torch.float64) * math.radians(step))
                tried = [(score(hand, t @ turn), t @ turn) for t in near.numpy()]
                better = max(tried, key=lambda pair: pair[0])
                if better[0] > top:
                    top, turn = better
                step *= 0.7
            best = max(best, top)
    return best


def main() -> None:
    """Simulate once, run each seed, count the folds."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind, default in (
        ("--count", int, 1500), ("--box", int, 64), ("--pixel", float, 3.2), ("--snr", float, 0.03), ("--symmetry", str, "D2"),
        ("--seeds", int, 10), ("--threads", int, 2), ("--specimen", int, 1),
    ):  # fmt: skip
        parser.add_argument(name, type=kind, default=default)
    parser.add_argument("--without-symmetry-first", action="store_true")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        specimen = Specimen(symmetry=said.symmetry, seed=said.specimen)
        wanted = ParticleSettings(count=said.count, box=said.box, pixel_size_A=said.pixel, snr=said.snr, specimen=specimen)
        simulate_particles(wanted, folder, Context(seed=said.specimen))
        table = star.read_table(folder / "particles.star", "particles")
        truth = mrc.read_volume(folder / "true_map.mrc")[0]
        shape = Shape(
            symmetry=said.symmetry, particle_diameter_A=1.1 * make_specimen(specimen).diameter_A,
            without_symmetry_first=said.without_symmetry_first,
        )  # fmt: skip
        right = 0
        for seed in range(said.seeds):
            began, spent = time.monotonic(), time.process_time()
            engine = InitialModel(
                ImageStacks(table["image"].tolist()),
                table,
                InitialModelSettings(shape=shape),
                Context(seed=seed, threads=said.threads),
            )
            state = engine.begin()
            while not state.finished:
                state = engine.step(state)
            wall, cpu = time.monotonic() - began, time.process_time() - spent
            alike = agreement(engine.full_size(state.maps[0]), truth, said.pixel)
            right += alike > 0.9
            print(
                f"seed {seed}: correlation {alike:.3f} at 25 Å, score {state.score:.2f}, {wall:.0f} s wall, {cpu:.0f} CPU-s",
                flush=True,
            )
        print(f"right fold in {right} of {said.seeds}")


if __name__ == "__main__":
    main()
