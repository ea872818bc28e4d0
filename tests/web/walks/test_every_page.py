"""Every page on the finished project and on RELION's own projects: drawn, or a sentence why not; nothing that axe finds.

VITREOUS_PICTURES names a folder that takes a picture of each; the README's picture is one of them.
"""

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.web.axe import faults
from tests.web.conftest import Window, serving

from vitreous.project.project import Project

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = {
    "home": "/",
    "home-tree": "/?view=tree&focus=009",
    "home-table": "/?view=table",
    "start": "/start",
    "live": "/live",
    "disk": "/disk",
    "activity": "/activity",
    "notes": "/notes",
    "schemes": "/schemes",
    "compare": "/compare?a=008&b=009",
    "glance": "/glance",
    "settings": "/settings",
    "settings-places": "/settings/places",
    "settings-keys": "/settings/keys",
    "settings-sharing": "/settings/sharing",
    "templates": "/settings/templates",
    "table": "/table?path=Extract/job005/particles.star&block=particles",
    "view-file": "/view?path=default_pipeline.star",
    "movies": "/job/001",
    "motion": "/job/002",
    "curate": "/job/003",
    "picks": "/job/004",
    "particles": "/job/005",
    "classes": "/job/006",
    "selected": "/job/007",
    "initial-model": "/job/008",
    "refined": "/job/009",
    "mask": "/job/010",
    "map": "/job/011",
    "parameters": "/job/009/params",
    "progress": "/job/009/progress",
    "log": "/job/009/log",
    "files": "/job/009/files",
    "lineage": "/job/009/lineage",
    "new-import": "/new/import",
    "new-class2d": "/new/class2d",
    "new-refine3d": "/new/refine3d",
    "new-external": "/new/external",
    "no-such-page": "/nothing/here",
}
RELIONS = ("relion313_small.tar.gz", "relion31_tutorial_betagal.tar.xz")
READ_WHOLE = "() => document.querySelector('main').innerText.length > 40 && !document.querySelector('main [aria-busy=true]')"


def settled(page: Any) -> None:
    """Wait until the page has its head and nothing in it is still being read."""
    expect(page.locator("main h1, main h2").first).to_be_visible()
    page.wait_for_function(READ_WHOLE, timeout=30000)


def keep(page: Any, name: str) -> None:
    folder = os.environ.get("VITREOUS_PICTURES")
    if folder:
        page.wait_for_timeout(1500)  # surfaces and plots are drawn after their data have come
        page.screenshot(path=f"{folder}/{name}.png")


@pytest.fixture(scope="module")
def shown(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """One server on a copy of the finished project, for all pages; nothing here changes it."""
    copy = tmp_path_factory.mktemp("pages") / "demo"
    shutil.copytree(finished, copy, symlinks=True, ignore=lambda folder, _: {"session"} if Path(folder) == finished else set())
    (copy / "session").symlink_to(finished / "session")
    with serving(copy) as running:
        yield running


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_every_page_is_drawn_and_open_to_all(shown: Window, page: Any, request: pytest.FixtureRequest) -> None:
    theme = request.node.callspec.params["page"]
    found = {}
    for name, path in PAGES.items():
        page.goto(f"{shown.base}/p/demo{path}")
        settled(page)
        keep(page, f"{name}-{theme}")
        found[name] = faults(page)
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found[name] = [*found[name], f"it is {wide} px wider than the window"]
    assert not {name: what for name, what in found.items() if what}


def test_a_job_that_is_not_there_is_a_sentence_with_the_way_on(shown: Window, browser: Any) -> None:
    context = browser.new_context()  # its own: the browser writes the missing answer into the console
    tab = context.new_page()
    tab.goto(f"{shown.address.replace('/?', '/p/demo/?')}")
    tab.goto(f"{shown.base}/p/demo/job/999")
    expect(tab.get_by_text("the project has no job 999")).to_be_visible()
    expect(tab.get_by_role("link", name="Look into the Trash")).to_be_visible()
    context.close()


def test_the_glance_and_a_class_page_fit_a_phone(shown: Window, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("home", "glance", "classes", "map", "new-class2d", "log", "disk"):
        page.goto(f"{shown.base}/p/demo{PAGES[name]}")
        settled(page)
        keep(page, f"{name}-phone")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.data
@pytest.mark.parametrize("archive", RELIONS)
def test_every_job_of_a_project_of_relion_is_drawn_or_says_why_not(
    archive: str, data: Path, tmp_path: Path, browser: Any
) -> None:
    with tarfile.open(data / "relion_projects" / archive) as packed:
        packed.extractall(tmp_path, filter="data")
    root = min(tmp_path.rglob("default_pipeline.star"), key=lambda path: len(path.parts)).parent
    jobs = list(Project.open(root, readonly=True).graph().processes)
    assert len(jobs) >= 8
    context = browser.new_context(viewport={"width": 1280, "height": 800})  # its own: pictures that are gone are told its console
    page, faulty = context.new_page(), []
    page.on("pageerror", lambda error: faulty.append(str(error)))
    with serving(root) as running:
        page.goto(running.address.replace("/?", f"/p/{root.name}/?"))
        settled(page)
        keep(page, f"{root.name}-home")
        for job in jobs:
            page.goto(f"{running.base}/p/{root.name}/job/{job.rstrip('/').rpartition('job')[2]}")
            settled(page)
            keep(page, f"{root.name}-{job.rstrip('/').replace('/', '-')}")
            assert "undefined" not in page.locator("main").inner_text(), job
    context.close()
    assert not faulty
