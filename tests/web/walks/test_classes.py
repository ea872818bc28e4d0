"""Class averages in a browser: threshold and save, keyboard alone, a new iteration under one's marks, answers, curves, 3D."""

import fcntl
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.web.axe import faults

from vitreous.files import star
from vitreous.jobs.select import Select
from vitreous.project import graph as graphs
from vitreous.project.project import Project

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BOTH = pytest.mark.parametrize("page", ["light", "dark"], indirect=True)


def opened(page: Any, window: Any, path: str) -> Any:
    """The page of an address of the project, with the right to act."""
    page.goto(window.address)
    page.goto(f"{window.base}/p/demo/{path}")
    return page


def counted(page: Any) -> tuple[int, int]:
    """Classes and particles that the foot shows."""
    found = re.match(r"([\d,]+) class(?:es)?, ([\d,]+) of", page.get_by_test_id("count").inner_text())
    assert found
    return int(found[1].replace(",", "")), int(found[2].replace(",", ""))


def finished(folder: Path, seconds: float = 90.0) -> Path:
    """A job's folder, once the job has succeeded."""
    until = time.monotonic() + seconds
    while not (folder / "RELION_JOB_EXIT_SUCCESS").is_file():
        assert time.monotonic() < until, f"{folder} has not finished within {seconds} s"
        assert not (folder / "RELION_JOB_EXIT_FAILURE").is_file(), (folder / "run.err").read_text()
        time.sleep(0.2)
    return folder


def saved_iterations(project: Path) -> list[int]:
    """Those of the 2D classification that are on disk."""
    return sorted(int(path.name[6:9]) for path in (project / "Class2D/job006").glob("run_it*_optimiser.star"))


def gallery(page: Any) -> Any:
    """The list of classes, when its pictures are drawn."""
    found = page.get_by_role("listbox", name=re.compile("class averages"))
    expect(found.locator("canvas").first).to_be_visible()
    return found


@BOTH
def test_walk_9_classes_are_selected_by_score_and_saved(window: Any, page: Any, project: Path) -> None:
    """The rows of the new job's particles.star are as many as the count that was shown."""
    opened(page, window, "job/006")
    listed = gallery(page)
    slider = page.get_by_role("slider", name="Select classes with score at least")
    slider.focus()
    slider.press("ArrowRight")
    page.get_by_role("button", name="Select these").click()
    expect(page.get_by_test_id("count")).not_to_have_text(re.compile(r"^\s*0 classes"))
    marked = listed.locator("[aria-selected=true]")
    before = counted(page)
    assert marked.count() == before[0]
    marked.first.click()
    classes, particles = counted(page)
    assert classes == before[0] - 1
    assert faults(page) == []
    page.get_by_role("button", name="Save selection").click()
    expect(page.get_by_role("link", name="Saved as Select/job012")).to_be_visible()
    rows = star.read_table(finished(project / "Select/job012") / "particles.star", "particles")
    assert len(rows) == particles
    assert len(set(rows["class_number"].tolist())) == classes


def test_walk_10_the_keyboard_alone_selects_and_saves(window: Any, page: Any, project: Path) -> None:
    """Arrows, Space, I, Ctrl Z and S; each mark is said in the live count, and kept over a reload."""
    opened(page, window, "job/006?sort=number")
    listed = gallery(page)
    listed.locator("[tabindex='0']").focus()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("count")).to_contain_text("1 class,")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(listed.get_by_role("option", name=re.compile("^Class 3,"))).to_be_focused()
    expect(page.get_by_test_id("count")).to_contain_text("3 classes,")
    page.keyboard.press("i")
    expect(page.get_by_test_id("count")).to_contain_text("17 classes,")
    page.keyboard.press("Control+z")
    expect(page.get_by_test_id("count")).to_contain_text("3 classes,")
    expect(page.get_by_test_id("count")).to_have_attribute("aria-live", "polite")
    with page.expect_response(lambda answer: "/draft" in answer.url and answer.request.method == "PUT"):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
    page.reload()
    gallery(page)
    expect(page.get_by_test_id("count")).to_contain_text("4 classes,")
    page.keyboard.press("s")
    expect(page.get_by_role("link", name="Saved as Select/job012")).to_be_visible()
    rows = star.read_table(finished(project / "Select/job012") / "particles.star", "particles")
    assert set(rows["class_number"].tolist()) <= {1, 2, 3, 4}


