"""Walks 1, 2 and 4 of the window, and what the frame promises: home, palette, keys, rail, glance; both themes, axe clean."""

import fcntl
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.web.axe import faults
from tests.web.conftest import Window, serving

from vitreous.project import graph as graphs
from vitreous.project.graph import Process
from vitreous.project.project import Project

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("page", ["light", "dark"], indirect=True)


@contextmanager
def running_job(project: Path) -> Iterator[Path]:
    """A classification under way: a living lock and a file of progress; gives that file."""
    opened = Project.open(project)
    with graphs.locked(opened.layout) as graph:
        name = "Class2D/job090/"
        graph.processes[name] = Process(name, "relion.class2d", "Running", "Class2D/round_2/")
        graph.add_input("Extract/job005/particles.star", name)
    hidden = project / "Class2D/job090/.vitreous"
    hidden.mkdir(parents=True)
    say(hidden / "progress.jsonl", done=17)
    (hidden / "lock").touch()
    with (hidden / "lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield hidden / "progress.jsonl"


def say(progress: Path, *, done: int) -> None:
    """One more line of progress."""
    line = {
        "time": time.time() + (done - 17) * 60,
        "done": done,
        "total": 25,
        "note": f"iteration {done}, 8.1 Å",
        "left_s": (25 - done) * 60,
    }
    with progress.open("a") as stream:
        stream.write(json.dumps(line) + "\n")


def failed_job(project: Path) -> None:
    """A refinement that a GPU had no room for."""
    opened = Project.open(project)
    with graphs.locked(opened.layout) as graph:
        name = "Refine3D/job091/"
        graph.processes[name] = Process(name, "relion.refine3d", "Failed", "Refine3D/arm/")
    folder = project / "Refine3D/job091"
    folder.mkdir(parents=True)
    (folder / "run.err").write_text(
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 14.20 GiB. GPU 1 has a total capacity of 11.90 GiB of\n"
    )
    (folder / "RELION_JOB_EXIT_FAILURE").touch()


@pytest.mark.slow
@BOTH
def test_walk_1_an_empty_directory(page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four acts are offered; the demonstration shows its first job by itself."""
    folder = tmp_path / "empty"
    folder.mkdir()
    with serving(folder) as window:
        page.goto(window.address)
        acts = page.locator(".home-begin-act")
        expect(acts).to_have_count(4)
        expect(acts).to_contain_text(["Import movies", "Bring in particles or a map", "Open a RELION project", "Run the demo"])
        assert faults(page) == []
        acts.filter(has_text="Run the demo").click()
        expect(page.locator(".home-begin-said, .home-pipeline")).not_to_be_empty(timeout=3000)
        expect(page.get_by_role("treeitem").first).to_be_visible(timeout=120_000)
        expect(page.get_by_role("treeitem").first).to_contain_text(re.compile("job001"))
        page.goto("about:blank")
        said = json.loads((folder / ".vitreous/demonstration.json").read_text())
        os.killpg(os.getpgid(int(said["pid"])), signal.SIGKILL)


@BOTH
def test_walk_2_what_runs_is_seen_without_a_click(window: Window, page: Any) -> None:
    """Running jobs, progress and time left stand on the home and change without reload."""
    with running_job(window.folder) as progress:
        page.goto(window.address)
        row = page.locator("a.frame-job[data-job='090']")
        expect(row).to_contain_text("8 min left")
        expect(row).to_contain_text("iteration 17 of 25")
        bar = row.get_by_role("progressbar")
        expect(bar).to_have_attribute("aria-valuenow", "68")
        expect(page.get_by_role("treeitem", name="round_2")).to_contain_text("running")
        assert faults(page) == []
        say(progress, done=20)
        expect(bar).to_have_attribute("aria-valuenow", "80")
        expect(row).to_contain_text("iteration 20 of 25")
        expect(row).to_contain_text("5 min left")


@BOTH
def test_walk_4_a_type_is_found_and_its_form_opens(window: Window, page: Any) -> None:
    """ "2D" after "/" and Enter: a fresh 2D form whose slot offers the newest extraction, and only particles."""
    page.goto(window.address)
    expect(page.get_by_role("treeitem").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#find-type")).to_be_focused()
    page.keyboard.type("2D")
    expect(page.locator("#rail-types .frame-type")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/new/class2d"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    slot = page.locator(".slot-button").first
    slot.click()
    expect(page.get_by_role("option").filter(has_text="extracted").first).to_be_visible()
    expect(page.get_by_role("option").filter(has_text="sharpened")).to_have_count(0)
    offers = page.request.get(f"{window.base}/api/p/demo/slots", params={"kind": "particles"}).json()["offers"]
    assert [offer["when"] for offer in offers] == sorted((offer["when"] for offer in offers), reverse=True)
    assert {offer["kind"].partition(".")[0] for offer in offers} == {"particles"}
    assert faults(page) == []


def test_a_failure_stands_with_its_sentence_and_remedy(window: Window, page: Any) -> None:
    failed_job(window.folder)
    page.goto(window.address)
    box = page.get_by_role("group", name="Needs you")
    expect(box).to_contain_text("The GPU ran out of memory: 14.2 GB wanted")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect(box.locator("a.frame-job")).to_be_focused()
    box.get_by_role("button", name="Dismiss").click()
    expect(box).to_have_count(0)
    expect(page.get_by_role("group", name="Finished")).to_contain_text("arm")
    expect(page).not_to_have_title(re.compile(r"^\("))


def test_the_pipeline_by_keyboard(window: Window, page: Any) -> None:
    """Arrows walk along lines; hovering lights ancestors and descendants; Enter opens."""
    page.goto(window.address)
    first = page.locator("[data-node='0']")
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-node='1']")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(first).to_be_focused()
    page.locator("[data-node='3']").hover()
    expect(page.locator("[data-node='0']")).not_to_have_class(re.compile("dim"))
    page.get_by_role("button", name="Fold finished").click()
    expect(page.get_by_role("treeitem").filter(has_text="jobs").first).to_be_visible()
    page.get_by_role("button", name="Table").click()
    expect(page.get_by_role("row").filter(has_text="job003").first).to_be_visible()
    assert "view=table" in page.url
    page.get_by_role("button", name="Stages").click()
    page.get_by_role("button", name="Unfold").click()
    expect(first).to_contain_text("job001")
    first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/job/001"))


@BOTH
def test_palette_keys_and_menu(window: Window, page: Any) -> None:
    page.goto(window.address)
    expect(page.get_by_role("treeitem").first).to_be_visible()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Find jobs, files and commands")
    expect(field).to_be_focused()
    field.fill("006")
    expect(page.get_by_role("option").first).to_contain_text("job006")
    assert faults(page) == []
    field.fill("> remake")
    expect(page.get_by_role("option").first).to_contain_text("Remake .Nodes/")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Back to the present job")
    assert faults(page) == []
    page.keyboard.press("Escape")
    menu = page.get_by_role("button", name=re.compile("demo"))
    menu.first.click()
    for words in ("Display…", "Edit project note", "Undelete job(s)…", "Gently clean all jobs…", "Run scheduled jobs"):
        expect(page.get_by_role("menuitem", name=words)).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(menu.first).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("/settings/look"))


def test_title_is_changed_in_place(window: Window, page: Any) -> None:
    page.goto(window.address)
    page.get_by_role("button", name="Change the title").click()
    page.get_by_label("Title of the project").fill("<img src=x onerror=alert(1)> grid 3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("<img src=x onerror=alert(1)> grid 3")
    assert "grid 3" in (window.folder / ".vitreous/title.txt").read_text()


@BOTH
def test_settings_pages(window: Window, page: Any) -> None:
    page.goto(window.address)
    for part in ("look", "keys", "places", "sharing", "about"):
        page.goto(f"{window.base}/p/demo/settings/{part}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".settings-rows")).to_be_visible()
        assert faults(page) == [], part
    page.goto(f"{window.base}/p/demo/settings/look")
    page.get_by_role("group", name="Theme").get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@BOTH
def test_the_phone(window: Window, page: Any) -> None:
    """390 x 844: the home is the glance, nothing goes beyond the side, one act continues the failed job."""
    failed_job(window.folder)
    page.set_viewport_size({"width": 390, "height": 844})
    with running_job(window.folder):
        page.goto(window.address)
        expect(page.get_by_role("region", name="Needs you")).to_contain_text("The GPU ran out of memory")
        expect(page.get_by_role("region", name="Running").get_by_role("button", name="Stop")).to_be_visible()
        expect(page.get_by_role("region", name="Newest result").get_by_role("img")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert faults(page) == []
        page.goto(f"{window.base}/p/demo/glance")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert faults(page) == []
