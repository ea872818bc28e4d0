import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from vitreous.methods.motion import average


def test_dose_weights_follow_the_published_curve_and_keep_noise_flat():
    shape, pixel, count, dose = (64, 80), 1.1, 30, 1.3
    weight, step = average.dose_filters(shape, pixel, start_e_A2=2.0 + dose, dose_e_A2=dose, count=count, voltage_kV=300)
    ky, kx = np.fft.fftfreq(64, pixel)[:, None], np.fft.rfftfreq(80, pixel)[None, :]
    k = np.hypot(kx, ky)
    k[0, 0] = 1e-9
    critical = 0.24499 * k**-1.6649 + 2.8141
    q = np.stack([np.exp(-(2.0 + dose * (f + 1)) / (2 * critical)) for f in range(count)])
    q /= np.sqrt((q**2).sum(0))
    now = weight.copy()
    for f in range(count):
        assert now == pytest.approx(q[f], rel=2e-3, abs=1e-6)
        now *= step
    assert (q**2).sum(0) == pytest.approx(np.ones((64, 41)))
    assert weight[0, 0] == pytest.approx(count**-0.5, rel=1e-3)


def test_no_dose_weighs_all_frames_alike():
    weight, step = average.dose_filters((16, 16), 1.0, start_e_A2=0.0, dose_e_A2=0.0, count=4, voltage_kV=200)
    assert weight == pytest.approx(np.full((16, 9), 0.5))
    assert step == pytest.approx(np.ones((16, 9)))


@pytest.mark.parametrize("shape", [(48, 61), (64, 40)])
def test_bending_is_cubic_spline_interpolation(shape):
    generator = np.random.default_rng(shape[0])
    image = generator.normal(size=shape).astype(np.float32)
    field = generator.normal(0, 2, (2, 6))
    y_filter, x_filter = average.spline_filter(shape)
    spline = np.fft.irfft2(np.fft.rfft2(image) * y_filter[:, None] * x_filter[None, :], s=shape).astype(np.float32)
    total = np.ones(shape, np.float32)
    average.add_bent(total, spline, field, 0.5)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    x, y = columns / shape[1] - 0.5, rows / shape[0] - 0.5
    s = np.einsum("dp,pyx->dyx", field, np.stack([np.ones_like(x), x, x**2, y, y**2, x * y])) * 0.5
    truth = map_coordinates(image.astype(float), [rows - s[1], columns - s[0]], order=3, mode="grid-wrap")
    assert total - 1 == pytest.approx(truth, abs=2e-4)


def test_a_constant_field_moves_as_a_phase_does():
    generator = np.random.default_rng(0)
    shape = (64, 64)
    transform = np.fft.rfft2(generator.normal(size=shape))
    ky, kx = np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)[None, :]
    transform *= np.exp(-(kx**2 + ky**2) / (2 * 0.08**2))
    field = np.zeros((2, 6))
    field[:, 0] = 1.3, -2.6
    y_filter, x_filter = average.spline_filter(shape)
    spline = np.fft.irfft2(transform * y_filter[:, None] * x_filter[None, :], s=shape).astype(np.float32)
    bent = np.zeros(shape, np.float32)
    average.add_bent(bent, spline, field, 1.0)
    truth = np.fft.irfft2(transform * np.exp(-2j * np.pi * (1.3 * kx - 2.6 * ky)), s=shape)
    assert bent == pytest.approx(truth, abs=0.01 * truth.std())


@pytest.mark.parametrize("shape, crop", [((60, 80), (30, 40)), ((61, 81), (40, 54)), ((50, 50), (50, 50))])
def test_cropping_keeps_a_smooth_image(shape, crop):
    def wave(size):
        y, x = np.mgrid[: size[0], : size[1]]
        return 2 + np.cos(2 * np.pi * (3 * x / size[1] + 2 * y / size[0]))

    made = average.crop_half(np.fft.rfft2(wave(shape)).astype(np.complex64), shape, crop)
    assert average.back(made, crop) == pytest.approx(wave(crop), abs=1e-5)
