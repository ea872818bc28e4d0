"""The rough shape of a made-up assembly: globular domains as balls that touch, with their symmetry copies, and leave clefts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

Points = NDArray[np.float64]
VOLUME_PER_RESIDUE_A3 = 165.0  # helices, sheets, loops and the gaps between them
RESIDUES_PER_DOMAIN = 170
_CHOICES = 4  # places tried for a ball; the one nearest to the middle is taken, so that the whole stays compact
_NEAR, _TOUCH = 1.62, 2.0  # distance of centres in radii: the least, and the most that still touches


@dataclass(frozen=True)
class Domain:
    """A ball that will hold so many residues: centre (3,) and radius in Å."""

    centre: Points
    radius_A: float
    residues: int


def _copies(points: Points, matrices: Points) -> Points:
    return np.asarray(np.einsum("mij,nj->mni", matrices, points).reshape(-1, 3))


def _distances(points: Points) -> Points:
    return np.asarray(np.linalg.norm(points[:, None] - points[None], axis=-1))


def _fits(centre: Points, placed: Points, matrices: Points, radius_A: float) -> bool:
    """Whether a new ball keeps clear of its own copies and of those placed (n, 3, with all copies)."""
    own = _copies(centre[None], matrices)
    if len(own) > 1 and np.linalg.norm(own[1:] - centre, axis=1).min() < _NEAR * radius_A:
        return False
    return not len(placed) or np.linalg.norm(placed - centre, axis=1).min() >= _NEAR * radius_A


def _joined(points: Points, radius_A: float) -> bool:
    return int(connected_components(_distances(points) < _TOUCH * radius_A)[0]) == 1


def arrange(residues: int, matrices: Points, rng: np.random.Generator) -> list[Domain]:
    """Domains of one asymmetric unit for an assembly of so many residues; with their copies they hang together."""
    unit = residues / len(matrices)
    count = max(1, round(unit / RESIDUES_PER_DOMAIN))
    shares = rng.uniform(0.8, 1.2, count)
    shares = unit * shares / shares.sum()
    radius = (3 * (unit / count) * VOLUME_PER_RESIDUE_A3 / (4 * np.pi)) ** (1 / 3)
    reach = 0.4 * radius if len(matrices) == 1 else 0.62 * radius * len(matrices) ** 0.5
    while True:  # the first ball: as near the axes as its copies let it come
        tries = (rng.normal(size=3) * reach for _ in range(2000))
        fitting = [c for c in tries if _fits(c, np.empty((0, 3)), matrices, radius)]
        fitting = [c for c in fitting if _joined(_copies(c[None], matrices), radius)]
        if fitting:
            centres = [fitting[0]]
            break
        reach *= 1.1
    while len(centres) < count:
        placed = _copies(np.array(centres), matrices)
        fitting = []
        while len(fitting) < _CHOICES:
            beside = centres[int(rng.integers(len(centres)))]
            away = rng.normal(size=3)
            centre = beside + away / np.linalg.norm(away) * rng.uniform(1.65, 1.9) * radius
            if _fits(centre, placed, matrices, radius):
                fitting.append(centre)
        centres.append(min(fitting, key=lambda c: float(np.linalg.norm(c))))
    radii = (3 * shares * VOLUME_PER_RESIDUE_A3 / (4 * np.pi)) ** (1 / 3)
    return [Domain(c, float(r), round(s)) for c, r, s in zip(centres, radii, shares)]
