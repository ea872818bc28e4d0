"""How atoms scatter electrons: form factors in ice, implicit hydrogens, and a few shared curves that carry them all."""

from dataclasses import dataclass

import gemmi
import numpy as np
from numpy.typing import NDArray

from vitreous.simulation.atoms import Atoms

PLANCK_J_S = 6.62607015e-34
ELECTRON_KG = 9.1093837015e-31
CHARGE_C = 1.602176634e-19
LIGHT_M_S = 299792458.0
VOLT_A2 = 1e20 * PLANCK_J_S**2 / (2 * np.pi * ELECTRON_KG * CHARGE_C)  # potential (V Å3) of a form factor of 1 Å: 47.88
WATER_VOLUME_A3 = 32.1  # of a molecule in amorphous ice, 0.93 g/cm3
# Hydrogens that a heavy atom carries in the mean of a protein, and their distance, for models without hydrogens.
HYDROGENS = {"C": 1.22, "N": 1.15, "O": 0.18, "S": 0.3}
HYDROGEN_BOND_A = 1.08
# Volume (Å3) of water that an atom with its hydrogens displaces; sums to the 134 Å3 of a mean residue.
DISPLACED_A3 = {"H": 5.15, "C": 20.0, "N": 9.4, "O": 10.2, "S": 22.0, "P": 5.7}
DISPLACED_OTHER_A3 = 12.0


def form_factor(element: str, k_1_A: NDArray[np.float64]) -> NDArray[np.float64]:
    """Electron form factor in Å at spatial frequencies k = 1/d (tables for crystallography, five Gaussians)."""
    table = gemmi.Element(element).c4322
    s2 = np.asarray(k_1_A)[..., None] ** 2 / 4
    return np.asarray((np.array(table.a) * np.exp(-np.array(table.b) * s2)).sum(-1))


def water_form_factor(k_1_A: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a water molecule, its hydrogens averaged over directions, in Å."""
    return form_factor("O", k_1_A) + 2 * np.sinc(2 * k_1_A * 0.96) * form_factor("H", k_1_A)


def ice_potential_V() -> float:
    """Mean inner potential of amorphous ice."""
    return float(VOLT_A2 * water_form_factor(np.zeros(1))[0] / WATER_VOLUME_A3)


def atom_curve(element: str, bfactor_A2: float, k_1_A: NDArray[np.float64], *, bare: bool) -> NDArray[np.float64]:
    """Potential (V Å3) of an atom against frequency: scattering less that of the ice it displaces, blurred by its B-factor.

    bare: the model has no hydrogens, so the atom carries those of a mean protein.
    """
    curve = form_factor(element, k_1_A)
    if bare:
        curve = curve + HYDROGENS.get(element, 0.0) * np.sinc(2 * k_1_A * HYDROGEN_BOND_A) * form_factor("H", k_1_A)
    volume = DISPLACED_A3.get(element, DISPLACED_OTHER_A3)
    if not bare:
        volume = max(volume - 5.15 * HYDROGENS.get(element, 0.0), 2.0)
    hole = ice_potential_V() * volume * np.exp(-np.pi * volume ** (2 / 3) * k_1_A**2)
    return np.asarray((VOLT_A2 * curve - hole) * np.exp(-bfactor_A2 * k_1_A**2 / 4))


@dataclass(frozen=True)
class Curves:
    """Every atom's curve as a mixture of a few: potential_i(k) = sum_r weights[i, r] shapes[r](k), shapes sampled at k_1_A."""

    k_1_A: NDArray[np.float64]
    shapes: NDArray[np.float64]
    weights: NDArray[np.float32]

    def at(self, k_1_A: NDArray[np.float64]) -> NDArray[np.float64]:
        """The shapes (r, ...) at frequencies in 1/Å."""
        return np.stack([np.interp(k_1_A, self.k_1_A, shape) for shape in self.shapes])


def shared_curves(atoms: Atoms, highest_1_A: float, *, tolerance: float = 1e-4) -> Curves:
    """The fewest curves that give every atom's potential up to a frequency within a relative tolerance (by SVD)."""
    k = np.linspace(0, highest_1_A, 200)
    bare = not bool((atoms.elements == "H").any())
    rounded = np.maximum(np.round(atoms.bfactors_A2), 0.0)
    kinds, which = np.unique(np.array([f"{e}/{b}" for e, b in zip(atoms.elements, rounded)]), return_inverse=True)
    curves = []
    for kind in kinds:
        element, bfactor = kind.split("/")
        curves.append(atom_curve(element, float(bfactor), k, bare=bare))
    u, s, vt = np.linalg.svd(np.array(curves), full_matrices=False)
    rank = max(1, int((s > tolerance * s[0]).sum()))
    weights = (u[:, :rank] * s[:rank])[which] * atoms.occupancies[:, None]
    return Curves(k, vt[:rank], weights.astype(np.float32))
