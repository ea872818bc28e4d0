"""Walks over the pages of jobs: comparing, a job that was killed, deleting and undoing, cleaning; the log after a restart."""

import os
import re
import signal
import stat
import time

import httpx2
import pytest
from playwright.sync_api import expect
from tests.web.axe import faults
from tests.web.conftest import RIGHT, serving

from vitreous.job.options import build, values
from vitreous.project import graph as graphs
from vitreous.project.project import Project

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BOTH = pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
PROGRAM = "#!/bin/bash\nfor n in $(seq 1 3000); do echo line $n; done\nwhile [ ! -e {go} ]; do sleep 0.1; done\necho the end\n"


def opened(page, window, path=""):
    """The page of an address of the project, with the right to act."""
    page.goto(window.address)
    if path:
        page.goto(f"{window.base}/p/demo/{path}")
    return page


def size(folder):
    """Bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


@BOTH
def test_a_job_opens_on_what_it_made_and_keys_lead_through_its_parts(window, page):
    """Numbers 1 to 6 are the tabs; links lead to inputs; the name is changed in place and that is undone; axe finds nothing."""
    opened(page, window, "job/006")
    expect(page.get_by_role("heading", level=1)).to_have_text("classified")
    expect(page.get_by_role("tab", name="Results")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Classes")).to_be_visible()
    for key, tab in enumerate(("Results", "Parameters", "Progress", "Log", "Files", "Lineage"), start=1):
        page.locator("main").focus()
        page.keyboard.press(str(key))
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel").first).to_be_visible()
        if tab not in ("Results", "Parameters"):  # these hold the parts of other tests
            assert faults(page) == [], tab
    page.get_by_role("link", name="extracted").first.click()
    expect(page).to_have_url(re.compile("/job/005"))
    page.get_by_role("button", name="Change the name of this job").click()
    page.get_by_label("Name of this job").fill("<img src=x onerror=alert(1)>")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("must not hold")
    page.get_by_label("Name of this job").fill("cut out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("cut_out")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("extracted")


def test_addresses_by_name_and_alias_lead_to_the_number(window, page):
    for word in ("Class2D/job006", "classified", "job006", "6"):
        opened(page, window, f"job/{word}")
        expect(page).to_have_url(re.compile(r"/p/demo/job/006$"))
    opened(page, window, "job/006/log")
    expect(page.get_by_label("Output stream")).to_contain_text("2D classification: done")


@BOTH
def test_walk_17_two_refinements_compared(window, page, project):
    """X on each; only differing settings; both FSC curves with a legend. The curves are those of both jobs."""
    here = Project.open(".")
    loaded = here.loaded("Refine3D/job009/")
    other = build(type(loaded.job), {**values(loaded.job), "particle_diameter_A": 170.0})
    name = here.add(other, placement=loaded.placement, alias="tighter")
    for path in (project / "Refine3D/job009").iterdir():
        if path.name.startswith("run") or path.name.startswith("RELION"):
            (project / name / path.name).write_bytes(path.read_bytes())
    with graphs.locked(here.layout) as graph:
        graph.set_status(name, "Succeeded")
    opened(page, window, "job/009")
    expect(page.get_by_role("heading", level=1)).to_have_text("refined")
    expect(page.locator(".volume-detail")).to_be_visible(timeout=30000)  # by then the page hears its keys
    page.locator("main").focus()
    page.keyboard.press("x")
    expect(page.locator(".frame-toasts")).to_contain_text("marked for comparison")
    opened(page, window, "job/012/log")
    expect(page.get_by_role("heading", level=1)).to_have_text("tighter")
    page.locator("main").focus()
    page.keyboard.press("x")
    expect(page).to_have_url(re.compile(r"compare\?a=009&b=012"))
    settings = page.get_by_role("region", name="Settings that differ")
    expect(settings.locator("tbody tr")).to_have_count(1)
    expect(settings.locator("tbody tr")).to_contain_text("Particle diameter (Å)")
    expect(settings.locator("tbody tr")).to_contain_text("170")
    curves = page.get_by_role("region", name="Curves", exact=True)
    expect(curves).to_contain_text("refined 009")
    expect(curves).to_contain_text("tighter 012")
    expect(page.get_by_role("group", name="Map viewer")).to_have_count(1)
    expect(page).to_have_url(re.compile("with=Refine3D%2Fjob012%2Frun_class001.mrc"))
    assert faults(page) == []


@BOTH
def test_walk_18_a_job_killed_for_memory_goes_on_by_one_click(window, page, project):
    """A sentence with numbers and a remedy stand there at once; it goes on from its last iteration, on less memory."""
    here = Project.open(".")
    changed = {"mini_batches": "4000"}
    name = here.add(here.loaded("Class2D/job006/", changed).job, alias="hungry")
    here.start(name)
    folder = project / name
    until = time.monotonic() + 120
    while len(list(folder.glob("run_it*_optimiser.star"))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    place = (folder / ".vitreous/place.json").read_text()
    os.killpg(int(re.search(r'"pid": (\d+)', place)[1]), signal.SIGKILL)
    asked = f"{window.base}/api/p/demo/jobs/012"
    while httpx2.get(asked, headers=RIGHT).json()["state"] != "failed" and time.monotonic() < until:
        time.sleep(0.2)
    last = max(int(path.name[6:9]) for path in folder.glob("run_it*_optimiser.star"))
    opened(page, window)
    ask = page.locator(".frame-ask", has_text="hungry")
    expect(ask).to_contain_text("4 GB")
    expect(ask).to_contain_text(f"Iteration {last} is safe")
    assert faults(page) == []
    ask.get_by_role("button", name="Continue on less memory").click()
    expect(page.locator(".frame-toasts")).to_contain_text("goes on")
    try:
        until = time.monotonic() + 120
        while f"going on from iteration {last}" not in (folder / "run.out").read_text() and time.monotonic() < until:
            time.sleep(0.1)
        assert f"going on from iteration {last}" in (folder / "run.out").read_text()
        assert here.loaded(name).placement.memory_GB == 2
    finally:
        here.abort(name, grace_s=10)


@BOTH
def test_walk_19_delete_undo_and_clean(window, page, project):
    """Deleted, it lies in the Trash with its size; Undo brings all back; a gentle clean frees what it promised."""
    before = graphs.read(project / "default_pipeline.star")
    files = sorted(str(path) for path in (project / "PostProcess/job011").rglob("*"))
    opened(page, window, "job/011/files")
    expect(page.get_by_role("heading", level=1)).to_have_text("sharpened")
    page.locator("main").focus()
    page.keyboard.press("Delete")
    toast = page.locator(".frame-toast", has_text="moved to the Trash")
    expect(toast).to_be_visible()
    assert not (project / "PostProcess/job011").exists()
    opened(page, window, "disk?show=trash")
    row = page.get_by_role("row").filter(has_text="PostProcess/job011")
    expect(row).to_contain_text("MB")
    assert faults(page) == []
    opened(page, window, "activity")
    expect(page.get_by_role("heading", level=1)).to_have_text("Activity")
    assert faults(page) == []
    page.locator(".activity-line").filter(has_text="PostProcess/job011").get_by_role("button").click()
    expect(page.locator(".activity-line.undone")).to_have_count(1)
    after = graphs.read(project / "default_pipeline.star")
    assert (after.processes, after.nodes) == (before.processes, before.nodes)
    assert sorted(after.inputs) == sorted(before.inputs) and sorted(after.outputs) == sorted(before.outputs)
    assert sorted(str(path) for path in (project / "PostProcess/job011").rglob("*")) == files
    assert (project / "PostProcess/sharpened").is_symlink()

    opened(page, window, "disk")
    ticked = page.get_by_text(re.compile("ticked. Cleaned gently they free"))
    expect(ticked).to_be_visible()
    promised = httpx2.get(f"{window.base}/api/p/demo/disk", headers=RIGHT).json()["jobs"]
    promised = sum(job["gentle"] for job in promised if job["proposed"])
    held = sum(size(path) for path in project.glob("*/job*"))
    page.get_by_role("button", name="Clean gently").click()
    expect(page.locator(".frame-toast", has_text="cleaned gently")).to_be_visible()
    freed = held - sum(size(path) for path in project.glob("*/job*") if "Trash" not in path.parts)
    assert freed == pytest.approx(promised, rel=0.01) and promised > 1e6


def test_a_harsh_clean_and_the_emptying_of_the_trash_ask_first(window, page, project):
    opened(page, window, "job/005")
    page.get_by_role("button", name="All acts on this job").click()
    page.get_by_role("menuitem", name="Clean harshly").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Extract/job005/particles.star")
    assert faults(page) == []
    dialog.get_by_role("button", name=re.compile("to the Trash")).click()
    expect(dialog).to_be_hidden()
    opened(page, window, "disk?show=trash")
    page.get_by_role("button", name=re.compile("^Empty, ")).click()
    remove = dialog.get_by_role("button", name=re.compile("for good"))
    expect(remove).to_be_disabled()
    dialog.get_by_role("textbox").fill(dialog.locator("b").inner_text())
    remove.click()
    expect(page.get_by_text("The Trash is empty")).to_be_visible()
    assert not [path for path in (project / "Trash").rglob("*") if path.is_file()]


def test_walk_3_the_log_is_whole_after_the_server_was_gone(page, project):
    """A program writes 3,000 lines; the browser and the server go; a new server shows the log from its first line to its end."""
    program, go = project.parent / "lines.sh", project.parent / "go"
    program.write_text(PROGRAM.format(go=go))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    values = {"program": str(program), "micrographs": "CtfFind/job003/micrographs_ctf.star", "trust_exit_code": "Yes"}
    with serving(project) as window:
        wish = {"type": "external", "values": values, "start": True}
        made = httpx2.post(f"{window.base}/api/p/demo/jobs", json=wish, headers=RIGHT, timeout=30)
        assert made.status_code == 200, made.text
        number = made.json()["number"]
        opened(page, window, f"job/{number}/log")
        expect(page.get_by_label("Output stream")).to_contain_text("line 3000")
        page.goto("about:blank")
    go.touch()
    with serving(project) as window:
        opened(page, window, f"job/{number}/log")
        log = page.get_by_label("Output stream")
        expect(log).to_contain_text("the end")
        log.evaluate("(box) => box.scrollTo(0, 0)")
        expect(log.locator("[data-line='0']")).to_be_visible()
        expect(log).to_contain_text("line 1")
        expect(page.get_by_role("button", name=re.compile("Follow the end"))).to_be_visible()
        page.get_by_placeholder("Find in the log").fill("line 1234")
        expect(page.get_by_text("1 of 1", exact=True)).to_be_visible()
        expect(log.locator(".log-sought")).to_have_text(re.compile("line 1234"))
        whole = httpx2.get(f"{window.base}/api/p/demo/jobs/{number}/log/text", headers=RIGHT).text
        assert [line for line in whole.splitlines() if line.startswith("line ")] == [f"line {n}" for n in range(1, 3001)]
        page.goto("about:blank")


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_of_jobs_never_scroll_sideways(window, page, width):
    """At 1280 and at 390 px each part fits; a very long name is cut."""
    Project.open(".").alias("Class2D/job006/", "a_very_long_name_" + "x" * 180)
    page.set_viewport_size({"width": width, "height": 844})
    paths = [f"job/006/{tab}" for tab in ("results", "progress", "log", "files", "lineage")]
    for path in (*paths, "disk", "compare?a=008&b=009", "activity"):
        opened(page, window, path)
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        main = page.evaluate("(() => { const m = document.querySelector('main'); return m.scrollWidth - m.clientWidth; })()")
        assert wide <= 0 and main <= 1, path
