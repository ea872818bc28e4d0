import numpy as np
import pytest

from vitreous.methods.motion.smooth import smooth


@pytest.mark.parametrize("seed", range(4))
def test_a_smooth_track_loses_its_noise(seed):
    generator = np.random.default_rng(seed)
    t = np.arange(40)
    truth = np.stack([6 * (1 - np.exp(-t / 6)), -3 + 0.1 * t], axis=1)
    noisy = truth + generator.normal(0, 0.4, truth.shape)
    made = smooth(noisy, np.full(40, 0.16))
    assert np.std(made - truth) < 0.6 * np.std(noisy - truth)


@pytest.mark.parametrize("seed", range(3))
def test_a_rough_track_is_left_alone(seed):
    truth = np.random.default_rng(seed).normal(0, 2, (30, 2)).cumsum(0)
    noise = np.random.default_rng(90 + seed).normal(0, 0.2, truth.shape)
    assert np.std(smooth(truth + noise, np.full(30, 0.04)) - truth) < 1.1 * np.std(noise)


def test_a_frame_of_no_precision_follows_its_neighbours():
    track = np.stack([np.arange(20.0), np.zeros(20)], axis=1)
    track += np.random.default_rng(0).normal(0, 0.05, track.shape)
    track[8] = 30, 30
    variance = np.full(20, 0.05**2)
    variance[8] = 1e6
    assert smooth(track, variance)[8] == pytest.approx([8, 0], abs=0.3)


def test_few_frames_are_left_as_they_are():
    track = np.array([[0.0, 0], [3, 1], [1, 2]])
    assert (smooth(track, np.ones(3)) == track).all()
