"""Map and model: curves that fall where they should, masks about atoms, masks put back where they were cut out."""

import numpy as np
import pytest
import torch

from vitreous.context import UserError
from vitreous.maths.filters import low_pass3
from vitreous.maths.masks import sphere
from vitreous.methods.reconstruction.map_model import compare, crossing_A, mask_about, placed

BOX, VOXEL = 40, 1.5


def density(seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(BOX, BOX, BOX, generator=generator) * sphere(BOX, 12, 3)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_resolution_is_where_the_map_was_filtered(seed):
    model = density(seed)
    generator = torch.Generator().manual_seed(seed + 10)
    volume = low_pass3(model, VOXEL, cutoff_A=5) + 0.3 * torch.randn(BOX, BOX, BOX, generator=generator)
    found = compare(volume, model, sphere(BOX, 13, 4), voxel_size_A=VOXEL)
    assert found.half_A == pytest.approx(5, abs=0.35) and found.agreement > 0.9
    assert found.half_unmasked_A >= found.half_A - 0.2
    assert float(found.masked[2]) > 0.85


def test_another_frame_is_a_sentence():
    with pytest.raises(UserError, match="do not lie in one another"):
        compare(density(1), density(2), sphere(BOX, 13, 4), voxel_size_A=VOXEL)


def test_a_crossing_is_read_between_shells():
    curve = torch.tensor([1.0, 0.2, 0.9, 0.7, 0.3, 0.1], dtype=torch.float64)
    assert crossing_A(curve, 100.0, 0.5) == pytest.approx(100 / 3.5)
    assert crossing_A(curve.clamp(min=0.6), 100.0, 0.5) == pytest.approx(20)


def test_a_mask_about_atoms():
    mask = mask_about(np.array([[10.2, 20.0, 30.0], [99.0, 0.0, 0.0]]), BOX, extend_px=2, edge_px=2)
    assert float(mask[30, 20, 12]) == 1 and float(mask[30, 20, 15]) == 0 and float(mask[0, 0, 39]) == 0
    with pytest.raises(UserError, match="no atom"):
        mask_about(np.array([[99.0, 0, 0]]), BOX, extend_px=2, edge_px=2)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_cropped_mask_is_put_back(seed):
    generator = np.random.default_rng(seed)
    z, y, x = (int(n) for n in generator.integers(2, 9, 3))
    whole = (torch.from_numpy(generator.normal(size=(BOX, BOX, BOX))) * sphere(BOX, 9, 0)).abs()
    aim = (whole > 1).float()
    cut = aim[z : z + 31, y : y + 30, x : x + 29]
    made, corner = placed(cut, aim)
    assert corner == (z, y, x)
    torch.testing.assert_close(made[z : z + 31, y : y + 30, x : x + 29], cut)
    with pytest.raises(UserError, match="larger than the map"):
        placed(torch.zeros(41, 40, 40), aim)
