import numpy as np
import pytest
import torch

from vitreous.context import Context, UserError
from vitreous.maths import rotations, symmetry
from vitreous.methods.refinement import around, refine3d
from vitreous.methods.refinement.local import ALONE, Modes
from vitreous.methods.refinement.poses3d import Looking
from vitreous.methods.refinement.problem2d import Groups
from vitreous.methods.refinement.settings3d import Optimisation, Reference, RefineSettings, Sampling


def _modes(turns, score=None):
    n, m = turns.shape[:2]
    return Modes(turns, np.zeros((n, m, 2)), np.zeros((n, m)) if score is None else score, np.tile(np.eye(5), (n, m, 1, 1)))


def test_starts_lie_about_the_pose_and_its_mates():
    turn = rotations.from_euler(20.0, 50.0, 70.0).numpy()[None, None]
    mates = symmetry.operators("C4").numpy()
    made = around.starts(_modes(turn), sigma_deg=4.0, mates=mates)
    assert made.rotations.shape == (1, 28, 3, 3)
    angles = rotations.distance_deg(
        torch.from_numpy(made.rotations[0]), torch.from_numpy(turn[0]).expand(28, 3, 3), symmetry.operators("C4")
    )
    assert np.allclose(sorted(angles.numpy())[4:], 6.0, atol=1e-6)
    assert np.allclose(sorted(angles.numpy())[:4], 0.0, atol=1e-4)
    alone = around.starts(_modes(turn), sigma_deg=0.0, mates=ALONE)
    assert np.allclose(alone.rotations, turn)


def test_the_prior_is_a_gaussian_cut_off_at_three_deviations():
    centre = np.eye(3)[None, None]
    tilted = rotations.from_euler(0.0, torch.tensor([0.0, 4.0, 13.0], dtype=torch.float64), 0.0).numpy()[None]
    found = around.held(_modes(tilted), _modes(centre), sigma_deg=4.0, mates=ALONE)
    assert np.allclose(found.log_likelihood[0, :2], [0.0, -0.5])
    assert found.log_likelihood[0, 2] == -np.inf
    farther = rotations.from_euler(0.0, torch.tensor([40.0, 13.0], dtype=torch.float64), 0.0).numpy()[None]
    far = around.held(_modes(farther), _modes(centre), sigma_deg=4.0, mates=ALONE)
    assert (far.log_likelihood[0] > -np.inf).tolist() == [False, True], "where nothing is near, the nearest stands"
    turned = tilted @ symmetry.operators("C2").numpy()[1]
    mate = around.held(_modes(turned), _modes(centre), sigma_deg=4.0, mates=symmetry.operators("C2").numpy())
    assert np.allclose(mate.log_likelihood[0, :2], [0.0, -0.5])


def _settings(**sampling):
    return RefineSettings(
        reference=Reference(low_pass_A=25.0, greyscale_is_right=True),
        optimisation=Optimisation(particle_diameter_A=100.0, most_rounds=4), sampling=Sampling(**sampling),
    )  # fmt: skip


def _posed(made, off_deg, seed=1, mates=None):
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(len(made), 3, generator=generator, dtype=torch.float64)
    vectors *= np.radians(off_deg) / vectors.norm(dim=-1, keepdim=True)
    turns = rotations.from_vector(vectors) @ torch.from_numpy(made.turns)
    if mates is not None:
        turns = turns @ mates[torch.randint(len(mates), (len(made),), generator=generator)]
    rot, tilt, psi = (angle.numpy() for angle in rotations.to_euler(turns))
    x, y = (4.0 * (made.origins + 0.5)).T
    return made.table.with_(rot_deg=rot, tilt_deg=tilt, psi_deg=psi, origin_x_A=x, origin_y_A=y)


def _errors(state, made):
    return rotations.distance_deg(torch.from_numpy(state.best[0]), torch.from_numpy(made.turns)).numpy()


@pytest.mark.slow
def test_local_searches_bring_poses_home_and_hardly_ever_farther_than_the_prior(simulated):
    made = simulated(32, 71, 80, snr=1.5)
    table = _posed(made, 8.0)
    states = list(refine3d.refine(made, table, made.volume, _settings(local=True, sigma_angles_deg=5.0)))
    assert states[0].stage == "local"
    assert np.median(_errors(states[0], made)) == pytest.approx(8.0, abs=0.1)
    assert np.median(_errors(states[-1], made)) < 3.0
    one = rotations.distance_deg(torch.from_numpy(states[1].best[0]), torch.from_numpy(states[0].best[0]))
    assert float((one <= 15.0).double().mean()) > 0.95, "but for images with nothing at all within the prior"


@pytest.mark.slow
def test_a_fine_step_begins_with_the_known_poses_and_wants_them(simulated):
    made = simulated(32, 72, 40, snr=0.5)
    settings = _settings(step="1.8 degrees")
    first = next(refine3d.refine(made, _posed(made, 1.0), made.volume, settings))
    assert first.stage == "local"
    with pytest.raises(UserError, match="want particles with angles"):
        next(refine3d.refine(made, made.table, made.volume, settings))
    coarse = next(refine3d.refine(made, _posed(made, 1.0), made.volume, _settings(step="7.5 degrees")))
    assert coarse.stage == "coarse"


@pytest.mark.slow
def test_a_relaxed_symmetry_finds_the_right_mate(simulated):
    made = simulated(32, 73, 80, snr=0.6)
    mates = symmetry.operators("C3")
    table = _posed(made, 0.5, mates=mates)
    ends = {}
    for relaxed in ("", "C3"):
        settings = _settings(local=True, sigma_angles_deg=3.0, relax_symmetry=relaxed)
        ends[relaxed] = list(refine3d.refine(made, table, made.volume, settings))[-1]
    assert np.mean(_errors(ends["C3"], made) < 10) > 0.9
    assert np.mean(_errors(ends[""], made) < 10) < 0.6


def test_groups_of_sampling_are_checked(simulated):
    made = simulated(24, 74, 4, snr=0.5)
    settings = _settings(relax_symmetry="Q3")
    stock = refine3d.stock_of(made, made.table, settings, Context())
    with pytest.raises(UserError, match="Q3"):
        refine3d.Refinement(stock, settings, groups=Groups.of(made.table), mask=None, context=Context())
    Looking(Sampling(step="0.5 degrees", local_from="0.9 degrees"), "C1", "C1")
    with pytest.raises(UserError, match="or a coarser step"):
        Looking(Sampling(step="0.5 degrees", local_from="0.2 degrees"), "C1", "C1")
