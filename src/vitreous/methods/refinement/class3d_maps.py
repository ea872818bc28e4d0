"""Maximisation of 3D classification: noise, sums and the regularised map of every class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import fourier
from vitreous.maths.conventions import PADDING
from vitreous.methods.refinement import expectation3d, gold_standard
from vitreous.methods.refinement.class3d_scores import Turn
from vitreous.methods.refinement.gold_standard import Sums
from vitreous.methods.refinement.stock import Stock

Volume = NDArray[np.float32]
ClassSums = tuple[Sums, ...]
LEAST_SHARE = 1e-3  # of an image, below which it is not put into a class
PADDED = 8.0  # voxels of the padded transform for one of the map's: padding 2 in three dimensions


@dataclass(frozen=True)
class Made:
    """Maps of an iteration with the signal-to-noise and the noise (K, shells) of each."""

    maps: tuple[Volume, ...]
    signal_to_noise: NDArray[np.float64]
    map_noise: NDArray[np.float64]

    def repeated(self, times: int) -> "Made":
        """The same for each of several classes that share them."""
        tiled = (np.tile(field, (times, 1)) for field in (self.signal_to_noise, self.map_noise))
        return Made(self.maps * times, *tiled)


def noise(stock: Stock, turns: Sequence[Turn], *, before: NDArray[np.float64]) -> NDArray[np.float64]:
    """sigma2 (groups, shells) of what is left of all members' images; a group without images keeps the one of before."""
    sums = stock.context.team.sum(np.sum([turn.left for turn in turns], axis=0))
    everyone = np.flatnonzero(stock.usable())
    members = np.bincount(stock.groups[everyone], minlength=len(sums))
    count = np.bincount(stock.pixels.shell, minlength=sums.shape[1])
    made = sums / np.maximum(2.0 * count[None] * members[:, None], 1.0)
    made[:, 0] = made[:, 1]
    return np.where(members[:, None] > 0, expectation3d.floored(made), before)


def summed(stock: Stock, turn: Turn, *, noise: NDArray[np.float64], group: str, reach: int) -> ClassSums:
    """Images put into the 3D transforms of the classes by their shares, up to a shell; those of everybody."""
    inverse = (1.0 / noise).astype(np.float32)
    made = []
    for number, modes in enumerate(turn.modes):
        share = turn.shares[:, number]
        mine = np.flatnonzero(share > LEAST_SHARE)
        one = gold_standard.back_project(
            stock, turn.rows[mine], modes.select(mine), inverse_noise=inverse, group=group, share=share[mine], reach=reach
        )
        made.append(gold_standard.added(one, stock.context.team))
    return tuple(made)


def total(parts: Sequence[ClassSums]) -> ClassSums:
    """The sums of the parts, class by class."""
    first, *more = parts
    if not more:
        return first
    whole = [Sums(one.data.copy(), one.weights.copy()) for one in first]
    for part in more:
        for into, one in zip(whole, part):
            into.data[...] += one.data
            into.weights[...] += one.weights
    return tuple(whole)


def shells_within(memory_GB: float, count: int) -> int:
    """How many shells so many sums may reach in a memory: 12 bytes for each voxel of a padded half transform."""
    half = (0.25 * memory_GB * 1e9 / 12 / max(count, 1)) ** (1 / 3)
    return int((half - 2) / PADDING)


def prior_power(volume: Volume) -> NDArray[np.float64]:
    """tau2 (box // 2 + 1,): half the mean power of a map's transform by shell."""
    box = volume.shape[0]
    power = fourier.rfft3(torch.from_numpy(np.ascontiguousarray(volume))).abs().square().numpy()
    line = np.fft.fftfreq(box) * box
    radius = np.sqrt(line[:, None, None] ** 2 + line[None, :, None] ** 2 + np.arange(box // 2 + 1) ** 2.0)
    shell = np.rint(radius).astype(np.int64)
    twice = np.where((np.arange(box // 2 + 1) > 0) & (2 * np.arange(box // 2 + 1) != box), 2.0, 1.0) * np.ones(power.shape)
    total = np.bincount(shell.ravel(), (power * twice).ravel())
    mean: NDArray[np.float64] = 0.5 * total / np.bincount(shell.ravel(), twice.ravel())
    return mean[: box // 2 + 1]


def flattened(volume: Volume, mask: Volume, second: Volume | None = None) -> Volume:
    """A map under its mask; inside a second mask (1 = a solvent of its own) it is set to its mean there."""
    made = volume * mask
    if second is not None:
        made += second * np.float32((volume * second).sum(dtype=np.float64) / max(float(second.sum()), 1e-6))
    return made.astype(np.float32)


def regularised(
    sums: Sequence[Sums], before: Sequence[Volume], trust: float, *, mask: Volume, second: Volume | None = None
) -> Made:
    """Maps of the sums with a prior of T times the power of the map that was projected (Scheres 2012), under the mask.

    A class that no image belongs to keeps its map.
    """
    box = mask.shape[0]
    maps: list[Volume] = []
    ratios, noises = [], []
    for one, old in zip(sums, before):
        mean = _lengthened(PADDED * one.shell_means(), box // 2 + 1)
        ratio = trust * mean * prior_power(old)
        if mean[1:].max() > 0:
            maps.append(flattened(gold_standard.filtered(one, ratio, box), mask, second))
        else:
            maps.append(old)
        ratios.append(ratio)
        noises.append(1.0 / np.maximum(mean, 1e-30))
    return Made(tuple(maps), np.stack(ratios), np.stack(noises))


def _lengthened(curve: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """A curve cut to a length, or continued with zeros."""
    return np.concatenate([curve[:length], np.zeros(max(0, length - len(curve)))])
