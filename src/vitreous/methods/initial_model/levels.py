"""The particles on a small grid: images cropped in Fourier space, their stock and noise, and maps out of sums on that grid."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.context import Context
from vitreous.maths import fourier, masks
from vitreous.methods.initial_model import soft
from vitreous.methods.initial_model.settings import InitialModelSettings
from vitreous.methods.refinement import expectation3d, gold_standard
from vitreous.methods.refinement.search import Shifts
from vitreous.methods.refinement.stock import READ_AT_ONCE, Stock
from vitreous.tables.table import Table

Volume = NDArray[np.float32]
SIGMA_ORIGIN_A = 15.0  # spread of the origins about the centre
STEPS_A_WAVE = 0.33  # step of the shifts over the finest wavelength that is scored
FELT = 0.25  # of that wavelength: a range of shifts below it need not be searched


def box_for(shells: int, full_box: int) -> int:
    """An even box that holds shells with some room, and is no larger than the images."""
    return min(full_box, 2 * int(np.ceil(1.25 * shells + 3)))


def regridded(volume: Volume, box: int) -> Volume:
    """A map on a grid of the same length with `box` voxels, its projections' grey scale unchanged."""
    made: Volume = fourier.resize3(torch.from_numpy(np.ascontiguousarray(volume, np.float32)), box).numpy()
    return (made * (volume.shape[0] / box)).astype(np.float32)


def known_origins(particles: Table) -> NDArray[np.float64]:
    """Origins (n, 2) in Å that the particles come with, of a 2D classification say; zero where they have none."""
    columns = [np.asarray(particles.get(f"origin_{axis}_A", 0.0), float) * np.ones(len(particles)) for axis in "xy"]
    return np.stack(columns, axis=1)


class Shrunk:
    """Images cropped to a small box, this member's held in memory; one that is not all numbers stays so.

    origins_px (n, 2), in pixels of the small box: images are moved by them, which centres them.
    """

    def __init__(self, source: ImageSource, box: int, context: Context, *, origins_px: NDArray[np.float64] | None = None) -> None:
        self._source, self._box, self._own = source, box, context.team.share(len(source))
        self._origins = None if origins_px is None or not origins_px.any() else torch.from_numpy(origins_px)
        self._held = np.empty((len(self._own), box, box), np.float32)
        for first in range(0, len(self._own), READ_AT_ONCE):
            context.check()
            part = slice(first, min(first + READ_AT_ONCE, len(self._own)))
            self._held[part] = self._small(np.arange(part.start, part.stop) + self._own.start)

    def __len__(self) -> int:
        return len(self._source)

    def read(self, indices: Any) -> NDArray[np.float32]:
        """Images (n, box, box) by index from 0."""
        at = np.asarray(indices) - self._own.start
        if len(at) and at.min() >= 0 and at.max() < len(self._own):
            return self._held[at]
        return self._small(np.asarray(indices))

    def _small(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        images = self._source.read(indices)
        finite: NDArray[np.bool_] = np.asarray(np.isfinite(images).all(axis=(1, 2)))
        plain = torch.from_numpy(np.where(finite[:, None, None], images, np.float32(0)))
        made = fourier.resize2(plain, self._box)
        if self._origins is not None:
            moved = fourier.shift2(fourier.rfft2(made), self._origins[torch.from_numpy(np.asarray(indices))], self._box)
            made = fourier.irfft2(moved, self._box)
        small: NDArray[np.float32] = made.numpy()
        small[~finite] = np.nan
        return small


class Level:
    """A stock on one grid, with its mask, its samples and the noise (groups, shells) of its images as they come."""

    def __init__(
        self, source: ImageSource, particles: Table, *, box: int, pixel_size_A: float, settings: InitialModelSettings,
        context: Context, origins_A: NDArray[np.float64] | None = None,
    ) -> None:  # fmt: skip
        self.settings, self.box, self.pixel_size_A = settings, box, pixel_size_A
        origins_px = None if origins_A is None else origins_A / pixel_size_A
        self.source = Shrunk(source, box, context, origins_px=origins_px)
        self.stock = Stock(
            self.source, particles, pixel_size_A=pixel_size_A, diameter_A=settings.shape.particle_diameter_A, context=context,
            ctf=settings.images.correct_ctf,
        )  # fmt: skip
        self.held = soft.Held(self.stock)
        self.mask: Volume = masks.sphere(box, self.stock.radius_px, 3.0).numpy()
        self.noise = expectation3d.first_noise(self.stock, np.flatnonzero(self.stock.usable()))

    def map_of(self, sums: gold_standard.Sums, ratio: NDArray[np.float64]) -> Volume:
        """The map of sums filtered by a signal-to-noise ratio a shell, without solvent or negative density."""
        return self.solvent(gold_standard.filtered(sums, ratio, self.box))

    def trusted(self, shells: int, ratio: float) -> NDArray[np.float64]:
        """The same ratio in shells 0..shells, none beyond."""
        return np.where(np.arange(self.box // 2 + 1) <= shells, ratio, 1e-6)

    def solvent(self, volume: Volume) -> Volume:
        """The map under its mask and without negative density, if that is wanted."""
        if not self.settings.shape.flatten_solvent:
            return volume.astype(np.float32)
        return np.maximum(volume * self.mask, 0.0).astype(np.float32)

    def grid(self, order: int, shells: int, group: str, ratio: float) -> soft.Grid:
        """Poses for a pass up to a shell; ratio is this box over the particles', in which ranges and steps are given."""
        poses, wave = self.settings.poses, self.box / shells
        radius = poses.offset_range_px * ratio
        step = max(poses.offset_step_px * ratio, STEPS_A_WAVE * wave)
        if radius >= FELT * wave:
            step = min(step, max(radius, 0.1))
        return soft.Grid(order, shells, Shifts.within(radius, step, SIGMA_ORIGIN_A / self.pixel_size_A), group)
