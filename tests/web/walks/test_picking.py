"""Picks in a browser: corrected by hand and by keyboard, kept over a reload, saved as a job; asked for by a job; movies."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from tests.web.axe import faults

from vitreous.files import coordinates
from vitreous.project.project import Project

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BOTH = pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
FIRST = "MotionCorr/job002/session/movies/movie_00001.mrc"
PICKED = "AutoPick/job004/session/movies/movie_00001_autopick.star"
SIDE_PX = 1024
expect.set_options(timeout=20_000)


def opened(page: Any, window: Any, where: str) -> None:
    """Go to a page that shows a micrograph, and wait for the picture and the tools."""
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/{where}")
    expect(page.locator(".picture-surface[data-shown=yes]")).to_be_visible()
    expect(page.get_by_role("toolbar", name="Picking").get_by_role("button", name="Erase")).to_be_visible()


def place(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where a pixel of the micrograph is on the screen while the whole of it is shown."""
    box = page.locator(".picture-surface").bounding_box()
    zoom = min(box["width"], box["height"]) / SIDE_PX
    return (
        box["x"] + box["width"] / 2 + (x - SIDE_PX / 2) * zoom,
        box["y"] + box["height"] / 2 + (y - SIDE_PX / 2) * zoom,
    )


def shows(page: Any, here: int, total: int) -> None:
    """The counts beside the micrograph."""
    counts = page.locator(".picks-counts")
    expect(counts.locator(".key-number")).to_have_text(str(here))
    expect(counts).to_contain_text(f"{total} in all")


def empty_place(spots: Any, least_px: float) -> tuple[float, float]:
    """A pixel far from all picks and from the edges and the corners, where controls lie."""
    y, x = np.mgrid[200:800:8, 200:800:8]
    far = np.min(np.hypot(x[..., None] - spots[:, 0], y[..., None] - spots[:, 1]), axis=2)
    best = np.unravel_index(far.argmax(), far.shape)
    assert far[best] > least_px
    return float(x[best]), float(y[best])


@pytest.fixture
def spots(project: Path) -> np.ndarray[Any, Any]:
    """The automatic picks of the first micrograph: x and y."""
    table = coordinates.read(PICKED)
    return np.stack([table["x_px"], table["y_px"]], axis=1)


def total_picks() -> int:
    return sum(len(coordinates.read(f"AutoPick/job004/session/movies/movie_0000{n}_autopick.star")) for n in range(1, 5))


@BOTH
def test_picks_are_corrected_kept_and_saved(project: Path, spots: Any, window: Any, page: Any) -> None:
    """Walk 13: one added, one removed, a region erased; a reload keeps edits and undo; the saved files hold the same."""
    opened(page, window, "job/004")
    here, total = len(spots), total_picks()
    shows(page, here, total)
    new = empty_place(spots, 30)
    page.keyboard.press("p")
    page.mouse.click(*place(page, *new))
    shows(page, here + 1, total + 1)
    inner = spots[((spots > 200) & (spots < 800)).all(axis=1)]
    page.get_by_role("button", name="Remove", exact=True).click()
    page.mouse.click(*place(page, *inner[0]))
    shows(page, here, total)
    page.get_by_role("button", name="Erase").click()
    page.mouse.move(*place(page, *inner[1]))
    page.mouse.down()
    page.mouse.move(*place(page, *inner[2]), steps=12)
    page.mouse.up()
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("title", re.compile("Undo: Erase"))
    left = int(page.locator(".picks-counts .key-number").inner_text())
    assert 0 < left <= here - 2
    with page.expect_response(lambda answer: "/draft" in answer.url and answer.request.method == "PUT" and answer.ok):
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+Shift+z")
    assert faults(page) == []
    page.reload()
    shows(page, left, total - here + left)
    expect(page.get_by_role("button", name="Undo")).to_be_enabled()
    for expected in (here, here + 1, here):
        page.keyboard.press("Control+z")
        shows(page, expected, total - here + expected)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    for _ in range(3):
        page.keyboard.press("Control+Shift+z")
    shows(page, left, total - here + left)
    page.keyboard.press("s")
    expect(page.get_by_role("link", name="Open it")).to_be_visible()
    assert Project.open(".").wait("ManualPick/job012/") == "Succeeded"
    saved = coordinates.read("ManualPick/job012/session/movies/movie_00001_manualpick.star")
    assert len(saved) == left
    assert np.hypot(saved["x_px"] - new[0], saved["y_px"] - new[1]).min() < 2
    assert not (np.hypot(saved["x_px"] - inner[0, 0], saved["y_px"] - inner[0, 1]) < 1).any()
    files = coordinates.files_of("ManualPick/job012/manualpick.star", None)
    assert sum(len(coordinates.read(file)) for file in files.values()) == total - here + left


