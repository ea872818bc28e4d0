"""Searches around known poses: places to climb from, mates of a relaxed symmetry, and the prior that holds angles near.

The prior about a pose is a Gaussian of the whole turn, cut off at three deviations; of symmetry mates the nearest counts.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.maths import rotations
from vitreous.methods.refinement.local import ALONE, Modes
from vitreous.tables.table import Table

Floats = NDArray[np.float64]

FARTHEST = 3.0  # deviations
ASIDE = 1.5  # deviations: where climbs begin beside the pose itself, along each axis of the image
ANGLES = ("rot_deg", "tilt_deg", "psi_deg")
ORIGINS = ("origin_x_A", "origin_y_A")


def modes_of(rows: Table, pixel_size_A: float) -> Modes:
    """One mode a row out of the columns of its pose."""
    missing = [name for name in ANGLES if name not in rows]
    if missing:
        raise UserError(
            "searches around known poses want particles with angles (rlnAngleRot, rlnAngleTilt, rlnAnglePsi), and these have "
            "none: take particles that were refined, or search globally"
        )
    turned = rotations.from_euler(*(np.array(rows[name], float) for name in ANGLES))
    origins = np.stack([np.asarray(rows.get(n, 0.0), float) * np.ones(len(rows)) for n in ORIGINS], axis=1) / pixel_size_A
    score = np.asarray(rows.get("log_likelihood", 0.0), float) * np.ones(len(rows))
    return Modes(turned.numpy()[:, None], origins[:, None], score[:, None], np.zeros((len(rows), 1, 5, 5)))


def best_of(modes: Modes) -> Modes:
    """The best mode of each image alone."""
    best = modes.posterior().argmax(1)[:, None]
    at = np.arange(len(best))[:, None]
    return Modes(modes.rotations[at, best], modes.origins[at, best], modes.log_likelihood[at, best], modes.information[at, best])


def starts(known: Modes, *, sigma_deg: float, mates: Floats = ALONE) -> Modes:
    """Each image's best pose (n, 1, ...) as it is and turned to both sides about three axes (sigma 0: not turned), at all mates.

    mates (o, 3, 3): operators of a symmetry that is relaxed; the first is the identity.
    """
    best = best_of(known)
    turns = np.eye(3)[None]
    if sigma_deg > 0:
        axes = np.concatenate([np.eye(3), -np.eye(3)]) * np.radians(ASIDE * sigma_deg)
        turns = np.concatenate([turns, rotations.from_vector(torch.from_numpy(axes)).numpy()])
    turned = np.einsum("tij,njk,okl->notil", turns, best.rotations[:, 0], mates)
    count = len(turns) * len(mates)
    made = np.ascontiguousarray(turned.reshape(len(turned), count, 3, 3))
    return Modes(
        made, np.repeat(best.origins, count, 1), np.zeros((len(made), count)), np.zeros((len(made), count, 5, 5))
    )  # fmt: skip


def held(found: Modes, known: Modes, *, sigma_deg: float, mates: Floats) -> Modes:
    """found with the prior about the best known pose of each image taken into its log-likelihoods.

    mates: operators of the point group and of the relaxed one. Where no mode lies within three deviations, the nearest stands.
    """
    centre = best_of(known).rotations[:, 0]
    traces = np.einsum("nmij,noij->nmo", found.rotations, centre[:, None] @ mates).max(2)
    angle_deg = np.degrees(np.arccos(np.clip((traces - 1) / 2, -1, 1)))
    score = found.log_likelihood - 0.5 * (angle_deg / sigma_deg) ** 2
    away = np.where(score > -np.inf, angle_deg, np.inf)
    near = away <= np.maximum(FARTHEST * sigma_deg, away.min(1, keepdims=True))
    return Modes(found.rotations, found.origins, np.where(near, score, -np.inf), found.information)
