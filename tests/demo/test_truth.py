"""Frames, hands and shifts are recovered on an asymmetric object whose projections are known."""

import numpy as np
import pytest

from vitreous.demo import truth
from vitreous.tables.table import Table

SIZE = 32


def rotations(n, rng):
    q, r = np.linalg.qr(rng.normal(size=(n, 3, 3)))
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    return q * np.linalg.det(q)[:, None, None]


def blobs(points, size=SIZE):
    """Gaussians of sigma 1.5 voxels at points (x, y, z) from the centre voxel."""
    z, y, x = np.indices((size,) * 3) - size // 2
    total = np.zeros((size,) * 3)
    for height, (px, py, pz) in zip((1.0, 0.8, 0.6, 1.3), points):
        total += height * np.exp(-((x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2) / (2 * 1.5**2))
    return total.astype(np.float32)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_frame_and_hand_are_found(seed, mirrored):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-8, 8, (4, 3))
    turn = rotations(1, rng)[0]
    true = rotations(80, rng)
    sign = -1 if mirrored else 1
    volume = blobs(sign * points @ turn.T)
    found = true @ turn.T
    if mirrored:
        found = truth.mirrored_poses(found)
    noise = rotations(80, rng)
    found[::7] = noise[::7]
    frame = truth.find_frame(found, true, np.eye(3)[None])
    assert frame.mirrored is mirrored
    assert frame.median_error_deg < 0.1
    back = truth.into_truth_frame(volume, frame)
    assert np.corrcoef(back.ravel(), blobs(points).ravel())[0, 1] > 0.995


def test_projections_agree_with_mirrored_poses():
    rng = np.random.default_rng(5)
    pose = rotations(6, rng)
    r = rng.normal(size=(3,))
    assert np.allclose((pose @ r)[:, :2], (truth.mirrored_poses(pose) @ -r)[:, :2])


def test_symmetry_mates_are_no_error():
    rng = np.random.default_rng(3)
    operators = np.array([np.diag(d) for d in ((1, 1, 1), (-1, -1, 1), (1, -1, -1), (-1, 1, -1))], float)
    true = rotations(50, rng)
    found = true @ operators[rng.integers(4, size=50)]
    assert truth.pose_errors_deg(found, true, operators).max() < 1e-4
    assert truth.pose_errors_deg(found, true, operators[:1]).max() > 90


def test_match_uses_each_truth_once():
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 1000, (2, 30))
    known = Table({"micrograph": np.array(["a/m1.mrc"] * 15 + ["a/m2.mrc"] * 15, object), "x_px": x, "y_px": y})
    order = rng.permutation(30)
    seen = known.select(order).with_(x_px=x[order] + 2, micrograph=[f"Job/{m[2:4]}.tiff" for m in known["micrograph"][order]])
    found, true = truth.match(seen, known, radius_px=5)
    assert sorted(true) == list(range(30))
    assert np.array_equal(order[found], true)


def test_shift_is_found_to_a_tenth_of_a_voxel():
    rng = np.random.default_rng(6)
    points = rng.uniform(-6, 6, (4, 3))
    moved = truth.shifted_onto(blobs(points + np.array([1.3, -2.4, 0.6])), blobs(points))
    assert np.abs(moved - blobs(points)).max() < 0.1 * blobs(points).max()
