"""Maxima between samples."""

import numpy as np
import pytest

from vitreous.maths.parabola import vertex


@pytest.mark.parametrize("top", [-0.5, -0.2, 0.0, 0.31, 0.5])
def test_the_top_of_a_parabola_is_found(top):
    values = [3 - 2 * (x - top) ** 2 for x in (-1, 0, 1)]
    assert float(vertex(*values)) == pytest.approx(top)


def test_no_step_without_a_maximum_and_none_beyond_half_a_sample():
    left, middle, right = np.array([[1.0, 0.0, 1.0], [2.0, 2.0, 2.0], [0.0, 1.0, 1.9]]).T
    assert vertex(left, middle, right).tolist() == [0.0, 0.0, 0.5]
