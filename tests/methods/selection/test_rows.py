"""Rows by value, statistics, distance, and parts."""

import numpy as np
import pytest

from vitreous.methods.selection.rows import by_value, parts, regrouped, without_duplicates, without_outliers
from vitreous.methods.selection.settings import Splitting


def test_values_in_a_range_with_its_ends_and_no_missing_ones():
    assert by_value(np.array([1, 2, np.nan, 3, 4.0]), 2, 3).tolist() == [1, 3]


def test_outliers_of_either_statistic_go():
    rng = np.random.default_rng(2)
    mean, spread = rng.normal(size=200), rng.normal(size=200)
    mean[7], spread[9], mean[11] = 50, -50, np.nan
    left = without_outliers(mean, spread, sigma=5)
    assert sorted(set(range(200)) - set(left.tolist())) == [7, 9, 11]
    assert len(without_outliers(np.full(5, 2.0), np.full(5, 1.0), sigma=4)) == 5


def test_duplicates_agree_with_the_definition():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 300, (2, 120))
    group = rng.integers(0, 2, 120)
    kept: list[int] = []
    for i in range(120):
        if all(group[i] != group[j] or np.hypot(x[i] - x[j], y[i] - y[j]) > 25 for j in kept):
            kept.append(i)
    groups = [np.flatnonzero(group == g) for g in (0, 1)]
    assert without_duplicates(groups, x, y, distance_A=25).tolist() == kept
    assert len(without_duplicates(groups, x, y, distance_A=0)) == 120


def test_parts_by_size_by_number_and_shuffled():
    rng = np.random.default_rng(4)
    assert [len(p) for p in parts(25, Splitting(part_size=10), random=rng)] == [10, 10, 5]
    assert [len(p) for p in parts(25, Splitting(part_size=-1, part_count=4), random=rng)] == [7, 7, 7, 4]
    assert [p.tolist() for p in parts(5, Splitting(part_size=2, part_count=2), random=rng)] == [[0, 1], [2, 3]]
    shuffled = np.concatenate(parts(50, Splitting(part_size=20, random_order=True), random=rng))
    assert sorted(shuffled) == list(range(50))
    assert shuffled.tolist() != list(range(50))
    with pytest.raises(ValueError, match="size of the parts"):
        parts(5, Splitting(part_size=-1), random=rng)


def test_groups_of_like_scale_come_together_within_their_optics_group():
    rng = np.random.default_rng(5)
    optics = np.repeat([1, 2], [600, 300])
    groups = np.concatenate([rng.integers(1, 21, 600), rng.integers(21, 31, 300)])
    scales = {int(g): float(s) for g, s in zip(range(1, 31), rng.uniform(0.5, 1.5, 30))}
    new = regrouped(groups, optics, scales, count=6)
    assert sorted(set(new.tolist())) == [1, 2, 3, 4, 5, 6]
    assert set(new[optics == 1]).isdisjoint(new[optics == 2])
    assert np.bincount(new)[1:].min() > 80
    assert all(len(set(new[groups == g])) == 1 for g in range(1, 31))
    for one, next_one in ((1, 2), (2, 3), (3, 4), (5, 6)):
        assert max(scales[g] for g in set(groups[new == one])) <= min(scales[g] for g in set(groups[new == next_one]))
    assert regrouped(groups, optics, {}, count=1).tolist() == optics.tolist()
    assert len(np.unique(regrouped(groups, optics, scales, count=500))) == 30


def test_each_particle_of_a_chain_of_neighbours_that_may_stay_does():
    x = np.array([0.0, 20, 40, 60])
    assert without_duplicates([np.arange(4)], x, 0 * x, distance_A=25).tolist() == [0, 2]
    assert without_duplicates([np.arange(4)], x, 0 * x, distance_A=20).tolist() == [0, 2]


def test_what_has_no_place_is_no_duplicate():
    x = np.array([0.0, np.nan, 2, np.inf, np.nan])
    assert without_duplicates([np.arange(5)], x, np.zeros(5), distance_A=25).tolist() == [0, 1, 3, 4]
