import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.methods.ctf.spectrum import Spectrum, flatten, from_image, from_power_spectrum, resample, whole_plane


def test_white_noise_has_a_flat_spectrum():
    image = np.random.default_rng(3).normal(5, 2, (1024, 900)).astype(np.float32)
    averaged = from_image(image, 1.0, box=128)
    assert averaged.amplitude.shape == (128, 128)
    inner = averaged.amplitude[8:-8, 8:-8]
    assert inner.std() / inner.mean() < 0.12
    assert abs(inner[:, :56].mean() / inner[:, 56:].mean() - 1) < 0.02


def test_a_wave_stands_at_its_frequency_in_rows_and_columns():
    y, x = np.mgrid[:700, :800]
    image = np.cos(2 * np.pi * (x / 10 + y / 25)).astype(np.float32) + np.random.default_rng(0).normal(0, 0.1, x.shape)
    averaged = from_image(image.astype(np.float32), 2.0, box=256)
    row, column = np.unravel_index(np.argmax(averaged.amplitude), averaged.amplitude.shape)
    kx, ky = averaged.frequencies()
    found = np.array([kx[0, column], ky[row, 0]])
    truth = np.array([1 / 20, 1 / 50])
    assert min(np.abs(found - truth).max(), np.abs(found + truth).max()) < 1 / (256 * 2.0)


def test_the_pixel_size_is_that_of_the_cut_frequencies():
    image = np.random.default_rng(1).normal(size=(2048, 2048)).astype(np.float32)
    averaged = from_image(image, 0.7, box=256)
    assert averaged.pixel_size_A == pytest.approx(1.4, rel=0.05)
    assert averaged.pixel_size_A * 256 / 0.7 == pytest.approx(round(averaged.pixel_size_A * 256 / 0.7))


@pytest.mark.parametrize("box", [8, 9])
def test_half_plane_to_whole_plane(box):
    image = np.random.default_rng(box).normal(size=(box, box))
    full = np.abs(np.fft.fftshift(np.fft.fft2(image))) ** 2
    half = np.abs(np.fft.fftshift(np.fft.rfft2(image), axes=0)) ** 2
    made = whole_plane(half, box)
    if box % 2:
        assert made == pytest.approx(full)
    else:
        assert made[:, 1:] == pytest.approx(full[:, 1:])


def test_resampling_keeps_a_smooth_picture_and_its_values():
    y, x = np.mgrid[:60, :80]
    picture = 3 + np.cos(2 * np.pi * (x - 40) / 80) + np.cos(2 * np.pi * (y - 30) / 60)
    small = resample(picture.astype(np.float32), 20)
    y, x = np.mgrid[:20, :20]
    assert small == pytest.approx(3 + np.cos(2 * np.pi * (x - 10) / 20) + np.cos(2 * np.pi * (y - 10) / 20), abs=1e-4)


def test_a_given_spectrum_is_brought_to_the_box():
    given = np.random.default_rng(0).random((600, 600)).astype(np.float32) + 1
    made = from_power_spectrum(given, 1.4, box=256)
    assert made.amplitude.shape == (256, 256)
    assert made.pixel_size_A == 1.4


def test_pixels_that_are_not_numbers_do_not_spread():
    image = np.random.default_rng(2).normal(size=(512, 512)).astype(np.float32)
    broken = image.copy()
    broken[100:103, 200] = np.nan
    one, other = from_image(image, 1.0, box=128), from_image(broken, 1.0, box=128)
    assert np.isfinite(other.amplitude).all()
    assert np.corrcoef(one.amplitude.ravel(), other.amplitude.ravel())[0, 1] > 0.99


def test_tiles_of_another_contrast_are_left_out():
    generator = np.random.default_rng(5)
    image = generator.normal(size=(1024, 1024)).astype(np.float32)
    clean = from_image(image, 1.0, box=64)
    image[:150, :150] *= 100
    dirty = from_image(image, 1.0, box=64)
    assert dirty.amplitude.mean() < 1.3 * clean.amplitude.mean()


@pytest.mark.parametrize(
    "image, words",
    [
        (np.zeros((512, 512), np.float32), "same value"),
        (np.full((512, 512), np.nan, np.float32), "no finite pixel"),
        (np.random.default_rng(0).random((20, 20)).astype(np.float32), "too small"),
    ],
)
def test_what_cannot_be_fitted_is_refused(image, words):
    with pytest.raises(UserError, match=words):
        from_image(image, 1.0, box=128)


def test_a_spectrum_that_is_not_square_is_refused():
    with pytest.raises(UserError, match="square"):
        from_power_spectrum(np.ones((20, 30), np.float32), 1.0)


def test_flattening_takes_a_slope_away_and_leaves_rings():
    size = 256
    y, x = np.mgrid[:size, :size] - size // 2
    r = np.hypot(x, y)
    rings = np.cos(2 * np.pi * r / 8)
    flat = flatten(Spectrum((50 * np.exp(-r / 60) + rings).astype(np.float32), 1.4), 30.0)
    outside = (r > 60) & (r < 110) & (np.abs(x) > 2) & (np.abs(y) > 2)
    assert np.corrcoef(flat[outside], rings[outside])[0, 1] > 0.95
    assert abs(flat[outside].mean()) < 0.2
