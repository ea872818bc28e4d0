"""Local regularisation: gains by the formula, signal kept where it is, noise left nowhere, halves that stay apart."""

import math

import numpy as np
import pytest
import torch

from vitreous.context import QUIET
from vitreous.maths import filters, fourier, masks, shells
from vitreous.methods.refinement import gold_standard, nonuniform, resolution
from vitreous.methods.refinement.refine3d import refine
from vitreous.methods.refinement.settings3d import Optimisation, Reference, RefineSettings, Sampling

BOX = 48


def noise(seed, box=BOX):
    return np.random.default_rng(seed).normal(size=(box,) * 3).astype(np.float32)


def sharp_and_blurred(box=BOX):
    """A density with detail of 2.4 pixels in the left half of a ball, and of 8 pixels in the right."""
    detail = filters.low_pass3(torch.from_numpy(noise(3, box)), 1.0, cutoff_A=2.4)
    coarse = filters.low_pass3(detail, 1.0, cutoff_A=8.0)
    left = torch.arange(box) < box // 2
    ball = masks.sphere(box, 0.33 * box, 3.0)
    return ((torch.where(left, detail, coarse)) * ball).numpy(), left.numpy()


def correlation(first, second, where):
    return float(np.corrcoef(first[where], second[where])[0, 1])


@pytest.mark.parametrize("box", [48, 33])
def test_bands_add_up_to_what_came_in(box, monkeypatch):
    monkeypatch.setattr(nonuniform, "CAUTION", 0.0)
    volume = filters.low_pass3(torch.from_numpy(noise(1, box)), 1.0, cutoff_A=2.6).numpy()
    made = nonuniform.regularised(volume, volume, mask=np.ones_like(volume))
    for one in (*made.halves, made.joined):
        assert np.allclose(one, volume, atol=1e-4 * np.abs(volume).max())
    assert made.shell >= box // 2 - 4


def test_gain_is_the_formula_written_out_and_the_least_of_the_errors():
    generator = np.random.default_rng(5)
    one, two = generator.normal(size=(2, 12, 12, 12)) + generator.normal(size=(12, 12, 12))
    gain = nonuniform.local_gain(torch.from_numpy(one), torch.from_numpy(two), window_px=1.5, samples=1e12).numpy()
    at = np.arange(12)
    for place in ((0, 0, 0), (5, 7, 11)):
        away = [np.abs((at - p + 6) % 12 - 6) for p in place]
        window = np.exp(-(away[0][:, None, None] ** 2 + away[1][:, None] ** 2 + away[2] ** 2) / (2 * 1.5**2))
        tries = np.linspace(0, 1, 2001)
        errors = [(window * ((g * one - two) ** 2 + (g * two - one) ** 2)).sum() for g in tries]
        assert gain[place] == pytest.approx(tries[int(np.argmin(errors))], abs=0.01)


def test_each_place_keeps_what_the_halves_agree_upon_there():
    truth, left = sharp_and_blurred()
    halves = [truth + 0.5 * noise(seed) for seed in (11, 12)]
    inside = masks.sphere(BOX, 0.33 * BOX, 0.0).numpy() > 0
    mask = masks.sphere(BOX, 0.45 * BOX, 3.0).numpy()
    made = nonuniform.regularised(halves[0], halves[1], mask=mask)
    ratio = resolution.signal_to_noise(resolution.half_map_fsc(halves[0], halves[1], mask))
    gain = shells.to_grid(torch.from_numpy(ratio / (1 + ratio)).float(), BOX, ndim=3)
    even = fourier.irfft3(fourier.rfft3(torch.from_numpy(halves[0])) * gain, BOX).numpy() * mask

    def error(volume, where):
        return float(((volume - truth)[where] ** 2).sum())

    assert error(made.halves[0], inside) < 0.8 * error(even, inside)
    right = inside & ~np.broadcast_to(left, truth.shape)
    assert error(made.halves[0], right) < 0.5 * error(even, right)
    outside = (mask > 0.5) & (masks.sphere(BOX, 0.4 * BOX, 0.0).numpy() == 0)
    assert (made.halves[0][outside] ** 2).mean() < 0.02 * (halves[0][outside] ** 2).mean()
    assert made.shell > 18


def test_nothing_is_left_of_noise_and_halves_do_not_come_together():
    first, second = noise(21), noise(22)
    made = nonuniform.regularised(first, second, mask=np.ones_like(first))
    ft = [fourier.rfft3(torch.from_numpy(v)) for v in (*made.halves, first)]
    cross = (ft[0] * ft[1].conj()).real
    beyond = slice(8, BOX // 2)
    left = shells.power(ft[0], ndim=3)[beyond] / shells.power(ft[2], ndim=3)[beyond]
    shared = shells.shell_mean(cross, ndim=3)[beyond] / shells.power(ft[2], ndim=3)[beyond]
    assert float(left.mean()) < 0.002
    assert float(shared.abs().mean()) < 0.001
    assert made.shell <= 8


def test_window_averages_keep_the_mean():
    volume = torch.from_numpy(noise(31, 20)).double()
    smooth = nonuniform.smoothed(volume, 2.0)
    assert float(smooth.mean()) == pytest.approx(float(volume.mean()), abs=1e-12)
    spread = 1 / math.sqrt((4 * math.pi) ** 1.5 * 8)
    assert float(smooth.std()) == pytest.approx(spread, rel=0.25)


def test_levelling_takes_the_mean_gain_of_a_wiener_filter_out():
    generator = np.random.default_rng(41)
    side = 2 * (2 * 11 + 2) + 1
    shape = (side, side, (side - 1) // 2 + 2)
    data = (generator.normal(size=shape) + 1j * generator.normal(size=shape)).astype(np.complex64)
    sums = gold_standard.Sums(data, np.full(shape, 2.0, np.float32))
    ratio = np.linspace(5, 0.3, 13)
    even = nonuniform.levelled(gold_standard.filtered(sums, ratio, 24), ratio)
    plain = gold_standard.unfiltered(sums, 24)
    assert resolution.half_map_fsc(even, plain)[1:11].min() > 0.98
    ratio_of = shells.power(fourier.rfft3(torch.from_numpy(even)), ndim=3) / shells.power(
        fourier.rfft3(torch.from_numpy(plain)), ndim=3
    )
    assert np.allclose(ratio_of[1:11], 1, atol=0.15)


def settings():
    return RefineSettings(
        reference=Reference(low_pass_A=40.0),
        optimisation=Optimisation(particle_diameter_A=96.0, most_rounds=4, regularise_locally=True),
        sampling=Sampling(step="15 degrees"),
    )


@pytest.mark.slow
def test_noise_aligned_to_a_map_stays_noise(simulated):
    made = simulated(32, 62, 240, snr=0.1)
    images = np.random.default_rng(2).normal(size=made.images.shape).astype(np.float32)
    blank = type(made)(made.blobs, made.volume, images, made.table, made.turns, made.origins)
    *_, last = refine(blank, made.table, made.volume, settings(), context=QUIET)
    beyond = int(32 * 4.0 / 40.0) + 2  # the halves are joined up to 40 Å
    assert abs(last.fsc[beyond:].mean()) < 0.15
    assert last.resolution_A > 25.0


def test_refinement_regularised_locally_gives_the_map(simulated):
    made = simulated(32, 61, 150, snr=0.5)
    *_, last = refine(made, made.table, made.volume, settings(), context=QUIET)
    against = resolution.half_map_fsc(last.joined, made.volume)
    assert resolution.resolution_A(against, 32, 4.0, 0.5) < 16.0
    assert last.local_shell > 6
    assert np.isfinite(last.references[0]).all()
