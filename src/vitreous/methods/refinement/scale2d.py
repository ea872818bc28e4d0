"""The contrast of each group of images (a micrograph's) against the classes: the scale correction.

s_g multiplies the CTF of a group's images. It is the sum of image . class over that of class . class, both weighted by
the noise, at the likeliest pose and over shells where the class stands well above its noise (Scheres 2012).
"""

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.methods.refinement.expectation import BlockResult, Model
from vitreous.methods.refinement.prepare import Batch

Floats = NDArray[np.float64]

TRUSTED_SSNR = 3.0
WIDEST = 5.0  # times the median, and the median over it: the limits
PRIOR = 20.0  # information of the prior, which holds groups that few images measure at the mean: a deviation of 0.22
KNOWN = 200.0  # information of factors that were read from a file
POSE_FREEDOMS = 3  # angle and shifts at their best overstate image . class by half of these on average


@dataclass(frozen=True)
class Scales:
    """By group: factors (g,) of mean 1 over the images; and running sums (g,) of image . class and class . class."""

    factors: Floats
    cross: Floats
    power: Floats

    @staticmethod
    def ones(groups: int) -> "Scales":
        """Nothing known yet."""
        return Scales(np.ones(groups), np.zeros(groups), np.zeros(groups))

    @staticmethod
    def known(factors: Floats) -> "Scales":
        """Factors that were found before, held as firmly as by a few images each."""
        return Scales(factors, factors * KNOWN, np.full(len(factors), KNOWN))

    def updated(self, group: NDArray[np.int64], found: Floats, *, step: float, sizes: NDArray[np.int64]) -> "Scales":
        """With what images of these groups (n,) measured, found (n, 2); sizes (g,) images of each.

        The sums of a group fade by a step where it is seen anew; one is all that counts then, as in full passes.
        """
        count = len(self.factors)
        kept = np.where(np.bincount(group, minlength=count) > 0, 1 - step, 1.0)
        cross = kept * self.cross + np.bincount(group, found[:, 0], count)
        power = kept * self.power + np.bincount(group, found[:, 1], count)
        if power.sum() <= 0 or cross.sum() <= 0:
            return Scales(np.ones(count), cross, power)
        mean = cross.sum() / power.sum()
        return Scales(_bounded((cross + PRIOR * mean) / (power + PRIOR), sizes), cross, power)


def _bounded(factors: Floats, sizes: NDArray[np.int64]) -> Floats:
    """Factors not too far from their median, of mean 1 over the images."""
    middle = float(np.median(factors[sizes > 0]))
    held = np.clip(factors, middle / WIDEST, middle * WIDEST)
    return held * (sizes.sum() / (held * sizes).sum())


def measured(batch: Batch, model: Model, result: BlockResult, *, ssnr: torch.Tensor, factors: Floats) -> Floats:
    """image . class and class . class (n, 2) of a block whose CTFs hold these factors (n,), which are taken out again.

    ssnr (K, shells or more) says which shells of each class count.
    """
    grid = model.grid
    trusted = ssnr[:, : grid.shells + 1] > TRUSTED_SSNR
    upto = int(trusted.any(0).nonzero().max()) + 1 if bool(trusted.any()) else 0
    if upto == 0:
        return np.zeros((len(factors), 2))
    samples = model.samples[:, :upto]
    weight = (trusted[:, :upto] * grid.quadrature[:upto]).float()
    place = np.rint(-result.psi_deg * (grid.angles / 360.0)).astype(np.int64) % grid.angles
    shift = result.shift_px * (-2 * math.pi / grid.box)
    real, imag = (part.numpy() for part in batch.score_columns)
    cross = np.zeros(len(factors))
    _add_products(real, imag, samples.numpy(), weight.numpy(), result.classes, place, shift, cross)
    square = (samples.abs().square().mean(-1) * grid.half * weight)[torch.from_numpy(result.classes)]
    power = (batch.norm[:, :upto] * square).sum(1).double().numpy()
    return np.stack([np.where(power > 0, cross - POSE_FREEDOMS / 2, 0.0) / factors, power / factors**2], 1)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _add_products(
    real: NDArray[Any],
    imag: NDArray[Any],
    samples: NDArray[Any],
    weight: NDArray[Any],
    classes: NDArray[Any],
    place: NDArray[Any],
    shift: NDArray[Any],
    cross: NDArray[Any],
) -> None:
    """Add to cross (n,) the real part of image times phase times conj(class), weighted by shell (K, shells).

    Images are columns (half, shells or more, n); the class is turned by place (n,) angles; shift (n, 2) in radians a cycle.
    """
    half, shells, count = real.shape[0], samples.shape[1], real.shape[2]
    for h in range(half):
        x, y = math.cos(math.pi * h / half), math.sin(math.pi * h / half)
        for n in range(count):
            k, at = classes[n], (h - place[n]) % (2 * half)
            sign = np.float32(1) if at < half else np.float32(-1)
            turn = x * shift[n, 0] + y * shift[n, 1]
            c, s = np.float32(math.cos(turn)), np.float32(math.sin(turn))
            p, q = np.float32(1), np.float32(0)
            total = np.float32(0)
            for r in range(shells):
                a = samples[k, r, at % half]
                u, v = real[h, r, n], imag[h, r, n]
                total += weight[k, r] * ((u * p - v * q) * a.real + (u * q + v * p) * a.imag * sign)
                p, q = p * c - q * s, p * s + q * c
            cross[n] += total
