"""Point groups of the simulator: orders, closure, axes."""

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.simulation.symmetry import group_matrices, rotation_about


@pytest.mark.parametrize(("name", "order"), [("C1", 1), ("C7", 7), ("D1", 2), ("D2", 4), ("D7", 14), ("T", 12), ("O", 24)])
def test_the_group_is_closed_and_has_its_order(name: str, order: int) -> None:
    group = group_matrices(name)
    assert len(group) == order
    assert np.allclose(group[0], np.eye(3))
    assert np.allclose(np.linalg.det(group), 1)
    products = (group[:, None] @ group[None]).reshape(-1, 3, 3)
    nearest = np.abs(products[:, None] - group[None]).max(axis=(2, 3)).min(axis=1)
    assert nearest.max() < 1e-9


def test_axes_lie_where_relion_has_them() -> None:
    def holds(name: str, axis: tuple[float, float, float], angle: float) -> bool:
        return bool((np.abs(group_matrices(name) - rotation_about(axis, angle)).max(axis=(1, 2)) < 1e-9).any())

    assert holds("D3", (0, 0, 1), 120) and holds("D3", (1, 0, 0), 180) and not holds("D3", (0, 1, 0), 180)
    assert holds("T", (0, 0, 1), 120) and not holds("T", (0, 0, 1), 180)
    assert holds("O", (0, 0, 1), 90) and holds("O", (1, 1, 1), 120)


def test_a_group_it_does_not_know_is_a_sentence() -> None:
    with pytest.raises(UserError, match="'D0'"):
        group_matrices("D0")
