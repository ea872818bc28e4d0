"""Form factors, ice and the shared curves."""

import gemmi
import numpy as np
import pytest

from vitreous.simulation.atoms import Atoms
from vitreous.simulation.ice import carbon_power_A2, ice_power_A2
from vitreous.simulation.scattering import (
    DISPLACED_A3,
    HYDROGENS,
    VOLT_A2,
    WATER_VOLUME_A3,
    atom_curve,
    form_factor,
    ice_potential_V,
    shared_curves,
    water_form_factor,
)
from vitreous.simulation.settings import Ice, Microscope


@pytest.mark.parametrize(("element", "at_zero"), [("C", 2.509), ("N", 2.211), ("O", 1.983), ("H", 0.529)])
def test_form_factors_at_zero_are_the_tabulated_ones(element: str, at_zero: float) -> None:
    assert np.isclose(form_factor(element, np.zeros(1))[0], at_zero, rtol=2e-3)


def test_form_factor_at_other_angles_agrees_with_gemmi() -> None:
    k = np.linspace(0, 0.8, 9)
    table = gemmi.Element("O").c4322
    assert np.allclose(form_factor("O", k), [table.calculate_sf(v**2 / 4) for v in k])


def test_ice_has_its_mean_inner_potential() -> None:
    assert np.isclose(ice_potential_V(), 4.53, atol=0.1)  # independent atoms; 3.5 V measured, bonds and all


def test_the_displaced_volume_of_a_residue() -> None:
    """Carbon, nitrogen, oxygen and sulphur of a mean residue displace 134 Å3."""
    residue = {"C": 4.95, "N": 1.36, "O": 1.48, "S": 0.04}
    assert np.isclose(sum(n * DISPLACED_A3[e] for e, n in residue.items()), 128, atol=8)
    assert np.isclose(sum(n * HYDROGENS[e] for e, n in residue.items()), 7.9, atol=0.3)


def test_a_hole_in_ice_fades_before_the_atom_does() -> None:
    """At low resolution the ice displaced takes half of the contrast, beyond 3 Å nothing."""
    k = np.array([0.0, 0.4])
    bare = VOLT_A2 * (form_factor("C", k) + HYDROGENS["C"] * np.sinc(2 * k * 1.08) * form_factor("H", k))
    inside = atom_curve("C", 0.0, k, bare=True)
    assert 0.25 < inside[0] / bare[0] < 0.6
    assert inside[1] / bare[1] > 0.95


@pytest.mark.parametrize("seed", [1, 2])
def test_shared_curves_give_every_atom(seed: int) -> None:
    rng = np.random.default_rng(seed)
    atoms = Atoms(
        np.zeros((60, 3)), rng.choice(["C", "N", "O", "S", "P"], 60), rng.uniform(5, 150, 60).round(), rng.uniform(0.3, 1, 60)
    )
    shared = shared_curves(atoms, 0.5)
    k = np.linspace(0, 0.49, 37)
    got = shared.weights @ shared.at(k)
    expected = [
        occupancy * atom_curve(str(e), float(b), k, bare=True)
        for e, b, occupancy in zip(atoms.elements, atoms.bfactors_A2, atoms.occupancies)
    ]
    assert np.abs(got - expected).max() < 1e-3 * np.max(expected)
    assert len(shared.shapes) < 10


def test_ice_and_carbon_noise_are_of_the_known_strength() -> None:
    """Power of many scatterers: number an area x (2 phase)^2 x structure factor, by hand at one frequency."""
    k = np.array([0.5])
    ice = ice_power_A2(Ice(thickness_A=321.0), Microscope(), k)[0]
    phase = 6.526e-4 * 47.878 * water_form_factor(k)[0]
    assert np.isclose(ice, 10 * 32.1 / WATER_VOLUME_A3 * 4 * phase**2, rtol=0.01)
    low = np.array([0.05])
    grain = carbon_power_A2(Ice(carbon_thickness_A=120), Microscope(), low)[0]
    assert grain > 1.3 * ice_power_A2(Ice(), Microscope(), low)[0]
