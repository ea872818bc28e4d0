"""Masks of maps: given and found thresholds, growth, errors."""

import pytest
import torch

from vitreous.context import UserError
from vitreous.maths.grids import distance3
from vitreous.maths.masks import sphere
from vitreous.methods.reconstruction.mask import create_mask, largest_part
from vitreous.methods.reconstruction.settings import MaskCreation


def ball(box=40, radius=8, noise=0.0):
    generator = torch.Generator().manual_seed(0)
    return sphere(box, radius, 2) + noise * torch.randn(box, box, box, generator=generator)


def test_a_ball_gives_a_grown_soft_ball():
    settings = MaskCreation(low_pass_A=-1, threshold=0.5, extend_px=3, edge_px=5)
    made = create_mask(ball(), voxel_size_A=1.0, settings=settings)
    distance = distance3(40)
    assert float(made.mask[distance <= 11.5].min()) > 0.9
    assert float(made.mask[distance >= 17.5].max()) == 0
    assert float(made.mask.min()) >= 0 and float(made.mask.max()) == 1


def test_a_found_threshold_separates_particle_and_noise():
    made = create_mask(ball(noise=0.3), voxel_size_A=3.0, settings=MaskCreation(threshold_given=False, extend_px=0, edge_px=0))
    inside = distance3(40) <= 9
    agreement = float((made.mask.bool() & inside).sum() / (made.mask.bool() | inside).sum())
    assert agreement > 0.6


def test_a_mass_sets_the_volume():
    settings = MaskCreation(threshold_given=False, mass_kDa=50, low_pass_A=0, extend_px=0, edge_px=0)
    made = create_mask(-distance3(40).float(), voxel_size_A=2.0, settings=settings)
    assert float(made.mask.sum()) * 8 == pytest.approx(50e3 * 1.21 * 1.2, rel=0.02)


def test_dust_goes():
    region = (distance3(20) < 4).numpy()
    dusty = region.copy()
    dusty[0, 0, 0] = True
    assert (largest_part(dusty) == region).all()


@pytest.mark.parametrize(("threshold", "sentence"), [(5.0, "lower it"), (-5.0, "raise it")])
def test_thresholds_outside_the_map(threshold, sentence):
    with pytest.raises(UserError, match=sentence):
        create_mask(ball(), voxel_size_A=3.0, settings=MaskCreation(threshold=threshold))


def test_a_mass_that_does_not_fit():
    with pytest.raises(UserError, match="does not fit"):
        create_mask(ball(), voxel_size_A=1.0, settings=MaskCreation(threshold_given=False, mass_kDa=5000))
