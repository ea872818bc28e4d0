"""Drawings show the pixels that are there: slices of the right axis, hostile names as text, curves with all their points."""

import base64
import re
import zlib

import numpy as np
import pytest

import vitreous
from vitreous.context import UserError
from vitreous.drawing.drawings import show_curves, show_images, show_map


def pictures(shown):
    """The grey pixels of each inlined PNG (filter 2 only, as they are written here)."""
    found = []
    for text in re.findall(r"data:image/png;base64,([^\"]+)", shown._repr_html_()):
        data = base64.b64decode(text)
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        start = data.index(b"IDAT")
        length = int.from_bytes(data[start - 4 : start], "big")
        rows = np.frombuffer(zlib.decompress(data[start + 4 : start + 4 + length]), np.uint8).reshape(height, width + 1)
        found.append(np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8))
    return found


def test_the_slices_of_a_map_are_its_central_ones_by_axis():
    volume = np.zeros((16, 16, 16), np.float32)
    volume[8, 3, 5] = 1  # seen in the slice z 8 only, at row 3, column 5
    z, y, x, _ = pictures(show_map(volume, 2.0, threshold=0.5))
    assert np.unravel_index(z.argmax(), z.shape) == (3, 5)
    assert len(np.unique(y)) == len(np.unique(x)) == 1


def test_a_ball_has_a_surface_and_a_noise_free_map_says_its_size():
    z, y, x = np.indices((24, 24, 24)) - 12
    ball = (np.sqrt(z**2 + y**2 + x**2) < 7).astype(np.float32)
    shown = show_map(ball, 1.5, threshold=0.5, name="ball")
    surface = pictures(shown)[3]
    assert abs((surface > 0).mean() / (np.pi * 7**2 / 24**2) - 1) < 0.1
    assert "24 x 24 x 24 voxels" in repr(shown) and "36 Å wide" in repr(shown)


def test_a_hostile_name_is_text():
    shown = show_images(np.random.default_rng(1).normal(size=(2, 8, 8)), name="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in shown._repr_html_() and "&lt;img src=x" in shown._repr_html_()


def test_curves_keep_their_points_and_empty_ones_are_refused():
    x = np.linspace(0, 0.4, 50)
    html = show_curves({"fsc": (x, 1 - x)}, resolution=True, levels=(0.143,))._repr_html_()
    assert html.count("L") >= 49 and ">fsc<" in html
    with pytest.raises(UserError, match="no curves"):
        show_curves({})


def test_show_draws_by_what_a_thing_is(tmp_path):
    random = np.random.default_rng(2)
    vitreous.write_map(tmp_path / "map.mrc", random.normal(size=(12, 12, 12)), pixel_size_A=3.0)
    vitreous.write_stack(tmp_path / "images.mrcs", random.normal(size=(5, 10, 10)), pixel_size_A=3.0)
    assert "12 x 12 x 12 voxels, 3 Å per voxel" in repr(vitreous.show(tmp_path / "map.mrc"))
    assert "the first 5 of 5" in repr(vitreous.show(tmp_path / "images.mrcs"))
    assert len(pictures(vitreous.show(random.normal(size=(3, 8, 9))))) == 1
    both = vitreous.show(tmp_path / "map.mrc") + vitreous.show({"line": ([0, 1], [0, 1])})
    both.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text().count("<img") == 4
    with pytest.raises(UserError, match="is not there"):
        vitreous.show(tmp_path / "no.mrc")


def test_a_table_shows_head_tail_and_units():
    table = vitreous.Table({"defocus_u_A": np.arange(100.0), "micrograph": np.array(["<b>"] * 100, object)})
    html = table._repr_html_()
    assert "100 rows, 2 columns, 11 of them shown" in html
    assert ">0<" in html and ">99<" in html and ">50<" not in html
    assert "<b>" not in html and "&lt;b&gt;" in html
