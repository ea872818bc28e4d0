"""Particles with their images."""

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import mrc, particles, star
from vitreous.tables.table import Table

OPTICS = Table({"optics_group": np.array([1]), "voltage_kV": np.array([300.0]), "pixel_size_A": np.array([1.5])}, "optics")


def written(folder, names, column="image"):
    table = Table({column: np.array(names, object), "optics_group": np.ones(len(names), int)}, "particles", OPTICS)
    star.write_table(folder / "particles.star", table)
    return folder / "particles.star"


def test_rows_and_images_go_together(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stack = np.random.default_rng(1).normal(size=(3, 8, 8)).astype(np.float32)
    mrc.write_stack("a.mrcs", stack, pixel_size_A=1.5)
    table, images = particles.read(written(tmp_path, ["000003@a.mrcs", "000001@a.mrcs"]))
    assert len(table) == len(images) == 2
    np.testing.assert_array_equal(images.read([0, 1]), stack[[2, 0]])


def test_an_odd_side_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mrc.write_stack("a.mrcs", np.zeros((1, 9, 9), np.float32), pixel_size_A=1.5)
    with pytest.raises(UserError, match=r"9 pixels have an odd side.*a box of 10"):
        particles.read(written(tmp_path, ["000001@a.mrcs"]))


@pytest.mark.parametrize(
    ("names", "column", "why"),
    [([], "image", "holds no particles"), (["a"], "micrograph", "rlnImageName"), (["000001@none.mrcs"], "image", r"none\.mrcs")],
)
def test_what_cannot_be_used_is_told_before_the_work(tmp_path, monkeypatch, names, column, why):
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, names, column)
    with pytest.raises(UserError, match=why):
        particles.read(path)
