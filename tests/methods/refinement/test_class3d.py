from dataclasses import replace

import numpy as np
import pytest
import torch

from vitreous.context import Context, UserError
from vitreous.maths import rotations
from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.methods.refinement import (
    class3d_contrast,
    class3d_focus,
    class3d_maps,
    class3d_scores,
    class3d_state,
    density,
    gold_standard,
)
from vitreous.methods.refinement.class3d import Classification
from vitreous.methods.refinement.class3d_focus import Sphere
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.settings_class3d import Beginning, Class3DSettings, Classes, Focus, Optimisation, Sampling
from vitreous.methods.refinement.stock import Stock

BOX, PIXEL_A = 32, 4.0


@pytest.fixture(scope="module")
def mixed(simulated):
    """300 images, a third of them with a part of the specimen moved: (images, kind of each, the two maps)."""
    made = simulated(BOX, 71, 300, snr=1.0)
    places = made.blobs.places.copy()
    places[:8] += np.array([0.0, 3.5, -2.0])
    other = type(made.blobs)(BOX, places, made.blobs.widths, made.blobs.heights)
    kind = (np.random.default_rng(5).random(300) < 0.33).astype(int)
    defocus = np.array(made.table["defocus_u_A"])
    angle = np.array(made.table["defocus_angle_deg"])
    transfer = ctf2d(CtfParams.of(defocus, defocus - 300.0, defocus_angle_deg=angle), BOX, PIXEL_A).numpy()
    scale = made.volume.max() / made.blobs.volume().max()
    change = other.images(made.turns, made.origins) - made.blobs.images(made.turns, made.origins)
    moved = scale * np.fft.irfft2(np.fft.rfft2(change) * transfer, s=(BOX, BOX))
    images = (made.images + kind[:, None, None] * moved).astype(np.float32)
    changed = type(made)(made.blobs, made.volume, images, made.table, made.turns, made.origins)
    return changed, kind, (made.volume, (scale * other.volume()).astype(np.float32))


def _settings(count=2, **sampling):
    return Class3DSettings(
        reference=Beginning(low_pass_A=30.0, greyscale_is_right=True),
        classes=Classes(classes=count, iterations=8),
        optimisation=Optimisation(particle_diameter_A=0.8 * BOX * PIXEL_A),
        sampling=Sampling(step="15 degrees", offset_range_px=3.0, **sampling),
    )


def _engine(made, settings, context=None, focus=None):
    context = context or Context(threads=2, seed=1)
    diameter = settings.optimisation.particle_diameter_A
    stock = Stock(made, made.table, pixel_size_A=PIXEL_A, diameter_A=diameter, context=context)
    return Classification(stock, settings, mask=None, context=context, focus=focus)


def _true_modes(made):
    count = len(made.turns)
    plain = np.zeros((count, 1))
    return Modes(made.turns[:, None].copy(), made.origins[:, None].copy(), plain, np.tile(np.eye(5), (count, 1, 1, 1)))


def _agreement(state, kind):
    same = float(np.mean(state.best_class == kind))
    return max(same, 1.0 - same)


def test_two_shapes_part_from_one_map(mixed):
    made, kind, _ = mixed
    engine = _engine(made, _settings())
    state = engine.begin([made.volume])
    while not state.finished:
        state = engine.step(state)
    assert _agreement(state, kind) > 0.9
    smaller = min(state.shares.mean(0))
    assert abs(smaller - kind.mean()) < 0.08
    turn = rotations.distance_deg(torch.from_numpy(state.modes[0].rotations[:, 0]), torch.from_numpy(made.turns))
    assert float(turn.median()) < 12.0


def test_classes_alone_with_poses_that_stand(mixed):
    made, kind, _ = mixed
    engine = _engine(made, _settings(align=False))
    state = engine.begin([made.volume], modes=_true_modes(made))
    for _ in range(3):
        state = engine.step(state)
    assert _agreement(state, kind) > 0.95
    assert np.allclose(state.modes[0].rotations[:, 0], made.turns)


def test_going_on_without_the_sums_gives_the_same(mixed):
    made, _, _ = mixed
    engine = _engine(made, _settings(align=False))
    state = engine.step(engine.step(engine.begin([made.volume], modes=_true_modes(made))))
    with_sums, without = engine.step(state), engine.step(replace(state, sums=()))
    assert np.allclose(with_sums.shares, without.shares, atol=1e-5)
    assert np.allclose(with_sums.maps[0], without.maps[0], atol=1e-5)


