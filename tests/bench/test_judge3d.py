"""The judge of 3D maps and poses: a map that is turned, moved and mirrored is brought back; noise and errors are told."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from vitreous.tables.table import Table

BOX, PIXEL_A = 30, 11.0
TURN = Rotation.from_euler("zyz", [40, 70, -25], degrees=True).as_matrix()


@pytest.fixture(scope="module")
def truth(bench):
    beads = bench.specimens.specimen_of("asymmetric", 3)
    return bench.specimens.density(beads.places[0], beads.heights, box=BOX, pixel_A=PIXEL_A)


def poses(turns, origins=None):
    """A table of active turns (n, 3, 3), as the files hold them."""
    rot, tilt, psi = Rotation.from_matrix(turns.transpose(0, 2, 1)).as_euler("ZYZ", degrees=True).T
    moved = np.zeros((len(turns), 2)) if origins is None else origins
    columns = {"rot_deg": rot, "tilt_deg": tilt, "psi_deg": psi, "origin_x_A": moved[:, 0], "origin_y_A": moved[:, 1]}
    return Table(columns, "particles")


@pytest.fixture(scope="module")
def views():
    return Rotation.random(150, random_state=1).as_matrix()


def seen(bench, volume, truth, **how):
    known = {"group": "C1", "found": None, "true": None, "either_hand": False} | how
    return bench.judge3d.judged(volume, truth, pixel_A=PIXEL_A, **known)


def test_the_truth_itself_is_perfect(bench, truth, views):
    found = seen(bench, truth, truth, found=poses(views), true=poses(views))
    assert found.curve[1:13].min() > 0.999 and found.angle_deg.max() < 0.3 and found.shift_A.max() == 0
    assert "0.00 Å" in str(found) and "mirrored" not in str(found)


def test_a_turned_and_moved_map_is_brought_back_by_its_poses(bench, truth, views):
    volume = bench.judge3d.turned(truth, TURN, np.array([1.0, -1.5, 0.5]))
    # The map turned actively by Q is seen at A Q^T as the old one at A.
    found = seen(bench, volume, truth, found=poses(views @ TURN.T), true=poses(views))
    assert found.curve[1:10].min() > 0.97 and np.median(found.angle_deg) < 0.5


@pytest.mark.slow
def test_a_mirrored_map_is_brought_back_where_either_hand_counts(bench, truth, views):
    mirrored = bench.judge3d.mirror(truth)
    flip = bench.judge3d.MIRROR
    found = seen(bench, mirrored, truth, found=poses(flip @ views @ flip), true=poses(views), either_hand=True)
    assert found.mirrored and found.curve[1:13].min() > 0.99 and found.angle_deg.max() < 0.5
    assert "mirrored" in str(found)
    strict = seen(bench, mirrored, truth, found=poses(flip @ views @ flip), true=poses(views))
    assert not strict.mirrored and strict.curve[3:13].mean() < 0.6


@pytest.mark.slow
def test_a_map_without_poses_is_found_by_search(bench, truth):
    volume = bench.judge3d.turned(truth, TURN, np.array([1.0, 0.0, -1.0]))
    found = seen(bench, volume, truth)
    assert found.curve[1:9].min() > 0.95 and not len(found.angle_deg)


def test_errors_of_poses_are_those_that_were_made(bench, truth, views):
    generator = np.random.default_rng(2)
    off = Rotation.from_rotvec(np.radians(3.0) * generator.normal(size=(len(views), 3))).as_matrix()
    moved = generator.normal(size=(len(views), 2)) * 2
    found = seen(bench, truth, truth, found=poses(off @ views, moved), true=poses(views))
    made = Rotation.from_matrix(off).magnitude() * 180 / np.pi
    assert np.median(found.angle_deg) == pytest.approx(np.median(made), rel=0.1)
    assert np.median(found.shift_A) == pytest.approx(np.median(np.linalg.norm(moved, axis=1)))
    wrong = views.copy()
    wrong[:30] = Rotation.random(30, random_state=5).as_matrix()
    told = seen(bench, truth, truth, found=poses(wrong), true=poses(views))
    assert 0.78 < (told.angle_deg < 10).mean() < 0.83


def test_mates_of_a_symmetric_specimen_count_as_right(bench):
    for group in ("D2", "O"):
        mates = bench.judge3d.mates(group)
        turns = Rotation.random(50, random_state=4).as_matrix()
        which = np.random.default_rng(0).integers(0, len(mates), 50)
        assert bench.judge3d.angles_apart(turns @ mates[which], turns, group).max() < 1e-4
        assert bench.judge3d.angles_apart(turns @ mates[which], turns, "C1").max() > 80


def test_noise_agrees_with_nothing(bench, truth, views):
    noise = np.random.default_rng(0).normal(size=truth.shape).astype(np.float32)
    found = seen(bench, noise, truth, found=poses(views), true=poses(views))
    assert found.resolution_A(0.5) > 60 and abs(found.curve[6:].mean()) < 0.15


def test_resolution_is_read_between_shells(bench):
    judged = bench.judge3d.Judged(np.array([1.0, 1, 0.9, 0.3, 0.1]), 100.0, np.zeros(0), np.zeros(0), False)
    assert judged.resolution_A(0.5) == pytest.approx(100 / (2 + 0.4 / 0.6))
    assert judged.resolution_A(0.05) == 25.0


def test_rows_of_the_truth_are_taken_in_the_order_of_the_result(bench):
    true = Table({"image": np.array([f"{i:06d}@a.mrcs" for i in range(1, 6)], object), "x": np.arange(5)})
    found = Table({"image": np.array(["0004@b.mrcs", "2@b.mrcs"], object)})
    assert bench.judge3d.same_order(found, true)["x"].tolist() == [3, 1]
