import numpy as np
import pytest
import torch

from vitreous.maths.fourier import irfft2
from vitreous.methods.refinement import packed


def unpacked(values, pixels):
    """Images (n, box, box) of packed transforms; pixels that are not listed are zero, so the mean is."""
    box, values = pixels.box, torch.from_numpy(values)
    full = torch.zeros((len(values), box, box // 2 + 1), dtype=torch.complex64)
    kx = torch.from_numpy(pixels.index[:, 0].astype(np.int64))
    ky = torch.from_numpy(pixels.index[:, 1].astype(np.int64))
    full[:, ky % box, kx] = values
    axis = kx == 0
    full[:, (-ky[axis]) % box, 0] = values[:, axis].conj()
    return irfft2(full, box).numpy()


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
    once = unpacked(packed.pack(values, pixels), pixels)
    twice = unpacked(packed.pack(once, pixels), pixels)
    assert np.abs(once - twice).max() < 1e-5
    assert abs(once.mean()) < 1e-6


def test_phase_counts_from_the_centre_pixel():
    box = 18
    image = np.zeros((1, box, box), np.float32)
    image[0, box // 2, box // 2] = 1.0
    assert np.allclose(packed.pack(image, packed.pixels_of(box)), 1.0, atol=1e-6)
