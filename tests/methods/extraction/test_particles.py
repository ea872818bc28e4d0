"""Micrograph and coordinates to particle images, and what is dropped on the way."""

import numpy as np
import pytest

from vitreous.context import Context
from vitreous.methods.extraction.particles import batch_size, extract
from vitreous.methods.extraction.settings import Windows


def micrograph(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(100, 5, size=(200, 220)).astype(np.float32)


def test_shapes_contrast_origins_and_drops():
    image = micrograph(1)
    image[100:110, 60:70] -= 60
    x, y = np.array([64.3, 500.0, 130.0]), np.array([104.8, 20.0, 90.0])
    out = extract(image, x, y, windows=Windows(box_px=64, resize=True, rescaled_box_px=32))
    assert out.images.shape == (2, 32, 32)
    assert out.rows.tolist() == [0, 2]
    assert out.outside.tolist() == [1]
    assert out.images[0, 16, 16] > 5
    assert np.allclose(out.x_px - out.origin_x_px, x[[0, 2]])
    assert np.allclose(out.y_px - out.origin_y_px, y[[0, 2]])
    plain = extract(image, x, y, windows=Windows(box_px=64, invert=False, normalise=False))
    assert np.array_equal(plain.images[0], image[105 - 32 : 105 + 32, 64 - 32 : 64 + 32])


def test_a_window_of_one_grey_value_is_dropped():
    image = micrograph(2)
    image[:, :80] = 7
    out = extract(image, np.array([30.0, 150.0]), np.array([100.0, 100.0]), windows=Windows(box_px=48))
    assert out.rows.tolist() == [1]
    assert out.empty.tolist() == [0]


def test_batches_do_not_change_the_result():
    image = micrograph(3)
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 220, 150), rng.uniform(0, 200, 150)
    whole = extract(image, x, y, windows=Windows(box_px=32))
    single = extract(image, x[140:141], y[140:141], windows=Windows(box_px=32))
    assert np.allclose(whole.images[140], single.images[0], atol=1e-5)


def test_odd_boxes_and_wide_circles_are_refused_with_a_sentence():
    for windows, word in (
        (Windows(box_px=63), "odd"),
        (Windows(resize=True, rescaled_box_px=31), "odd"),
        (Windows(box_px=32, background_diameter_px=60), "no pixels"),
    ):
        with pytest.raises(ValueError, match=word):
            extract(micrograph(4), np.zeros(1), np.zeros(1), windows=windows)


def test_huge_windows_go_in_small_batches_to_the_same_images():
    image = micrograph(6)
    rng = np.random.default_rng(7)
    x, y = rng.uniform(0, 220, 40), rng.uniform(0, 200, 40)
    windows = Windows(box_px=32, white_dust=1.0)
    assert batch_size(Windows(box_px=256), 4.0) == 64
    assert batch_size(Windows(box_px=4096), 4.0) == 2
    assert batch_size(Windows(box_px=8192), 0.1) == 1
    kept = []
    small = extract(image, x, y, windows=windows, context=Context(memory_GB=0.0004), keep=kept.append)
    whole = extract(image, x, y, windows=windows)
    assert [len(part) for part in kept][:2] == [4, 4]
    assert len(small.images) == 0
    assert np.array_equal(np.concatenate(kept), whole.images)
    assert np.array_equal(small.rows, whole.rows)
