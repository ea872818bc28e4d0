from functools import partial

import numpy as np
import pytest
import torch

from vitreous.context import Context
from vitreous.maths import rotations, symmetry
from vitreous.methods.refinement import density, search, slices
from vitreous.methods.refinement.scores import Workspace
from vitreous.methods.refinement.search import Prepared, Shifts
from vitreous.methods.refinement.stock import Stock


def _prepared(stock, rows, noise, origins=None):
    return Prepared(
        stock.masked_images(rows),
        partial(stock.contrast, rows),
        torch.full((len(rows), stock.pixels.reach + 1), 1.0 / noise, dtype=torch.float64),
        torch.zeros((len(rows), 2), dtype=torch.float64) if origins is None else origins,
        stock.pixel_size_A,
    )


def test_polar_and_cartesian_likelihoods_agree(simulated):
    made = simulated(32, 21, 3, snr=0.3)
    made = type(made)(made.blobs, made.volume, made.images, made.table.with_(defocus_v_A=made.table["defocus_u_A"]),
                      made.turns, made.origins)  # fmt: skip
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=100.0, context=Context())
    rows, shells, noise = np.arange(3), 10, 32**2 / 2
    bank = search.build_bank(made.volume, order=0, group="C1", shells=shells, support_px=16.0)
    shifts = Shifts(torch.tensor([[0.0, 0.0], [1.0, -2.0]], dtype=torch.float64), 1e9)
    cells = search.score(bank, _prepared(stock, rows, noise), shifts, Workspace()).cells()
    count = stock.pixels.count(shells)
    batch = stock.batch(rows).upto(count)
    cube = density.to_cube(made.volume, stock.pixels.reach)
    weight = np.full(count, 1 / noise, np.float32)
    view = (stock.pixels.index, cube, np.float32(2.0), 32)
    polar, cartesian = [], []
    for image in range(3):
        for angle, direction, shift in [(0, 0, 0), (5, 3, 1), (11, 7, 0), (20, 11, 1), (9, 5, 0)]:
            psi = torch.tensor(-360.0 / bank.grid.angles * angle, dtype=torch.float64)
            turn = (rotations.from_euler(0.0, 0.0, psi) @ bank.directions[direction]).numpy()
            polar.append(float(cells[angle, direction, shift, image]))
            cartesian.append(
                slices.evaluate(
                    batch.masked[image],
                    batch.ctf[image],
                    weight,
                    view,
                    turn,
                    shifts.offsets[shift].numpy(),
                    np.zeros(5),
                    np.zeros((5, 5)),
                )
            )
    polar, cartesian = np.array(polar), np.array(cartesian)
    # The Cartesian side reads its slice trilinearly (2 %); what is left is the ragged edge of the last shell.
    assert np.std(polar - cartesian) < 0.06 * np.std(cartesian)
    assert np.corrcoef(polar, cartesian)[0, 1] > 0.997


@pytest.mark.parametrize("group", ["C1", "D2"])
def test_the_best_modes_hold_the_true_pose(simulated, group):
    made = simulated(32, 22, 40, group=group, snr=1.0)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=110.0, context=Context())
    bank = search.build_bank(made.volume, order=2, group=group, shells=8, support_px=stock.radius_px)
    shifts = Shifts.within(3.0, 1.0, 5.0)
    rows = np.arange(40)
    scored = search.score(bank, _prepared(stock, rows, 32**2 / 2), shifts, Workspace())
    cells = scored.cells()
    assert torch.allclose(scored.best(), cells.amax(0), atol=1e-3)
    modes = search.best_modes(bank, scored, shifts, keep=5, origins_px=torch.zeros((40, 2), dtype=torch.float64))
    operators = symmetry.operators(group)
    near = rotations.distance_deg(torch.from_numpy(made.turns[:, None]), torch.from_numpy(modes.rotations), operators)
    there = near.masked_fill(torch.from_numpy(modes.log_likelihood == -np.inf), 999.0)
    assert (there.amin(1) < 15).float().mean() > 0.9
    apart = rotations.distance_deg(torch.from_numpy(modes.rotations[:, :1]), torch.from_numpy(modes.rotations[:, 1:]), operators)
    assert apart[torch.from_numpy(modes.log_likelihood[:, 1:] > -np.inf)].min() > 15
    best = np.linalg.norm(modes.origins[:, 0] - made.origins, axis=1)
    assert np.median(best) < 1.0


def test_origins_count_from_each_image_own(simulated):
    made = simulated(24, 23, 4, snr=1.0)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=80.0, context=Context())
    bank = search.build_bank(made.volume, order=1, group="C1", shells=6, support_px=12.0)
    centre = torch.tensor([[2.0, 0.0]] * 4, dtype=torch.float64)
    rows = np.arange(4)
    moved = Shifts(torch.tensor([[2.0, 0.0]], dtype=torch.float64), 1e9)
    still = Shifts(torch.tensor([[0.0, 0.0]], dtype=torch.float64), 1e9)
    one = search.score(bank, _prepared(stock, rows, 300.0), moved, Workspace()).cells()
    two = search.score(bank, _prepared(stock, rows, 300.0, centre), still, Workspace()).cells()
    assert torch.allclose(one, two, atol=1e-3 * float(one.abs().max()))


def test_parallel_parts_keep_their_order():
    for threads in (1, 2, 3):
        assert search.in_parallel(lambda part, space: part * 2, list(range(7)), threads) == [2 * i for i in range(7)]
