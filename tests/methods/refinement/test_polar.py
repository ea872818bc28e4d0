"""Polar samples against direct Fourier sums, and back."""

import math
from collections.abc import Callable

import pytest
import torch

from vitreous.maths.kernels.sample import prepare_volume
from vitreous.methods.refinement import polar
from vitreous.methods.refinement.polar import PolarGrid

Maker = Callable[..., torch.Tensor]


@pytest.mark.parametrize(("box", "seed"), [(48, 1), (33, 2)])
def test_samples_are_the_transform(box: int, seed: int, blobs: Maker, direct: Maker) -> None:
    images = blobs(3, box, seed)
    grid = PolarGrid(box, box // 2 - 2, 40)
    found = polar.sample_images(images, grid)
    truth = direct(images, *grid.points)
    assert (found - truth).norm() / truth.norm() < 1e-3


def test_phases_move_as_the_origin_says(blobs: Maker) -> None:
    box = 40
    image = blobs(1, box, 5)
    moved = torch.roll(image, (3, -4), dims=(1, 2))
    grid = PolarGrid(box, 15, 48)
    phases = polar.shift_phases(torch.tensor([[-4.0, 3.0]]), grid)
    there = polar.sample_images(image, grid) * phases
    truth = polar.sample_images(moved, grid)
    assert (there - truth).norm() / truth.norm() < 2e-3


def test_slices_are_transforms_of_projections(direct: Maker) -> None:
    box, generator = 32, torch.Generator().manual_seed(6)
    at = torch.arange(box, dtype=torch.float64) - box // 2
    places = (torch.rand((4, 3), generator=generator, dtype=torch.float64) - 0.5) * 12
    z, y, x = torch.meshgrid(at, at, at, indexing="ij")
    square = sum((axis - place[..., None, None, None]) ** 2 for axis, place in zip((x, y, z), places.T))
    volume = torch.exp(-square / (2 * 1.8**2)).sum(0)
    angle = 0.7
    turn_x = torch.tensor([[1, 0, 0], [0, math.cos(angle), math.sin(angle)], [0, -math.sin(angle), math.cos(angle)]])
    turn_z = torch.tensor([[math.cos(0.4), math.sin(0.4), 0], [-math.sin(0.4), math.cos(0.4), 0], [0, 0, 1]])
    rotation = (turn_z @ turn_x).double()
    landed = places @ rotation.T
    flat_square = (x[0] - landed[:, 0, None, None]) ** 2 + (y[0] - landed[:, 1, None, None]) ** 2
    projection = (torch.exp(-flat_square / (2 * 1.8**2)) * 1.8 * math.sqrt(2 * math.pi)).sum(0)
    grid = PolarGrid(box, 12, 40)
    found = polar.slices(prepare_volume(volume), rotation[None], grid)
    truth = direct(projection[None], *grid.points)
    assert (found - truth).norm() / truth.norm() < 2e-3
