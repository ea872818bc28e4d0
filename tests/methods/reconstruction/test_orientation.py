"""Sampling of known sets of views, and cones of half maps whose noise has a direction."""

import numpy as np
import pytest
import torch

from vitreous.maths.fourier import irfft3, rfft3
from vitreous.maths.grids import indices3
from vitreous.maths.masks import sphere
from vitreous.methods.reconstruction.orientation import conical, sampling

BOX = 48


def views(kind, n=20_000, seed=0):
    """rot, tilt in degrees: even, side views only, or top views only."""
    made = np.random.default_rng(seed)
    rot = made.uniform(-180, 180, n)
    tilts = {"even": np.degrees(np.arccos(made.uniform(-1, 1, n))), "side": np.full(n, 90.0), "top": made.uniform(0, 2, n)}
    return rot, tilts[kind]


@pytest.mark.parametrize("seed", [0, 1])
def test_even_views_sample_evenly(seed):
    found = sampling(*views("even", seed=seed))
    assert found.factor == pytest.approx(1, abs=0.02) and found.spread > 0.97 and found.missing == 0
    assert found.counts.sum() == 20_000


def test_side_views_give_the_known_factor():
    """8 / pi^2 = 0.81: the sampling is 2 / (pi sin theta)."""
    found = sampling(*views("side"))
    assert found.factor == pytest.approx(8 / np.pi**2, abs=0.02) == found.floored
    assert 0.5 < found.spread < 0.95


def test_top_views_leave_almost_all_unsampled():
    found = sampling(*views("top"))
    assert found.factor == 0 and found.floored < 0.05 and found.missing > 0.9 and found.spread < 0.3


def test_mates_are_views_too():
    one = sampling(*views("top"), group="O")
    assert one.missing < sampling(*views("top")).missing and one.counts.sum() == 24 * 20_000
    turned = sampling(np.full(50, 20.0), np.full(50, 90.0), group="C4")
    assert (turned.counts > 0).sum() in (4, 5, 6, 7, 8) and turned.counts.sum() == 200


def halves(worse_along_z):
    """A random map with noise, which is stronger in the directions near z."""
    generator = torch.Generator().manual_seed(2)
    truth = torch.randn(BOX, BOX, BOX, generator=generator) * sphere(BOX, 14, 4)
    kx, ky, kz = indices3(BOX)
    radius = torch.sqrt(kx**2 + ky**2 + kz**2).clamp(min=1)
    strength = radius / 12 * (1 + worse_along_z * (kz.abs() / radius > 0.8))
    noise = [irfft3(rfft3(torch.randn(BOX, BOX, BOX, generator=generator)) * strength.float(), BOX) for _ in range(2)]
    return [truth + 0.15 * one for one in noise]


def test_cones_see_a_bad_direction():
    even = conical(*halves(0.0), None, voxel_size_A=2.0)
    assert even.evenness > 0.8 and len(even.curves) == len(even.directions) in range(96, 109)
    uneven = conical(*halves(8.0), None, voxel_size_A=2.0)
    assert uneven.evenness < 0.5
    tilt = even.directions[:, 1]
    near, far = tilt < 20, (tilt - 90).abs() < 20
    assert float(uneven.resolutions_A[near].min()) > 1.5 * float(uneven.resolutions_A[far].mean())
    masked = conical(*halves(0.0), sphere(BOX, 15, 4), voxel_size_A=2.0)
    assert float(masked.areas.mean()) > float(even.areas.mean())
