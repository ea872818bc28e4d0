"""A table of a million rows in a browser: first rows at once, an outline whose count is that of numpy, broken rows named."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from tests.web.axe import faults

from vitreous.files import star
from vitreous.methods.selection.answered import inside
from vitreous.tables.table import Table

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROWS = 1_000_000


@pytest.fixture
def million(project: Path) -> Table:
    """A table of coordinates with a million rows, one of which is broken."""
    random = np.random.default_rng(2)
    columns = {
        "x_px": random.normal(0, 100, ROWS),
        "y_px": random.normal(0, 100, ROWS),
        "class_number": random.integers(1, 50, ROWS),
    }
    table = Table(columns, "coordinates")
    star.write_table("million.star", table)
    with Path("million.star").open("ab") as file:
        file.write(b"1.5 2.5\n")
    return star.read_table("million.star", bad_rows="skip")


def test_a_million_rows_open_and_a_lasso_counts_them(million: Table, window: Any, page: Any) -> None:
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/table?path=million.star&x=x_px&y=y_px")
    expect(page.locator(".vrows-row").nth(10)).to_contain_text(re.compile(r"\d"))
    expect(page.get_by_role("heading", name="1,000,000 rows", exact=True)).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile(r"could not be read: line 10000\d\d has 2 values"))).to_be_visible()
    page.wait_for_function("() => document.querySelector('.table-area canvas')?.width > 100", timeout=60_000)
    area = page.locator(".table-area").bounding_box()
    corners = [(0.4, 0.3), (0.6, 0.35), (0.65, 0.6), (0.5, 0.7), (0.38, 0.55)]
    places = [(area["x"] + u * area["width"], area["y"] + v * area["height"]) for u, v in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()
    count = page.locator(".table-count[data-took]")
    expect(count).to_be_visible()
    said = int(count.locator("b").inner_text().replace(",", ""))
    span = [(values.min(), values.max()) for values in (million["x_px"].astype(np.float32), million["y_px"].astype(np.float32))]
    points = np.array([[_at(span[0], u), _at(span[1], 1 - v)] for u, v in corners])
    wanted = int(inside(million["x_px"].astype(np.float32), million["y_px"].astype(np.float32), points).sum())
    assert 0.2 * ROWS < said < 0.9 * ROWS
    assert said == pytest.approx(wanted, rel=0.02), "the corners are whole pixels of the screen"
    page.keyboard.press("Tab")
    rows = page.get_by_role("grid")
    rows.focus()
    rows.press("End")
    expect(page.get_by_role("row").filter(has_text="1,000,000")).to_be_visible(timeout=60_000)
    assert faults(page) == []


def _at(span: tuple[float, float], share: float) -> float:
    """A place on an axis, which has a little room at both ends."""
    low, high = (float(end) for end in span)
    room = 0.03 * (high - low)
    return low - room + share * (high - low + 2 * room)


def test_text_of_a_file_stays_text(project: Path, window: Any, page: Any) -> None:
    """Names and values that look like markup run nothing, in the table and in its broken rows."""
    hostile = '"<img src=x onerror=alert(1)>"'
    rows = f"{hostile} 1.5\n<script>alert(1)</script> 2.5\n{hostile} 3.5 4\n"
    Path("<b>hostile.star").write_text(f"data_<u>x\n\nloop_\n_rlnMicrographName\n_rlnDefocusU\n{rows}")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/table?path=%3Cb%3Ehostile.star")
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>hostile.star")
    expect(page.locator(".vrows-row").first).to_contain_text("<img src=x onerror=alert(1)>")
    page.get_by_text("One line could not be read").click()
    expect(page.get_by_text("has 3 values where the table has 2 columns").first).to_be_visible()
    assert page.locator("main img").count() == 0
    assert faults(page) == []
