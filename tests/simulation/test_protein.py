"""The made-up protein: symmetry, mass, density, repeatability."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from vitreous.simulation.model import read_model
from vitreous.simulation.projector import Projector
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


@pytest.mark.data
@pytest.mark.slow
def test_its_power_falls_as_that_of_a_real_protein(data: Path) -> None:
    """Radial power against beta-galactosidase of the same mass and B: within a factor of 4 from 40 to 3.2 Å, peaks and all."""
    real = read_model(data / "models" / "5a1a.pdb.gz", assembly="1")
    made = make_protein(symmetry="D2", mass_kDa=465, seed=3, bfactor_A2=15)
    power = []
    for atoms in (real, made):
        transform = np.abs(np.fft.fftn(Projector(atoms, box=160, pixel_size_A=1.5).volume())) ** 2
        f = np.fft.fftfreq(160) * 160
        shell = np.rint(np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + f**2)).astype(int).ravel()
        power.append((np.bincount(shell, transform.ravel()) / np.bincount(shell))[:76])
    for low, high in ((6, 12), (12, 20), (20, 30), (30, 42), (42, 56), (56, 75)):
        assert abs(np.log(power[1][low:high].mean() / power[0][low:high].mean())) < np.log(4)
    helices = power[1][45:54].mean() / power[1][30:36].mean()  # the pitch at 4.5 to 5.3 Å over the dip at 7 to 8 Å
    assert helices > 0.5
