"""Filters on plane waves: what passes, what does not."""

import math

import pytest
import torch

from vitreous.maths import filters as F
from vitreous.maths.fourier import rfft2
from vitreous.maths.shells import power


def wave(box, cycles):
    line = torch.arange(box, dtype=torch.float64) - box // 2
    return torch.cos(2 * math.pi * cycles * line / box).expand(box, box).clone()


@pytest.mark.parametrize("box", [32, 33])
def test_low_pass_keeps_what_is_coarser(box):
    both = wave(box, 3) + wave(box, 12)
    torch.testing.assert_close(F.low_pass2(both, 1.0, cutoff_A=box / 6), wave(box, 3), atol=1e-12, rtol=0)
    volume = both[None].expand(box, box, box).clone()
    torch.testing.assert_close(F.low_pass3(volume, 1.0, cutoff_A=box / 6)[4], wave(box, 3), atol=1e-12, rtol=0)


def test_edges_are_halfway_at_the_cutoff():
    k = torch.tensor([0.05, 0.1, 0.15], dtype=torch.float64)
    assert F.low_pass(k, 10.0, width_1_A=0.02).tolist() == pytest.approx([1, 0.5, 0])
    assert F.high_pass(k, 10.0, width_1_A=0.02).tolist() == pytest.approx([0, 0.5, 1])
    assert F.band_pass(k, low_A=15.0, high_A=8.0).tolist() == pytest.approx([0, 1, 0])


def test_a_negative_bfactor_sharpens():
    k = torch.tensor([0.0, 0.2], dtype=torch.float64)
    assert F.bfactor(k, -100).tolist() == pytest.approx([1, math.e])


def test_whitening_flattens():
    noise = torch.randn(200, 32, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    coloured = rfft2(noise) * torch.linspace(1, 5, 17, dtype=torch.float64)
    spectrum = power(coloured, ndim=2).mean(0)
    spectrum[0] = 0
    flat = power(F.whiten2(coloured, spectrum), ndim=2).mean(0)
    torch.testing.assert_close(flat[1:], torch.ones(16, dtype=torch.float64), atol=1e-9, rtol=0)
    assert float(flat[0]) == 0
