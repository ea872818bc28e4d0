"""How bright each image is and how strong its micrograph's signal: the norm and scale corrections of a 3D refinement.

Norm: what an image's residuals are against the noise of its group; the image is divided by it. Scale: the factor on the
slices that fits a micrograph's images, as in scale2d.py (Scheres 2012).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.refinement import density, slices
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.problem2d import Groups
from vitreous.methods.refinement.scale2d import Scales
from vitreous.methods.refinement.stock import Adjustment, Stock
from vitreous.tables.table import Table

Floats = NDArray[np.float64]

POSE_FREEDOMS = 5  # a pose at its best overstates the cross term by half of these on average
TRUSTED_FSC = 0.75  # shells beyond do not measure contrast: their SSNR is below 3
LEAST_NORM, MOST_NORM = 0.2, 5.0  # images beyond are not noise of this kind, and are left for the eye to find


@dataclass(frozen=True)
class Contrast:
    """norm (n,) of mean 1 over the images; scales of the groups."""

    norm: Floats
    scales: Scales

    @staticmethod
    def known(particles: Table, groups: Groups, *, norms: bool = True) -> "Contrast":
        """What a table says of earlier norms, brought to mean 1 (not norms: all are 1); nothing is known of scales."""
        norm = np.asarray(particles.get("norm_correction", 1.0) if norms else 1.0, float) * np.ones(len(particles))
        usable = norm > 0
        middle = norm[usable].mean() if usable.any() else 1.0
        return Contrast(np.where(usable, norm / middle, 1.0), Scales.ones(len(groups.names)))

    def adjustment(self, groups: Groups) -> Adjustment:
        """As the images of a stock are adjusted."""
        return Adjustment(self.norm.astype(np.float32), self.scales.factors[groups.of_row].astype(np.float32))


@dataclass(frozen=True)
class Residuals:
    """Of this member's rows: sums of |X - C A|^2 (groups, shells) and each image's residual noise (n,), 1 where as foretold."""

    sums: Floats
    relative: Floats


def residuals(
    stock: Stock, rows: NDArray[np.int64], modes: Modes, *, volume: NDArray[np.float32], noise: Floats, reach: int | None = None
) -> Residuals:
    """Residuals of masked images at their best poses, up to Nyquist; divide sums by 2 x pixels x images for sigma2.

    Beyond shell `reach` the map is taken for empty.
    """
    cube = density.to_cube(volume, stock.pixels.reach if reach is None else min(reach, stock.pixels.reach), stock.padding)
    best = modes.posterior().argmax(1)
    shells = stock.pixels.reach + 1
    total, relative = np.zeros((len(stock.group_names), shells)), np.ones(len(rows))
    at = 0
    for part in stock.chunks(rows):
        batch = stock.batch(part)
        here = np.arange(at, at + len(part))
        each = np.zeros((len(part), shells))
        slices.residuals(
            batch.masked, batch.ctf, stock.pixels.shell, (stock.pixels.index, cube, np.float32(stock.padding), stock.box),
            modes.rotations[here, best[here]], modes.origins[here, best[here]], np.arange(len(part)), each,
        )  # fmt: skip
        np.add.at(total, stock.groups[part], each)
        relative[here] = np.sqrt((each / noise[stock.groups[part]]).sum(1) / (2.0 * len(stock.pixels.index)))
        at += len(part)
    return Residuals(total, relative)


def trusted_shell(fsc: Floats) -> int:
    """The last shell before the FSC first falls below what measures contrast; at least 2."""
    below = np.flatnonzero(fsc[1:] < TRUSTED_FSC)
    return max(2, int(below[0]) if len(below) else len(fsc) - 1)


def updated(
    before: Contrast, groups: Groups, *, rows: NDArray[np.int64], relative: Floats, cross: Floats, power: Floats,
    norms: bool, scales: bool,
) -> Contrast:  # fmt: skip
    """The corrections after a round; rows are all members' and so are their values (n,), measured on adjusted images."""
    norm, factors = before.norm, before.scales
    if norms and len(rows):
        norm = before.norm.copy()
        norm[rows] = np.clip(norm[rows] * relative, LEAST_NORM, MOST_NORM)
        norm[rows] /= norm[rows].mean()
    if scales and len(rows):
        now = before.scales.factors[groups.of_row[rows]]
        found = np.stack([(cross - POSE_FREEDOMS / 2) / now, power / now**2], 1)
        factors = before.scales.updated(groups.of_row[rows], found, step=1.0, sizes=groups.sizes)
    return Contrast(norm, factors)
