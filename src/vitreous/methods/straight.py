"""Images as optics without distortion and without antisymmetric aberrations would have recorded them."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vitreous.arrays.source import ImageSource
from vitreous.context import UserError
from vitreous.maths.aberrations import beam_tilt_phase, odd_phase, phase_factor
from vitreous.maths.fourier import irfft2, rfft2
from vitreous.maths.grids import indices2
from vitreous.maths.kernels.sample import prepare_images, sample2
from vitreous.methods.particles import numbers_of
from vitreous.tables.table import Table

_TERMS = (
    *("mag_matrix_00", "mag_matrix_01", "mag_matrix_10", "mag_matrix_11"),
    *("beam_tilt_x_mrad", "beam_tilt_y_mrad", "odd_zernike"),
)
_LARGEST = 0.3
"""Magnification matrices further from 1 than this are taken for a mistake."""


@dataclass(frozen=True)
class Optics:
    """One group: matrix M (2, 2), frequency k of its images is M k of the specimen's; tilt in mrad; odd terms in rad."""

    matrix: NDArray[np.float64]
    tilt_mrad: tuple[float, float]
    odd: tuple[float, ...]
    voltage_kV: float
    cs_mm: float

    @property
    def distorts(self) -> bool:
        return not np.array_equal(self.matrix, np.eye(2))

    @property
    def aberrant(self) -> bool:
        """Whether there are antisymmetric aberrations."""
        return any(self.tilt_mrad) or any(self.odd)

    @property
    def ideal(self) -> bool:
        """Images of this group stay as they are."""
        return not self.distorts and not self.aberrant

    def undistorted(self, kx: Tensor, ky: Tensor) -> tuple[Tensor, Tensor]:
        """Frequencies of the specimen at frequencies of the recorded image: M k."""
        m = self.matrix.tolist()
        return m[0][0] * kx + m[0][1] * ky, m[1][0] * kx + m[1][1] * ky

    def demodulation(self, box: int, pixel_size_A: float, *, recorded: bool = False) -> Tensor:
        """exp(-i g) on the half-transform grid (N, N//2+1), complex64; 1 at Nyquist.

        The grid's frequencies are the specimen's, or those of the recorded image.
        """
        kx, ky = (index / (box * pixel_size_A) for index in indices2(box))
        if recorded:
            kx, ky = self.undistorted(kx, ky)
        phase = odd_phase(kx, ky, self.odd)
        phase = phase + beam_tilt_phase(kx, ky, tilt_mrad=self.tilt_mrad, voltage_kV=self.voltage_kV, cs_mm=self.cs_mm)
        if box % 2 == 0:
            phase[box // 2] = 0.0
            phase[:, -1] = 0.0
        return phase_factor(-phase).to(torch.complex64)


IDEAL = Optics(np.eye(2), (0.0, 0.0), (), 300.0, 2.7)


class Straightened:
    """The images of a source without their groups' distortion and antisymmetric aberrations, when they are read."""

    def __init__(self, source: ImageSource, groups: Sequence[Optics], member: NDArray[np.int64], pixel_size_A: float) -> None:
        self.source, self.groups, self.member, self.pixel_size_A = source, groups, member, pixel_size_A
        self._demodulation = functools.lru_cache(maxsize=None)(self._demodulation_of)

    def __len__(self) -> int:
        return len(self.source)

    def read(self, indices: Any) -> NDArray[np.float32]:
        """Images (n, N, N) by index from 0; those that are empty or hold NaN come as they are."""
        rows = np.asarray(indices)
        images = np.array(self.source.read(rows), np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            sound = images.std(axis=(1, 2)) > 0
        for number in np.unique(self.member[rows]).tolist():
            if not self.groups[number].ideal:
                which = np.flatnonzero(sound & (self.member[rows] == number))
                images[which] = self._straight(torch.from_numpy(images[which]), number).numpy()
        return images

    def straight(self, origins: NDArray[np.float64], rows: Any = slice(None)) -> NDArray[np.float64]:
        """Origins (n, 2) of recorded images, any unit, as those of the straightened images of these rows."""
        inverse = np.linalg.inv(np.stack([group.matrix for group in self.groups]))
        moved: NDArray[np.float64] = np.einsum("nji,nj->ni", inverse[self.member[rows]], origins)
        return moved

    def recorded(self, origins: NDArray[np.float64], rows: Any = slice(None)) -> NDArray[np.float64]:
        """The inverse of straight: what a file of the recorded images says."""
        matrices = np.stack([group.matrix for group in self.groups])
        moved: NDArray[np.float64] = np.einsum("nji,nj->ni", matrices[self.member[rows]], origins)
        return moved

    def _demodulation_of(self, number: int, box: int) -> Tensor:
        return self.groups[number].demodulation(box, self.pixel_size_A)

    def _straight(self, images: Tensor, number: int) -> Tensor:
        box = images.shape[-1]
        group = self.groups[number]
        ft = undistorted(images, group.matrix) if group.distorts else rfft2(images)
        return irfft2(ft * self._demodulation(number, box), box)


def undistorted(images: Tensor, matrix: NDArray[np.float64]) -> Tensor:
    """Half transforms (n, N, N//2+1) of images (n, N, N) at M^-1 k: as M, the distortion, would not have been.

    Zero at Nyquist and where M^-1 k lies beyond it.
    """
    box = images.shape[-1]
    kx, ky = (k.expand(box, box // 2 + 1) for k in indices2(box))
    inverse = torch.from_numpy(np.linalg.inv(matrix))
    there_x, there_y = inverse[0, 0] * kx + inverse[0, 1] * ky, inverse[1, 0] * kx + inverse[1, 1] * ky
    edge = box / 2 - 1e-3
    known = (torch.maximum(kx.abs(), ky.abs()) < edge) & (torch.maximum(there_x.abs(), there_y.abs()) < edge)
    out = torch.zeros((len(images), box, box // 2 + 1), dtype=torch.complex64)
    out[:, known] = sample2(prepare_images(images), there_x[known], there_y[known])
    return out


def straightened(source: ImageSource, particles: Table, pixel_size_A: float) -> ImageSource:
    """The source itself, or its images straightened, where the table's optics groups ask for it."""
    known = set(particles) | set(particles.optics or ())
    if not known & set(_TERMS):
        return source
    groups, member = optics_of(particles)
    return source if all(group.ideal for group in groups) else Straightened(source, groups, member, pixel_size_A)


def optics_of(particles: Table) -> tuple[list[Optics], NDArray[np.int64]]:
    """What the optics of a table do to images beyond the CTF, in groups of one setting, and the group of each row."""
    names = [*_TERMS, "voltage_kV", "cs_mm"]
    neutral = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, "", 300.0, 2.7]
    columns = [_column(particles, name, value) for name, value in zip(names, neutral)]
    found: dict[tuple[Any, ...], int] = {}
    member = np.array([found.setdefault(row, len(found)) for row in zip(*(c.tolist() for c in columns))], np.int64)
    return [_group(*row) for row in found], member


def _column(particles: Table, name: str, neutral: Any) -> NDArray[Any]:
    """A value of the optics spread over the rows; the neutral one where no table has it."""
    if name in particles or (particles.optics is not None and name in particles.optics):
        return particles.optics_column(name)
    return np.full(len(particles), neutral, object if isinstance(neutral, str) else float)


def _group(*values: Any) -> Optics:
    *numbers, odd, voltage, cs = values
    matrix = np.array(numbers[:4], float).reshape(2, 2)
    if not np.abs(matrix - np.eye(2)).max() <= _LARGEST:
        raise UserError(
            f"the magnification matrix {matrix.tolist()} of an optics group is no small distortion: check the columns "
            "rlnMagMat00 to rlnMagMat11 of the optics table"
        )
    return Optics(matrix, (float(numbers[4]), float(numbers[5])), numbers_of(odd, "rlnOddZernike"), float(voltage), float(cs))
