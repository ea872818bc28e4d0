import numpy as np
import pytest
import torch

from vitreous.context import Context
from vitreous.methods.initial_model import soft
from vitreous.methods.refinement import gold_standard, resolution
from vitreous.methods.refinement.search import Shifts
from vitreous.methods.refinement.stock import Stock


@pytest.fixture(scope="module")
def scene(simulated):
    made = simulated(24, 51, 150, snr=2.0)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=80.0, context=Context())
    return made, stock, np.full((1, stock.pixels.reach + 1), 24.0**2 / 2)


GRID = soft.Grid(2, 6, Shifts.within(2.0, 1.0, 3.0), "C1")


def test_a_pass_from_the_truth_gives_the_truth_back(scene):
    made, stock, noise = scene
    done = soft.gather(stock, np.arange(150), volumes=(made.volume,), noise=noise, grid=GRID)
    ratio = np.where(np.arange(13) <= 6, 50.0, 1e-6)
    found = gold_standard.filtered(done.sums[0], ratio, 24)
    assert resolution.half_map_fsc(found, made.volume)[1:6].min() > 0.85
    assert (found * made.volume).sum() / (found**2).sum() == pytest.approx(1.0, abs=0.4)


def test_likelihood_prefers_the_truth_and_knows_no_batches(scene):
    made, stock, noise = scene
    rows = np.arange(40)
    true = soft.log_likelihood(stock, rows, volumes=(made.volume,), noise=noise, grid=GRID)
    mirrored = soft.log_likelihood(stock, rows, volumes=(np.roll(made.volume[::-1], 1, 0),), noise=noise, grid=GRID)
    other = np.roll(made.volume, 8, 0)
    false = soft.log_likelihood(stock, rows, volumes=(other,), noise=noise, grid=GRID)
    assert true > false + 1
    assert mirrored == pytest.approx(true, rel=0.05)  # the hand cannot be told from projections
    gathered = soft.gather(stock, rows, volumes=(made.volume,), noise=noise, grid=GRID)
    assert gathered.log_likelihood == pytest.approx(true, rel=1e-4)
    halves = [soft.log_likelihood(stock, r, volumes=(made.volume,), noise=noise, grid=GRID) for r in (rows[:13], rows[13:])]
    assert (13 * halves[0] + 27 * halves[1]) / 40 == pytest.approx(true, rel=1e-4)


def test_threads_change_nothing(scene):
    made, _, noise = scene
    rows = np.arange(70)
    two = []
    for threads in (1, 2):
        stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=80.0, context=Context(threads=threads))
        two.append(soft.gather(stock, rows, volumes=(made.volume,), noise=noise, grid=GRID).sums[0])
    assert np.abs(two[0].data - two[1].data).max() < 1e-3 * np.abs(two[0].data).max()


def test_images_go_to_the_map_they_fit(scene, specimen):
    made, stock, noise = scene
    other = np.roll(made.volume, 8, 0)
    done = soft.gather(stock, np.arange(60), volumes=(made.volume, other), noise=noise, grid=GRID)
    shares = torch.tensor([float(s.weights.sum()) for s in done.sums])
    assert shares[0] / shares.sum() > 0.9


def test_held_samples_change_nothing(scene):
    made, stock, noise = scene
    held, rows = soft.Held(stock), np.arange(7, 60)
    plain = soft.gather(stock, rows, volumes=(made.volume,), noise=noise, grid=GRID)
    for _ in range(2):
        again = soft.gather(stock, rows, volumes=(made.volume,), noise=noise, grid=GRID, held=held)
        assert np.abs(again.sums[0].data - plain.sums[0].data).max() < 1e-4 * np.abs(plain.sums[0].data).max()
    each = soft.log_likelihoods(stock, rows, volumes=(made.volume,), noise=noise, grid=GRID, held=held)
    assert len(each) == len(rows) and each.mean() == pytest.approx(plain.log_likelihood, rel=1e-5)
