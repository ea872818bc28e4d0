"""The made-up protein: symmetry, mass, density, repeatability."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from vitreous.simulation.protein import make_protein
from vitreous.simulation.symmetry import group_matrices, rotation_about

MASS = {"C": 12.0, "N": 14.0, "O": 16.0, "S": 32.1}


@pytest.mark.parametrize(("symmetry", "mass"), [("C1", 60), ("C3", 120), ("D2", 200), ("O", 450)])
@pytest.mark.parametrize("seed", [1, 5])
def test_copies_fall_on_each_other_and_on_nothing_else(symmetry: str, mass: float, seed: int) -> None:
    atoms = make_protein(symmetry=symmetry, mass_kDa=mass, seed=seed, bfactor_A2=30)
    tree = cKDTree(atoms.positions_A)
    for matrix in group_matrices(symmetry):
        assert tree.query(atoms.positions_A @ matrix.T)[0].max() < 1e-6
    other = rotation_about((0.3, -0.5, 0.8), 180)  # no element of any of these groups
    assert np.median(tree.query(atoms.positions_A @ other.T)[0]) > 0.7
    mirrored = tree.query(atoms.positions_A * [1, 1, -1])[0]
    assert np.median(mirrored) > 0.7


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_has_the_mass_and_density_of_a_protein(seed: int) -> None:
    atoms = make_protein(symmetry="D2", mass_kDa=320, seed=seed, bfactor_A2=30)
    heavy_kDa = sum(MASS[e] for e in atoms.elements) / 1000
    assert 0.8 * 320 < heavy_kDa * 1.07 < 1.2 * 320  # hydrogens are some 7 % of the mass
    neighbours = cKDTree(atoms.positions_A).query_ball_point(atoms.positions_A, 6.0, return_length=True) - 1
    assert 25 < np.median(neighbours) < 65  # real proteins: 40 to 50 heavy atoms within 6 Å
    assert 130 < atoms.diameter_A < 210


def test_the_seed_decides() -> None:
    one, same, other = (make_protein(symmetry="C2", mass_kDa=50, seed=s, bfactor_A2=30) for s in (4, 4, 5))
    assert np.array_equal(one.positions_A, same.positions_A)
    assert len(one) != len(other) or not np.allclose(one.positions_A, other.positions_A)


def test_helices_are_right_handed() -> None:
    """Backbone CA, every residue of a run, turns +100° about its own axis."""
    atoms = make_protein(symmetry="C1", mass_kDa=40, seed=2, bfactor_A2=30)
    ca = [p for i, p in enumerate(atoms.positions_A[:-1]) if "".join(atoms.elements[i - 1 : i + 3]) == "NCCO"]
    chirality = []
    for a, b, c, d in zip(ca, ca[1:], ca[2:], ca[3:]):
        steps = [np.linalg.norm(q - p) for p, q in ((a, b), (b, c), (c, d))]
        if max(steps) < 4.1 and min(steps) > 3.5 and np.linalg.norm(d - a) < 5.6:  # 5.0 Å in a helix
            chirality.append(np.sign(np.dot(np.cross(b - a, c - b), d - c)))
    assert len(chirality) > 50
    assert np.mean(chirality) > 0.95
