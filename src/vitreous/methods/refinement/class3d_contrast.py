"""Maps to score against: what all classes have in common, and what sets each apart as far as the folds agree on it.

A class of few images has a noisy map of its own, and would lose every comparison for that alone; the more images a class has,
the more it would draw. So only the difference to the map of all images is the class's own, and it is shrunk by its own
signal-to-noise (Wiener), which the correlation of the differences between folds tells without bias.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.refinement import density, gold_standard, resolution
from vitreous.methods.refinement.class3d_maps import PADDED, ClassSums, flattened, total
from vitreous.methods.refinement.gold_standard import Sums

Volume = NDArray[np.float32]
Cube = NDArray[np.complex64]
NEUTRAL_T = 4.0  # the T at which differences are trusted just as far as the folds bear them out
LEAST_RATIO = 0.3  # signal-to-noise that a difference is granted in shells which the map of all images resolves


def common(sums: ClassSums) -> Sums:
    """The sums of all classes."""
    return total([(one,) for one in sums])[0]


def _quotient(sums: Sums, extra: NDArray[np.float32] | float) -> Cube:
    below = sums.weights + extra
    made: Cube = np.divide(sums.data, below, out=np.zeros_like(sums.data), where=below > 0)
    return made


def differences(parts: Sequence[ClassSums]) -> NDArray[np.float64]:
    """Power (K, shells) of what sets each class apart from all images, per component, by correlation between folds."""
    shell = density.cube_shells(parts[0][0].weights.shape[0]).ravel()
    count = int(shell.max()) + 1
    means = [_quotient(one, _floor(one, shell)) for one in map(common, parts)]
    power = np.zeros((len(parts[0]), count))
    for k in range(len(parts[0])):
        apart = [_quotient(part[k], _floor(part[k], shell)) - mean for part, mean in zip(parts, means)]
        cross, weight = np.zeros(count), np.zeros(count)
        for f, g in combinations(range(len(parts)), 2):
            one, two = parts[f][k].weights, parts[g][k].weights
            trust = np.divide(one * two, one + two, out=np.zeros_like(one), where=one + two > 0)
            product = apart[f].real * apart[g].real + apart[f].imag * apart[g].imag
            cross += np.bincount(shell, (trust * product).ravel(), count)
            weight += np.bincount(shell, trust.ravel(), count)
        power[k] = 0.5 * cross / np.maximum(weight, 1e-30)
    return np.maximum(power, 0.0)


def _floor(sums: Sums, shell: NDArray[np.int16]) -> NDArray[np.float32]:
    """A fifth of each shell's mean weight, so that voxels hardly seen do not dominate."""
    line: NDArray[np.float32] = (0.2 * sums.shell_means()).astype(np.float32)
    return line[shell].reshape(sums.weights.shape)


def agreement(parts: Sequence[ClassSums], *, mask: Volume) -> NDArray[np.float64]:
    """Signal-to-noise (shells) of the map of all images in one fold, under the mask: from the correlation of the first two."""
    one, two = (gold_standard.unfiltered(common(part), mask.shape[0]) for part in parts[:2])
    return resolution.signal_to_noise(resolution.half_map_fsc(one, two, mask))


def alone(
    parts: Sequence[ClassSums], ratio: NDArray[np.float64], low: int, *, mask: Volume, second: Volume | None = None
) -> tuple[Volume, ...]:
    """The map of all images of each of two folds, filtered; shells up to `low` are those of both, which keeps one hand."""
    halves = gold_standard.join_low([common(part) for part in parts[:2]], low)
    return tuple(flattened(gold_standard.filtered(one, ratio, mask.shape[0]), mask, second) for one in halves)


def scored(
    others: ClassSums, apart: NDArray[np.float64], ratio: NDArray[np.float64], trust: float, *, mask: Volume,
    focus: Volume | None = None, second: Volume | None = None,
) -> tuple[Volume, ...]:  # fmt: skip
    """A map of each class out of the other folds' sums; apart: differences(), ratio: signal-to-noise of all their images.

    focus (0..1): where alone the classes may differ; None: everywhere under the mask. second: see flattened().
    """
    box = mask.shape[0]
    shell = density.cube_shells(others[0].weights.shape[0])
    every = common(others)
    mean = every.shell_means()
    inside = shell <= min((box + 1) // 2 - 1, len(ratio) - 1)
    ratio = np.concatenate([ratio, np.zeros(max(0, len(mean) - len(ratio)))])[: len(mean)]
    whole = np.where(inside, _quotient(every, _extra(mean, ratio)[shell]), 0)
    plain = np.where(inside, _quotient(every, (1e-3 * mean.astype(np.float32))[shell]), 0)
    within = mask if focus is None else (mask * focus).astype(np.float32)
    filled = max(float((within.astype(np.float64) ** 2).mean()), 1e-6)  # of the box's noise stays in
    shared = flattened(density.from_cube(whole.astype(np.complex64), box), mask, second)
    maps = []
    for k, one in enumerate(others):
        own = one.shell_means()
        least = np.where(ratio > 1.0, LEAST_RATIO, 0.0)
        difference = np.maximum(trust / NEUTRAL_T * PADDED / filled * own * apart[k, : len(own)], least)
        rest = Sums(one.data - one.weights * plain, one.weights)
        change = np.where(inside, _quotient(rest, _extra(own, difference)[shell]), 0).astype(np.complex64)
        maps.append((density.from_cube(change, box) * within + shared).astype(np.float32))
    return tuple(maps)


def _extra(mean: NDArray[np.float64], ratio: NDArray[np.float64]) -> NDArray[np.float32]:
    """What a filter of this signal-to-noise by shell adds to the weights."""
    made: NDArray[np.float32] = (mean / np.maximum(ratio, 1e-6)).astype(np.float32)
    return made
