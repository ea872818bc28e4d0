import numpy as np
import torch

from vitreous.context import Context
from vitreous.maths import rotations, symmetry
from vitreous.methods.refinement import density, local, packed
from vitreous.methods.refinement.local import Climb, Modes
from vitreous.methods.refinement.stock import Stock


def _refined(made, volume, noise, start_turn_deg, start_move_px, seed=0):
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=0.8 * 4.0 * made.blobs.box, context=Context())
    count = len(made)
    batch = stock.batch(np.arange(count))
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(count, 1, 3, generator=generator, dtype=torch.float64)
    vectors *= np.radians(start_turn_deg) / vectors.norm(dim=-1, keepdim=True)
    turns = (rotations.from_vector(vectors) @ torch.from_numpy(made.turns[:, None])).numpy()
    moves = np.random.default_rng(seed).normal(size=(count, 1, 2)) * start_move_px
    start = Modes(turns, made.origins[:, None] + moves, np.zeros((count, 1)), np.zeros((count, 1, 5, 5)))
    return local.refine(
        batch.masked, batch.ctf, weights=np.full((1, len(stock.pixels.index)), 1 / noise, np.float32),
        groups=np.zeros(count, np.int64), pixels=stock.pixels.index, cube=density.to_cube(volume, stock.pixels.reach),
        start=start, climb=Climb(made.blobs.box, rounds=20),
    )  # fmt: skip


def _errors(made, modes):
    turn = rotations.distance_deg(torch.from_numpy(modes.rotations[:, 0]), torch.from_numpy(made.turns)).numpy()
    return turn, np.linalg.norm(modes.origins[:, 0] - made.origins, axis=1)


def test_poses_are_found_again_without_noise(simulated):
    made = simulated(32, 7, 40, snr=0)
    turn, move = _errors(made, _refined(made, made.volume, 1.0, 5.0, 0.7))
    assert np.median(turn) < 0.3
    assert np.median(move) < 0.03


def test_errors_are_those_that_the_information_foretells(simulated):
    made = simulated(32, 8, 150, snr=0.3)
    modes = _refined(made, made.volume, 32**2 / 2, 3.0, 0.5)
    turn, _ = _errors(made, modes)
    covariance = np.linalg.inv(modes.information[:, 0])
    foretold = np.degrees(np.sqrt(np.trace(covariance[:, :3, :3], axis1=1, axis2=2)))
    assert 0.6 < np.median(turn) / np.median(foretold) < 1.5


def test_scale_of_images_and_reference_does_not_matter(simulated):
    made = simulated(24, 9, 20, snr=0.5)
    stock = packed.pixels_of(24)
    one = _refined(made, made.volume, 24**2 / 2, 3.0, 0.5)
    tripled = type(made)(made.blobs, 3 * made.volume, 3 * made.images, made.table, made.turns, made.origins)
    other = _refined(tripled, tripled.volume, 9 * 24**2 / 2, 3.0, 0.5)
    assert np.abs(one.rotations - other.rotations).max() < 1e-2
    assert stock.reach == 11


def test_modes_at_one_place_count_once_and_weigh_by_mass():
    turns = np.stack([np.eye(3), np.eye(3), rotations.from_euler(40.0, 30.0, 0.0).numpy()])[None]
    score = np.array([[5.0, 5.0, 5.0]])
    information = np.tile(np.eye(5), (1, 3, 1, 1))
    information[0, 2] *= 4.0
    modes = Modes(turns, np.zeros((1, 3, 2)), score, information).distinct(nearer_deg=1.0, nearer_px=1.0)
    assert (modes.log_likelihood > -np.inf).sum() == 2
    posterior = modes.posterior()
    assert posterior.sum() == 1.0 or abs(posterior.sum() - 1.0) < 1e-12
    wide, narrow = sorted(posterior[posterior > 0], reverse=True)
    assert np.isclose(wide / narrow, 2.0**5, rtol=1e-3)  # volumes go with the root of the determinant
    assert np.isclose(np.exp(modes.log_mass() - modes.scores().max())[0], 1 + 2.0**-5, rtol=1e-3)


def test_a_mode_at_a_symmetry_mate_is_the_same_mode():
    mates = symmetry.operators("D2").numpy()
    turn = rotations.from_euler(40.0, 30.0, 10.0).numpy()
    turns = np.stack([turn, turn @ mates[1], turn @ mates[3], rotations.from_euler(0.0, 70.0, 0.0).numpy()])[None]
    modes = Modes(turns, np.zeros((1, 4, 2)), np.full((1, 4), 5.0), np.tile(np.eye(5), (1, 4, 1, 1)))
    assert (modes.distinct(nearer_deg=1.0, nearer_px=1.0).log_likelihood > -np.inf).sum() == 4
    kept = modes.distinct(nearer_deg=1.0, nearer_px=1.0, operators=mates).log_likelihood[0] > -np.inf
    assert kept.tolist() == [True, False, False, True]


def test_rough_climbs_give_up_only_what_is_worse(simulated):
    made = simulated(32, 12, 25, snr=0.3)
    stock = Stock(made, made.table, pixel_size_A=4.0, diameter_A=100.0, context=Context())
    batch, count, cube = stock.batch(np.arange(25)), len(made), density.to_cube(made.volume, stock.pixels.reach)
    near = rotations.from_vector(torch.full((count, 1, 3), 0.04, dtype=torch.float64)) @ torch.from_numpy(made.turns[:, None])
    far = rotations.random_rotations(4 * count, torch.Generator().manual_seed(2)).reshape(count, 4, 3, 3)
    start = Modes(
        torch.cat((far[:, :2], near, far[:, 2:]), 1).numpy(), np.repeat(made.origins[:, None], 5, 1), np.zeros((count, 5)),
        np.zeros((count, 5, 5, 5)),
    )  # fmt: skip
    found = []
    for rough in ((), (stock.pixels.count(5), stock.pixels.count(8))):
        found.append(
            local.refine(
                batch.masked, batch.ctf, weights=np.full((1, len(stock.pixels.index)), 2 / 32**2, np.float32),
                groups=np.zeros(count, np.int64), pixels=stock.pixels.index, cube=cube,
                start=start, climb=Climb(32, rough=rough, rounds=20),
            )
        )  # fmt: skip
    every, thinned = found
    assert np.abs(every.log_likelihood.max(1) - thinned.log_likelihood.max(1)).max() < 0.2
    left = thinned.log_likelihood > -np.inf
    assert left.sum() < 0.7 * left.size
    assert not (thinned.log_likelihood[left] - every.log_likelihood.max(1).repeat(5).reshape(-1, 5)[left] > 0.2).any()
