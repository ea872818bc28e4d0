"""True views against classes: how narrow a class is, what its own view is, and how consistent its in-plane angles are.

Turns are matrices (n, 3, 3) of RELION's convention: a point r of the specimen lands at (A r)_xy of the image, and the third
row of A is the direction of view. A view and its opposite give mirror images; each is a hand of the same class.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
FLIP = np.diag([1.0, -1.0, -1.0])  # a half turn about x: the opposite view, whose image is mirrored in y


def turns_of(rot_deg: Floats, tilt_deg: Floats, psi_deg: Floats) -> Floats:
    """The matrices A = Rz(psi) Ry(tilt) Rz(rot) of coordinates: transposes of the active rotations of intrinsic ZYZ."""
    active = Rotation.from_euler("ZYZ", np.stack([rot_deg, tilt_deg, psi_deg], 1), degrees=True)
    return np.asarray(active.as_matrix().transpose(0, 2, 1))


def own_view(views: Floats) -> Floats:
    """The axis (3,) nearest to the views of a class, mirror images counted as one; on the side where most of them are."""
    axis: Floats = np.linalg.eigh(views.T @ views)[1][:, -1]
    return axis if np.sign(views @ axis).sum() >= 0 else -axis


def frame(axis: Floats) -> Floats:
    """The turn (3, 3) with psi 0 that looks along an axis."""
    rot, tilt = np.degrees([np.arctan2(axis[1], axis[0]), np.arccos(np.clip(axis[2], -1, 1))])
    return np.asarray(turns_of(np.array([rot]), np.array([tilt]), np.zeros(1))[0])


def spread(views: Floats, classes: Integers, *, folded: bool) -> float:
    """Median angle in degrees between the views of a class and its own, weighted by how many particles it has.

    folded: about the class's best axis, a view and its opposite (whose projection is the mirror image) counted as one;
    random labels give 52 (25 a class) to 57. Else about the mean direction; random labels give nearly 90.
    """
    total = 0.0
    for number in np.unique(classes):
        mine = views[classes == number]
        if folded:
            cosine = np.abs(mine @ own_view(mine))
        else:
            mean = mine.mean(0)
            cosine = mine @ (mean / max(np.linalg.norm(mean), 1e-12))
        total += len(mine) * float(np.degrees(np.median(np.arccos(np.clip(cosine, -1, 1)))))
    return total / len(views)


def mirrored(views: Floats, classes: Integers) -> float:
    """Share of particles that lie on the side of their class with fewer: mirror images of the others' views."""
    sides = ((views[classes == k] @ own_view(views[classes == k]) < 0).sum() for k in np.unique(classes))
    return float(sum(sides) / len(views))


def perfect(views: Floats, count: int, *, seed: int = 0) -> Integers:
    """Classes by k-means of the true directions."""
    generator = np.random.default_rng(seed)
    middle = views[generator.permutation(len(views))[:count]]
    for _ in range(60):
        classes = np.argmax(views @ middle.T, 1)
        middle = np.stack([views[classes == k].mean(0) if (classes == k).any() else middle[k] for k in range(count)])
        middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-12)
    return np.asarray(np.argmax(views @ middle.T, 1))


def in_plane(turns: Floats, axis: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """In-plane angles psi in radians (n,) nearest to turns about an axis, and which turns see its opposite."""
    opposite = turns[:, 2] @ axis < 0
    of = np.where(opposite[:, None, None], FLIP @ frame(axis), frame(axis))
    left = turns @ of.transpose(0, 2, 1)
    return np.arctan2(left[:, 0, 1] - left[:, 1, 0], left[:, 0, 0] + left[:, 1, 1]), opposite


def middle_angle(angles: Floats) -> float:
    """The angle in radians, of whole degrees, from which the median of absolute deviations is least."""
    tried = np.radians(np.arange(360))
    apart = np.abs(np.angle(np.exp(1j * (angles[None] - tried[:, None]))))
    return float(tried[np.argmin(np.median(apart, 1))])


def in_plane_errors(turns: Floats, classes: Integers, psi_deg: Floats) -> Floats:
    """Deviations in degrees (n,) of found in-plane angles from the true ones, each class and hand turned to agree best."""
    errors = np.zeros(len(turns))
    for number in np.unique(classes):
        mine = np.flatnonzero(classes == number)
        true, opposite = in_plane(turns[mine], own_view(turns[mine, 2]))
        left = np.radians(psi_deg[mine]) - true
        for hand in (opposite, ~opposite):
            if hand.any():
                errors[mine[hand]] = np.degrees(np.abs(np.angle(np.exp(1j * (left[hand] - middle_angle(left[hand]))))))
    return errors


def in_plane_spread(turns: Floats, classes: Integers, psi_deg: Floats) -> float:
    """Median of these deviations in each class, weighted by how many particles it has."""
    errors = in_plane_errors(turns, classes, psi_deg)
    return float(sum(np.median(errors[classes == k]) * (classes == k).sum() for k in np.unique(classes)) / len(classes))