def test_several_references_keep_their_order(mixed):
    made, kind, maps = mixed
    engine = _engine(made, _settings())
    state = engine.step(engine.begin(maps[::-1]))
    assert np.mean(state.best_class == 1 - kind) > 0.9
    with pytest.raises(UserError, match="3 references for 2 classes"):
        engine.begin([made.volume] * 3)


def test_a_class_without_images_keeps_its_map(mixed):
    made, _, _ = mixed
    empty = gold_standard.Sums(np.zeros((25, 25, 14), np.complex64), np.zeros((25, 25, 14), np.float32))
    mask = np.ones((BOX,) * 3, np.float32)
    kept = class3d_maps.regularised([empty], [made.volume], 4.0, mask=mask)
    assert np.array_equal(kept.maps[0], made.volume)
    maps = class3d_contrast.scored((empty, empty), np.zeros((2, 20)), np.ones(17), 4.0, mask=mask)
    assert all(np.isfinite(one).all() for one in maps)


def test_the_prior_is_half_the_power_of_the_map():
    white = np.random.default_rng(3).normal(size=(24, 24, 24)).astype(np.float32)
    assert class3d_maps.prior_power(white)[3:11] == pytest.approx(0.5 * 24**3, rel=0.15)


def test_members_of_a_team_find_what_one_finds(mixed, as_members):
    made, _, _ = mixed
    settings = _settings(align=False)

    def work(team):
        engine = _engine(made, settings, Context(seed=1, team=team))
        return engine.step(engine.begin([made.volume], modes=_true_modes(made)))

    alone = work(Context().team)
    for found in as_members(2, work):
        assert np.allclose(found.shares, alone.shares, atol=1e-5)
        assert np.allclose(found.maps[0], alone.maps[0], atol=1e-5 * np.abs(alone.maps[0]).max())


