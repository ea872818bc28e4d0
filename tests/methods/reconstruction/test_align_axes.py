"""Axes and centre of a turned and moved map come back, poses go with the map, and the other hand is the mirror image."""

import numpy as np
import pytest
import torch

from vitreous.context import UserError
from vitreous.maths import symmetry
from vitreous.maths.filters import low_pass3
from vitreous.maths.fourier import irfft2, shift2
from vitreous.maths.kernels.project import prepare, project
from vitreous.maths.masks import sphere
from vitreous.maths.rotations import distance_deg, random_rotations
from vitreous.methods.initial_model import axes
from vitreous.methods.reconstruction import align_axes as align

BOX, VOXEL = 40, 4.0


def specimen(group, seed):
    """A smooth map with a group's symmetry about the box's middle."""
    generator = torch.Generator().manual_seed(seed)
    blob = low_pass3(torch.randn(BOX, BOX, BOX, generator=generator), VOXEL, cutoff_A=16) * sphere(BOX, 11, 4)
    return axes.turned(np.maximum(blob.numpy(), 0), np.eye(3), group=group)


def pictures(volume, poses, origins_px):
    """Projections with the origins' moves, (n, N, N)."""
    ft = project(prepare(torch.from_numpy(volume)), poses.float(), BOX, BOX)
    return irfft2(shift2(ft, -origins_px, BOX), BOX)


@pytest.mark.parametrize(("group", "seed"), [("D2", 1), ("C4", 2)])
def test_the_axes_come_back(group, seed):
    truth = specimen(group, seed)
    away = random_rotations(1, torch.Generator().manual_seed(seed + 9))[0].numpy()
    lost = align.moved(axes.turned(truth, away, group="C1"), np.array([1.6, -2.3, 0.7]))
    made = align.align_axes(lost, group=group, voxel_size_A=VOXEL, finest_A=20)
    assert made.agreement > 0.97 and float(made.curve[1:8].min()) > 0.95
    # The turn undoes the first one, up to a mate (and, for cyclic groups, what leaves the axis where it is).
    back = torch.from_numpy(made.turn @ away)
    if group == "C4":  # any turn about the axis does
        assert abs(abs(float(back[2, 2])) - 1) < 1e-3
    else:
        normaliser = symmetry.operators("O")  # D2 looks the same with its axes named otherwise
        assert float(distance_deg(torch.eye(3), back, normaliser)) < 2.0
        undone = made.move_px + away @ (away.T @ np.array([1.6, -2.3, 0.7]))
        assert np.linalg.norm(undone) < 0.3


def test_the_centre_of_a_map_whose_axes_stand_right():
    moved = align.moved(specimen("D2", 4), np.array([0.4, -1.2, 2.3]))
    np.testing.assert_allclose(align.off_centre(moved, group="D2", shells=8), [0.4, -1.2, 2.3], atol=0.15)
    along = align.off_centre(align.moved(specimen("C3", 5), np.array([0.8, 0.5, 3.0])), group="C3", shells=8)
    np.testing.assert_allclose(along, [0.8, 0.5, 0.0], atol=0.15)


def test_poses_go_with_the_map():
    lost = align.moved(axes.turned(specimen("D2", 6), random_rotations(1)[0].numpy(), group="C1"), np.array([1.0, 2.0, -1.5]))
    made = align.align_axes(lost, group="D2", voxel_size_A=VOXEL, finest_A=20)
    poses = random_rotations(6, torch.Generator().manual_seed(7))
    origins_A = torch.randn(6, 2, generator=torch.Generator().manual_seed(8), dtype=torch.float64) * 6
    new_poses, new_origins_A = align.poses_of_aligned(poses, origins_A, made, voxel_size_A=VOXEL)
    before = pictures(lost, poses, origins_A / VOXEL)
    after = pictures(made.volume, new_poses, new_origins_A / VOXEL)
    assert float((before * after).sum() / (before.norm() * after.norm())) > 0.99


def test_the_other_hand_shows_the_same_pictures():
    volume = specimen("C1", 9)
    poses = random_rotations(5, torch.Generator().manual_seed(10))
    none = torch.zeros(5, 2)
    one = pictures(volume, poses, none)
    two = pictures(align.other_hand(volume), align.poses_of_other_hand(poses), none)
    assert float((one - two).norm() / one.norm()) < 1e-3
    np.testing.assert_array_equal(align.other_hand(align.other_hand(volume)), volume)
    odd = np.arange(27.0).reshape(3, 3, 3)
    np.testing.assert_array_equal(align.other_hand(odd), odd[:, :, ::-1])
    assert torch.allclose(torch.linalg.det(align.poses_of_other_hand(poses)), torch.ones(5, dtype=torch.float64))


def test_no_axes_is_a_sentence():
    with pytest.raises(UserError, match="C1 has no axes"):
        align.align_axes(specimen("C1", 0), group="C1", voxel_size_A=VOXEL, finest_A=20)