@BOTH
def test_the_keyboard_alone_picks(project: Path, spots: Any, window: Any, page: Any) -> None:
    """Walk 14: the cross is moved, a pick added and removed, picks are gone through; each act is said."""
    opened(page, window, "job/004")
    page.locator(".picture-surface").focus()
    zoom = page.locator(".picture-surface").bounding_box()
    step_px = 8 * SIDE_PX / min(zoom["width"], zoom["height"])
    cross = np.array([SIDE_PX / 2, SIDE_PX / 2])
    steps = 0
    while np.hypot(*(spots - cross).T).min() < 90 / 2 + 10:  # to a place where no pick is
        page.keyboard.press("ArrowRight")
        cross[0] += step_px
        steps += 1
        assert steps < 40
    here, total = len(spots), total_picks()
    page.keyboard.press("Enter")
    shows(page, here + 1, total + 1)
    said = page.locator(".picks-middle [aria-live=polite]")
    expect(said).to_have_text(f"Added. {here + 1} picks here.")
    page.keyboard.press("Alt+ArrowLeft")
    page.keyboard.press("Enter")
    shows(page, here, total)
    expect(said).to_have_text(f"Removed. {here} picks here.")
    page.keyboard.press("Tab")
    expect(said).to_contain_text(f"of {here}")
    page.keyboard.press("Delete")
    shows(page, here - 1, total - 1)
    page.keyboard.press("Control+z")
    shows(page, here, total)
    assert faults(page) == []


def test_the_threshold_counts_here_and_in_all(project: Path, window: Any, page: Any) -> None:
    """Typed, by key, and undone; circles are neither lost nor saved when they are left out."""
    opened(page, window, "job/004")
    tables = [coordinates.read(f"AutoPick/job004/session/movies/movie_0000{n}_autopick.star") for n in range(1, 5)]
    limit = float(np.median(np.concatenate([table["pick_fom"] for table in tables])))
    box = page.get_by_role("textbox", name="At least, score")
    box.fill(f"{limit:.4f}")
    box.press("Enter")
    kept = [int((table["pick_fom"] >= round(limit, 4)).sum()) for table in tables]
    shows(page, kept[0], sum(kept))
    expect(page.locator(".picks-counts")).to_contain_text(f"of {len(tables[0])} here")
    box.blur()
    page.keyboard.press("=")
    expect(page.locator(".picks-counts .key-number")).not_to_have_text(str(kept[0]))
    page.keyboard.press("Control+z")
    shows(page, kept[0], sum(kept))
    page.keyboard.press(".")
    expect(page.locator(".picks-name")).to_contain_text("2 of 4")
    expect(page.locator(".picks-counts .key-number")).to_have_text(str(kept[1]))


def test_a_job_that_asks_is_answered(project: Path, window: Any, page: Any) -> None:
    """From the form to the output: the job waits, is answered with three picks, and runs."""
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/new/manual-pick")
    expect(page.locator("#page").get_by_label("Micrographs", exact=True)).to_contain_text("job003")
    page.get_by_role("button", name=re.compile("^Add, and answer")).click()
    page.wait_for_url("**/job/012/answer*")
    expect(page.locator(".picture-surface[data-shown=yes]")).to_be_visible()
    expect(page.get_by_role("toolbar", name="Picking").get_by_role("button", name="Erase")).to_be_visible()
    shows(page, 0, 0)
    page.keyboard.press("p")
    for x, y in ((300, 300), (500, 420), (640, 700)):
        page.mouse.click(*place(page, x, y))
    shows(page, 3, 3)
    assert faults(page) == []
    page.keyboard.press("s")
    page.wait_for_url(re.compile(r"/job/012$"))
    assert Project.open(".").wait("ManualPick/job012/") == "Succeeded"
    saved = coordinates.read("ManualPick/job012/session/movies/movie_00001_manualpick.star")
    assert np.allclose(saved["x_px"], [300, 500, 640], atol=3) and np.allclose(saved["y_px"], [300, 420, 700], atol=3)
    assert Path("ManualPick/job012/answer.json").is_file()


@BOTH
def test_a_movie_plays(project: Path, window: Any, page: Any) -> None:
    """Frames, running sum, gain, tracks; the next movie by key."""
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/job/001")
    picture = page.locator(".movies-frame img")
    expect(picture).to_have_js_property("complete", True)
    expect(page.get_by_role("img", name=re.compile(r"^Motion of [\d.]+ Å"))).to_be_visible()
    expect(page.get_by_label("Gain applied")).to_be_checked()
    before = picture.get_attribute("src")
    page.get_by_label("Running sum").uncheck()
    expect(picture).not_to_have_attribute("src", before)
    expect(picture).to_have_attribute("alt", re.compile("^Frame "))
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".movies-slide output")).to_contain_text(re.compile("^[2-9] of"))
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Frame 3", exact=True).click()
    expect(page.locator(".movies-slide output")).to_contain_text("3 of")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.movies-strip img')].slice(0, 4).every((one) => one.naturalWidth > 0)"
    )
    assert faults(page) == []
    page.keyboard.press(".")
    expect(page.get_by_role("region", name="Movie movie_00002.tiff")).to_be_visible()
