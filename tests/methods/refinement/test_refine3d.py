from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from vitreous.context import Context, UserError
from vitreous.maths import rotations, symmetry
from vitreous.methods.refinement import refine3d, resolution, restored
from vitreous.methods.refinement.problem2d import Groups
from vitreous.methods.refinement.settings3d import Computation, Optimisation, Reference, RefineSettings, Sampling


def _settings(box, group="C1", **start):
    chosen = {"symmetry": group, "low_pass_A": 40.0, **start}
    return RefineSettings(
        reference=Reference(**chosen),
        optimisation=Optimisation(particle_diameter_A=0.75 * box * 4.0, most_rounds=12),
        sampling=Sampling(step="15 degrees"),
    )


def _engine(made, settings):
    stock = refine3d.stock_of(made, made.table, settings, Context())
    return refine3d.Refinement(stock, settings, groups=Groups.of(made.table), mask=None, context=Context())


def _median_error(state, made, group):
    turns = torch.from_numpy(state.best[0])
    return float(rotations.distance_deg(torch.from_numpy(made.turns), turns, symmetry.operators(group)).median())


@pytest.mark.slow
@pytest.mark.parametrize("group", ["C1", "D2"])
def test_poses_and_map_from_a_blurred_start_on_another_grey_scale(simulated, group):
    made = simulated(48, 31, 300, group=group, snr=0.15)
    states = list(refine3d.refine(made, made.table, 0.01 * made.volume, _settings(48, group), context=Context(threads=2)))
    last = states[-1]
    assert last.finished
    assert _median_error(last, made, group) < 3.5
    against = resolution.half_map_fsc(last.joined, made.volume)
    assert resolution.resolution_A(against, 48, 4.0, 0.5) < 20.0
    assert last.resolution_A < 22.0
    posterior = last.modes.posterior()
    assert np.allclose(posterior.sum(1), 1.0)


@pytest.mark.slow
def test_without_padding_nearly_the_same_is_found(simulated):
    made = simulated(48, 36, 300, snr=0.3)
    found = {}
    for skip in (False, True):
        settings = replace(_settings(48), computation=Computation(skip_padding=skip))
        states = islice(refine3d.refine(made, made.table, made.volume, settings, context=Context(threads=2)), 6)
        *_, found[skip] = states
    assert _median_error(found[True], made, "C1") < 1.25 * _median_error(found[False], made, "C1") + 0.2
    padded, plain = (resolution.half_map_fsc(found[skip].joined, made.volume) for skip in (False, True))
    assert resolution.resolution_A(plain, 48, 4.0, 0.5) < 1.2 * resolution.resolution_A(padded, 48, 4.0, 0.5)
    assert found[True].resolution_A == pytest.approx(found[False].resolution_A, rel=0.2)
    assert found[True].map_noise[10:20] == pytest.approx(found[False].map_noise[10:20], rel=0.2)
    assert (found[True].joined * made.volume).sum() > 0.8 * (found[False].joined * made.volume).sum()


@pytest.mark.slow
def test_noise_aligned_to_a_map_stays_noise(simulated):
    made = simulated(32, 32, 240, snr=0.1)
    noise = np.random.default_rng(1).normal(size=made.images.shape).astype(np.float32)
    blank = type(made)(made.blobs, made.volume, noise, made.table, made.turns, made.origins)
    settings = _settings(32)
    for state in islice(refine3d.refine(blank, made.table, made.volume, settings, context=Context(threads=2)), 5):
        last = state
    beyond = int(32 * 4.0 / 40.0) + 2  # the halves are joined up to 40 Å
    assert abs(last.fsc[beyond:].mean()) < 0.15
    assert last.resolution_A > 25.0


@pytest.mark.slow
def test_images_three_times_as_bright_give_the_same_poses(simulated):
    made = simulated(32, 33, 60, snr=0.5)
    bright = type(made)(made.blobs, made.volume, 3 * made.images, made.table, made.turns, made.origins)
    two = [list(islice(refine3d.refine(m, m.table, made.volume, _settings(32)), 3))[-1] for m in (made, bright)]
    turn = rotations.distance_deg(torch.from_numpy(two[0].best[0]), torch.from_numpy(two[1].best[0]))
    assert float(turn.median()) < 0.3
    assert np.allclose(two[0].fsc, two[1].fsc, atol=0.05)


