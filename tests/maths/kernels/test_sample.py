"""Kaiser-Bessel samples against direct sums: a relative error below 1e-3."""

import math

import pytest
import torch

from vitreous.maths.grids import offsets
from vitreous.maths.kernels.sample import prepare_images, prepare_volume, sample2, sample3
from vitreous.maths.masks import disc, sphere
from vitreous.maths.rotations import random_rotations


def frequencies(box, seed=0):
    generator = torch.Generator().manual_seed(seed)
    radius, angle = torch.rand(2, 300, generator=generator, dtype=torch.float64)
    radius = radius * box / 2
    return radius * torch.cos(2 * math.pi * angle), radius * torch.sin(2 * math.pi * angle)


def rms(found, truth):
    return float((found - truth).abs().pow(2).mean().sqrt() / truth.abs().pow(2).mean().sqrt())


def waves(box, k):
    """exp(-2 pi i k x / N) over pixels x from the centre, (..., N)."""
    phase = -2 * math.pi / box * k[..., None] * offsets(box)
    return torch.polar(torch.ones_like(phase), phase)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("box", [32, 33, 40])
def test_images(box, dtype):
    generator = torch.Generator().manual_seed(box)
    images = torch.randn(4, box, box, generator=generator, dtype=torch.float64) * disc(box, 0.35 * box - 2, 2)
    kx, ky = frequencies(box)
    truth = torch.einsum("nyx,py,px->np", images.to(torch.complex128), waves(box, ky), waves(box, kx))
    assert rms(sample2(prepare_images(images.to(dtype)), kx, ky), truth) < 5e-4


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("box", [20, 21])
def test_slices_of_volumes(box, dtype):
    generator = torch.Generator().manual_seed(box)
    volume = torch.randn(box, box, box, generator=generator, dtype=torch.float64) * sphere(box, 0.35 * box - 2, 2)
    kx, ky = frequencies(box, seed=1)
    poses = random_rotations(3, generator)
    k = torch.einsum("pi,nij->npj", torch.stack([kx, ky], 1), poses[:, :2])
    x, y, z = (waves(box, k[..., axis]) for axis in range(3))
    truth = torch.einsum("zyx,npz,npy,npx->np", volume.to(torch.complex128), z, y, x)
    assert rms(sample3(prepare_volume(volume.to(dtype)), poses, kx, ky), truth) < 1e-3


def test_on_the_grid_it_is_the_transform():
    from vitreous.maths.fourier import rfft2

    images = torch.randn(2, 24, 24, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * disc(24, 7, 1)
    kx, ky = torch.tensor([0.0, 3, -4, 11]), torch.tensor([0.0, -5, 2, 0])
    ft = rfft2(images)
    expected = torch.stack([ft[:, 0, 0], ft[:, -5, 3], ft[:, -2, 4].conj(), ft[:, 0, 11]], 1)
    assert rms(sample2(prepare_images(images), kx, ky), expected) < 1e-3


def test_no_points_and_no_images():
    prepared = prepare_images(torch.zeros(2, 8, 8))
    assert sample2(prepared, torch.zeros(0), torch.zeros(0)).shape == (2, 0)
    assert sample2(prepare_images(torch.zeros(0, 8, 8)), torch.zeros(3), torch.zeros(3)).shape == (0, 3)