def test_the_circle_is_the_sphere_seen_along_the_view():
    sphere = Sphere.of((4.0 * 20, 4.0 * 13, 4.0 * 18), 20.0, box=BOX, pixel_size_A=PIXEL_A)
    at = np.arange(BOX) - BOX // 2
    x, y, z = (c.ravel() for c in np.meshgrid(at, at, at, indexing="ij"))
    far = np.linalg.norm(np.stack([x, y, z], 1) - sphere.centre_px, axis=1)
    points = np.stack([x, y, z], 1)[far <= sphere.radius_px]
    turns = rotations.random_rotations(5, torch.Generator().manual_seed(8)).numpy()
    circles = sphere.circles(turns, BOX)
    for turn, circle in zip(turns, circles):
        seen = (points @ turn.T)[:, :2]
        assert circle[tuple(np.rint(seen[:, ::-1] + BOX // 2).astype(int).T)].min() > 0.3
        middle = (np.argwhere(circle > 0.99).mean(0) - BOX // 2)[::-1]
        assert np.allclose(middle, seen.mean(0), atol=0.3)
        assert circle.sum() == pytest.approx(np.pi * (sphere.radius_px + 1) ** 2, rel=0.1)


def test_a_circle_that_holds_everything_scores_as_the_whole_image(mixed):
    made, _, maps = mixed
    engine = _engine(made, _settings())
    stock, modes = engine.stock, _true_modes(made)
    state = engine.begin([made.volume])
    wide = Sphere(np.zeros(3), 3.0 * BOX)
    rows = np.arange(40)
    found, plain = [], []
    for volume in maps:
        cube = density.to_cube(volume, stock.pixels.reach)
        found.append(
            class3d_focus.scores(stock, rows, modes.select(rows), cube=cube, noise=state.noise, reach=state.reach, sphere=wide)
        )
        one = class3d_scores.turn_at(stock, rows, maps=[volume], state=state, modes=[modes.select(rows)])
        plain.append(one.modes[0].log_likelihood[:, 0])
    assert np.allclose(found[0] - found[1], plain[0] - plain[1], rtol=1e-3, atol=1e-2)


def test_focus_masks_tell_classes_apart_where_they_differ_and_not_elsewhere(mixed):
    made, kind, maps = mixed
    change = np.abs(maps[0] - maps[1])
    place = np.array(np.unravel_index(change.argmax(), change.shape))[::-1]
    at = np.arange(BOX)
    far = np.sqrt(((np.stack(np.meshgrid(at, at, at, indexing="ij"))[::-1] - place[:, None, None, None]) ** 2).sum(0))
    near = (far < 9).astype(np.float32)
    sphere = Focus(focus_radius_A=20.0, focus_x_A=4.0 * place[0], focus_y_A=4.0 * place[1], focus_z_A=4.0 * place[2])
    for focus, settings in ((near, _settings(align=False)), (None, replace(_settings(align=False), focus=sphere))):
        engine = _engine(made, settings, focus=focus)
        state = engine.step(engine.step(engine.begin([made.volume], modes=_true_modes(made))))
        assert _agreement(state, kind) > 0.85
    with pytest.raises(UserError, match="not inside the box"):
        _engine(made, replace(_settings(), focus=Focus(focus_radius_A=40.0)))


def test_local_searches_hold_poses_near_and_relaxed_mates_are_tried(mixed):
    made, _, _ = mixed
    known = _true_modes(made)
    turned = rotations.from_vector(torch.tensor([[0.0, 0.0, np.radians(8.0)]], dtype=torch.float64)).numpy()
    start = Modes(turned @ known.rotations, known.origins, known.log_likelihood, known.information)
    engine = _engine(made, _settings(1, local=True, local_sigma_deg=6.0))
    state = engine.begin([made.volume], modes=start)
    assert engine.how(state).search.order is None
    state = engine.step(state)
    best = class3d_scores.heaviest(state.modes[0]).rotations[:, 0]
    error = rotations.distance_deg(torch.from_numpy(best), torch.from_numpy(made.turns))
    assert float(error.median()) < 7.0
    moved = rotations.distance_deg(torch.from_numpy(best), torch.from_numpy(start.rotations[:, 0]))
    assert float((moved <= 18.1).double().mean()) > 0.9
    mates = _engine(made, _settings(1, local=True, relax_symmetry="C2")).how(state).near
    assert mates.starts(known).rotations.shape[1] == 2 * 7
    with pytest.raises(UserError, match="or a coarser step"):
        _engine(made, replace(_settings(), sampling=Sampling(step="0.5 degrees")))


def test_memory_limits_the_reach_or_is_refused(mixed):
    made, _, _ = mixed
    for shells in (10, 31):
        half = 2 * shells + 2
        need_GB = 4 * 12 * (2 * half + 1) ** 2 * (half + 2) / 1e9
        assert shells - 1 <= class3d_maps.shells_within(need_GB, 4) <= shells + 1
    notes = []
    context = Context(memory_GB=0.006, on_note=notes.append)
    assert 8 <= _engine(made, _settings(), context).limit < 15
    assert any("scored to" in note for note in notes)
    with pytest.raises(UserError, match="Allow more memory"):
        _engine(made, _settings(), Context(memory_GB=0.0001))


def test_a_second_solvent_has_the_mean_of_its_own():
    volume = np.random.default_rng(2).normal(3.0, 1.0, (8, 8, 8)).astype(np.float32)
    mask, second = np.zeros((2, 8, 8, 8), np.float32)
    mask[:3], second[5:] = 1.0, 1.0
    found = class3d_maps.flattened(volume, mask, second)
    assert np.array_equal(found[:3], volume[:3])
    assert not found[3:5].any()
    assert np.allclose(found[5:], volume[5:].mean(), rtol=1e-5)


def test_broken_images_are_set_aside_and_have_class_0(mixed):
    made, _, _ = mixed
    images = made.images[:40].copy()
    images[3], images[7] = np.nan, 2.0
    few = type(made)(made.blobs, made.volume, images, made.table.select(np.arange(40)), made.turns[:40], made.origins[:40])
    engine = _engine(few, _settings(align=False))
    state = engine.step(engine.begin([made.volume], modes=_true_modes(few)))
    kind = class3d_state.as_columns(state, engine.stock)["class_number"]
    assert sorted(np.flatnonzero(kind == 0)) == [3, 7]
    assert all(np.isfinite(one).all() for one in state.maps)
    assert sum(class3d_state.as_model(state, engine.stock)["group_sizes"]) == 38
