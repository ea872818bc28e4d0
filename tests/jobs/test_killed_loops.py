"""2D classes and a refinement killed without warning at any moment, also as a team: no saved iteration is lost or half there."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from vitreous.context import Context
from vitreous.files import chain, exact, mrc
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen

pytestmark = pytest.mark.slow

CLASSES = (
    *("class2d", "--particles", "particles.star", "--classes", "3", "--particle-diameter-a", "150", "--use-em"),
    *("--no-use-mini-batches", "--em-iterations", "6"),
)
REFINE = (
    *("refine3d", "--particles", "particles.star", "--reference", "true_map.mrc", "--particle-diameter-a", "150"),
    *("--step", "15 degrees", "--offset-range-px", "2", "--most-rounds", "4"),
)
RESULT = {"class2d": "run*_it006_classes.mrcs", "refine3d": "run*_class001.mrc"}


@pytest.fixture(scope="module")
def particles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 150 particles of 32 pixels and the map that they are of."""
    folder = tmp_path_factory.mktemp("particles")
    settings = ParticleSettings(count=150, box=32, pixel_size_A=6.4, snr=0.2, specimen=Specimen(symmetry="C1", seed=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        simulate_particles(settings, Path("."), Context(seed=1))
    return folder


def begun(folder: Path, out: str, words: tuple[str, ...], *more: str) -> "subprocess.Popen[bytes]":
    with (folder / f"{out}.txt").open("ab") as screen:
        command = [sys.executable, "-m", "vitreous", *words, "--seed", "3", "--out", out, *more]
        return subprocess.Popen(command, cwd=folder, stdout=screen, stderr=screen, start_new_session=True)


def result(folder: Path, out: str, kind: str) -> np.ndarray:
    """The map or the averages at the end, of the last continuation."""
    last = sorted(path for path in (folder / out).glob(RESULT[kind]) if kind == "class2d" or "_it" not in path.name)[-1]
    return mrc.read_stack(last)[0] if kind == "class2d" else mrc.read_volume(last)[0]


def lines_read(folder: Path, out: str) -> list[int]:
    return [int(one) for one in chain.saved(folder / out)]


@pytest.mark.parametrize(
    ("words", "more", "seed"),
    [(CLASSES, ("--workers", "2", "--loop-workers", "processes"), 1), (REFINE, (), 2)],
    ids=["class2d as a team", "refine3d"],
)
def test_killed_and_gone_on_with(particles: Path, words: tuple[str, ...], more: tuple[str, ...], seed: int) -> None:
    kind, generator = words[0], random.Random(seed)
    whole, out = f"{kind}_whole", f"{kind}_{seed}"
    if not (particles / whole).exists():
        assert begun(particles, whole, words).wait(timeout=300) == 0
    for kill in range(2):
        job = begun(particles, out, words, *more)
        while len(lines_read(particles, out)) < 1 + kill * 2 and job.poll() is None:
            time.sleep(0.01)
        time.sleep(generator.uniform(0.0, 1.0))
        others = psutil.Process(job.pid).children(recursive=True)
        job.kill()
        job.wait(timeout=30)
        _, alive = psutil.wait_procs(others, timeout=30)
        assert not alive, "members outlive the first"
        for iteration in chain.saved(particles / out)[-1:]:
            assert exact.read(particles / out, iteration), f"iteration {iteration} counts as saved, but is not whole"
    before = lines_read(particles, out)
    assert begun(particles, out, words, *more).wait(timeout=300) == 0
    assert set(before) <= set(lines_read(particles, out))
    assert "cannot be read" not in (particles / out / "run.out").read_text()
    expected, found = result(particles, whole, kind), result(particles, out, kind)
    # So few particles make a rounding of the first round some per cent of the map after four.
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > (0.97 if kind == "refine3d" else 0.9999)
