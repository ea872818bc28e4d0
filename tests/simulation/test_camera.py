"""Counting electrons: the numbers are Poisson's, the gain undoes the sensitivity."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from vitreous.files.frames import read_defects, read_gain
from vitreous.simulation.camera import count_electrons, electrons_of, expected_counts, make_sensor, write_sensor
from vitreous.simulation.settings import Camera


@pytest.mark.parametrize("mean", [0.05, 0.9, 6.7, 29.9, 30.1, 200.0])
def test_counts_follow_poisson(mean: float) -> None:
    counts = count_electrons(np.full((400, 500), mean, np.float32), seed=int(mean * 100))
    low, high = int(stats.poisson.ppf(1e-3, mean)), int(stats.poisson.ppf(1 - 1e-3, mean))
    edges = np.arange(low, high + 2)
    seen = np.histogram(np.clip(counts, low, high), np.append(edges, np.inf))[0][:-1]
    expected = stats.poisson.pmf(edges[:-1], mean)
    expected[0] = stats.poisson.cdf(low, mean)
    expected[-1] = stats.poisson.sf(high - 1, mean)
    if len(seen) > 1:
        assert stats.chisquare(seen, expected / expected.sum() * seen.sum()).pvalue > 1e-4
    assert abs(counts.mean() - mean) < 5 * np.sqrt(mean / counts.size)
    assert np.isclose(counts.var(), mean, rtol=0.03)


def test_counts_are_white_and_repeat() -> None:
    mean = np.full((256, 256), 5.0, np.float32)
    one, same, other = count_electrons(mean, 1), count_electrons(mean, 1), count_electrons(mean, 2)
    assert np.array_equal(one, same)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02
    for neighbour in (np.roll(one, 1, 0), np.roll(one, 1, 1), np.roll(other, 1, 1)):
        assert abs(np.corrcoef(one.ravel(), neighbour.ravel())[0, 1]) < 0.02


def test_nothing_gives_nothing() -> None:
    assert not count_electrons(np.zeros((4, 4), np.float32), 3).any()


def test_gain_and_defects_undo_the_sensor(tmp_path: Path) -> None:
    camera = Camera(width=256, height=192, gain_spread=0.1, hot_pixels=0, dead_lines=2)
    sensor = make_sensor(camera, 5)
    write_sensor(tmp_path, sensor, camera)
    gain = read_gain(tmp_path / "gain.mrc", shape=(192, 256))
    dead = read_defects(tmp_path / "defects.txt", (192, 256))
    assert np.array_equal(gain == 0, dead)
    assert dead.sum() == 2 * 192
    flat = expected_counts(np.zeros((192, 256), np.float32), sensor, camera) * gain
    per_frame = camera.dose_e_A2 / camera.frames * camera.pixel_size_A**2
    assert np.allclose(flat[~dead], per_frame, rtol=1e-5)
    assert 0.05 < sensor.sensitivity[~dead].std() < 0.2


def test_electrons_land_in_their_pixels() -> None:
    mean = np.zeros((20, 30), np.float32)
    mean[7, 11] = 50
    places = electrons_of(mean, 4)
    assert np.array_equal(places // 4, [[7, 11]])
