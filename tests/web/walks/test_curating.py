"""Curation in a browser: a limit that is dragged, verdicts by key, undo over a reload, the saved answer on the command line."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect
from tests.web.axe import faults

from vitreous.files import star
from vitreous.jobs.select import Select
from vitreous.project.project import Project

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FITTED = "CtfFind/job003/micrographs_ctf.star"
MANY = 24


@pytest.fixture
def asked(project: Path) -> str:
    """A selection that waits for an answer about a table of two dozen micrographs with different fits; its number."""
    table = star.read_table(FITTED, "micrographs")
    wide = table.select(np.resize(np.arange(len(table)), MANY))
    names = np.array([f"{name.removesuffix('.mrc')}_{row:02d}.mrc" for row, name in enumerate(wide["micrograph"])], object)
    for old, new in zip(wide["micrograph"], names, strict=True):
        Path(new).symlink_to(Path(old).name)
    wide = wide.with_(
        micrograph=names, ctf_resolution_A=3.0 + 0.2 * np.arange(MANY), accumulated_motion_A=20.0 - 0.5 * np.arange(MANY)
    )
    star.write_table("wide.star", wide)
    name = Project.open(".").add(Select(micrographs="wide.star"))
    return name.rstrip("/").rpartition("job")[2]


def kept(page: Any) -> int:
    """The count that the head shows."""
    return int(page.locator(".cur-kept b").first.inner_text().replace(",", ""))


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_a_limit_follows_the_hand_and_the_answer_can_be_repeated(asked: str, window: Any, page: Any) -> None:
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/job/{asked}/answer")
    limit = page.get_by_role("slider", name="CTF fit, upper limit")
    expect(limit).to_be_visible()
    before = kept(page)
    box = page.locator(".cur-plot").first.bounding_box()
    handle = limit.bounding_box()
    page.mouse.move(handle["x"] + handle["width"] - 20, handle["y"] + 6)
    page.mouse.down()
    page.mouse.move(handle["x"] + 40, box["y"] + box["height"] * 0.5, steps=8)
    page.wait_for_function("(before) => Number(document.querySelector('.cur-kept b').innerText) < before", arg=before)
    page.mouse.up()
    assert 0 < kept(page) < before
    field = page.get_by_role("textbox", name="CTF fit to, Å")
    field.fill("5")
    field.press("Enter")
    values = 3.0 + 0.2 * np.arange(MANY)
    inside = int((values <= 5.0).sum())
    expect(page.locator(".cur-kept b").first).to_have_text(str(inside))
    field.blur()
    page.goto(f"{window.base}/p/demo/job/{asked}/answer?row=3")
    expect(page.locator(".cur-kept b").first).to_have_text(str(inside))
    page.get_by_role("heading", name="Curate micrographs").click()
    page.keyboard.press("r")
    expect(page.locator(".cur-kept b").first).to_have_text(str(inside - 1))
    page.keyboard.press("Control+z")
    expect(page.locator(".cur-kept b").first).to_have_text(str(inside))
    page.keyboard.press("Control+Shift+z")
    expect(page.get_by_role("button", name="By hand 1")).to_be_visible()
    expect(page.locator(".picture-surface[data-shown=yes]")).to_be_visible()
    expect(page.locator(".cur-radial svg").first).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile(rf"/job/{asked}$"))
    name = f"Select/job{asked}"
    assert Project.open(".").wait(name, poll_s=0.1) == "Succeeded"
    table = star.read_table("wide.star", "micrographs")
    wanted = [one for row, one in enumerate(table["micrograph"].tolist()) if values[row] <= 5.0 and row != 2]
    assert star.read_table(f"{name}/micrographs.star", "micrographs")["micrograph"].tolist() == wanted
    command = ["select", "--micrographs", "wide.star", "--answer", f"{name}/answer.json", "--out", "repeated"]
    subprocess.run([sys.executable, "-m", "vitreous", *command], check=True, capture_output=True)
    assert Path("repeated/micrographs.star").read_bytes() == Path(name, "micrographs.star").read_bytes()


def test_marks_drafts_and_pictures(asked: str, window: Any, page: Any) -> None:
    """A box in a strip marks points, which are left out together; a reload keeps it, and its undo; rows sort by any value."""
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/job/{asked}/answer")
    strip = page.locator(".cur-brush").nth(2)
    expect(strip).to_be_visible()
    total = kept(page)
    place = strip.bounding_box()
    page.mouse.move(place["x"] + 2, place["y"] + 14)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] * 0.4, place["y"] + place["height"] - 14, steps=5)
    page.mouse.up()
    marks = page.get_by_role("group", name="Marked micrographs")
    marked = int(re.match(r"\d+", marks.inner_text()).group())  # type: ignore[union-attr]
    assert marked > 2
    with page.expect_response(lambda answer: "/draft" in answer.url and answer.request.method == "PUT"):
        marks.get_by_role("button", name="Leave out").click()
    expect(page.get_by_role("button", name=f"By hand {marked}")).to_be_visible()
    assert kept(page) < total
    page.reload()
    expect(page.get_by_role("button", name=f"By hand {marked}")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="By hand 0")).to_be_visible()
    page.get_by_role("button", name="Fit Å").click()
    page.get_by_role("button", name="Fit Å").click()
    first = page.locator(".cur-rows .vrows-row").first
    expect(first).to_contain_text(f"_{MANY - 1:02d}")


def test_one_micrograph_is_fitted_again_and_used(asked: str, window: Any, page: Any) -> None:
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/job/{asked}/answer?row=1")
    page.get_by_role("button", name="Fit again").click()
    form = page.get_by_role("form")
    form.get_by_role("button", name="Fit", exact=True).click()
    expect(form.get_by_text("score")).to_be_visible(timeout=60_000)
    form.get_by_role("button", name="Use").click()
    expect(page.locator(".cur-rows .vrows-row").first).to_contain_text("4.0")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".cur-rows .vrows-row").first).to_contain_text("3.0")


def test_a_table_saves_its_subset_and_axe_finds_nothing(project: Path, window: Any, page: Any) -> None:
    """Filter in words, two columns as a density, a box by numbers, pictures of the rows, the subset as a job."""
    particles = star.read_table("Extract/job005/particles.star", "particles")
    middle = round(float(np.median(particles["x_px"])))
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/table?path=Extract/job005/particles.star&x=x_px&y=y_px")
    page.get_by_role("searchbox", name="Filter in words").fill(f"x_px > {middle}")
    count = int((particles["x_px"] > middle).sum())
    expect(page.get_by_role("heading", name=f"{count} of {len(particles)} rows")).to_be_visible()
    page.get_by_role("textbox", name="y_px from").fill("200")
    page.get_by_role("textbox", name="y_px to").fill("600")
    page.get_by_role("button", name="Mark box").click()
    inside = int(((particles["x_px"] > middle) & (particles["y_px"] >= 200) & (particles["y_px"] <= 600)).sum())
    words = re.compile(rf"^{inside} of {count} rows")
    expect(page.locator(".table-count")).to_have_text(words)
    assert faults(page) == []
    page.get_by_role("button", name="Pictures").click()
    expect(page.locator(".particles-tiles").get_by_role("option").first).to_be_visible()
    page.get_by_role("button", name="Save subset").click()
    toast = page.get_by_text(re.compile(r"saved as Select/job\d+"))
    expect(toast).to_be_visible()
    name = re.search(r"Select/job\d+", toast.inner_text()).group()  # type: ignore[union-attr]
    assert Project.open(".").wait(name, poll_s=0.1) == "Succeeded"
    assert len(star.read_table(f"{name}/particles.star", "particles")) == inside
    page.get_by_role("searchbox", name="Filter in words").fill("nonsense > 3")
    expect(page.get_by_role("status").filter(has_text="no column nonsense")).to_be_visible()


@pytest.mark.parametrize("page", ["dark"], indirect=True)
def test_particles_are_pictures_in_the_order_of_a_column(window: Any, page: Any) -> None:
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/view?path=Extract/job005/particles.star&sort=-pick_fom")
    particles = star.read_table("Extract/job005/particles.star", "particles")
    best = int(np.argmax(particles["pick_fom"])) + 1
    first = page.locator(".particles-tiles").get_by_role("option").first
    expect(first).to_have_accessible_name(re.compile(rf"^row {best:,}, pick_fom"))
    expect(page.locator(".particles canvas").first).to_be_visible()
    assert faults(page) == []


@pytest.mark.parametrize("page", ["dark"], indirect=True)
def test_a_result_is_curated_into_a_new_job(project: Path, window: Any, page: Any) -> None:
    """CTF estimation's own page: one limit and Save make a selection that runs; a look without rights offers no save."""
    table = star.read_table(FITTED, "micrographs")
    limit_um = round(float(np.sort(table["defocus_u_A"])[1]) * 1e-4 + 0.001, 3)
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/job/003")
    field = page.get_by_role("textbox", name="Defocus to, µm")
    field.fill(str(limit_um))
    field.press("Enter")
    expect(page.locator(".cur-kept b").first).to_have_text("2")
    expect(page.locator(".cur-track svg")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Save selection").click()
    toast = page.get_by_text(re.compile(r"2 micrographs are saved as Select/job\d+"))
    expect(toast).to_be_visible()
    name = re.search(r"Select/job\d+", toast.inner_text()).group()  # type: ignore[union-attr]
    assert Project.open(".").wait(name, poll_s=0.1) == "Succeeded"
    assert len(star.read_table(f"{name}/micrographs.star", "micrographs")) == 2
