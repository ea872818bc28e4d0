import numpy as np
import pytest

from vitreous.methods.motion.defects import Repair, hot_and_dead


@pytest.mark.parametrize("seed", range(3))
def test_hot_dead_and_undefined_pixels_are_found_on_a_slope(seed):
    generator = np.random.default_rng(seed)
    x = np.broadcast_to(np.arange(400), (300, 400))
    total = generator.poisson(40 + 60 * x / 400).astype(np.float32)
    bad = np.zeros(total.shape, bool)
    bad[generator.integers(0, 300, 20), generator.integers(0, 400, 20)] = True
    total[bad] = np.where(generator.random(int(bad.sum())) < 0.5, 400.0, 5000.0)
    total[7, 9] = np.nan
    total[200, 350] = -100
    found = hot_and_dead(total)
    assert found[bad].all() and found[7, 9] and found[200, 350]
    assert (found & ~bad).sum() <= 6


def test_nothing_stands_out_in_a_flat_sum():
    assert not hot_and_dead(np.full((50, 60), 3.0, np.float32)).any()


def test_repair_takes_values_of_good_neighbours():
    y, x = np.mgrid[:40, :50]
    frame = (1000.0 * y + x).astype(np.float32)
    bad = np.zeros(frame.shape, bool)
    bad[[0, 20, 39], [0, 25, 49]] = True
    whole = frame.copy()
    frame[bad] = -1
    Repair.of(bad).fill(frame, np.random.default_rng(0))
    for row, column in np.argwhere(bad):
        near = whole[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3]
        assert frame[row, column] in near
        assert frame[row, column] != whole[row, column]
    assert (frame[~bad] == whole[~bad]).all()


def test_a_block_of_bad_pixels_gets_noise_like_the_rest():
    frame = np.random.default_rng(1).normal(10, 3, (100, 100)).astype(np.float32)
    bad = np.zeros(frame.shape, bool)
    bad[30:60, 30:60] = True
    frame[bad] = np.nan
    Repair.of(bad).fill(frame, np.random.default_rng(2))
    assert np.isfinite(frame).all()
    assert abs(frame[32:58, 32:58].mean() - 10) < 0.5
    assert abs(frame[32:58, 32:58].std() - 3) < 0.5
