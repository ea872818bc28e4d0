"""A made-up protein as atoms: backbone and side chains along the segments of a fold, loops between them."""

import numpy as np
from numpy.typing import NDArray

from vitreous.simulation.atoms import Atoms
from vitreous.simulation.domains import Points, arrange
from vitreous.simulation.fold import HELIX_RISE_A, STRAND_RISE_A, Segment, cross, grow
from vitreous.simulation.symmetry import group_matrices

RESIDUE_KDA = 0.110
_LONGEST_LOOP_A = 34.0
# Of an alpha-helix: radius (Å), angle (deg) and height (Å) relative to CA, for N, CA, C, O, CB.
_HELIX = (
    ("N", 1.55, -27.7, -0.88),
    ("C", 2.28, 0.0, 0.0),
    ("C", 1.67, 26.6, 1.11),
    ("O", 2.02, 20.6, 2.28),
    ("C", 3.30, -19.0, -0.70),
)
# Side chains beyond CB: element, Å along CA-CB, Å across; with the frequency of the residue in proteins (percent).
_C1, _C2 = ("C", 1.3, 0.7), ("C", 2.6, 0.0)
_RING = (("C", 3.7, 0.7), ("C", 3.7, 2.1), ("C", 2.5, 2.8), ("C", 1.3, 2.1))
_SIDE: tuple[tuple[float, tuple[tuple[str, float, float], ...]], ...] = (
    (8.3, ()),  # Ala
    (6.6, (("O", 0.5, 1.35),)),  # Ser
    (1.4, (("S", 0.6, 1.7),)),  # Cys
    (5.3, (("O", 0.5, 1.35), ("C", 0.5, -1.4))),  # Thr
    (6.9, (("C", 0.5, 1.4), ("C", 0.5, -1.4))),  # Val
    (4.7, (("C", 0.5, 1.4), ("C", -0.9, 1.6))),  # Pro
    (5.5, (_C1, ("O", 2.4, 0.2), ("O", 1.2, 1.9))),  # Asp
    (4.1, (_C1, ("O", 2.4, 0.2), ("N", 1.2, 1.9))),  # Asn
    (9.7, (_C1, _C2, ("C", 1.3, 2.2))),  # Leu
    (5.9, (_C1, _C2, ("C", 0.4, -1.4))),  # Ile
    (6.7, (_C1, _C2, ("O", 3.7, 0.6), ("O", 2.6, -1.2))),  # Glu
    (3.9, (_C1, _C2, ("O", 3.7, 0.6), ("N", 2.6, -1.2))),  # Gln
    (2.4, (_C1, ("S", 2.9, -0.1), ("C", 4.2, 0.9))),  # Met
    (5.8, (_C1, _C2, ("C", 3.9, 0.7), ("N", 5.1, 0.0))),  # Lys
    (5.5, (_C1, _C2, ("N", 3.9, 0.7), ("C", 5.1, 0.2), ("N", 6.2, 0.9), ("N", 5.2, -1.1))),  # Arg
    (2.3, (_C1, ("C", 2.5, 0.1), ("N", 3.6, 0.9), ("C", 3.1, 2.1), ("N", 1.8, 2.0))),  # His
    (3.9, (_C1, ("C", 2.5, 0.0), *_RING)),  # Phe
    (2.9, (_C1, ("C", 2.5, 0.0), *_RING, ("O", 4.9, 2.8))),  # Tyr
    (1.1, (_C1, ("C", 2.5, 0.0), ("N", 3.7, 0.7), ("C", 3.5, 2.0), ("C", 2.1, 2.1), ("C", 1.3, 3.2), ("C", 2.0, 4.4))),  # Trp
    (7.1, ()),  # Gly, without CB
)
_GLY = len(_SIDE) - 1


