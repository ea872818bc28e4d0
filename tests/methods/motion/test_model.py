import numpy as np
import pytest

from vitreous.methods.motion.model import Basis, LocalMotion


def test_the_polynomial_is_the_one_written_down():
    coefficients = np.random.default_rng(0).normal(size=(2, 18))
    x, y, z = 0.21, -0.4, 7.0
    terms = [1, x, x**2, y, y**2, x * y]
    truth = [
        sum(p * (c[3 * i] * z + c[3 * i + 1] * z**2 + c[3 * i + 2] * z**3) for i, p in enumerate(terms)) for c in coefficients
    ]
    motion = LocalMotion(coefficients)
    assert motion.at(np.array([x]), np.array([y]), np.array([z]))[0, 0] == pytest.approx(truth)
    assert motion.in_frame(z) @ np.array(terms) == pytest.approx(truth)
    assert (motion.at(np.array([x]), np.array([y]), np.array([0.0])) == 0).all()


@pytest.mark.parametrize("side, frames", [(3, 24), (5, 40), (2, 6)])
def test_the_basis_is_orthonormal_and_leads_back(side, frames):
    generator = np.random.default_rng(side)
    places = (np.arange(side) + 0.5) / side - 0.5
    x, y = (grid.ravel() for grid in np.meshgrid(places, places))
    z = np.arange(frames, dtype=float)
    basis = Basis.of(x, y, z)
    overlap = basis.place.T @ basis.place / len(x)
    kept = np.diag(overlap) > 0.5
    assert overlap[np.ix_(kept, kept)] == pytest.approx(np.eye(int(kept.sum())), abs=1e-9)
    assert basis.time.T @ basis.time / frames == pytest.approx(np.eye(3), abs=1e-9)
    wanted = generator.normal(size=(2, 6, 3))
    field = np.einsum("pa,dab,fb->pfd", basis.place, wanted, basis.time)
    made = basis.motion(wanted).at(x, y, z)
    difference = made - field
    assert difference - difference[:, :1] == pytest.approx(np.zeros_like(difference), abs=1e-8)
