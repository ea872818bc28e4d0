"""Rows of a table by value, by outlying statistics, without duplicates, and divided into parts: all give row numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import spatial

from vitreous.methods.selection.settings import Splitting

Rows = NDArray[np.intp]


def by_value(values: NDArray[np.float64], lowest: float, highest: float) -> Rows:
    """The rows with lowest <= value <= highest; a value that is no number is in no range."""
    return np.flatnonzero((values >= lowest) & (values <= highest))


def without_outliers(*statistics: NDArray[np.float64], sigma: float) -> Rows:
    """The rows in which each statistic is within sigma standard deviations (over all rows) of its mean."""
    good = np.ones(len(statistics[0]), dtype=bool)
    for values in statistics:
        finite = np.isfinite(values)
        middle, spread = (float(values[finite].mean()), float(values[finite].std())) if finite.any() else (0.0, 0.0)
        good &= finite & (np.abs(np.where(finite, values, middle) - middle) <= sigma * spread + 1e-12)
    return np.flatnonzero(good)


def without_duplicates(groups: Sequence[Rows], x_A: NDArray[np.float64], y_A: NDArray[np.float64], *, distance_A: float) -> Rows:
    """The rows that are not within the distance of an earlier kept row of the same group (a micrograph); x, y in Å."""
    kept = np.ones(len(x_A), dtype=bool)
    if distance_A <= 0:
        return np.flatnonzero(kept)
    for rows in groups:
        places = np.stack([x_A[rows], y_A[rows]], axis=1)
        near = spatial.cKDTree(places).query_pairs(distance_A * (1 - 1e-9), output_type="ndarray")
        for first, second in near[np.lexsort((near[:, 1], near[:, 0]))]:
            if kept[rows[first]]:
                kept[rows[second]] = False
    return np.flatnonzero(kept)


def parts(count: int, splitting: Splitting, *, random: np.random.Generator) -> list[Rows]:
    """The row numbers of each part. With size and number both given, rows beyond the last part are left out."""
    size, number = splitting.part_size, splitting.part_count
    if size <= 0 and number <= 0:
        raise ValueError("give the size of the parts, or how many there should be")
    if size <= 0:
        size = -(-count // number)
    if number <= 0:
        number = -(-count // size)
    order = random.permutation(count) if splitting.random_order else np.arange(count)
    return [order[start : start + size] for start in range(0, number * size, size) if start < count]
