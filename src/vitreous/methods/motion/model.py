"""The smooth field of local motion: a polynomial in place and time, 18 coefficients a direction.

s(x, y, z) = sum over P of P(x, y) (c1 z + c2 z^2 + c3 z^3), P = 1, x, x^2, y, y^2, x y, with x, y = pixel / size - 0.5 and
z = frames since the first; in pixels of the original frame, added to the global shift, of its sign, zero at the first frame.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
PLACE_TERMS = 6
TIME_TERMS = 3
COEFFICIENTS = PLACE_TERMS * TIME_TERMS


def place_terms(x: Floats, y: Floats) -> Floats:
    """(n, 6) values of 1, x, x^2, y, y^2, xy."""
    return np.stack([np.ones_like(x), x, x * x, y, y * y, x * y], axis=-1)


def time_terms(z: Floats) -> Floats:
    """(n, 3) values of z, z^2, z^3."""
    return np.stack([z, z**2, z**3], axis=-1)


@dataclass(frozen=True)
class LocalMotion:
    """Coefficients (2, 18), x then y, place by place, each with its three powers of time."""

    coefficients: Floats

    @staticmethod
    def none() -> "LocalMotion":
        return LocalMotion(np.zeros((2, COEFFICIENTS)))

    @property
    def moves(self) -> bool:
        return bool(np.any(self.coefficients))

    def at(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Shifts (points, frames, 2) at places x, y in (-0.5, 0.5) and frames z."""
        split = self.coefficients.reshape(2, PLACE_TERMS, TIME_TERMS)
        return np.einsum("np,dpt,ft->nfd", place_terms(x, y), split, time_terms(z))

    def in_frame(self, z: float) -> Floats:
        """(2, 6): what multiplies 1, x, x^2, y, y^2, xy in frame z, for x and y."""
        split = self.coefficients.reshape(2, PLACE_TERMS, TIME_TERMS)
        return split @ time_terms(np.array([z]))[0]


@dataclass(frozen=True)
class Basis:
    """The same field in terms that do not overlap: orthonormal over the patches' places and, less their mean, over frames.

    place (patches, 6), time (frames, 3); back_place and back_time bring coefficients to the monomials.
    """

    place: Floats
    time: Floats
    back_place: Floats
    back_time: Floats

    @staticmethod
    def of(x: Floats, y: Floats, z: Floats) -> "Basis":
        """For patches at x, y and frames z; terms that the patches or frames cannot tell apart are left out (zero)."""
        place, back_place = _orthonormal(place_terms(x, y))
        scaled = time_terms(z / max(float(z.max()), 1.0))
        time, back_time = _orthonormal(scaled - scaled.mean(0))
        powers = max(float(z.max()), 1.0) ** -np.arange(1.0, TIME_TERMS + 1)
        return Basis(place, time, back_place, powers[:, None] * back_time)

    @property
    def penalty(self) -> Floats:
        """Relative inverse variances expected of the (6 x 3) coefficients: rough terms are rarer than smooth ones."""
        place = np.array([1.0, 1.0, 4.0, 1.0, 4.0, 4.0])
        time = np.array([1.0, 3.0, 9.0])
        return np.outer(place, time)

    def motion(self, coefficients: Floats) -> LocalMotion:
        """The field of coefficients (2, 6, 3) of this basis."""
        return LocalMotion(np.einsum("pq,dqu,tu->dpt", self.back_place, coefficients, self.back_time).reshape(2, COEFFICIENTS))


def _orthonormal(terms: Floats) -> tuple[Floats, Floats]:
    """Columns made orthogonal with mean square 1, first ones first, and the matrix that does it (terms @ matrix)."""
    count = terms.shape[1]
    made, matrix = np.zeros_like(terms), np.zeros((count, count))
    for column in range(count):
        recipe = np.zeros(count)
        recipe[column] = 1.0
        value = terms[:, column].copy()
        for _ in range(2):
            for before in range(column):
                overlap = float(value @ made[:, before]) / len(terms)
                value -= overlap * made[:, before]
                recipe -= overlap * matrix[:, before]
        size = float(np.sqrt(np.mean(value**2)))
        if size > 1e-6 * max(float(np.sqrt(np.mean(terms[:, column] ** 2))), 1e-300):
            made[:, column], matrix[:, column] = value / size, recipe / size
    return made, matrix
