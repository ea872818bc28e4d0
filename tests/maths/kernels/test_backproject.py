"""Insertion is the adjoint of projection, and what is put in comes out."""

import pytest
import torch

from vitreous.maths.grids import indices2
from vitreous.maths.kernels.backproject import accumulators, complete_plane, insert
from vitreous.maths.kernels.project import project
from vitreous.maths.rotations import random_rotations


def rand_complex(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.complex(*(torch.randn(*shape, generator=generator, dtype=torch.float64) for _ in range(2)))


@pytest.mark.parametrize(("box", "padding", "r_max"), [(8, 2, 8), (9, 2, 9), (12, 1, 4), (9, 1, 9), (8, 3, 3)])
def test_insertion_is_the_adjoint_of_projection(box, padding, r_max):
    """sum Re conj(P V) W X = sum Re conj(V) P'(W X), with weights W, over the points of each Friedel pair once."""
    padded = box * padding
    volume = rand_complex(padded, padded, padded // 2 + 1, seed=1)
    slices = rand_complex(5, box, box // 2 + 1, seed=2)
    weights = torch.rand(slices.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    poses = random_rotations(5, torch.Generator().manual_seed(4))
    data, weight = accumulators(box, padding, dtype=torch.complex128)
    insert(data, weight, slices * weights, weights, poses, r_max, padding=padding)
    kx, ky = indices2(box)
    once = ((kx > 0) | (ky >= 0)).double()
    forward = project(volume, poses, box, r_max, padding=padding)
    left = (forward.conj() * slices * weights * once).real.sum()
    right = (volume.conj() * data).real.sum()
    assert float(left) == pytest.approx(float(right), rel=1e-10)
    ones = project(torch.ones_like(volume), poses, box, r_max, padding=padding).real
    assert float((ones * weights * once).sum()) == pytest.approx(float(weight.sum()), rel=1e-10)


def test_the_completed_plane_is_hermitian():
    data, weight = accumulators(8, 2, dtype=torch.complex128)
    slices = rand_complex(3, 8, 5, seed=5)
    poses = random_rotations(3, torch.Generator().manual_seed(6))
    insert(data, weight, slices, slices.abs(), poses, 8)
    complete_plane(data, weight)
    for grid in (data, weight):
        plane = grid[:, :, 0]
        mate = torch.roll(plane.flip((0, 1)), (1, 1), (0, 1))
        torch.testing.assert_close(plane, mate.conj() if plane.is_complex() else mate)


def test_an_empty_batch_adds_nothing():
    data, weight = accumulators(8)
    insert(data, weight, torch.zeros(0, 8, 5, dtype=torch.complex64), torch.zeros(0, 8, 5), torch.zeros(0, 3, 3), 8)
    assert not data.any() and not weight.any()
