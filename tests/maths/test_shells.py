"""Shell sums against whole transforms, FSC of known mixtures, reading the resolution."""

import pytest
import torch

from vitreous.maths import shells as S
from vitreous.maths.fourier import rfft2, rfft3


def rand(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("box", [8, 9, 16])
@pytest.mark.parametrize("ndim", [2, 3])
def test_sums_equal_those_of_the_whole_transform(box, ndim):
    array = rand(*[box] * ndim)
    half = rfft2(array) if ndim == 2 else rfft3(array)
    whole = torch.fft.fftn(array).abs() ** 2
    line = torch.fft.fftfreq(box, 1 / box, dtype=torch.float64)
    radius = torch.stack(torch.meshgrid(*[line] * ndim, indexing="ij")).norm(dim=0).round().long()
    expected = torch.stack([whole[radius == r].sum() for r in range(box // 2 + 1)])
    torch.testing.assert_close(S.shell_sum(half.abs() ** 2, ndim=ndim), expected)
    counts = torch.stack([(radius == r).sum() for r in range(box // 2 + 1)]).double()
    torch.testing.assert_close(S.shell_count(box, ndim), counts)
    torch.testing.assert_close(S.power(half, ndim=ndim), expected / counts)


def test_sums_take_leading_axes():
    values = rand(2, 3, 8, 5).abs()
    sums = S.shell_sum(values, ndim=2)
    assert sums.shape == (2, 3, 5)
    torch.testing.assert_close(sums[1, 2], S.shell_sum(values[1, 2], ndim=2))


def test_to_grid_spreads_a_spectrum():
    spectrum = torch.arange(5.0)
    grid = S.to_grid(spectrum, 8, ndim=2)
    assert float(grid[0, 3]) == 3 and float(grid[4, 4]) == 4 and grid.shape == (8, 5)


def test_fsc_of_signal_and_noise():
    """Equal signal and noise power: FSC 1/2; the same: 1; the negative: -1; pure noise: 0."""
    box, signal = 32, rand(32, 32, 32, seed=1)
    one, two = (rfft3(signal + rand(box, box, box, seed=s)) for s in (2, 3))
    assert float(S.fsc(one, two)[5:].mean()) == pytest.approx(0.5, abs=0.02)
    torch.testing.assert_close(S.fsc(one, one), torch.ones(17, dtype=torch.float64))
    torch.testing.assert_close(S.fsc(one, -one)[1:], -torch.ones(16, dtype=torch.float64))
    noise = S.fsc(rfft3(rand(box, box, box, seed=4)), rfft3(rand(box, box, box, seed=5)))[4:]
    assert float(noise.abs().max()) < 4 / float(S.shell_count(box, 3)[4] / 2) ** 0.5


def test_an_empty_shell_is_zero():
    ft = rfft2(rand(8, 8))
    assert S.fsc(ft * 0, ft).tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_the_resolution_is_the_last_shell_before_the_fall():
    curve = torch.tensor([1.0, 0.9, 0.5, 0.2, 0.1, 0.3])
    assert S.shell_at(curve, 0.143) == 3
    assert S.resolution_at(curve, 0.143, 10, 2.0) == pytest.approx(20 / 3)
    assert S.resolution_at(torch.ones(6), 0.143, 10, 2.0) == pytest.approx(4.0)
    assert S.resolution_at(torch.tensor([1.0, 0.0]), 0.143, 2, 1.0) == float("inf")


@pytest.mark.parametrize("snr", [0.1, 1.0, 30.0])
def test_fsc_of_halves_foretells_the_joined_map(snr):
    """Two maps with this signal-to-noise ratio correlate by snr / (1 + snr); their sum has twice the ratio."""
    half = torch.tensor([snr / (1 + snr)], dtype=torch.float64)
    assert float(S.signal_to_noise(half)) == pytest.approx(snr)
    correlation = float(S.joined(half))  # of the sum with the truth: its square is 2 snr / (1 + 2 snr)
    assert correlation**2 == pytest.approx(2 * snr / (1 + 2 * snr))


def test_curves_at_their_limits():
    ends = torch.tensor([-0.2, 0.0, 1.0], dtype=torch.float64)
    assert S.joined(ends).tolist() == [0.0, 0.0, 1.0]
    assert S.signal_to_noise(ends).tolist() == pytest.approx([0.001 / 0.999, 0.001 / 0.999, 999.0])
