"""Orientations of particles: Euler angles ZYZ to matrices, and random views."""

import numpy as np
from numpy.typing import NDArray


def euler_matrix(rot_deg: float, tilt_deg: float, psi_deg: float) -> NDArray[np.float64]:
    """A = Rz(psi) Ry(tilt) Rz(rot) of coordinate rotations (3, 3): a point r of the specimen lands at (A r)_xy of the image."""
    a, b, g = np.deg2rad([rot_deg, tilt_deg, psi_deg])
    return _about_z(g) @ _about_y(b) @ _about_z(a)


def _about_z(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def _about_y(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


def random_angles(count: int, generator: np.random.Generator, *, preferred: float = 0.0) -> NDArray[np.float64]:
    """(count, 3) rot, tilt, psi in degrees, uniform over all rotations; a fraction `preferred` within 15° of the z axis."""
    rot = generator.uniform(-180, 180, count)
    psi = generator.uniform(-180, 180, count)
    tilt = np.rad2deg(np.arccos(generator.uniform(-1, 1, count)))
    flat = np.abs(generator.normal(0, 7.5, count))
    tilt = np.where(generator.random(count) < preferred, np.where(generator.random(count) < 0.5, flat, 180 - flat), tilt)
    return np.stack([rot, tilt, psi], axis=1)
