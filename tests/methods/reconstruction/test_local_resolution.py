"""Local resolution: windows against whole boxes, filters against one at a time, and a map that is worse on one side."""

import pytest
import torch

from vitreous.context import UserError
from vitreous.maths.filters import low_pass, low_pass3
from vitreous.maths.fourier import irfft3, rfft3
from vitreous.maths.grids import frequency3
from vitreous.maths.masks import sphere
from vitreous.maths.shells import fsc, to_grid
from vitreous.methods.reconstruction import local_resolution as local
from vitreous.methods.reconstruction.local_resolution import local_resolution
from vitreous.methods.reconstruction.settings_maps import LocalResolution

BOX, VOXEL = 48, 2.0
SETTINGS = LocalResolution(sampling_A=16, bfactor_A2=0, randomise_from_A=24)


def halves(seed, noise_right=4.0):
    """Two halves of a random map: weak noise at x < N/2, strong beyond."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.randn(BOX, BOX, BOX, generator=generator)
    truth = low_pass3(truth, VOXEL, cutoff_A=5)
    noise = torch.full((BOX,), 0.05)
    noise[BOX // 2 :] = noise_right
    return truth, [truth + noise * torch.randn(BOX, BOX, BOX, generator=generator) for _ in range(2)]


def on_the_box(spheres, place):
    """The sphere at one place, (N, N, N)."""
    return local.spread(local.Spheres(spheres.mask, place[None], BOX, VOXEL), torch.ones(1))


def test_points_stand_on_a_grid_in_the_ball():
    spheres = local.spheres_on_grid(BOX, voxel_size_A=VOXEL, settings=SETTINGS)
    from_middle = spheres.places - BOX // 2
    assert bool(((from_middle % 8) == 0).all()) and float(from_middle.double().norm(dim=1).max()) < BOX // 2 - 4
    assert bool((from_middle == 0).all(1).any())
    assert spheres.mask[0].max() == 0 and spheres.window >= 2 * 12 + 1


@pytest.mark.parametrize("seed", [1, 2])
def test_curves_in_windows_are_those_of_the_whole_box(seed):
    _, (one, two) = halves(seed)
    spheres = local.spheres_on_grid(BOX, voxel_size_A=VOXEL, settings=SETTINGS)
    few = local.Spheres(spheres.mask, spheres.places[::9], BOX, VOXEL)
    made = local.local_curves(one, two, few, start=10**6)  # nothing is corrected: the masked curve alone
    for place, curve in zip(few.places, made):
        mask = on_the_box(spheres, place)
        whole = fsc(rfft3(one * mask), rfft3(two * mask))
        # A window's curve is smoother: whole shells are one term thick, their neighbours within a window's step alike.
        smooth = torch.nn.functional.avg_pool1d(whole[None], 3, 1)[0]
        assert float((curve[1:-1] - smooth).abs()[2:].mean()) < 0.05


def test_curves_know_the_shared_mask():
    """Two halves of pure noise: the corrected curve has no correlation where the sphere makes none."""
    generator = torch.Generator().manual_seed(3)
    one, two = (torch.randn(BOX, BOX, BOX, generator=generator) for _ in range(2))
    spheres = local.spheres_on_grid(BOX, voxel_size_A=VOXEL, settings=SETTINGS)
    curves = local.local_curves(one, two, spheres, start=3)
    assert abs(float(curves[:, 6:].mean())) < 0.03


def test_the_noisy_side_is_worse():
    _, (one, two) = halves(4)
    made = local_resolution(one, two, voxel_size_A=VOXEL, settings=SETTINGS)
    middle = slice(16, 32)
    good, bad = made.resolution_A[middle, middle, 10:16], made.resolution_A[middle, middle, 34:40]
    assert float(good.max()) < 6 < 9 < float(bad.mean())
    assert float(made.resolution_A[0, 0, 0]) == 0 == float(made.filtered[0, 0, 0])
    assert float(made.resolution_A.max()) <= SETTINGS.coarsest_A * 1.001
    again = local_resolution(one, two, voxel_size_A=VOXEL, settings=SETTINGS)
    torch.testing.assert_close(again.resolution_A, made.resolution_A, rtol=0, atol=0)


def test_filtering_by_mixtures_is_filtering_point_by_point():
    truth, _ = halves(5)
    spheres = local.spheres_on_grid(BOX, voxel_size_A=VOXEL, settings=LocalResolution(sampling_A=24))
    generator = torch.Generator().manual_seed(6)
    k = torch.arange(BOX // 2 + 1, dtype=torch.float64) / (BOX * VOXEL)
    ends = 5 + 25 * torch.rand(len(spheres.places), generator=generator)
    filters = torch.stack([low_pass(k, float(end), width_1_A=0.02) for end in ends])
    ft = rfft3(truth)
    want = torch.zeros(BOX, BOX, BOX)
    for place, one in zip(spheres.places, filters):
        want += on_the_box(spheres, place) * irfft3(ft * to_grid(one, BOX, ndim=3).float(), BOX)
    made = local.locally_filtered(ft, filters, spheres)
    assert float((made - want).abs().max()) < 0.02 * float(want.abs().max())


def test_a_sphere_is_spread_where_it_stands_and_cut_at_the_border():
    spheres = local.Spheres(sphere(12, 3, 2), torch.tensor([[24, 24, 24], [1, 24, 24]]), BOX, VOXEL)
    out = local.spread(spheres, torch.tensor([1.0, 2.0]))
    torch.testing.assert_close(out[18:30, 18:30, 18:30], spheres.mask)
    assert float(out[0, 24, 24]) == 2.0 and out.shape == (BOX, BOX, BOX) and float(out[-3:].max()) == 0


def test_sharpening_raises_high_frequencies():
    truth, _ = halves(7)
    k = frequency3(BOX, VOXEL)
    made = local.sharpened(truth, voxel_size_A=VOXEL, bfactor_A2=-50, mtf=None, detector_A=1.0)
    torch.testing.assert_close(made, rfft3(truth) * torch.exp(12.5 * k**2).float(), rtol=1e-4, atol=1e-4)


def test_what_cannot_be_measured_is_a_sentence():
    small = torch.zeros(8, 8, 8)
    with pytest.raises(UserError, match="does not fit into a box of 8 Å"):
        local_resolution(small, small, voxel_size_A=1.0)
    with pytest.raises(UserError, match="cubes of the same size"):
        local_resolution(small, torch.zeros(8, 8, 6), voxel_size_A=1.0)
