"""Windows sit where they should, to the pixel, and keep their centre when rescaled."""

import numpy as np
import pytest

from vitreous.methods.extraction.cut import cut_windows, rescale


def spot(shape: tuple[int, int], y: float, x: float, width: float = 1.5) -> np.ndarray:
    rows, columns = np.indices(shape)
    return np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2)).astype(np.float32)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_spot_ends_in_the_centre_and_the_rest_says_where(seed):
    rng = np.random.default_rng(seed)
    y, x = rng.uniform(20, 80, 2)
    cut = cut_windows(spot((100, 120), y, x), np.array([x]), np.array([y]), box=24)
    window = cut.windows[0].astype(np.float64)
    assert np.unravel_index(window.argmax(), window.shape) == (12, 12)
    rows, columns = np.indices(window.shape)
    assert (window * rows).sum() / window.sum() - 12 == pytest.approx(cut.rest_y_px[0], abs=0.01)
    assert (window * columns).sum() / window.sum() - 12 == pytest.approx(cut.rest_x_px[0], abs=0.01)
    assert abs(cut.rest_x_px[0]) <= 0.5
    assert cut.centre_x_px[0] + cut.rest_x_px[0] == pytest.approx(x)


def test_the_edge_is_repeated_and_what_lies_outside_is_dropped():
    image = np.random.default_rng(4).normal(size=(50, 40)).astype(np.float32)
    x, y = np.array([0.0, 39, 20, -8, -7, 47, 48, 20, 20]), np.array([0.0, 49, 25, 20, 20, 20, 20, 57, 58])
    cut = cut_windows(image, x, y, box=16)
    assert cut.taken.tolist() == [0, 1, 2, 4, 5, 7]
    padded = np.pad(image, 20, mode="edge")
    for window, cx, cy in zip(cut.windows, cut.centre_x_px, cut.centre_y_px):
        assert np.array_equal(window, padded[cy + 12 : cy + 28, cx + 12 : cx + 28])


def test_no_coordinates_give_no_windows_and_odd_boxes_are_refused():
    image = np.zeros((50, 40), np.float32)
    assert cut_windows(image, np.zeros(0), np.zeros(0), box=16).windows.shape == (0, 16, 16)
    with pytest.raises(ValueError, match="odd"):
        cut_windows(image, np.zeros(1), np.zeros(1), box=17)


@pytest.mark.parametrize(("old", "new"), [(64, 32), (64, 48), (32, 64), (60, 60)])
def test_rescaling_keeps_mean_centre_and_band_limited_images(old, new):
    rng = np.random.default_rng(old + new)
    low = min(old, new) // 4
    spectrum = np.zeros((old, old // 2 + 1), complex)
    spectrum[:low, :low] = rng.normal(size=(low, low)) + 1j * rng.normal(size=(low, low))
    image = np.fft.irfft2(spectrum, s=(old, old)).astype(np.float32)
    there = rescale(image[None], new)
    assert there.shape == (1, new, new)
    assert there.mean() == pytest.approx(image.mean(), abs=1e-6)
    assert np.allclose(rescale(there, old)[0], image, atol=1e-6 + 1e-5 * np.abs(image).max())
    assert there[0, new // 2, new // 2] == pytest.approx(image[old // 2, old // 2], abs=1e-5)


def test_a_delta_stays_in_the_centre():
    delta = np.zeros((1, 64, 64), np.float32)
    delta[0, 32, 32] = 1
    small = rescale(delta, 24)[0]
    assert np.unravel_index(small.argmax(), small.shape) == (12, 12)
    assert np.allclose(small[1:, 1:], small[1:, 1:][::-1, ::-1], atol=1e-6)
