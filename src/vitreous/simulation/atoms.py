"""Atoms: what a specimen is made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Atoms:
    """positions_A (n, 3) x, y, z with the centre of rotation at 0; elements (n,) symbols; bfactors_A2 (n,); occupancies (n,)."""

    positions_A: NDArray[np.float64]
    elements: NDArray[np.str_]
    bfactors_A2: NDArray[np.float64]
    occupancies: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.positions_A)

    @property
    def diameter_A(self) -> float:
        """The diameter of the sphere about the centre that holds 99.5 % of the atoms."""
        return float(2 * np.quantile(np.linalg.norm(self.positions_A, axis=1), 0.995)) if len(self) else 0.0

    def copies(self, matrices: NDArray[np.float64]) -> "Atoms":
        """The atoms under each of the rotations (m, 3, 3), one set after another."""
        turned = np.einsum("mij,nj->mni", matrices, self.positions_A).reshape(-1, 3)
        times = len(matrices)
        return Atoms(turned, np.tile(self.elements, times), np.tile(self.bfactors_A2, times), np.tile(self.occupancies, times))
