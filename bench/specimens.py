"""Specimens of Gaussian beads for the benchmarks: rods in two lobes, alone, with point symmetry, or with a lobe that moves.

A specimen is places (states, beads, 3) in Å and heights (beads,). States are conformations; rigid marks the beads that all share.
"""

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]
DIAMETER_A, BEAD_SIGMA_A, RODS = 270.0, 3.5, 110
NECK_A = np.array([10.0, 5.0, 30.0])  # about which the small lobe turns
KINDS = ("asymmetric", "D2", "O", "two-states", "floppy")
FLOPPY_STATES, FLOPPY_DEG, TWO_STATES_DEG = 60, 35.0, 25.0


@dataclass(frozen=True)
class Beads:
    """Places (states, p, 3) in Å, heights (p,), which beads stand still (p,), and how probable each state is."""

    places: Floats
    heights: Floats
    rigid: NDArray[np.bool_]
    shares: Floats


def rods(generator: np.random.Generator, lobes: list[tuple[float, Floats, Floats]], count: int) -> tuple[Floats, Floats, Floats]:
    """Beads of short rods in ellipsoids, lobes = [(share, middle, half axes)]: places, heights, and the lobe of each bead."""
    places: list[Floats] = []
    lobe_of: list[int] = []
    while len(places) < count:
        drawn = generator.random()
        lobe = 0 if drawn < lobes[0][0] else len(lobes) - 1
        _, middle, axes = lobes[lobe]
        point = generator.normal(size=3)
        point *= generator.random() ** (1 / 3) / np.linalg.norm(point)
        direction = generator.normal(size=3)
        along = np.arange(-generator.uniform(14, 28), 20, 2.5)[:, None]
        places.append(middle + point * axes + along * direction / np.linalg.norm(direction))
        lobe_of.append(lobe)
    heights = np.concatenate([np.full(len(rod), generator.uniform(0.5, 1.6)) for rod in places])
    return np.concatenate(places), heights, np.repeat(lobe_of, [len(rod) for rod in places])


def two_lobes(seed: int) -> tuple[Floats, Floats, Floats]:
    """The asymmetric specimen about its centre of mass, and the lobe of each bead."""
    lobes = [
        (0.62, np.array([0, 0, -32.0]), np.array([105, 80, 70])),
        (1.0, np.array([18.0, 10, 68.0]), np.array([75, 50, 42])),
    ]
    places, heights, lobe = rods(np.random.default_rng(seed), lobes, RODS)
    return places - (places * heights[:, None]).sum(0) / heights.sum(), heights, lobe


def operators(group: str) -> Floats:
    """Rotation matrices (n, 3, 3) of D2 or O, axes along x, y and z: written out here, not taken from the code under test."""
    if group == "D2":
        return np.array([np.diag(signs) for signs in product((1.0, -1.0), repeat=3) if np.prod(signs) > 0])
    made = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.eye(3)[list(order)] * np.array(signs)[:, None]
        if np.linalg.det(matrix) > 0:
            made.append(matrix)
    return np.array(made)


def symmetric(seed: int, group: str) -> tuple[Floats, Floats]:
    """A specimen of D2 or O: one unit of rods off the axes, and its mates."""
    place = {"D2": ([42.0, 30.0, 48.0], [48.0, 36.0, 40.0], 28), "O": ([78.0, 42.0, 22.0], [30.0, 26.0, 24.0], 6)}[group]
    unit, heights, _ = rods(np.random.default_rng(seed), [(1.0, np.array(place[0]), np.array(place[1]))], place[2])
    turns = operators(group)
    return np.concatenate([unit @ turn.T for turn in turns]), np.tile(heights, len(turns))


def turned_lobe(places: Floats, lobe: Floats, turn: Floats) -> Floats:
    """The same beads with the small lobe turned about the neck."""
    moved = places.copy()
    small = lobe == 1
    moved[small] = (places[small] - NECK_A) @ turn.T + NECK_A
    return moved


def specimen_of(kind: str, seed: int) -> Beads:
    """A specimen by its name among KINDS."""
    if kind in ("D2", "O"):
        places, heights = symmetric(seed, kind)
        return Beads(places[None], heights, np.ones(len(heights), bool), np.ones(1))
    places, heights, lobe = two_lobes(seed)
    if kind == "asymmetric":
        return Beads(places[None], heights, np.ones(len(heights), bool), np.ones(1))
    if kind == "two-states":
        turn = Rotation.from_rotvec([np.radians(TWO_STATES_DEG), 0, 0]).as_matrix()
        return Beads(np.stack([places, turned_lobe(places, lobe, turn)]), heights, lobe == 0, np.array([0.7, 0.3]))
    generator = np.random.default_rng(seed + 77)
    axes = generator.normal(size=(FLOPPY_STATES, 3))
    axes *= (np.radians(FLOPPY_DEG) * generator.random(FLOPPY_STATES) ** (1 / 3) / np.linalg.norm(axes, axis=1))[:, None]
    states = np.stack([turned_lobe(places, lobe, turn) for turn in Rotation.from_rotvec(axes).as_matrix()])
    return Beads(states, heights, lobe == 0, np.full(FLOPPY_STATES, 1 / FLOPPY_STATES))


def density(places: Floats, heights: Floats, *, box: int, pixel_A: float) -> NDArray[np.float32]:
    """The map (box, box, box) [z, y, x] of one state."""
    at = (np.arange(box) - box // 2) * pixel_A
    lines = [np.exp(-((at - places[:, axis, None]) ** 2) / (2 * BEAD_SIGMA_A**2)) for axis in range(3)]
    plane = (lines[1][:, :, None] * lines[0][:, None, :]).reshape(len(places), -1)
    made = (lines[2] * heights[:, None]).T.astype(np.float32) @ plane.astype(np.float32)
    return np.asarray(made.reshape(box, box, box), np.float32)
