"""The compiled passes over cubes against numpy."""

import numpy as np
import pytest
import torch

from vitreous.maths.kernels.project import prepare
from vitreous.methods.refinement import density, gold_standard
from vitreous.methods.refinement.gold_standard import Sums


def _sums(reach, seed, padding=2):
    generator = np.random.default_rng(seed)
    data, weights = density.empty_cube(reach, padding)
    data += generator.normal(size=data.shape) + 1j * generator.normal(size=data.shape)
    weights += generator.uniform(0, 2, weights.shape).astype(np.float32)
    weights[generator.random(weights.shape) < 0.2] = 0
    return Sums(data, weights, padding)


@pytest.mark.parametrize("box", [15, 16, 22])
@pytest.mark.parametrize("share", [0.4, 1.0])
@pytest.mark.parametrize("padding", [1, 2])
def test_a_cube_holds_the_padded_transform(box, share, padding):
    volume = np.random.default_rng(box).normal(size=(box,) * 3).astype(np.float32)
    reach = int(share * ((box + 1) // 2 - 1))
    cube = density.to_cube(volume, reach, padding)
    whole = prepare(torch.from_numpy(volume), padding).numpy()
    half = (len(cube) - 1) // 2
    fit = min(half, (padding * box - 1) // 2)
    at = np.arange(-fit, fit + 1)
    expected = whole[at[:, None, None], at[None, :, None], np.arange(fit + 1)]
    inner = cube[half - fit : half + fit + 1, half - fit : half + fit + 1, : fit + 1]
    assert np.abs(inner - expected).max() < 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("padding", [1, 2])
def test_means_and_quotients_by_shell(padding):
    sums = _sums(7, 1, padding)
    shell = density.cube_shells(sums.weights.shape[0], padding)
    half = (len(shell) - 1) // 2
    z, y, x = np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1), np.arange(half + 2), indexing="ij")
    assert np.array_equal(shell, np.rint(np.sqrt(z**2.0 + y**2 + x**2) / padding))
    mean = sums.shell_means()
    assert mean[: shell.max() + 1] == pytest.approx([sums.weights[shell == s].mean() for s in range(shell.max() + 1)], rel=1e-6)
    for floor in (True, False):
        extra = np.random.default_rng(2).uniform(0.1, 1, 8).astype(np.float32)
        there = np.append(extra, np.zeros(99, np.float32))[shell]
        below = np.maximum(sums.weights, there) if floor else sums.weights + there
        expected = np.where((shell < 8) & (below > 0), sums.data / np.maximum(below, 1e-9), 0)
        out = np.zeros_like(sums.data)
        density.divided(sums.data, sums.weights, sums.shells, extra, floor, out)
        assert np.allclose(out, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("padding", [1, 2])
def test_halves_are_joined_in_low_shells(padding):
    one, two = _sums(6, 3, padding), _sums(6, 4, padding)
    low = density.cube_shells(one.weights.shape[0], padding) <= 3
    for made, own in zip(gold_standard.join_low((one, two), 3), (one, two)):
        assert np.allclose(made.data, np.where(low, one.data + two.data, own.data))
        assert np.allclose(made.weights, np.where(low, one.weights + two.weights, own.weights))
