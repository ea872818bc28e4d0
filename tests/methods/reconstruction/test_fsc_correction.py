"""Phase randomisation keeps amplitudes, and the corrected FSC of noise is nothing."""

import pytest
import torch

from vitreous.maths.fourier import irfft3, rfft3
from vitreous.maths.grids import radius3
from vitreous.maths.masks import sphere
from vitreous.maths.shells import power, shell_count, shells3
from vitreous.methods.reconstruction.fsc_correction import corrected_fsc, first_below, inside_the_particle, randomise_phases


def noise(box, seed):
    return torch.randn(box, box, box, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("box", [16, 17])
def test_amplitudes_stay_and_phases_go(box):
    volume = noise(box, 1)
    ft = rfft3(volume)
    mixed = rfft3(randomise_phases(ft, box, start=4, generator=torch.Generator().manual_seed(2)))
    torch.testing.assert_close(mixed.abs(), ft.abs())
    low = shells3(box) < 4
    torch.testing.assert_close(mixed[low], ft[low])
    turn = (mixed[~low] / ft[~low]).mean().abs()
    assert float(turn) < 0.1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_in_a_common_mask_has_no_corrected_fsc(seed):
    """Common low frequencies, independent noise beyond: the mask alone correlates nothing after the correction."""
    box = 40
    common, limit = noise(box, 10 + seed), radius3(box) < 4
    halves = []
    for number in (1, 2):
        ft = rfft3(noise(box, 100 * number + seed)) * 0.3 + torch.where(limit, rfft3(common) * 5, 0)
        halves.append(irfft3(ft, box))
    curves = corrected_fsc(halves[0], halves[1], sphere(box, 9, 3).double(), seed=seed, repeats=3)
    assert curves.randomised_from in (4, 5)
    beyond = curves.corrected[8:]
    share = 9**3 * 4.19 / box**3
    spread = 3 / (shell_count(box, 3)[8:] / 2 * share).sqrt()
    assert float((beyond.abs() < spread).double().mean()) > 0.85
    assert abs(float(beyond.mean())) < 0.1


def test_signal_survives_the_correction():
    box = 32
    inside = sphere(box, 9, 3).double()
    signal = noise(box, 5) * inside
    halves = [signal + 0.15 * noise(box, seed) for seed in (6, 7)]
    curves = corrected_fsc(*halves, inside)
    assert curves.randomised_from > 1
    ratio = float(power(rfft3(signal), ndim=3)[12] / power(rfft3(0.15 * noise(box, 6) * inside), ndim=3)[12])
    assert float(curves.corrected[10:15].mean()) == pytest.approx(ratio / (1 + ratio), abs=0.08)
    assert float((curves.masked >= curves.unmasked - 0.05).double().mean()) == 1


def test_without_mask_there_is_one_curve():
    one, two = noise(12, 8), noise(12, 9)
    curves = corrected_fsc(one, two, None)
    torch.testing.assert_close(curves.corrected, curves.unmasked)


def test_identical_halves_need_no_correction():
    volume = noise(12, 10)
    curves = corrected_fsc(volume, volume, sphere(12, 3, 2).double())
    torch.testing.assert_close(curves.corrected, torch.ones(7, dtype=torch.float64))
    assert first_below(curves.unmasked, 0.8) == 7


def test_fsc_without_the_noise_outside_the_particle():
    curve = torch.tensor([1.0, 0.5, 0.1, 0.0], dtype=torch.float64)
    mask = torch.zeros(10, 10, 10)
    mask[:2, :5] = 1.0
    mask[5] = 0.4  # the soft edge does not count
    ratio, inside = inside_the_particle(curve, mask)
    assert ratio == pytest.approx(4.76)
    signal, noise = curve[1:3], 1 - curve[1:3]  # parts of the power; noise inside is 1/ratio of all
    torch.testing.assert_close(inside[1:3], signal / (signal + noise / ratio))
    assert inside[0] == 1 and inside[3] == 0
