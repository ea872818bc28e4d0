"""Micrographs: pixel sizes from either label, NaN refused."""

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import micrographs, mrc, star
from vitreous.tables.table import Table


def write(path, columns: dict, optics: dict) -> None:
    base = {"optics_group_name": ["a"], "optics_group": [1], "voltage_kV": [300.0]}
    star.write_table(path, Table({"optics_group": [1], **columns}, "micrographs", Table({**base, **optics}, "optics")))


def test_the_pixel_size_stands_under_one_name(tmp_path):
    for name in ("micrograph_pixel_size_A", "original_pixel_size_A"):
        write(tmp_path / "m.star", {"micrograph": ["a.mrc"]}, {name: [1.25]})
        assert micrographs.read_table(tmp_path / "m.star").optics_column("micrograph_pixel_size_A").tolist() == [1.25]


def test_what_lacks_is_said(tmp_path):
    write(tmp_path / "m.star", {"micrograph": ["a.mrc"]}, {})
    with pytest.raises(UserError, match="rlnMicrographPixelSize"):
        micrographs.read_table(tmp_path / "m.star")
    write(tmp_path / "m.star", {"ctf_fom": [0.1]}, {"micrograph_pixel_size_A": [1.0]})
    with pytest.raises(UserError, match="rlnMicrographName"):
        micrographs.read_table(tmp_path / "m.star")


def test_pixels_that_are_no_numbers_are_counted(tmp_path):
    image = np.random.default_rng(1).normal(size=(20, 30)).astype(np.float32)
    mrc.write_image(tmp_path / "a.mrc", image, pixel_size_A=1)
    assert np.array_equal(micrographs.read_finite(tmp_path / "a.mrc"), image)
    image[2, 3], image[4, 5] = np.nan, np.inf
    mrc.write_image(tmp_path / "a.mrc", image, pixel_size_A=1)
    with pytest.raises(UserError, match=r"a\.mrc: 2 of 600 pixels"):
        micrographs.read_finite(tmp_path / "a.mrc")
