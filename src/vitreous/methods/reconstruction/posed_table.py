"""Poses and origins in and out of tables of particles."""

import numpy as np
import torch
from torch import Tensor

from vitreous.context import UserError
from vitreous.maths.rotations import from_euler, to_euler
from vitreous.tables.table import Table

ANGLES = {"rot_deg": "rlnAngleRot", "tilt_deg": "rlnAngleTilt", "psi_deg": "rlnAnglePsi"}


def poses_in(table: Table, name: str) -> tuple[Tensor, Tensor]:
    """Rotations (n, 3, 3) and origins (n, 2) in Å of a table; name is its file's, for the sentence if it has no poses."""
    missing = [label for column, label in ANGLES.items() if column not in table]
    if missing:
        raise UserError(f"{name} has no column {missing[0]}: it needs the poses of a refinement or classification")
    angles = [torch.from_numpy(np.asarray(table[column], np.float64)) for column in ANGLES]
    origins = np.zeros((len(table), 2))
    for place, column in enumerate(("origin_x_A", "origin_y_A")):
        if column in table:
            origins[:, place] = table[column]
    return from_euler(*angles), torch.from_numpy(origins)


def with_poses(table: Table, rotations: Tensor, origins_A: Tensor) -> Table:
    """The table with other poses."""
    found = dict(zip(ANGLES, (angle.numpy() for angle in to_euler(rotations))))
    return table.with_(**found, origin_x_A=origins_A[:, 0].numpy(), origin_y_A=origins_A[:, 1].numpy())
