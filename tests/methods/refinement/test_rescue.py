import numpy as np
import torch

from vitreous.context import Context
from vitreous.maths import rotations
from vitreous.methods.refinement import expectation3d, rescue
from vitreous.methods.refinement.expectation3d import Search
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.search import Shifts
from vitreous.methods.refinement.stock import Stock


def test_images_at_a_wrong_view_and_origin_are_found_again(simulated):
    made = simulated(32, 51, 60, snr=0.4)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=100.0, context=Context())
    rows = np.arange(60)
    noise = expectation3d.first_noise(stock, rows)
    turns, origins = made.turns[:, None].copy(), made.origins[:, None].copy()
    wrong = np.array([3, 17, 44])
    turns[wrong] = turns[wrong] @ rotations.from_euler(90.0, 70.0, 20.0).numpy()
    origins[wrong] += 5.0
    placed = Modes(turns, origins, np.zeros((60, 1)), np.zeros((60, 1, 5, 5)))
    still = Search(None, 12, "C1", Shifts.within(1.0, 1.0, 3.0), keep=3)
    start = expectation3d.find(stock, rows, volume=made.volume, noise=noise, start=placed, how=still)
    start = Modes(*(np.repeat(getattr(start, name), 3, axis=1) for name in expectation3d.PARTS))
    start.log_likelihood[:, 1:] = -np.inf

    fit = rescue.fit_of(stock, rows, start, volume=made.volume, noise=noise, reach=12)
    doubted = np.flatnonzero(rescue.suspects(stock, fit.excess))
    assert set(wrong) <= set(doubted.tolist())
    assert len(doubted) <= 15

    wide = Search(2, 12, "C1", Shifts.within(4.0, 2.0, 3.0), keep=3)
    found, moved = rescue.rescued(stock, rows, start, volume=made.volume, noise=noise, how=wide)
    best = found.rotations[rows, found.posterior().argmax(1)]
    error = rotations.distance_deg(torch.from_numpy(best), torch.from_numpy(made.turns)).numpy()
    assert error[wrong].max() < 15
    assert 3 <= moved <= 15
    untouched = np.setdiff1d(rows, doubted)
    assert np.array_equal(found.rotations[untouched], start.rotations[untouched])


def test_images_that_are_all_alike_are_left_alone(simulated):
    made = simulated(24, 52, 12, snr=0.5)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=80.0, context=Context())
    assert not rescue.suspects(stock, np.linspace(0.0, 0.9, 12)).any()
    assert not rescue.suspects(stock, np.array([0.0, -50.0])).any(), "two images tell nothing of what is usual"


def test_images_that_come_with_one_pose_each_are_looked_for_too(simulated):
    made = simulated(24, 53, 24, snr=1.0)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=80.0, context=Context())
    rows, noise = np.arange(24), expectation3d.first_noise(stock, np.arange(24))
    turns = made.turns[:, None].copy()
    turns[5] = turns[5] @ rotations.from_euler(90.0, 70.0, 20.0).numpy()
    alone = Modes(turns, made.origins[:, None], np.zeros((24, 1)), np.zeros((24, 1, 5, 5)))
    wide = Search(1, 9, "C1", Shifts.within(1.0, 1.0, 3.0), keep=3)
    found, _ = rescue.rescued(stock, rows, alone, volume=made.volume, noise=noise, how=wide)
    assert found.log_likelihood.shape == (24, 3)
    assert (found.log_likelihood[:, 0] > -np.inf).all()