@pytest.fixture
def running(project: Path) -> Any:
    """The classification as if it were half way; gives its iteration, the next one, and what brings that."""
    folder = project / "Class2D/job006"
    saved = saved_iterations(project)
    middle = len(saved) // 2
    now, coming = saved[middle : middle + 2]
    aside = project / "aside"
    aside.mkdir()
    for it in saved[middle + 1 :]:
        for path in folder.glob(f"run_it{it:03d}_*"):
            shutil.move(path, aside / path.name)
    (folder / "RELION_JOB_EXIT_SUCCESS").unlink()
    with graphs.locked(Project.open(".").layout) as graph:
        graph.set_status("Class2D/job006/", "Running")

    def next_iteration() -> None:
        for path in sorted(aside.glob(f"run_it{coming:03d}_*"), key=lambda path: path.name.endswith("_optimiser.star")):
            shutil.move(path, folder / path.name)
        with (folder / ".vitreous/progress.jsonl").open("a") as file:
            file.write(f'{{"done": {coming}, "total": 200}}\n')

    with (folder / ".vitreous/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield now, coming, next_iteration


def test_walk_11_a_new_iteration_moves_nothing(running: Any, window: Any, page: Any) -> None:
    """The page stays on its iteration and offers the newer one; marks stay with theirs, and are carried over when asked."""
    now, coming, next_iteration = running
    opened(page, window, "job/006?sort=number")
    listed = gallery(page)
    expect(page.get_by_role("heading", name=f"Iteration {now}")).to_be_visible()
    for name in ("Class 2,", "Class 5,"):
        listed.get_by_role("option", name=re.compile(f"^{name}")).click()
    said = counted(page)
    next_iteration()
    expect(page.get_by_text(f"Iteration {coming} is ready")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("heading", name=f"Iteration {now}")).to_be_visible()
    assert counted(page) == said
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_role("heading", name=f"Iteration {coming}")).to_be_visible()
    expect(page.get_by_test_id("count")).to_contain_text("0 classes,")
    page.get_by_role("button", name=f"Carry over 2 marks of iteration {now}").click()
    expect(page.get_by_test_id("count")).to_contain_text("2 classes,")
    page.locator("main").click(position={"x": 5, "y": 5})
    page.keyboard.press(",")
    expect(page.get_by_role("heading", name=f"Iteration {now}")).to_be_visible()
    expect(page.get_by_test_id("count")).to_contain_text("2 classes,")
    assert counted(page) == said


def test_a_job_that_asks_for_classes_is_answered(window: Any, page: Any, project: Path) -> None:
    """The answer runs the job that asked; the file of the answer holds the classes."""
    number = Project.open(".").add(Select(model="Class2D/job006/run_it200_optimiser.star"))[-4:-1]
    opened(page, window, f"job/{number}/answer")
    gallery(page).get_by_role("option", name=re.compile("^Class 4,")).click()
    particles = counted(page)[1]
    page.get_by_role("button", name="Save selection").click()
    folder = finished(project / f"Select/job{number}")
    assert len(star.read_table(folder / "particles.star", "particles")) == particles
    assert '"classes": [\n  4\n ]' in (folder / "answer.json").read_text()


