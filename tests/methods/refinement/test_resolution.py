import numpy as np
import pytest

from vitreous.maths import masks
from vitreous.methods.refinement import resolution
from vitreous.methods.refinement.resolution import Convergence


@pytest.mark.parametrize("seed", range(2))
def test_noise_does_not_correlate(seed):
    generator = np.random.default_rng(seed)
    box = 32
    one, two = (generator.normal(size=(box,) * 3).astype(np.float32) for _ in range(2))
    curve = resolution.half_map_fsc(one, two)
    shell = np.arange(3, 16)
    assert (np.abs(curve[shell]) < 4 / np.sqrt(2 * np.pi * shell**2)).all()
    mask = masks.sphere(box, 8.0, 4.0).numpy()
    corrected = resolution.corrected_fsc(one, two, mask, seed=1)
    assert abs(corrected[4:15].mean()) < 0.15


def test_a_shared_signal_survives_the_correction():
    generator = np.random.default_rng(3)
    box = 32
    at = np.arange(box) - box // 2
    r2 = at[:, None, None] ** 2 + at[None, :, None] ** 2 + at[None, None, :] ** 2
    signal = (50 * np.exp(-r2 / 8)).astype(np.float32)
    one, two = (signal + generator.normal(size=(box,) * 3).astype(np.float32) for _ in range(2))
    mask = masks.sphere(box, 8.0, 4.0).numpy()
    curve = resolution.corrected_fsc(one, two, mask, seed=1)
    assert curve[:4].min() > 0.9
    assert resolution.shell_at(curve) < 15


def test_signal_to_noise_and_joined():
    fsc = np.array([1.0, 0.5, 0.143, 0.0, -0.2])
    ratio = resolution.signal_to_noise(fsc)
    assert ratio[0] == pytest.approx(999.0)
    assert ratio[1] == pytest.approx(1.0)
    assert ratio[3] == ratio[4] == pytest.approx(0.001 / 0.999)
    assert resolution.joined(fsc)[2] == pytest.approx(0.5, abs=1e-3)
    assert resolution.joined(fsc)[4] == 0.0


def test_the_shell_before_the_fall():
    fsc = np.array([1.0, 0.9, 0.8, 0.1, 0.5])
    assert resolution.shell_at(fsc) == 2
    assert resolution.resolution_A(fsc, 8, 2.0) == pytest.approx(8.0)
    assert resolution.resolution_A(np.array([1.0, 0.0]), 2, 1.0) == float("inf")
    assert resolution.shell_at(np.ones(5)) == 4


def test_rounds_without_gain_are_counted():
    at = Convergence().after(5, 10.0, 1.0).after(7, 3.0, 0.5)
    assert (at.best_shell, at.no_gain, at.no_change) == (7, 0, 0)
    at = at.after(7, 2.99, 0.5).after(6, 0.05, 0.1)
    assert (at.best_shell, at.no_gain, at.no_change) == (7, 2, 2)
