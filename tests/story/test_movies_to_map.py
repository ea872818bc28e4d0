"""The whole story: a small session is simulated, stopped, taken up again, and becomes a map that agrees with its truth."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from vitreous.demo import ending
from vitreous.demo.settings import DemoSettings
from vitreous.demo.steps import STEPS, session_of
from vitreous.files import star
from vitreous.project.project import Project

MOVIES = 4


def start(folder):
    words = [sys.executable, "-m", "vitreous", "demo", "--out", str(folder), "--movies", str(MOVIES)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The folder of the demonstration, stopped in its 2D classification and then run to its end; and what it printed last."""
    folder = tmp_path_factory.mktemp("demo") / "small session"
    first = start(folder)
    while first.poll() is None and not list(folder.glob("Class2D/job*/run_it*_optimiser.star")):
        time.sleep(0.5)
    first.send_signal(signal.SIGINT)
    said, _ = first.communicate(timeout=300)
    assert first.returncode == 130, said
    assert "goes on where it stopped" in said
    second = start(folder)
    said, _ = second.communicate(timeout=1500)
    assert second.returncode == 0, said
    return folder, said


@pytest.mark.slow
def test_it_went_on_and_did_nothing_twice(told):
    folder, _ = told
    graph = Project.open(folder).graph()
    assert [p.status for p in graph.processes.values()] == ["Succeeded"] * len(STEPS)
    log = next(iter(folder.glob("Class2D/job*/run.out"))).read_text()
    assert "(new)" in log and "(going on)" in log
    for job in folder.glob("MotionCorr/job*"):
        assert (job / "run.out").read_text().count("(new)") == 1
        assert "(going on)" not in (job / "run.out").read_text()


@pytest.mark.slow
def test_map_agrees_with_the_truth(told, monkeypatch):
    folder, said = told
    monkeypatch.chdir(folder)
    verdict = ending.judge(Project.open("."), session_of(DemoSettings(movies=MOVIES)))
    assert verdict.resolution_A < 12.0
    assert verdict.frame.median_error_deg < 4.0
    assert verdict.matched > 0.95 * len(star.read_table(next(iter(folder.glob("Refine3D/job*"))) / "run_data.star", "particles"))
    assert re.search(rf"FSC 0\.5 at\s+{verdict.resolution_A:.1f}", said)


@pytest.mark.slow
def test_page_stands_alone(told):
    folder, _ = told
    page = (folder / "demo.html").read_text()
    assert page.count("<section") >= 9 and page.count("data:image/png;base64,") >= 5
    assert not re.search(r'(src|href)="(?!data:)', page)


@pytest.mark.slow
def test_half_maps_are_independent_halves(told):
    folder, _ = told
    table = star.read_table(next(iter(folder.glob("Refine3D/job*"))) / "run_data.star", "particles")
    counts = np.bincount(table["half"].astype(int), minlength=3)
    assert counts[0] == 0 and abs(int(counts[1]) - int(counts[2])) <= 0.2 * len(table)


@pytest.mark.slow
@pytest.mark.relion
def test_relion_opens_the_project(told, relion):
    folder, _ = told
    before = Project.open(folder).graph()
    subprocess.run([f"{relion}/relion_pipeliner", "--check_job_completion"], cwd=folder, check=True, capture_output=True)
    after = Project.open(folder).graph()
    assert list(after.processes) == list(before.processes)
    assert set(after.nodes) == set(before.nodes)
    assert after.inputs == before.inputs and after.outputs == before.outputs
