"""Point groups: closure, axes by the table, one mate in the asymmetric unit."""

import pytest
import torch

from vitreous.maths import symmetry
from vitreous.maths.rotations import about_axis, distance_deg, from_euler, random_rotations

GROUPS = ["C1", "C2", "C7", "D1", "D2", "D3", "D7", "T", "O", "I", "I1", "I2", "I3", "I4"]
AXES = {
    "C4": [(4, (0, 0, 1))],
    "D1": [(2, (1, 0, 0))],
    "D3": [(3, (0, 0, 1)), (2, (1, 0, 0))],
    "T": [(3, (0, 0, 1)), (2, (0, 0.816496, 0.577350))],
    "O": [(3, (1, 1, 1)), (4, (0, 0, 1)), (4, (1, 0, 0))],
    "I1": [(2, (1, 0, 0)), (5, (0.850651, 0, -0.525731)), (3, (0.934172, 0.356822, 0))],
    "I2": [(2, (0, 0, 1)), (5, (0.525731, 0, 0.850651)), (3, (0, 0.356822, 0.934172))],
    "I3": [(2, (-0.525731, 0, 0.850651)), (5, (0, 0, 1)), (3, (-0.491123, 0.356822, 0.794654))],
    "I4": [(2, (0.525731, 0, 0.850651)), (5, (0.894427, 0, 0.447214)), (3, (0.491123, 0.356822, 0.794654))],
}


def holds(group, matrix):
    return float((symmetry.operators(group) - matrix).abs().amax((1, 2)).min()) < 1e-5


@pytest.mark.parametrize("group", GROUPS)
def test_operators_are_a_group_of_rotations(group):
    found = symmetry.operators(group)
    assert len(found) == symmetry.order(group)
    torch.testing.assert_close(found[0], torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(torch.linalg.det(found), torch.ones(len(found), dtype=torch.float64))
    products = (found[:, None] @ found[None]).reshape(-1, 3, 3)
    nearest = (products[:, None] - found[None]).abs().amax((2, 3)).amin(1)
    assert float(nearest.max()) < 1e-9
    apart = distance_deg(found[:, None], found[None]) + 360 * torch.eye(len(found))
    assert len(found) == 1 or float(apart.min()) > 10


@pytest.mark.parametrize("group", AXES)
def test_axes_stand_where_the_table_says(group):
    for fold, axis in AXES[group]:
        assert holds(group, about_axis(axis, 360 / fold)), (fold, axis)


def test_icosahedral_settings_are_turned_copies():
    turns = {"I1": (0, 90, 0), "I3": (0, 31.7174746, 0), "I4": (0, -31.7174746, 0)}
    for name, angles in turns.items():
        turn = from_euler(*angles)
        for operator in symmetry.operators("I2"):
            assert holds(name, turn @ operator @ turn.T), name


@pytest.mark.parametrize("group", GROUPS)
def test_every_direction_has_one_mate_inside(group):
    views = random_rotations(500, torch.Generator().manual_seed(1))[:, 2]
    mates = symmetry.mates(views, group).reshape(-1, 3)
    inside = symmetry.in_asymmetric_unit(mates, group).reshape(len(views), -1)
    assert inside.sum(1).tolist() == [1] * len(views)


def test_a_direction_on_an_axis_is_not_lost():
    axis = torch.tensor([[0, 0, 1.0], [0, 0, -1.0]], dtype=torch.float64)
    assert symmetry.in_asymmetric_unit(axis, "D5").tolist() == [True, False]


@pytest.mark.parametrize("group", ["C3", "D2", "O", "I3"])
def test_poses_move_to_the_asymmetric_unit_by_mates(group):
    poses = random_rotations(50, torch.Generator().manual_seed(2))
    moved = symmetry.to_asymmetric_unit(poses, group)
    assert bool(symmetry.in_asymmetric_unit(moved[:, 2], group).all())
    assert float(distance_deg(poses, moved, symmetry.operators(group)).max()) < 1e-5


@pytest.mark.parametrize("name", ["C0", "X3", "D", "C2V", "TD", "I5", ""])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="point group"):
        symmetry.operators(name)


def test_small_letters_are_taken():
    assert symmetry.canonical(" d2 ") == "D2" and symmetry.canonical("i") == "I2"
