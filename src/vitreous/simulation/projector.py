"""Projections and maps of atoms, exact central slices of one another: sums of form factors at the atoms' places."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from vitreous.simulation.atoms import Atoms
from vitreous.simulation.scattering import shared_curves
from vitreous.simulation.spread import transform2, transform3


def frequencies(box: int, pixel_size_A: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """kx (1, box//2+1) and ky (box, 1) of a half transform, in 1/Å."""
    kx, ky = np.fft.rfftfreq(box, pixel_size_A), np.fft.fftfreq(box, pixel_size_A)
    return np.asarray(kx[None, :], np.float64), np.asarray(ky[:, None], np.float64)


class Projector:
    """Projects atoms into square images of one box and pixel size.

    A pixel of a projection is the sum of the map's voxels along the beam, in volts; multiply by the pixel size for V Å.
    """

    def __init__(self, atoms: Atoms, *, box: int, pixel_size_A: float) -> None:
        self.atoms, self.box, self.pixel_size_A = atoms, box, pixel_size_A
        kx, ky = frequencies(box, pixel_size_A)
        self._curves = shared_curves(atoms, np.sqrt(3) / (2 * pixel_size_A) * 1.01)
        self._shapes = (self._curves.at(np.hypot(kx, ky)) / pixel_size_A**3).astype(np.float32)

    def transform(self, matrix: NDArray[np.float64], shift_A: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.complex64]:
        """The projection's half transform (box, box//2+1), unnormalised, phases about pixel box//2, DC at 0.

        A point r of the specimen lands at (matrix r)_xy + shift_A, x and y from pixel box//2.
        """
        places = (self.atoms.positions_A @ matrix[:2].T + np.asarray(shift_A)) / self.pixel_size_A
        parts = transform2(places, self._curves.weights, self.box)
        return np.asarray((parts * self._shapes).sum(0), np.complex64)

    def image(self, matrix: NDArray[np.float64], shift_A: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.float32]:
        """The projection (box, box) itself, in V a voxel."""
        return np.asarray(to_image(self.transform(matrix, shift_A), self.box), np.float32)

    def volume(self) -> NDArray[np.float32]:
        """The map (box, box, box) [z, y, x] in volts relative to ice, the specimen's origin at voxel box//2."""
        kx, ky = frequencies(self.box, self.pixel_size_A)
        k = np.sqrt(kx[None] ** 2 + ky[None] ** 2 + np.fft.fftfreq(self.box, self.pixel_size_A)[:, None, None] ** 2)
        shapes = self._curves.at(k)
        places = self.atoms.positions_A / self.pixel_size_A
        total = np.zeros(k.shape, np.complex64)
        for r, shape in enumerate(shapes):
            total += transform3(places, np.ascontiguousarray(self._curves.weights[:, r]), self.box) * shape
        real = fft.irfftn(total / self.pixel_size_A**3, s=(self.box,) * 3)
        return np.asarray(np.roll(real, (self.box // 2,) * 3, (0, 1, 2)), np.float32)


def to_image(transform: NDArray[np.complex64], box: int) -> NDArray[np.float32]:
    """A half transform with phases about pixel box//2 as an image with that pixel in the middle."""
    return np.asarray(np.roll(fft.irfft2(transform, s=(box, box)), (box // 2, box // 2), (-2, -1)), np.float32)
