"""Values put at the places of a slice are the insertion of the slice; single values land where they should."""

import pytest
import torch

from vitreous.maths.grids import indices2
from vitreous.maths.kernels.backproject import accumulators, insert
from vitreous.maths.kernels.scatter import scatter
from vitreous.maths.rotations import random_rotations


@pytest.mark.parametrize(("box", "padding"), [(12, 2), (11, 2), (10, 1)])
def test_the_points_of_slices_make_an_insertion(box, padding):
    generator = torch.Generator().manual_seed(0)
    slices = torch.randn(3, box, box // 2 + 1, generator=generator, dtype=torch.complex128)
    weights = torch.rand(slices.shape, generator=generator, dtype=torch.float64)
    poses = random_rotations(3, generator)
    wanted = accumulators(box, padding, dtype=torch.complex128)
    insert(*wanted, slices, weights, poses, 4.2, padding=padding)
    kx, ky = (k.expand(box, box // 2 + 1) for k in indices2(box))
    once = ((kx > 0) | (ky >= 0)) & (kx < box / 2) & (ky.abs() < box / 2)
    points = padding * torch.einsum("pi,nij->npj", torch.stack([kx[once], ky[once]], 1), poses[:, :2])
    got = accumulators(box, padding, dtype=torch.complex128)
    scatter(*got, points, slices[:, once], weights[:, once], reach=4.2 * padding)
    torch.testing.assert_close(got[0], wanted[0])
    torch.testing.assert_close(got[1], wanted[1])


def test_a_value_between_voxels_is_shared_and_a_mirrored_one_conjugated():
    data, weight = accumulators(8, 1, dtype=torch.complex128)
    points = torch.tensor([[[1.25, 0.0, 0.0], [-2.0, 0.0, -1.0]]], dtype=torch.float64)
    scatter(data, weight, points, torch.tensor([[4.0 + 4.0j, 1.0 + 2.0j]]), torch.ones(1, 2), reach=4.0)
    assert data[0, 0, 1].item() == 3 + 3j and data[0, 0, 2].item() == 1 + 1j
    assert data[1, 0, 2].item() == 1 - 2j and weight.sum().item() == 2


def test_what_lies_too_far_out_is_left_out():
    data, weight = accumulators(8, 2)
    points = torch.tensor([[[9.0, 0.0, 0.0], [0.0, 7.0, 7.0], [100.0, -3.0, 0.0]]])
    scatter(data, weight, points, torch.ones(1, 3, dtype=torch.complex64), torch.ones(1, 3), reach=99.0)
    assert not data.any() and not weight.any()
