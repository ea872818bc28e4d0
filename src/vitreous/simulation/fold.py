"""The fold of a made-up protein: helices and sheets as segments, packed by growth so that symmetry copies do not clash."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from vitreous.simulation.domains import Domain, Points

HELIX_RISE_A = 1.5
STRAND_RISE_A = 3.3
CONTACT_A = 8.4  # no two axes come closer
_TRIES = 48


@dataclass(frozen=True)
class Segment:
    """One helix or strand: the ends of its axis (3,), and for a strand the normal (3,) of its sheet."""

    start: Points
    end: Points
    normal: Points | None = None

    @property
    def direction(self) -> Points:
        """Unit vector from start to end."""
        along = self.end - self.start
        return np.asarray(along / np.linalg.norm(along))

    @property
    def residues(self) -> int:
        """How many residues the segment takes."""
        rise = HELIX_RISE_A if self.normal is None else STRAND_RISE_A
        return max(3, round(float(np.linalg.norm(self.end - self.start)) / rise))

    def samples(self) -> Points:
        """Points along the axis, some 2.5 Å apart."""
        steps = np.linspace(0, 1, max(2, round(float(np.linalg.norm(self.end - self.start)) / 2.5)))
        return self.start + steps[:, None] * (self.end - self.start)


def _unit(vector: Points) -> Points:
    return np.asarray(vector / np.linalg.norm(vector))


def cross(a: Points, b: Points) -> Points:
    """The vector product of two vectors (3,); far quicker than numpy's on single vectors."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _perpendicular(direction: Points, rng: np.random.Generator) -> Points:
    return _unit(cross(direction, rng.normal(size=3)))


def _turned(direction: Points, about: Points, angle_deg: float) -> Points:
    """direction turned about a perpendicular unit vector."""
    angle = np.deg2rad(angle_deg)
    return np.asarray(np.cos(angle) * direction + np.sin(angle) * cross(about, direction))


def _helix(middle: Points, direction: Points, rng: np.random.Generator) -> list[Segment]:
    half = direction * np.clip(rng.gamma(7.0, 1.9), 6, 24)
    return [Segment(middle - half, middle + half)]


def _sheet(middle: Points, direction: Points, rng: np.random.Generator) -> list[Segment]:
    """Three to six strands side by side, 4.8 Å apart, each twisted by -20° against the last."""
    across = _perpendicular(direction, rng)
    count = int(rng.integers(3, 7))
    strands = []
    for place in range(count):
        offset = place - (count - 1) / 2
        along = _turned(direction, across, -20 * offset) * (1 if place % 2 else -1)
        centre = middle + 4.8 * offset * across + rng.normal(0, 1.0) * direction
        half = along * rng.uniform(7, 11)
        strands.append(Segment(centre - half, centre + half, _unit(cross(along, across))))
    return strands


class _Growth:
    """The segments so far and the sample points of all their symmetry copies."""

    def __init__(self, matrices: Points, rng: np.random.Generator) -> None:
        self.matrices, self.rng = matrices, rng
        self.points = np.empty((0, 3))

    def score(self, element: list[Segment], domain: Domain, tree: cKDTree | None) -> float:
        """Contacts made, less what sticks out of the domain; minus infinity for a clash."""
        own = np.concatenate([s.samples() for s in element])
        far = np.linalg.norm(own - domain.centre, axis=1) / domain.radius_A
        if far.mean() > 1.0 or far.max() > 1.3:
            return -np.inf
        distance = tree.query(own, distance_upper_bound=12.0)[0] if tree is not None else np.full(1, np.inf)
        if distance.min() < CONTACT_A or self._meets_itself(own):
            return -np.inf
        if tree is None:
            return 0.0
        return float((distance < 12).sum() - 6 * np.maximum(far - 0.8, 0).sum() + self.rng.normal(0, 1.5))

    def _meets_itself(self, own: Points) -> bool:
        """Whether sample points (n, 3) come too close to those of their own copies."""
        for matrix in self.matrices[1:]:
            apart = own[:, None] - own @ matrix.T
            if np.einsum("abi,abi->ab", apart, apart).min() < CONTACT_A**2:
                return True
        return False

    def candidate(self, domain: Domain, inside: list[Segment]) -> list[Segment]:
        """A helix or sheet beside a segment of the domain, more or less parallel to it."""
        rng = self.rng
        make = _sheet if rng.random() < 0.22 else _helix
        if not inside:
            return make(domain.centre + rng.normal(0, 0.3 * domain.radius_A, 3), _unit(rng.normal(size=3)), rng)
        beside = inside[int(rng.integers(len(inside)))]
        away = _perpendicular(beside.direction, rng)
        crossing = rng.normal(-35, 20) if rng.random() < 0.75 else rng.uniform(-90, 90)
        direction = _turned(beside.direction, away, crossing) * rng.choice([-1, 1])
        centre = (beside.start + beside.end) / 2 + rng.normal(0, 8) * beside.direction
        return make(centre + away * rng.uniform(9.0, 11.0), direction, rng)

    def add(self, domain: Domain, inside: list[Segment]) -> bool:
        """Put the best of many candidates into the domain; False when none fits."""
        tree = cKDTree(self.points) if len(self.points) else None
        tried = [self.candidate(domain, inside) for _ in range(_TRIES)]
        scores = [self.score(element, domain, tree) for element in tried]
        best = int(np.argmax(scores))
        if not np.isfinite(scores[best]):
            return False
        inside += tried[best]
        own = np.concatenate([s.samples() for s in tried[best]])
        self.points = np.concatenate([self.points, np.einsum("mij,nj->mni", self.matrices, own).reshape(-1, 3)])
        return True


def grow(domains: list[Domain], matrices: Points, rng: np.random.Generator) -> list[list[Segment]]:
    """Segments of one asymmetric unit, a list for each domain, packed against each other and clear of all copies."""
    growth = _Growth(matrices, rng)
    filled = []
    for domain in domains:
        inside: list[Segment] = []
        failures = 0
        while sum(s.residues for s in inside) < 0.8 * domain.residues and failures < 40:  # the rest goes into loops
            if not growth.add(domain, inside):
                failures += 1
                domain = replace(domain, radius_A=domain.radius_A * 1.01)
        filled.append(inside)
    return filled
