"""The judge of 3D classes: classes are matched to states whatever their numbers, and empty or extra ones do no harm."""

import importlib

import numpy as np
import pytest


@pytest.fixture(scope="module")
def matched(bench):
    return importlib.import_module("class3d_vs_relion").matched


def test_classes_are_matched_to_states(matched):
    state = np.array([1] * 70 + [2] * 30)
    swapped = np.where(state == 1, 2, 1)
    assert matched(state, swapped).share == 1.0
    assert matched(state, swapped).states == (2, 1)
    wrong = swapped.copy()
    wrong[:7] = 1
    assert matched(state, wrong).share == pytest.approx(0.93)
    three = np.where(np.arange(100) < 35, 3, swapped)
    assert matched(state, three).share == pytest.approx(0.65)
    assert matched(state, np.ones(100, int)).share == pytest.approx(0.7)
