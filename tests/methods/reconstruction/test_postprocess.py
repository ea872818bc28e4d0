"""Sharpening: a known B-factor comes back, weights and MTF do what they say, errors are sentences."""

import math

import pytest
import torch

from vitreous.context import Context, UserError
from vitreous.maths.filters import bfactor
from vitreous.maths.fourier import irfft3, rfft3
from vitreous.maths.grids import frequency3
from vitreous.maths.masks import sphere
from vitreous.maths.shells import power
from vitreous.methods.reconstruction.postprocess import EMPTY, Mtf, fit_guinier, fsc_weights, mtf_grid, postprocess
from vitreous.methods.reconstruction.settings import Sharpening

BOX, VOXEL = 48, 1.5


def halves(b_A2=0.0, noise=0.02):
    generator = torch.Generator().manual_seed(1)
    truth = torch.randn(BOX, BOX, BOX, generator=generator, dtype=torch.float64) * sphere(BOX, 14, 4)
    damped = irfft3(rfft3(truth) * bfactor(frequency3(BOX, VOXEL), b_A2), BOX)
    return truth, [damped + noise * torch.randn(BOX, BOX, BOX, generator=generator, dtype=torch.float64) for _ in range(2)]


def test_a_known_bfactor_comes_back():
    truth, (one, two) = halves(b_A2=80.0, noise=1e-4)
    made = postprocess(one, two, voxel_size_A=VOXEL)
    assert made.bfactor_A2 == pytest.approx(-80, abs=5)
    assert made.guinier.slope == pytest.approx(made.bfactor_A2 / 4) and made.guinier.correlation < -0.95
    ratio = (power(rfft3(made.volume), ndim=3) / power(rfft3(truth), ndim=3)).sqrt()
    low, high = float(ratio[3:8].mean()), float(ratio[18:22].mean())
    assert high / low == pytest.approx(1, abs=0.15)
    assert made.resolution_A == pytest.approx(2 * VOXEL)
    assert len(made.guinier.inverse_d2) == BOX // 2 == len(made.guinier.sharpened)


def test_a_given_bfactor_is_applied():
    _, (one, two) = halves()
    plain = postprocess(one, two, voxel_size_A=VOXEL, settings=Sharpening(auto_bfactor=False))
    sharp = postprocess(one, two, voxel_size_A=VOXEL, settings=Sharpening(auto_bfactor=False, use_bfactor=True, bfactor_A2=-60))
    assert plain.bfactor_A2 == 0 and sharp.bfactor_A2 == -60 and math.isnan(sharp.guinier.slope)
    ratio = (power(rfft3(sharp.volume), ndim=3) / power(rfft3(plain.volume), ndim=3)).sqrt()[1:20]
    k = torch.arange(1, 20) / (BOX * VOXEL)
    torch.testing.assert_close(ratio, torch.exp(15 * k**2).double(), rtol=0.02, atol=0)


def test_weights_are_the_correlation_with_the_truth():
    curve = torch.tensor([1.0, 0.5, 0.143, 0.00001, 0.4], dtype=torch.float64)
    assert fsc_weights(curve).tolist() == pytest.approx([1, math.sqrt(2 / 3), 0.5, 0, 0], abs=1e-3)


def test_the_mtf_is_divided_out():
    _, (one, two) = halves()
    line = Mtf(torch.tensor([0.0, 0.5], dtype=torch.float64), torch.tensor([1.0, 0.5], dtype=torch.float64))
    off = Sharpening(auto_bfactor=False)
    plain, divided = (
        postprocess(one, two, voxel_size_A=VOXEL, mtf=mtf, settings=Sharpening(auto_bfactor=False, mtf_pixel_size_A=VOXEL))
        for mtf in (None, line)
    )
    ratio = (power(rfft3(divided.volume), ndim=3) / power(rfft3(plain.volume), ndim=3)).sqrt()[1:20]
    torch.testing.assert_close(ratio, 1 / (1 - torch.arange(1, 20).double() / BOX), rtol=0.02, atol=0)
    k = torch.tensor([0.0, 0.1, 2.0], dtype=torch.float64)
    assert mtf_grid(line, k, 1.0).tolist() == pytest.approx([1, 0.9, 0.5])
    unused = postprocess(one, two, voxel_size_A=VOXEL, mtf=line, settings=Sharpening(auto_bfactor=False, use_mtf=False))
    torch.testing.assert_close(unused.volume, postprocess(one, two, voxel_size_A=VOXEL, settings=off).volume)


def test_skipping_the_weights_low_passes_where_asked():
    _, (one, two) = halves()
    settings = Sharpening(auto_bfactor=False, skip_fsc_weighting=True, low_pass_A=9.0)
    shells = power(rfft3(postprocess(one, two, voxel_size_A=VOXEL, settings=settings).volume), ndim=3)
    mean = power(rfft3((one + two) / 2), ndim=3)
    torch.testing.assert_close(shells[1:7], mean[1:7], rtol=1e-6, atol=0)
    assert float((shells[10:] / mean[10:]).max()) < 1e-6


def test_the_masked_map_is_the_map_in_the_mask():
    _, (one, two) = halves()
    mask = sphere(BOX, 16, 4).double()
    made = postprocess(one, two, voxel_size_A=VOXEL, mask=mask)
    torch.testing.assert_close(made.masked, made.volume * mask)


def test_guinier_line():
    k2 = (torch.arange(30) / 60.0) ** 2
    logs = -3 - 20 * k2
    logs[:5] += 7
    logs[25:] = EMPTY
    fitted = fit_guinier(logs.double(), 60.0, from_A=10.0, to_A=0.0)
    assert fitted == pytest.approx((-20, -3, -1), abs=1e-5)
    assert fit_guinier(logs.double(), 60.0, from_A=10.0, to_A=8.6) is None


def test_too_few_shells_leave_the_map_as_it_is_and_say_so():
    _, (one, two) = halves()
    said = []
    settings = Sharpening(fit_from_A=3.1)
    made = postprocess(one, two, voxel_size_A=VOXEL, settings=settings, context=Context(on_note=said.append))
    assert made.bfactor_A2 == 0 and math.isnan(made.guinier.slope)
    assert "too few to fit a B-factor" in said[0]
    plain = postprocess(one, two, voxel_size_A=VOXEL, settings=Sharpening(auto_bfactor=False))
    torch.testing.assert_close(made.volume, plain.volume)


class TestBadInput:
    def test_sizes(self):
        with pytest.raises(UserError, match="same size"):
            postprocess(torch.zeros(8, 8, 8), torch.zeros(6, 6, 6), voxel_size_A=1.0)
        with pytest.raises(UserError, match="6x6x6"):
            postprocess(torch.zeros(8, 8, 8), torch.zeros(8, 8, 8), voxel_size_A=1.0, mask=torch.zeros(6, 6, 6))

    def test_a_mask_out_of_range(self):
        with pytest.raises(UserError, match=r"0 \.\. 1"):
            postprocess(torch.zeros(8, 8, 8), torch.zeros(8, 8, 8), voxel_size_A=1.0, mask=torch.full((8, 8, 8), 2.0))

    def test_halves_that_do_not_agree(self):
        one = torch.randn(16, 16, 16, generator=torch.Generator().manual_seed(1))
        with pytest.raises(UserError, match="do not agree"):
            postprocess(one, -one, voxel_size_A=1.0)
