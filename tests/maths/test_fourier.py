"""Centre, Friedel, Parseval, crop and shift: the checks that catch a half pixel."""

import math

import pytest
import torch

from vitreous.maths import fourier as F
from vitreous.maths.grids import half_weights, indices2

BOXES = [8, 9, 15, 16]


def rand(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("box", BOXES)
def test_a_delta_at_the_centre_has_a_flat_real_positive_transform(box):
    image, volume = torch.zeros(box, box, dtype=torch.float64), torch.zeros(box, box, box, dtype=torch.float64)
    image[box // 2, box // 2] = 1
    volume[box // 2, box // 2, box // 2] = 1
    for ft in (F.rfft2(image), F.rfft3(volume)):
        torch.testing.assert_close(ft, torch.ones_like(ft))


@pytest.mark.parametrize("box", BOXES)
def test_transforms_come_back(box):
    image, volume = rand(3, box, box), rand(box, box, box)
    torch.testing.assert_close(F.irfft2(F.rfft2(image), box), image)
    torch.testing.assert_close(F.irfft3(F.rfft3(volume), box), volume)
    oblong = rand(box, box + 3)
    torch.testing.assert_close(F.irfft2(F.rfft2(oblong), oblong.shape), oblong)


@pytest.mark.parametrize("box", BOXES)
def test_parseval_with_half_weights(box):
    image = rand(box, box, seed=1)
    power = (F.rfft2(image).abs() ** 2 * half_weights(box)).sum()
    assert float(power) == pytest.approx(box**2 * float((image**2).sum()))


@pytest.mark.parametrize("box", BOXES)
def test_transform_equals_the_direct_sum(box):
    image = rand(box, box, seed=2)
    kx, ky = indices2(box)
    line = torch.arange(box, dtype=torch.float64) - box // 2
    phase = -2 * math.pi / box * (kx[..., None, None] * line[None, :] + ky[..., None, None] * line[:, None])
    direct = (image * torch.polar(torch.ones_like(phase), phase)).sum((-2, -1))
    torch.testing.assert_close(F.rfft2(image), direct)


@pytest.mark.parametrize("shift", [(3, 0), (0, -2), (-3, 1), (2, 2), (1, -1), (-1, -1)])
def test_a_whole_pixel_shift_is_a_roll(shift):
    image = rand(1, 12, 12, seed=3)
    moved = F.irfft2(F.shift2(F.rfft2(image), torch.tensor([shift], dtype=torch.float64), 12), 12)
    torch.testing.assert_close(moved, torch.roll(image, (shift[1], shift[0]), (1, 2)))


@pytest.mark.parametrize("box", [12, 13])
def test_half_a_pixel_twice_is_one_pixel(box):
    ft = F.pad2(F.crop2(F.rfft2(rand(1, box, box, seed=4)), box - 4), box)
    half = torch.tensor([[0.5, -0.5]], dtype=torch.float64)
    twice = F.shift2(F.shift2(ft, half, box), half, box)
    torch.testing.assert_close(twice, F.shift2(ft, 2 * half, box))


@pytest.mark.parametrize(("old", "new"), [(16, 8), (16, 9), (15, 8), (15, 9), (8, 16), (9, 15), (9, 16), (8, 15)])
def test_resize_keeps_centre_mean_and_smooth_images(old, new):
    line = (torch.arange(old, dtype=torch.float64) - old // 2) / old
    wave = torch.cos(2 * math.pi * 2 * line)[:, None] + torch.sin(2 * math.pi * line)[None, :] + 3
    there = (torch.arange(new, dtype=torch.float64) - new // 2) / new
    expected = torch.cos(2 * math.pi * 2 * there)[:, None] + torch.sin(2 * math.pi * there)[None, :] + 3
    torch.testing.assert_close(F.resize2(wave, new), expected)
    delta = torch.zeros(old, old, dtype=torch.float64)
    delta[old // 2, old // 2] = 1
    assert int(F.resize2(delta, new).argmax()) == new // 2 * new + new // 2
    volume = wave[None] + torch.cos(2 * math.pi * line)[:, None, None]
    expected3 = expected[None] + torch.cos(2 * math.pi * there)[:, None, None]
    torch.testing.assert_close(F.resize3(volume, new), expected3)


def test_crop_keeps_values():
    ft = F.rfft2(rand(16, 16, seed=5))
    small = F.crop2(ft, 8)
    torch.testing.assert_close(small[:4, :4], ft[:4, :4])
    torch.testing.assert_close(small[-3:, :4], ft[-3:, :4])
    assert not small[4].any() and not small[:, 4].any()


@pytest.mark.parametrize(("box", "padded"), [(8, 16), (7, 14), (7, 12), (8, 11), (1, 4)])
def test_wrapped_and_unwrapped(box, padded):
    volume = rand(box, box, box, seed=6)
    wrapped = F.wrapped(volume, [padded] * 3)
    torch.testing.assert_close(wrapped, torch.fft.ifftshift(F.window(volume, [padded] * 3)))
    torch.testing.assert_close(F.unwrapped(wrapped, [box] * 3), volume)
