"""Directions of view on the sphere: an equal-area grid, the mates of a point group, and how evenly Fourier space is sampled."""

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_ORDERS = {"T": 12, "O": 24, "I": 60, "I1": 60, "I2": 60}
_AXES: dict[str, tuple[tuple[int, tuple[float, float, float]], ...]] = {
    "T": ((3, (0.0, 0.0, 1.0)), (2, (0.0, 0.8164966, 0.5773503))),
    "O": ((3, (0.5773503, 0.5773503, 0.5773503)), (4, (0.0, 0.0, 1.0))),
    "I2": ((2, (0.0, 0.0, 1.0)), (5, (0.5257311, 0.0, 0.8506508)), (3, (0.0, 0.3568221, 0.9341724))),
    "I1": ((2, (1.0, 0.0, 0.0)), (5, (0.8506508, 0.0, -0.5257311)), (3, (0.9341724, 0.3568221, 0.0))),
}
BAND_DEG = 5.0
"""Views within this angle of being perpendicular to a direction sample it."""
FLOOR = 0.02


def directions(rot_deg: Floats, tilt_deg: Floats) -> Floats:
    """Unit vectors (n, 3) of RELION's first two angles."""
    rot, tilt = np.deg2rad(rot_deg), np.deg2rad(tilt_deg)
    return np.stack([np.sin(tilt) * np.cos(rot), np.sin(tilt) * np.sin(rot), np.cos(tilt)], 1)


@lru_cache(maxsize=2)
def bands(cells: int = 1500) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """A grid of cells of exactly equal area: cells in each band from the north, and the bands' edges as cosines of tilt."""
    side = np.sqrt(4 * np.pi / cells)
    count = max(3, round(np.pi / side))
    middle = (np.arange(count) + 0.5) * np.pi / count
    numbers = np.maximum(3, np.round(2 * np.pi * np.sin(middle) / side)).astype(int)
    edges = 1 - 2 * np.concatenate([[0], np.cumsum(numbers)]) / numbers.sum()
    return tuple(int(n) for n in numbers), tuple(float(edge) for edge in edges)


def counted(vectors: Floats) -> NDArray[np.int64]:
    """Vectors in each cell of the grid, band after band, in each from -180 degrees on."""
    numbers, edges = bands()
    starts = np.concatenate([[0], np.cumsum(numbers)])
    band = np.clip(np.searchsorted(-np.array(edges), -vectors[:, 2], "right") - 1, 0, len(numbers) - 1)
    turn = (np.arctan2(vectors[:, 1], vectors[:, 0]) / (2 * np.pi) + 0.5) % 1.0
    place = np.minimum((turn * np.array(numbers)[band]).astype(int), np.array(numbers)[band] - 1)
    return np.bincount(starts[band] + place, minlength=int(starts[-1]))


def centres() -> Floats:
    """The middles of the cells as unit vectors."""
    numbers, edges = bands()
    parts = []
    for number, above, below in zip(numbers, edges[:-1], edges[1:], strict=True):
        z = (above + below) / 2
        turn = ((np.arange(number) + 0.5) / number - 0.5) * 2 * np.pi
        ring = np.sqrt(max(0.0, 1 - z * z))
        parts.append(np.stack([ring * np.cos(turn), ring * np.sin(turn), np.full(number, z)], 1))
    return np.concatenate(parts)


def _turn(axis: tuple[float, float, float], order: int) -> Floats:
    """A rotation about an axis by a full turn over its order."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    angle = 2 * np.pi / order
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    found: Floats = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return found


def mates(group: str) -> Floats | None:
    """The rotations (n, 3, 3) of a point group by RELION's name; None for one that is not known here."""
    word = group.strip().upper()
    found = re.fullmatch(r"([CD])([0-9]{1,2})", word)
    if found:
        order = int(found[2])
        first = [_turn((0, 0, 1), order)] if order > 1 else []
        turns = first + ([_turn((1, 0, 0), 2)] if found[1] == "D" else [])
        return _closed(turns, order * (2 if found[1] == "D" else 1))
    word = "I2" if word == "I" else word
    if word in _AXES:
        return _closed([_turn(axis, order) for order, axis in _AXES[word]], _ORDERS[word])
    return None


def _closed(turns: list[Floats], order: int) -> Floats | None:
    """All products of some rotations; None when they are not as many as the group has."""
    found = [np.eye(3)]
    for one in found:
        for turn in turns:
            new = turn @ one
            if not any(np.allclose(new, other, atol=1e-4) for other in found):
                found.append(new)
        if len(found) > order:
            return None
    return np.stack(found) if len(found) == order else None


def with_mates(vectors: Floats, group: Floats) -> Floats:
    """All views that a view stands for by symmetry."""
    return np.concatenate([vectors @ turn.T for turn in group])


def counted_with_mates(vectors: Floats, group: Floats) -> NDArray[np.int64]:
    """All these in each cell of the grid; one mate after another, for millions of views have sixty mates each."""
    return np.asarray(sum(counted(with_mates(vectors, turn[None])) for turn in group))


def sampling(counts: NDArray[np.int64]) -> Floats:
    """How often each direction of Fourier space is sampled, relative to the mean: the views nearly perpendicular to it."""
    middles = centres()
    half = middles[middles[:, 2] >= 0]
    near = np.abs(half @ middles.T) < np.sin(np.deg2rad(BAND_DEG))
    seen = (near @ counts.astype(np.float64)) / near.sum(1)
    mean = seen.mean()
    relative: Floats = seen / mean if mean > 0 else seen
    return relative


def efficiency(counts: NDArray[np.int64]) -> tuple[float, float]:
    """The mean of 1 / sampling, inverted (1: even), and the share of directions sampled less than a tenth of the mean."""
    relative = sampling(counts)
    if not relative.any():
        return 0.0, 1.0
    return float(1 / np.mean(1 / np.maximum(relative, FLOOR))), float((relative < 0.1).mean())
