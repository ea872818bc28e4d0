"""Transforms by matrix products against sums term by term in float64, on fresh numbers each run; and moved, masked images."""

import secrets
from collections.abc import Callable

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.maths import masks
from vitreous.methods.refinement import planes, polar, prepare
from vitreous.methods.refinement.polar import PolarGrid

Maker = Callable[..., torch.Tensor]


@pytest.fixture
def generator() -> torch.Generator:
    """Seeded anew each run; the seed is printed."""
    seed = secrets.randbits(32)
    print("seed", seed)
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("box", [48, 33])
def test_samples_are_the_transform(generator: torch.Generator, box: int, direct: Maker) -> None:
    grid = PolarGrid(box, box // 2 - 3, 4 * int(torch.randint(8, 24, (), generator=generator)))
    images = torch.randn((3, box, box), generator=generator, dtype=torch.float64) * masks.disc(box, 0.3 * box, 3.0)
    truth = direct(images, *grid.points).permute(2, 1, 0)
    for dtype in (torch.float64, torch.float32):
        found = planes.sampled(planes.quadrants(images.to(dtype), grid.shells), grid, len(images))
        assert found[0].dtype == dtype
        assert (torch.complex(*(part.double() for part in found)) - truth).norm() / truth.norm() < 1e-3


def test_both_branches_agree_and_a_reach_leaves_out_only_zeros(generator: torch.Generator) -> None:
    for box in (40, 41):
        images = torch.randn((4, box, box), generator=generator)
        grid = PolarGrid(box, 12, 60)
        assert torch.allclose(planes.folded(images), planes.folded(images.double()).float(), atol=1e-5)
        wide = planes.sampled(planes.quadrants(images.double(), 12), grid, len(images))
        found = planes.sampled(planes.quadrants(images, 12), grid, len(images))
        for mine, theirs in zip(found, wide):
            assert (mine - theirs).norm() / theirs.norm() < 2e-6
        inside = images * (masks.disc(box, 9.0, 2.0) > 0)
        whole = planes.quadrants(inside, 12)
        assert torch.allclose(planes.quadrants(inside, 12, reach=11), whole, atol=1e-5 * float(whole.abs().max()))


def test_there_and_back(blobs: Maker) -> None:
    """Exact but for a slow offset at the rim, which comes of the mean: a mean that is small, as in real images, hides it."""
    images = blobs(2, 64, 3, width=2.2, reach=0.15)
    images -= blobs(2, 64, 3, width=3.0, reach=0.15) * (2.2 / 3.0) ** 2
    grid = PolarGrid(64, 28, polar.angles_for(28, 32, 64))
    back = planes.spread_images(planes.sample_images(images, grid), grid)
    inside = torch.hypot(*torch.meshgrid(*(torch.arange(64.0) - 32,) * 2, indexing="ij")) < 24
    assert ((back - images) * inside).norm() / images.norm() < 3e-3


def test_spreading_is_the_adjoint_of_sampling(generator: torch.Generator) -> None:
    box = 30
    grid = PolarGrid(box, 12, 4 * int(torch.randint(6, 12, (), generator=generator)))
    images = torch.randn((1, box, box), generator=generator, dtype=torch.float64)
    values = torch.randn((1, 13, grid.half), generator=generator, dtype=torch.complex128)
    left = (planes.sample_images(images, grid) * values.conj() * grid.quadrature[:, None]).real.sum() * 2 / box**2
    right = (images * planes.spread_images(values, grid)).sum()
    assert torch.isclose(left, right, rtol=1e-9)


def test_images_are_moved_scaled_and_masked(generator: torch.Generator) -> None:
    box = 24
    raw = torch.randn((3, box, box), generator=generator) + 0.7
    mask = masks.disc(box, 7.0, 3.0)
    images = prepare.Images(InMemory(raw.numpy()), None, np.zeros(3, np.int64), 1.0, mask, True, False, 0)
    origins, scale = np.array([[0, 0], [3, -5], [-30, 2]]), np.array([1.0, 2.0, 0.5])
    whole, masked = prepare.pixels(images, raw.numpy(), np.arange(3), origins=origins, scale=scale)
    flat = raw - masks.mean_outside(raw, mask)[:, None, None]
    truth = torch.zeros((3, box, box))
    truth[0] = flat[0]
    truth[1, : box - 5, 3:] = 2 * flat[1, 5:, : box - 3]
    assert torch.allclose(whole, truth, atol=1e-5)
    less = truth - masks.mean_outside(truth, mask)[:, None, None]
    assert torch.allclose(masked, less * mask, atol=1e-5)
    assert images.reach == int((torch.nonzero(mask)[:, 0] - box // 2).abs().max())
