"""Soft discs, spheres and grown regions."""

import numpy as np
import pytest
import torch

from vitreous.maths import masks


@pytest.mark.parametrize("box", [32, 33])
def test_disc_and_sphere_are_centred_and_soft(box):
    mid = box // 2
    for mask, line in ((masks.disc(box, 8, 4), lambda m: m[mid]), (masks.sphere(box, 8, 4), lambda m: m[mid, mid])):
        row = line(mask)
        assert row[mid + 8] == 1 and row[mid - 8] == 1
        assert float(row[mid + 10]) == pytest.approx(0.5)
        assert row[mid + 12] == 0 and row[mid - 12] == 0
        assert mask.dtype == torch.float32
    hard = masks.disc(box, 8, 0)
    assert set(hard.unique().tolist()) == {0.0, 1.0}


def test_a_region_grows_and_softens():
    region = np.zeros((21, 21, 21), bool)
    region[10, 10, 10] = True
    mask = masks.soft_edge(region, 3, 4)
    torch.testing.assert_close(mask, masks.sphere(21, 3, 4))


def test_a_negative_extension_shrinks():
    region = np.zeros((1, 21), bool)
    region[0, 5:16] = True
    assert masks.soft_edge(region, -2, 0).sum() == 11 - 2 * 2
    assert masks.soft_edge(region, 2, 0).sum() == 11 + 2 * 2


def test_an_empty_region_is_an_empty_mask():
    assert float(masks.soft_edge(np.zeros((4, 4), bool), 3, 3).abs().sum()) == 0


def test_outside_becomes_the_mean_of_what_is_masked_away():
    image = torch.full((16, 16), 2.0)
    image[4:12, 4:12] = 5
    torch.testing.assert_close(masks.apply_soft(torch.full((16, 16), 2.0), masks.disc(16, 4, 2)), torch.full((16, 16), 2.0))
    out = masks.apply_soft(image, masks.disc(16, 2, 0))
    assert float(out[8, 8]) == 5 and float(out[0, 0]) == pytest.approx(float(image[masks.disc(16, 2, 0) == 0].mean()))


def test_a_batch_is_masked_image_by_image():
    images = torch.randn(3, 16, 16, generator=torch.Generator().manual_seed(2))
    mask = masks.disc(16, 4, 3)
    out = masks.apply_soft(images, mask)
    for one, image in zip(out, images, strict=True):
        torch.testing.assert_close(one, masks.apply_soft(image, mask))
    hard = masks.disc(16, 4, 0)
    torch.testing.assert_close(masks.mean_outside(images, hard), images[:, hard == 0].mean(1))
    torch.testing.assert_close(masks.apply_soft(images, torch.ones(16, 16)), images)