def test_empty_and_broken_images_are_set_aside(simulated):
    made = simulated(24, 34, 30, snr=1.0)
    images = made.images.copy()
    images[3] = np.nan
    images[7, 2, 2] = np.inf
    images[9] = 5.0
    broken = type(made)(made.blobs, made.volume, images, made.table, made.turns, made.origins)
    engine = _engine(broken, _settings(24))
    state = engine.step(engine.begin(made.table, made.volume))
    assert sorted(engine.stock.bad) == [3, 7, 9]
    assert "not numbers" in engine.stock.bad[3]
    assert "empty" in engine.stock.bad[9]
    assert np.isfinite(state.joined).all()
    assert np.isfinite(state.fsc).all()


def test_plain_values_and_back(simulated):
    made = simulated(24, 35, 30, snr=1.0)
    settings = _settings(24)
    engine = _engine(made, settings)
    state = engine.step(engine.begin(made.table, made.volume))
    rows = made.table.with_(**restored.as_columns(state, engine.stock, engine.groups))
    progress = restored.as_progress(state)
    said = {name: str(value) for name, value in {**progress.labelled, **progress.own}.items()}
    model = restored.as_model(state, engine.stock, engine.groups, half=1)
    again = restored.state_from(
        1, rows, model, said, restored.as_maps(state, final=False), pixel_size_A=4.0, groups=engine.groups
    )
    assert again.stage == state.stage
    assert again.reach == state.reach
    assert np.allclose(again.best[0], state.best[0], atol=1e-6)
    assert np.allclose(again.best[1], state.best[1])
    assert (again.half == state.half).all()
    assert again.convergence.best_shell == state.convergence.best_shell
    on = engine.step(again)
    assert on.iteration == 2
    same = engine.step(restored.with_exact(again, restored.exact(state)))
    undisturbed = engine.step(state)
    assert np.array_equal(same.modes.rotations, undisturbed.modes.rotations)
    assert np.array_equal(same.references[0], undisturbed.references[0])
    assert (same.convergence, same.resolution_A) == (undisturbed.convergence, undisturbed.resolution_A)
    first = engine.begin(made.table, made.volume)
    assert restored.with_exact(first, restored.exact(first)).modes is None


def test_odd_boxes(simulated):
    made = simulated(25, 36, 60, snr=2.0)
    settings = _settings(25, greyscale_is_right=True)
    state = list(islice(refine3d.refine(made, made.table, made.volume, settings), 4))[-1]
    assert _median_error(state, made, "C1") < 12
    assert state.joined.shape == (25, 25, 25)


def test_a_reference_of_another_size_is_brought_to_fit(simulated):
    made = simulated(32, 37, 4, snr=1.0)
    stock = refine3d.stock_of(made, made.table, _settings(32), Context())
    fine = np.kron(made.volume, np.ones((2, 2, 2))).astype(np.float32)
    fitted = refine3d.fitted_reference(fine, 2.0, stock, resize=True)
    assert fitted.shape == (32, 32, 32)
    assert np.corrcoef(fitted.ravel(), made.volume.ravel())[0, 1] > 0.9
    with pytest.raises(UserError, match="64 voxels"):
        refine3d.fitted_reference(fine, 2.0, stock, resize=False)
    with pytest.raises(UserError, match="cube"):
        refine3d.fitted_reference(fine[:-2], 2.0, stock, resize=True)


def test_sentences(simulated):
    made = simulated(24, 38, 4, snr=1.0)
    with pytest.raises(UserError, match="no particles"):
        next(refine3d.refine(made, made.table.select([]), made.volume, _settings(24)))
    with pytest.raises(UserError, match="X7"):
        next(refine3d.refine(made, made.table, made.volume, _settings(24, symmetry="X7")))
    two = made.table.optics.with_(pixel_size_A=[4.0])
    mixed = made.table.with_(pixel_size_A=[4.0, 4.0, 3.0, 4.0]).with_optics(two)
    with pytest.raises(UserError, match="several pixel sizes"):
        next(refine3d.refine(made, mixed, made.volume, _settings(24)))
    empty = type(made)(made.blobs, made.volume, made.images * 0, made.table, made.turns, made.origins)
    with pytest.raises(UserError, match="both half sets, and there are 0 and 0; 4 images are empty"):
        next(refine3d.refine(empty, made.table, made.volume, _settings(24)))
    with pytest.raises(UserError, match="both half sets"):
        next(refine3d.refine(made, made.table.select([0]), made.volume, _settings(24)))
