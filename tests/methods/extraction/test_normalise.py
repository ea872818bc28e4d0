"""After normalising the background has mean 0 and std 1, no slope and no dust."""

import numpy as np
import pytest

from vitreous.methods.extraction.normalise import Dust, normalise, outside


@pytest.mark.parametrize("seed", [1, 2])
def test_the_background_becomes_standard_noise_whatever_the_slope(seed):
    rng = np.random.default_rng(seed)
    y, x = np.indices((48, 48))
    noise = rng.normal(size=(5, 48, 48))
    slopes = rng.normal(size=(5, 2))[:, :, None, None]
    images = (200 + 7 * (noise + slopes[:, 0] * x + slopes[:, 1] * y)).astype(np.float32)
    images[:, 20:28, 20:28] -= 30
    done, good = normalise(images, radius_px=18)
    background = outside(48, 18)
    assert good.all()
    assert np.allclose(done[:, background].mean(axis=1), 0, atol=1e-5)
    assert np.allclose(done[:, background].std(axis=1), 1, atol=1e-5)
    fit = np.polyfit(np.broadcast_to(x[background], (5, background.sum())).ravel(), done[:, background].ravel(), 1)
    assert abs(fit[0]) < 1e-5
    assert np.corrcoef(done[0, background], noise[0][background])[0, 1] > 0.99
    again, _ = normalise(done, radius_px=18)
    assert np.allclose(again, done, atol=1e-4)


def test_dust_becomes_noise_and_nothing_else_is_touched():
    rng = np.random.default_rng(3)
    images = rng.normal(size=(3, 40, 40)).astype(np.float32)
    images[:, 5, 7] = 60
    images[:, 30, 2] = -60
    plain, _ = normalise(images, radius_px=15)
    white, _ = normalise(images, radius_px=15, dust=Dust(white=5), random=np.random.default_rng(1))
    both, _ = normalise(images, radius_px=15, dust=Dust(white=5, black=5), random=np.random.default_rng(1))
    assert plain[:, 5, 7].min() > 10
    assert np.abs(white[:, 5, 7]).max() < 8 < np.abs(white[:, 30, 2]).min()
    assert np.abs(both).max() < 6
    clean = np.ones((40, 40), bool)
    clean[5, 7] = clean[30, 2] = False
    assert np.corrcoef(both[0, clean], images[0, clean])[0, 1] > 0.999


def test_images_without_contrast_are_marked():
    images = np.random.default_rng(4).normal(size=(4, 32, 32)).astype(np.float32)
    images[1] = 5
    images[2, 3, 3] = np.nan
    done, good = normalise(images, radius_px=12)
    assert good.tolist() == [True, False, False, True]
    assert not done[1].any()
    assert np.isfinite(done).all()


def test_a_circle_that_fills_the_box_is_refused():
    with pytest.raises(ValueError, match="leaves no background"):
        normalise(np.zeros((1, 16, 16), np.float32), radius_px=12)
