"""Charts and the page are well-formed, escape what they are given, and put points where the axes say."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np

from vitreous.demo.page import Card, page, picture, table
from vitreous.drawing.chart import HEIGHT, WIDTH, Axes, Curve, chart, sphere_map
from vitreous.files.picture import png_bytes


def svg_of(text):
    return ElementTree.fromstring(text[: text.index("</svg>") + 6])


def test_chart_puts_the_ends_of_a_line_at_the_corners_of_its_frame():
    axes = Axes("resolution (Å)", "FSC", (0.0, 0.25), (0.0, 1.0), resolution=True, levels=(0.143,))
    drawn = chart(axes, [Curve("halves", [0, 0.25], [1, 0], "s1")], title="FSC")
    path = [p.get("d") for p in svg_of(drawn).iter("path") if p.get("stroke") == "var(--s1)"]
    numbers = [float(n) for n in re.findall(r"[\d.]+", path[0])]
    assert numbers == [axes.x(0), axes.y(1), axes.x(0.25), round(axes.y(0), 1)]
    assert 0 < numbers[0] < numbers[2] < WIDTH and 0 < numbers[1] < numbers[3] < HEIGHT
    labels = [t.text for t in svg_of(drawn).iter("text")]
    assert "10" in labels and "4" in labels and "0.2" in labels


def test_chart_breaks_the_line_where_a_point_is_not_finite():
    axes = Axes("x", "y", (0, 3), (0, 1))
    drawn = chart(axes, [Curve("", [0, 1, 2, 3], [0.1, np.nan, 0.3, 0.4])], title="gap")
    path = next(p.get("d") for p in svg_of(drawn).iter("path") if p.get("stroke") == "var(--s1)")
    assert path.count("M") == 2 and path.count("L") == 1


def test_sphere_map_is_darkest_where_the_views_are():
    drawn = svg_of(sphere_map(np.r_[np.full(50, 5.0), 95.0], np.r_[np.full(50, 90.0), 45.0], title="views"))
    shades = [float(r.get("fill-opacity")) for r in drawn.iter("rect")]
    assert sorted(shades) == [0.02, 1.0]


def test_page_escapes_what_it_is_given():
    made = page("a <b>", "x & y", [("8 Å", "<i>")], [Card("t", "<script>alert(1)</script>", table(["h"], [["<td>"]]))])
    assert "<script>" not in made and "&lt;td&gt;" in made and "a &lt;b&gt;" in made


def test_picture_is_inlined():
    made = picture(png_bytes(np.zeros((4, 5), np.uint8)), alt='say "hi"')
    assert made.startswith("<img") and "data:image/png;base64,iVBOR" in made and "&quot;hi&quot;" in made
