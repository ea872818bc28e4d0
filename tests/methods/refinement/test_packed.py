import numpy as np
import pytest

from vitreous.methods.refinement import packed


@pytest.mark.parametrize("box", [16, 17])
def test_each_friedel_pair_once(box):
    index = packed.pixels_of(box).index
    seen = {tuple(k) for k in index.tolist()}
    assert len(seen) == len(index)
    assert not any((-kx, -ky) in seen for kx, ky in seen)
    reach = (box + 1) // 2 - 1
    inside = sum(1 <= round(np.hypot(x, y)) <= reach for x in range(-box, box + 1) for y in range(-box, box + 1))
    assert 2 * len(seen) == inside


def test_a_resolution_is_a_prefix():
    pixels = packed.pixels_of(24)
    for shell in range(1, pixels.reach + 1):
        assert (pixels.shell[: pixels.count(shell)] <= shell).all()
        assert (pixels.shell[pixels.count(shell) :] > shell).all()


@pytest.mark.parametrize("box", [16, 21])
def test_there_and_back(box):
    pixels = packed.pixels_of(box)
    values = np.random.default_rng(box).normal(size=(3, box, box)).astype(np.float32)
    once = packed.unpack(packed.pack(values, pixels), pixels)
    twice = packed.unpack(packed.pack(once, pixels), pixels)
    assert np.abs(once - twice).max() < 1e-5
    assert abs(once.mean()) < 1e-6


def test_phase_counts_from_the_centre_pixel():
    box = 18
    image = np.zeros((1, box, box), np.float32)
    image[0, box // 2, box // 2] = 1.0
    assert np.allclose(packed.pack(image, packed.pixels_of(box)), 1.0, atol=1e-6)


def test_power_of_white_noise():
    box = 32
    noise = np.random.default_rng(5).normal(size=(200, box, box)).astype(np.float32)
    power = packed.shell_power(packed.pack(noise, packed.pixels_of(box)), packed.pixels_of(box))
    assert np.allclose(power[3:], box**2 / 2, rtol=0.05)
