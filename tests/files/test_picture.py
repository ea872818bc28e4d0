from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from vitreous.files import picture


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3), (1, 1)])
def test_another_decoder_reads_our_png(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    picture.write_png(tmp_path / "p.png", pixels)
    np.testing.assert_array_equal(imagecodecs.png_decode((tmp_path / "p.png").read_bytes()), pixels)


def test_what_is_no_picture_is_refused() -> None:
    for pixels in (np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)):
        with pytest.raises(ValueError, match="a picture is uint8"):
            picture.png_bytes(pixels)


def test_grey_levels_follow_percentiles_or_sigma() -> None:
    ramp = np.arange(101.0)[None].repeat(3, axis=0)
    grey = picture.to_grey(ramp, low=10, high=90)
    assert grey.dtype == np.uint8
    assert (grey[0, 10], grey[0, 90], grey[0, 0], grey[0, 100]) == (0, 255, 0, 255)
    assert abs(int(grey[0, 50]) - 128) <= 1
    normal = np.random.default_rng(2).normal(10, 2, (200, 200))
    assert picture.to_grey(normal, sigma=3).mean() == pytest.approx(127.5, abs=2)


def test_odd_images_are_drawn_too() -> None:
    image = np.ones((4, 4))
    assert picture.to_grey(image).max() == 0
    image[0, 0] = np.nan
    assert picture.to_grey(image)[0, 0] == 0
    assert picture.to_grey(np.full((3, 3), np.inf)).shape == (3, 3)


def test_shrinking_averages_blocks() -> None:
    image = np.random.default_rng(3).normal(size=(10, 21)).astype(np.float32)
    small = picture.shrink(image, 7)
    assert small.shape == (3, 7)
    np.testing.assert_allclose(small[1, 2], image[3:6, 6:9].mean(), rtol=1e-5)
    assert picture.shrink(image, 100) is image


def test_a_montage_puts_tiles_in_rows() -> None:
    tiles = np.arange(1, 6, dtype=np.uint8)[:, None, None].repeat(4, 1).repeat(3, 2)
    sheet = picture.montage(tiles, columns=3, gap=1)
    assert sheet.shape == (9, 11)
    assert [sheet[0, 0], sheet[0, 4], sheet[0, 8], sheet[5, 0], sheet[5, 4], sheet[5, 8], sheet[4, 0]] == [1, 2, 3, 4, 5, 0, 0]
