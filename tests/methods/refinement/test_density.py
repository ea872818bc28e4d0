import numpy as np
import pytest

from vitreous.context import Context
from vitreous.methods.refinement import density, gold_standard, resolution
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.stock import Stock


@pytest.mark.parametrize("padding", [1, 2])
@pytest.mark.parametrize("box", [16, 17])
def test_a_map_survives_the_cube(box, padding, specimen):
    volume = specimen(box, 3, reach=0.2).volume()
    cube = density.to_cube(volume, (box + 1) // 2 - 1, padding)
    back = density.from_cube(cube, box, padding) * density.gridding(box, padding).numpy() ** 2
    assert np.corrcoef(back.ravel(), volume.ravel())[0, 1] > 0.99


@pytest.mark.parametrize(("padding", "agreement", "within"), [(2, 0.99, 0.05), (1, 0.96, 0.08)])
def test_exact_poses_give_the_map_back(simulated, padding, agreement, within):
    made = simulated(32, 4, 1500, snr=0)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=120.0, context=Context())
    stock.padding = padding
    count = len(made)
    modes = Modes(made.turns[:, None], made.origins[:, None], np.zeros((count, 1)), np.zeros((count, 1, 5, 5)))
    flat = np.ones((1, stock.pixels.reach + 1), np.float32)
    sums = gold_standard.back_project(stock, np.arange(count), modes, inverse_noise=flat, group="C1")
    found = gold_standard.unfiltered(sums, 32)
    curve = resolution.half_map_fsc(found, made.volume)
    assert curve[: int(0.8 * 16)].min() > agreement
    # The scale is right too, so the gridding correction is made once and only once.
    assert (found * made.volume).sum() / (made.volume**2).sum() == pytest.approx(1.0, abs=within)


def test_symmetry_is_put_in_while_inserting(simulated):
    made = simulated(24, 6, 300, group="D2", snr=0)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=90.0, context=Context())
    modes = Modes(made.turns[:, None], made.origins[:, None], np.zeros((300, 1)), np.zeros((300, 1, 5, 5)))
    flat = np.ones((1, stock.pixels.reach + 1), np.float32)
    volume = gold_standard.unfiltered(
        gold_standard.back_project(stock, np.arange(300), modes, inverse_noise=flat, group="D2"), 24
    )
    inner = volume[1:, 1:, 1:]  # index 0 of an even box has no mate
    assert np.abs(inner - inner[:, ::-1, ::-1]).max() < 1e-3 * np.abs(inner).max()
    assert np.abs(inner - inner[::-1, ::-1, :]).max() < 1e-3 * np.abs(inner).max()