@BOTH
def test_members_history_and_tiles_in_both_themes(window: Any, page: Any, project: Path) -> None:
    """A box drawn over tiles marks them; the class under the cursor shows its particles; the grid leads to an iteration."""
    opened(page, window, "job/006?sort=number")
    listed = gallery(page)
    first, third = (listed.get_by_role("option").nth(place).bounding_box() for place in (0, 2))
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(third["x"] + 20, third["y"] + 40, steps=6)
    page.mouse.up()
    expect(page.get_by_test_id("count")).to_contain_text("3 classes,")
    listed.get_by_role("option").nth(8).hover()
    said = listed.get_by_role("option", name=re.compile("^Class 1,")).locator(".hidden-text").inner_text()
    count = int(re.search(r"([\d,]+) particles", said)[1].replace(",", ""))
    expect(page.get_by_role("list", name="Particles of class 1").locator("canvas")).to_have_count(min(16, count))
    expect(page.get_by_role("list", name="Class 1 by iteration").locator("canvas").first).to_be_visible()
    page.get_by_role("button", name="History").click()
    expect(page.get_by_role("region", name="Classes by iteration")).to_be_visible()
    assert faults(page) == []
    early = saved_iterations(project)[1]
    page.get_by_role("button", name=re.compile(f"Class 1 at iteration {early},")).click()
    expect(page.get_by_role("heading", name=f"Iteration {early}", exact=True)).to_be_visible()


@BOTH
def test_walk_15_the_crossing_is_the_number_in_the_star_file(window: Any, page: Any, project: Path) -> None:
    """Written at the curve; the plot is read by arrow keys, as a table, and saved as CSV with the file's values."""
    final = float(star.read_list(project / "PostProcess/job011/postprocess.star", "general")["rlnFinalResolution"])
    opened(page, window, "job/011/results/postprocess.star")
    plot = page.get_by_role("group", name=re.compile("^Fourier shell correlation, against"))
    expect(plot).to_have_attribute("aria-label", re.compile(re.escape(f"marked: {final:.2f} Å")))
    expect(plot.locator("canvas")).to_be_visible()
    plot.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".plot-readout").first).to_contain_text("1/Å")
    assert faults(page) == []
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").first.click()
    lines = Path(waiting.value.path()).read_text().splitlines()
    block = star.read(project / "PostProcess/job011/postprocess.star")["fsc"]
    assert len(lines) == 1 + len(block)
    assert float(lines[3].split(",")[2]) == pytest.approx(float(block["rlnFourierShellCorrelationCorrected"][2]), abs=1e-6)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="SVG").first.click()
    assert f"{final:.2f} Å" in Path(waiting.value.path()).read_text()
    page.get_by_role("button", name="as table").first.click()
    table = page.get_by_role("region", name="Fourier shell correlation, as a table")
    expect(table.get_by_role("row")).to_have_count(1 + len(block))
    assert faults(page) == []


@BOTH
def test_angles_and_convergence_of_a_refinement(window: Any, page: Any) -> None:
    """The sphere with its sentence; the sentence of the iterations on the progress tab."""
    opened(page, window, "job/009/results/run_model.star?show=angles")
    expect(page.get_by_text(re.compile("^Efficiency [01]"))).to_be_visible()
    page.get_by_role("button", name="Two discs").click()
    expect(page.get_by_role("img", name=re.compile("Views by direction"))).to_be_visible()
    assert faults(page) == []
    opened(page, window, "job/009/progress")
    expect(page.get_by_text(re.compile("^Converged at iteration"))).to_be_visible()
    expect(page.locator("[data-kind=resolution] canvas")).to_be_visible()
    assert faults(page) == []


@BOTH
def test_3d_classes_show_slices_and_are_marked(window: Any, page: Any, project: Path) -> None:
    """Three central slices and a projection; angles of the class; saved like 2D classes."""
    shutil.copytree(project / "InitialModel/job008", project / "Class3D/job090")
    model = project / "Class3D/job090/run_it010_model.star"
    file = star.read(model)
    table = file["model_classes"]
    for label, values in table.columns.items():
        table.columns[label] = values.repeat(2)
    star.write(model, file)
    opened(page, window, "view?path=Class3D/job090/run_it010_optimiser.star")
    first = page.get_by_role("region", name="Class 1", exact=True)
    expect(first.locator("canvas")).to_have_count(4)
    first.get_by_role("checkbox").check()
    expect(page.get_by_test_id("count")).to_contain_text("1 class,")
    expect(first.get_by_role("link", name="Open in map viewer")).to_be_visible()
    assert faults(page) == []
