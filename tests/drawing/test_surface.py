"""A ball's surface is a disc of the right size, brightest towards the light."""

import numpy as np
import pytest

from vitreous.drawing.surface import shaded, threshold_for, without_specks


def ball(size=32, radius=9.0):
    z, y, x = np.indices((size,) * 3) - size // 2
    return (1 / (1 + np.exp(np.sqrt(x**2 + y**2 + z**2) - radius))).astype(np.float32)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_ball_is_a_disc_lit_from_above(axis):
    picture = shaded(ball(), threshold=0.5, axis=axis, side=96)
    assert picture.shape == (96, 96)
    assert abs((picture > 0).sum() / (np.pi * 27**2) - 1) < 0.05
    assert picture[:48].mean() > 1.2 * picture[48:].mean()


def test_empty_map_is_black():
    assert not shaded(np.zeros((16, 16, 16), np.float32), threshold=1.0, axis=0, side=32).any()


def test_threshold_holds_the_mass():
    volume = ball(48, 14.0)
    level = threshold_for(volume, voxel_size_A=2.0, mass_kDa=60)
    assert abs((volume >= level).sum() * 8 / (60e3 * 1.21) - 1) < 0.02


def test_specks_go_and_the_ball_stays():
    volume = ball()
    volume[2, 2, 2] = 1.0
    clean = without_specks(volume, threshold=0.5)
    assert clean[2, 2, 2] == 0
    assert np.array_equal(clean[4:], volume[4:])
