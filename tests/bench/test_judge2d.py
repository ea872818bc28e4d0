"""The judge of 2D classes: what it says of perfect and of random ones, and of averages that are the truth itself."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

COUNT, CLASSES = 2000, 20


@pytest.fixture(scope="module")
def turns() -> np.ndarray:
    return Rotation.random(COUNT, random_state=3).as_matrix()


@pytest.fixture(scope="module")
def specimen(bench):
    return bench.class_frc.Specimen(*bench.specimens.two_lobes(5)[:2], box=64, pixel_A=6.0)


def test_random_labels_are_bad_and_perfect_ones_are_perfect(bench, turns):
    labels = np.random.default_rng(0).integers(0, CLASSES, COUNT)
    bad = bench.judge2d.judged(turns[:, 2], labels, CLASSES)
    assert 52 < bad.folded < 59 and bad.whole > 75 and bad.relative > 0.97
    best = bench.judge2d.judged(turns[:, 2], bench.class_views.perfect(turns[:, 2], CLASSES), CLASSES)
    assert best.folded == pytest.approx(best.perfect) and best.relative == pytest.approx(0) and 15 < best.whole < 20
    assert best.mirrored == 0 and best.empty == 0 and bench.judge2d.judged(turns[:, 2], labels % 10, CLASSES).empty == 10


def test_classes_that_mix_mirror_images_are_told(bench, turns):
    views = turns[:, 2]
    other = bench.class_views.perfect(np.where(views[:, 2:] < 0, -views, views), CLASSES // 2)
    found = bench.judge2d.judged(views, other, CLASSES // 2)
    assert found.folded < 20 and found.whole > 2 * found.folded and 0.35 < found.mirrored < 0.5


def test_in_plane_angles_of_the_truth_agree_and_random_ones_do_not(bench, turns):
    rot, tilt, psi = Rotation.from_matrix(turns.transpose(0, 2, 1)).as_euler("ZYZ", degrees=True).T
    assert np.allclose(bench.class_views.turns_of(rot, tilt, psi), turns)
    classes = bench.class_views.perfect(turns[:, 2], CLASSES)
    found = np.zeros(COUNT)
    for k in range(CLASSES):
        mine = classes == k
        found[mine] = np.degrees(bench.class_views.in_plane(turns[mine], bench.class_views.own_view(turns[mine, 2]))[0]) + 31 * k
    assert bench.class_views.in_plane_spread(turns, classes, found) < 0.5
    jittered = found + np.random.default_rng(1).normal(0, 8, COUNT)
    assert bench.class_views.in_plane_spread(turns, classes, jittered) == pytest.approx(8 * 0.6745, rel=0.15)
    assert bench.class_views.in_plane_spread(turns, classes, np.random.default_rng(2).permutation(found)) > 60


def test_a_projection_correlates_with_itself_however_it_is_turned_moved_and_mirrored(bench, specimen):
    axis = np.array([0.3, -0.5, 0.81]) / np.linalg.norm([0.3, -0.5, 0.81])
    for hand, psi in ((0, 37.3), (1, 211.0)):
        image = specimen.seen(bench.class_frc.turned(axis, np.array([psi]), hand))[0]
        average = bench.class_frc.transformed(np.roll(image, (3, -2), (0, 1)))
        curve = bench.class_frc.ring_correlation(average, bench.class_frc.matched(average, specimen, axis))
        assert curve[:20].min() > 0.98  # half a degree in-plane at most
    assert np.allclose(bench.class_frc.ring_correlation(average, average), 1)
    noise = np.random.default_rng(0).normal(size=average.shape)
    assert abs(bench.class_frc.ring_correlation(average, np.fft.fft2(noise))[8:].mean()) < 0.1


def test_averages_at_the_true_poses_are_the_projections(bench, specimen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench.ribosome.make(Path("set"), 60, distinct=60, box=64, pixel_A=6.0, snr=50.0, seed=5)
    truth = bench.judge2d.star.read_table("set/truth.star", "particles")
    turns = bench.class_views.turns_of(truth["rot_deg"], truth["tilt_deg"], truth["psi_deg"])
    near = np.argsort(turns[:, 2] @ turns[0, 2])[-2:]
    average = bench.class_frc.true_average(turns[near[-1:]], truth.select(near[-1:]))
    found = bench.class_frc.compared(average[None], turns[near[-1:], 2], np.zeros(1, int), specimen)
    assert found.mean[2:16].min() > 0.9
    assert bench.class_frc.resolution_A(found.mean, 64, 6.0) < 20


def test_resolution_is_where_the_curve_falls_below_one_half(bench):
    curve = np.array([1, 1, 0.9, 0.7, 0.3, 0.6])
    assert bench.class_frc.resolution_A(curve, 64, 2.0) == pytest.approx(64 * 2.0 / 3.5)
    assert bench.class_frc.resolution_A(curve * 0.4, 64, 2.0) == np.inf
    assert bench.class_frc.resolution_A(np.ones(6), 64, 2.0) == 4.0
    assert bench.judge2d.worse_shells(curve, curve + 0.02 * (np.arange(6) == 3)) == [3]
