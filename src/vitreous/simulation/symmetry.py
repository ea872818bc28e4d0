"""Point groups Cn, Dn, T and O as rotation matrices, in RELION's orientation; made from generators."""

import re

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError


def rotation_about(axis: tuple[float, float, float], angle_deg: float) -> NDArray[np.float64]:
    """The active rotation (3, 3) by a right-handed angle about an axis."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(angle_deg)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def _generators(name: str) -> list[NDArray[np.float64]]:
    if name == "T":
        return [rotation_about((0, 0, 1), 120), rotation_about((0, np.sqrt(2 / 3), np.sqrt(1 / 3)), 180)]
    if name == "O":
        return [rotation_about((1, 1, 1), 120), rotation_about((0, 0, 1), 90)]
    found = re.fullmatch(r"([CD])([1-9]\d?)", name)
    if not found:
        raise UserError(f"the simulator does not make the point group {name!r}; take Cn, Dn, T or O, for example D2")
    turn = rotation_about((0, 0, 1), 360 / int(found[2]))
    return [turn, rotation_about((1, 0, 0), 180)] if found[1] == "D" else [turn]


def group_matrices(name: str) -> NDArray[np.float64]:
    """All rotations (n, 3, 3) of a point group, identity first: a point r has the copies R_j r."""
    generators = _generators(name.upper())
    found = [np.eye(3)]
    for element in found:  # grows while we walk it: the closure of the generators
        for generator in generators:
            new = generator @ element
            if not any(np.abs(new - old).max() < 1e-6 for old in found):
                found.append(new)
    return np.stack(found)
