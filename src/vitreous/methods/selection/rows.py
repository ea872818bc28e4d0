"""Rows of a table by value, by outlying statistics, without duplicates, divided into parts, or put into new groups."""

from collections.abc import Mapping, Sequence

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
    """The rows farther than the distance from every earlier kept row of the same group (a micrograph); x, y in Å.

    Of a pair the first stays, and of a chain of neighbours as many as may; so does what has no place (x or y no number).
    """
    kept = np.ones(len(x_A), dtype=bool)
    if distance_A <= 0:
        return np.flatnonzero(kept)
    placed = np.isfinite(x_A) & np.isfinite(y_A)
    for group in groups:
        rows = group[placed[group]]
        places = np.stack([x_A[rows], y_A[rows]], axis=1)
        near = spatial.cKDTree(places).query_pairs(distance_A, output_type="ndarray")
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


def regrouped(
    groups: NDArray[np.int64], optics: NDArray[np.int64], scales: Mapping[int, float], *, count: int
) -> NDArray[np.int64]:
    """New group (n,) from 1 of each particle: old groups of like scale and one optics group put together, about `count` in all.

    groups, optics (n,): old scale group and optics group; scales: factor of an old group's signal, 1 where it is not known.
    Groups never come apart, so that there may be fewer than were asked for; each optics group has one at least.
    """
    made = np.zeros(len(groups), np.int64)
    size, last = len(groups) / count, 0
    for optic in np.unique(optics):
        mine = np.flatnonzero(optics == optic)
        old, inverse, sizes = np.unique(groups[mine], return_inverse=True, return_counts=True)
        order = np.lexsort((old, np.array([scales.get(int(group), 1.0) for group in old])))
        middle = np.cumsum(sizes[order]) - sizes[order] / 2
        wanted = max(1, round(len(mine) / size))
        place = np.unique(np.floor(middle * wanted / len(mine)), return_inverse=True)[1]
        new = np.empty(len(old), np.int64)
        new[order] = place + last + 1
        made[mine] = new[inverse]
        last = int(new.max())
    return made
