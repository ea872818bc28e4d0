"""Symmetry axes of a map that was made without: the turn that makes it agree best with its own symmetry mates."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import rotations, sphere, symmetry
from vitreous.maths.conventions import PADDING
from vitreous.methods.refinement import density, slices

Volume = NDArray[np.float32]
POINTS = 600  # of Fourier space at which mates are compared
FINER = 6  # rounds of local search with falling steps


def centred(volume: Volume) -> tuple[Volume, NDArray[np.float64]]:
    """The map moved (to whole voxels) so that its density's centre of mass is at the centre, and the move (x, y, z)."""
    box = volume.shape[0]
    dense = np.maximum(volume - 0.1 * volume.max(), 0.0).astype(np.float64)
    total = max(float(dense.sum()), 1e-30)
    at = np.arange(box) - box // 2
    move = [-round(float((dense.sum(tuple(b for b in range(3) if b != axis)) * at).sum() / total)) for axis in range(3)]
    return np.roll(volume, move, (0, 1, 2)), np.array(move[::-1], float)


def agreement(volume: Volume, turns: NDArray[np.float64], *, group: str, shells: int, seed: int = 0) -> NDArray[np.float64]:
    """How well the map, turned actively by each of turns (n, 3, 3), agrees with its mates: 1 for a symmetric map, (n,).

    |mean over mates|^2 / mean |.|^2 over random points of Fourier space below a shell.
    """
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(POINTS, 3))
    points *= (shells * generator.random(POINTS) ** (1 / 3) / np.linalg.norm(points, axis=1))[:, None]
    cube = density.to_cube(volume, min(shells + 2, (volume.shape[0] + 1) // 2 - 1))
    result: NDArray[np.float64] = slices.mate_agreement(
        points, cube, np.float32(PADDING), np.ascontiguousarray(turns), symmetry.operators(group).numpy()
    )
    return result


def find(volume: Volume, *, group: str, shells: int, seed: int = 0) -> tuple[NDArray[np.float64], float]:
    """The active turn (3, 3) that brings a map's axes to the group's standard ones, and the agreement it reaches."""
    where = sphere.healpix(2)
    psi = torch.arange(0, 360, 15, dtype=torch.float64)
    turns = rotations.from_euler(where[:, :1], where[:, 1:], psi[None]).reshape(-1, 3, 3).numpy()
    score = agreement(volume, turns, group=group, shells=shells, seed=seed)
    best: list[tuple[float, Any]] = []
    torch_generator = torch.Generator().manual_seed(seed)
    for start in np.argsort(-score)[:5]:
        turn, top, step = turns[start], float(score[start]), 8.0
        for _ in range(FINER):
            vectors = torch.randn(48, 3, generator=torch_generator, dtype=torch.float64) * math.radians(step)
            near = rotations.from_vector(vectors).numpy() @ turn
            there = agreement(volume, near, group=group, shells=shells, seed=seed)
            if there.max() > top:
                turn, top = near[there.argmax()], float(there.max())
            step *= 0.6
        best.append((top, turn))
    top, turn = max(best, key=lambda pair: pair[0])
    return turn, top


def turned(volume: Volume, turn: NDArray[np.float64], *, group: str) -> Volume:
    """The map turned actively and averaged over the group's operators."""
    operators = symmetry.operators(group).numpy()
    reach = (volume.shape[0] + 1) // 2 - 1
    cube = density.to_cube(volume, reach)
    made = np.zeros_like(cube)
    # V'(r) = V(Q^T r): its transform at k is that of V at Q^T k, and at Q^T R_j k for each mate.
    slices.turn_cube(cube, made, np.stack([turn.T @ operator for operator in operators]))
    box = volume.shape[0]
    return density.from_cube(made, box) * density.gridding(box).numpy()