class _Chain:
    """Atoms as they are added, with B-factors that rise from the backbone of a helix to the tips and the loops."""

    def __init__(self, rng: np.random.Generator, bfactor_A2: float) -> None:
        self.rng, self.bfactor_A2 = rng, bfactor_A2
        frequencies = np.array([f for f, _ in _SIDE])
        self.frequencies = frequencies / frequencies.sum()
        self.positions: list[Points] = []
        self.elements: list[str] = []
        self.bfactors: list[float] = []

    def put(self, element: str, position: Points, extra_A2: float) -> None:
        """One atom, with an extra B-factor."""
        self.positions.append(position)
        self.elements.append(element)
        self.bfactors.append(self.bfactor_A2 + extra_A2)

    def residue(self, backbone: dict[str, Points], extra_A2: float) -> None:
        """N, CA, C, O and CB as given, then a side chain of a random kind."""
        kind = int(self.rng.choice(len(_SIDE), p=self.frequencies))
        for name, position in backbone.items():
            if not (name == "CB" and kind == _GLY):
                self.put(name[0], position, extra_A2)
        outward = backbone["CB"] - backbone["CA"]
        along = outward / np.linalg.norm(outward) + self.rng.normal(0, 0.25, 3)
        along /= np.linalg.norm(along)
        across = cross(along, self.rng.normal(size=3))
        across /= np.linalg.norm(across)
        for element, u, v in _SIDE[kind][1]:
            self.put(element, backbone["CB"] + u * along + v * across, extra_A2 + 4 * u)

    def helix(self, segment: Segment) -> None:
        """A right-handed alpha-helix about the segment."""
        axis = segment.direction
        x = cross(axis, self.rng.normal(size=3))
        x /= np.linalg.norm(x)
        y = cross(axis, x)
        for i in range(segment.residues):
            atoms = []
            for _, radius, angle, height in _HELIX:
                turn = np.deg2rad(100 * i + angle)
                atoms.append(segment.start + (HELIX_RISE_A * i + height) * axis + radius * (np.cos(turn) * x + np.sin(turn) * y))
            self.residue(dict(zip(("N", "CA", "C", "O", "CB"), atoms)), 0.0)

    def strand(self, segment: Segment) -> None:
        """A pleated strand: side chains to either side of the sheet in turn, carbonyls across."""
        axis, normal = segment.direction, segment.normal
        assert normal is not None
        across = cross(axis, normal)
        for i in range(segment.residues):
            side = 1 if i % 2 else -1
            middle = segment.start + STRAND_RISE_A * i * axis + 0.85 * side * normal
            between = middle + 1.2 * axis - 0.6 * side * normal
            backbone = {"N": middle - 1.2 * axis - 0.5 * side * normal, "CA": middle, "C": between}
            backbone |= {"O": between + 1.2 * side * across, "CB": middle + side * normal * 1.45 - 0.45 * side * across}
            self.residue(backbone, 5.0)

    def loop(self, path: Points) -> None:
        """Residues 3.5 Å apart along a smooth path (n, 3)."""
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        for at in np.arange(3.5, lengths[-1] - 2.0, 3.5):
            middle, ahead = (np.array([np.interp(at + d, lengths, path[:, j]) for j in range(3)]) for d in (0.0, 0.5))
            axis = (ahead - middle) / np.linalg.norm(ahead - middle)
            out = cross(axis, self.rng.normal(size=3))
            out /= np.linalg.norm(out)
            third = cross(axis, out)
            middle = middle + self.rng.normal(0, 0.4, 3)
            backbone = {"N": middle - 1.2 * axis - 0.4 * out, "CA": middle + 0.4 * out, "C": middle + 1.2 * axis - 0.3 * out}
            backbone |= {"O": middle + 1.5 * axis + third * 1.1, "CB": middle + 1.8 * out - 0.5 * third}
            self.residue(backbone, 25.0)


def _order(segments: list[Segment]) -> list[Segment]:
    """The segments in the order of a chain: from each to the one that starts, either way round, nearest to its end."""
    left = list(segments)
    chain = [left.pop(0)]
    while left:
        end = chain[-1].end
        near = [(np.linalg.norm(p - end), i, flip) for i, s in enumerate(left) for flip, p in ((False, s.start), (True, s.end))]
        _, index, flip = min(near)
        chosen = left.pop(index)
        chain.append(Segment(chosen.end, chosen.start, chosen.normal) if flip else chosen)
    return chain


def _path(one: Segment, two: Segment) -> Points:
    """A Bezier curve out of the end of one segment and into the start of the next."""
    reach = 4.0 + 0.3 * float(np.linalg.norm(two.start - one.end))
    p0, p1, p2, p3 = one.end, one.end + reach * one.direction, two.start - reach * two.direction, two.start
    t = np.linspace(0, 1, 40)[:, None]
    return np.asarray((1 - t) ** 3 * p0 + 3 * t * (1 - t) ** 2 * p1 + 3 * t**2 * (1 - t) * p2 + t**3 * p3)


def make_protein(*, symmetry: str, mass_kDa: float, seed: int, bfactor_A2: float) -> Atoms:
    """An assembly of helices, sheets and loops with the symmetry given; the same arguments make the same atoms.

    Symmetry axes are where RELION has them; a C1 assembly is centred on its middle, Cn on its middle along z.
    """
    rng = np.random.default_rng([seed, 271828])
    matrices = group_matrices(symmetry)
    folds = grow(arrange(round(mass_kDa / RESIDUE_KDA), matrices, rng), matrices, rng)
    segments = [segment for fold in folds if fold for segment in _order(fold)]
    chain = _Chain(rng, bfactor_A2)
    for one, two in zip(segments, [*segments[1:], None]):
        if one.normal is None:
            chain.helix(one)
        else:
            chain.strand(one)
        if two is not None and np.linalg.norm(two.start - one.end) < _LONGEST_LOOP_A:
            chain.loop(_path(one, two))
    positions = np.array(chain.positions)
    fixed = np.einsum("mij,j->mi", matrices, positions.mean(axis=0)).mean(axis=0)  # what the symmetry leaves free to move
    elements: NDArray[np.str_] = np.array(chain.elements)
    unit = Atoms(positions - fixed, elements, np.array(chain.bfactors), np.ones(len(elements)))
    return unit.copies(matrices)
