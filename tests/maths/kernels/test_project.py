"""The reference of projection against truths: peaks, known transforms, quarter turns, Friedel, padding, hand."""

import math

import pytest
import torch

from vitreous.maths.fourier import irfft2, rfft2, rfft3
from vitreous.maths.grids import indices2, offsets
from vitreous.maths.kernels.project import prepare, project
from vitreous.maths.rotations import about_axis, from_euler, random_rotations
from vitreous.maths.symmetry import operators

POSES = [(0, 0, 0), (90, 0, 0), (0, 90, 0), (0, 0, 90), (30, 40, 50)]


def gaussians(box, centres, sigmas, weights):
    """A volume [z, y, x] of Gaussians at (x, y, z) voxels from the centre."""
    line = offsets(box)
    z, y, x = torch.meshgrid(line, line, line, indexing="ij")
    total = torch.zeros(box, box, box, dtype=torch.float64)
    for (cx, cy, cz), sigma, weight in zip(centres, sigmas, weights):
        total += weight * torch.exp(-((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / (2 * sigma**2))
    return total


LOPSIDED = ([(3, -5, 7), (-6, 2, -1), (4, 6, -3), (0, -2, -8)], [1.5, 2.0, 1.2, 1.8], [1.0, 0.7, 0.9, 0.5])


def pictures(volume, poses, padding=2):
    box = volume.shape[-1]
    return irfft2(project(prepare(volume, padding), poses, box, box, padding=padding), box)


@pytest.mark.parametrize("box", [32, 33])
@pytest.mark.parametrize("angles", POSES)
def test_a_point_lands_at_the_first_two_rows_of_the_matrix(box, angles):
    pose = from_euler(*angles)
    image = pictures(gaussians(box, [(3, -5, 7)], [1.5], [1.0]), pose[None])[0]
    weight = image.clamp(min=0.3 * float(image.max())) - 0.3 * image.max()
    line = offsets(box)
    found = torch.stack([(weight * line[None, :]).sum(), (weight * line[:, None]).sum()]) / weight.sum()
    expected = (pose @ torch.tensor([3.0, -5.0, 7.0], dtype=torch.float64))[:2]
    assert float((found - expected).abs().max()) < 0.1


@pytest.mark.parametrize("box", [32, 33])
def test_gaussians_have_the_known_transform(box):
    """The slice of a Gaussian is its 2D transform, sigma^3 (2 pi)^1.5 exp(-2 pi^2 sigma^2 k^2), times a phase."""
    poses = random_rotations(5, torch.Generator().manual_seed(0))
    slices = project(prepare(gaussians(box, *LOPSIDED)), poses, box, box)
    kx, ky = (k.expand(box, box // 2 + 1) / box for k in indices2(box))
    expected = torch.zeros_like(slices)
    for centre, sigma, weight in zip(*LOPSIDED):
        at = poses[:, :2] @ torch.tensor(centre, dtype=torch.float64)
        height = weight * (2 * math.pi) ** 1.5 * sigma**3 * torch.exp(-2 * math.pi**2 * sigma**2 * (kx**2 + ky**2))
        phase = -2 * math.pi * (kx * at[:, 0, None, None] + ky * at[:, 1, None, None])
        expected = expected + height * torch.polar(torch.ones_like(phase), phase)
    inside = (kx**2 + ky**2).sqrt() * box < box / 2 - 1
    error = (slices - expected)[:, inside].norm() / expected[:, inside].norm()
    assert float(error) < 0.04  # what trilinear interpolation at padding 2 costs; a wrong sign or place gives 1


@pytest.mark.parametrize("padding", [1, 2, 3])
@pytest.mark.parametrize("box", [16, 17])
def test_the_slice_at_rest_is_the_transform_of_the_sum_along_z(box, padding):
    """At pose 0 the points lie on the grid: exact but for the gridding correction, whatever the padding."""
    volume = gaussians(box, [(1, -2, 1), (-1, 1, 0)], [1.5, 2.0], [1.0, 0.6])
    ft = prepare(volume, padding, correct=False)
    found = project(ft, torch.eye(3, dtype=torch.float64)[None], box, box, padding=padding)[0]
    expected = rfft2(volume.sum(0))
    inside = found != 0
    assert int(inside.sum()) > 0.7 * math.pi / 2 * ((box - 1) // 2) ** 2
    torch.testing.assert_close(found[inside], expected[inside])


def test_a_quarter_turn_is_exact():
    """Even box, turn about z: rot 90 turns the picture of pose 0, pixel by pixel about N/2; four turns are none."""
    box = 24
    ft = prepare(gaussians(box, *LOPSIDED))
    rest = irfft2(project(ft, from_euler(0, 0, 0)[None], box, box), box)[0]
    inner = slice(1, None)
    turned = rest
    for quarter in (1, 2, 3, 4):
        turned_image = irfft2(project(ft, from_euler(90.0 * quarter, 0, 0)[None], box, box), box)[0]
        # (x, y) -> (y, -x): the new picture at (x', y') shows the old one at (-y', x')
        again = torch.zeros_like(turned)
        again[inner, inner] = torch.rot90(turned[inner, inner], 1, (0, 1))
        turned = again
        torch.testing.assert_close(turned_image[inner, inner], turned[inner, inner], atol=1e-9, rtol=0)
    torch.testing.assert_close(turned[inner, inner], rest[inner, inner], atol=1e-9, rtol=0)


@pytest.mark.parametrize("box", [16, 17])
def test_slices_are_those_of_real_images(box):
    volume = torch.randn(box, box, box, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    slices = project(prepare(volume), random_rotations(4, torch.Generator().manual_seed(2)), box, box)
    column = slices[:, :, 0]
    mate = torch.roll(column.flip(1), 1, 1).conj()
    torch.testing.assert_close(column, mate)
    if box % 2 == 0:
        assert not slices[:, box // 2].any() and not slices[:, :, box // 2].any()


def test_nothing_beyond_r_max():
    volume = torch.randn(16, 16, 16, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    slices = project(prepare(volume), random_rotations(2, torch.Generator().manual_seed(4)), 16, 5)
    kx, ky = indices2(16)
    outside = (kx**2 + ky**2) > 25
    assert not slices[:, outside].any() and bool((slices[:, ~outside] != 0).all())


def test_a_smaller_box_gives_the_low_frequencies():
    ft = prepare(gaussians(24, *LOPSIDED))
    poses = random_rotations(3, torch.Generator().manual_seed(5))
    large, small = project(ft, poses, 24, 5), project(ft, poses, 12, 5)
    torch.testing.assert_close(small[:, :6, :6], large[:, :6, :6])
    torch.testing.assert_close(small[:, -5:, :6], large[:, -5:, :6])


def test_a_mirrored_volume_gives_the_same_images_at_mirrored_poses():
    """V'(x, y, z) = V(x, y, -z) at diag(1, 1, -1) A diag(1, 1, -1)."""
    volume = gaussians(25, *LOPSIDED)
    mirror = torch.diag(torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64))
    poses = random_rotations(3, torch.Generator().manual_seed(6))
    torch.testing.assert_close(pictures(volume.flip(0), mirror @ poses @ mirror), pictures(volume, poses), atol=1e-9, rtol=0)
    rot, tilt, psi = 20.0, 50.0, -70.0
    moved = pictures(volume.flip(0), from_euler(rot + 180, tilt, psi + 180)[None])
    torch.testing.assert_close(moved, pictures(volume, from_euler(rot, tilt, psi)[None]), atol=1e-9, rtol=0)


@pytest.mark.parametrize("group", ["C3", "D2", "T", "O", "I1", "I2", "I3", "I4"])
def test_equivalent_poses_show_a_symmetric_object_alike(group):
    mates = operators(group)
    centre = torch.tensor([2.0, -3.0, 5.0], dtype=torch.float64)
    centres = [tuple((mate @ centre).tolist()) for mate in mates]
    volume = gaussians(32, centres, [1.8] * len(mates), [1.0] * len(mates))
    pose = random_rotations(1, torch.Generator().manual_seed(7))
    images = pictures(volume, pose @ mates[:: max(1, len(mates) // 12)])
    spread = (images - images[:1]).abs().max() / images.abs().max()
    assert float(spread) < 0.03


def test_gradients_flow_through_the_reference():
    volume = gaussians(12, [(1, 0, 2)], [1.5], [1.0])
    vector = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    from vitreous.maths.rotations import from_vector

    pose = from_vector(vector) @ random_rotations(1, torch.Generator().manual_seed(8))
    project(prepare(volume), pose, 12, 5).abs().pow(2).sum().backward()
    assert vector.grad is not None and float(vector.grad.abs().max()) > 0


def test_active_rotation_of_the_map_is_undone_by_its_pose():
    """Map turned actively by Q: poses A Q^T give the images that A gave (12.4 of the usual tables of moves)."""
    turn = about_axis((1, 2, -1), 40.0)
    centres = torch.tensor(LOPSIDED[0], dtype=torch.float64)
    turned = gaussians(32, (centres @ turn.T).tolist(), *LOPSIDED[1:])
    poses = random_rotations(3, torch.Generator().manual_seed(9))
    first, second = pictures(gaussians(32, *LOPSIDED), poses), pictures(turned, poses @ turn.T)
    assert float((first - second).abs().max() / first.max()) < 0.03


def test_volume_transform_is_padded_and_centred():
    volume = gaussians(16, [(0, 0, 0)], [2.0], [1.0])
    ft = prepare(volume, 2, correct=False)
    assert ft.shape == (32, 32, 17)
    torch.testing.assert_close(ft[::2, ::2, ::2], rfft3(volume))
