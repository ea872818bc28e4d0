"""Jobs as rows: states by markers and heartbeat, key numbers, times, filters; and quick among thousands."""

import fcntl
import json
import os
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from vitreous.project import graph as graphs
from vitreous.project.graph import Node, Process
from vitreous.project.project import Project
from vitreous.web.app import create_app
from vitreous.web.key_numbers import counted, resolution
from vitreous.web.opened import Opened
from vitreous.web.reading import Reading, job_name, reading

JOBS = "/api/p/demo/jobs"


def rows(client: TestClient, **asked: str) -> dict[str, dict[str, object]]:
    """The rows that the window shows, by number."""
    until = time.monotonic() + 20
    while (page := client.get(JOBS, params=asked).json())["counting"]:
        assert time.monotonic() < until, "folders are left unread"
    return {row["number"]: row for row in page["jobs"]}


def add(project: Path, name: str, label: str, status: str) -> Path:
    """A job that another program has put into the graph; gives its folder."""
    opened = Project.open(project)
    with graphs.locked(opened.layout) as graph:
        graph.processes[name] = Process(name, label, status)
        graph.counter += 1
    folder = project / name
    (folder / ".vitreous").mkdir(parents=True)
    return folder


def test_rows_of_a_finished_project(client: TestClient) -> None:
    found = rows(client)
    assert {row["state"] for row in found.values()} == {"finished"}
    first = found["001"]
    assert first["type"] == "import" and first["name"] == "Import/job001" and str(first["key"]).endswith("movies")
    last = list(found.values())[-1]
    assert last["type"] == "post-process" and str(last["key"]).endswith("Å")
    assert all(0 < float(str(row["started"])) <= float(str(row["ended"])) + 1 for row in found.values())


def test_a_held_lock_is_alive_and_its_progress_is_shown(client: TestClient, project: Path) -> None:
    folder = add(project, "Class2D/job090/", "relion.class2d", "Running")
    line = {"time": time.time(), "done": 17, "total": 25, "note": "iteration 17, 8.1 Å", "left_s": 540}
    (folder / ".vitreous/progress.jsonl").write_text(json.dumps(line) + "\n" + '{"torn')
    lock = folder / ".vitreous/lock"
    lock.touch()
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        row = rows(client)["090"]
        assert row["state"] == "running" and row["key"] == "17/25"
        progress = row["progress"]
        assert isinstance(progress, dict)
        assert (progress["done"], progress["total"], progress["unit"], progress["left_s"]) == (17, 25, "iterations", 540)


def test_another_programs_job_is_silent_after_three_minutes(client: TestClient, project: Path) -> None:
    folder = add(project, "CtfFind/job091/", "relion.ctffind", "Running")
    (folder / "run.out").write_text("began\n")
    assert rows(client)["091"]["state"] == "running"
    before = time.time() - 12 * 60
    for path in (folder / "run.out", folder / ".vitreous", folder):
        os.utime(path, (before, before))
    row = rows(client)["091"]
    assert row["state"] == "silent" and row["flags"] == ["no word for 12 min"]


def test_a_marker_on_disk_decides(client: TestClient, project: Path) -> None:
    folder = add(project, "CtfFind/job092/", "relion.ctffind", "Running")
    rows(client)
    (folder / "run.err").write_text("ERROR: the disk is full\n")
    (folder / "RELION_JOB_EXIT_FAILURE").touch()
    row = rows(client)["092"]
    assert row["state"] == "failed" and "disk is full" in str(row["sentence"]) and row["remedy"]


def test_filters(client: TestClient) -> None:
    assert list(rows(client, type="class2d")) == [row["number"] for row in rows(client).values() if row["type"] == "class2d"]
    assert not rows(client, state="running,failed")
    assert all("Refine3D" in str(row["name"]) for row in rows(client, q="refine3d").values()) and rows(client, q="refine3d")


def test_a_job_is_named_in_any_way(project: Path) -> None:
    here = Opened(Project.open("."), "demo", may_act=True)
    name = next(name for name in here.project.graph().processes if name.startswith("Class2D/"))
    number = name.rstrip("/")[-3:]
    assert {job_name(here, word) for word in (number, str(int(number)), f"job{number}", name, name.rstrip("/"))} == {name}
    alias = here.project.graph().processes[name].alias.rstrip("/")
    if alias:
        assert job_name(here, alias) == job_name(here, alias.rpartition("/")[2]) == name


def test_a_job_that_is_not_there(client: TestClient) -> None:
    assert client.get(f"{JOBS}/777").status_code == 404


def test_the_cache_sees_what_changes_in_a_folder(client: TestClient, project: Path) -> None:
    assert rows(client)["003"]["flags"] == []
    (project / "CtfFind/job003/NO_HARSH_CLEAN").touch()
    assert rows(client)["003"]["flags"] == ["protected"]


def test_units_of_key_numbers() -> None:
    assert [counted(1, "movies"), counted(2184, "movies"), counted(1, "classes")] == ["1 movie", "2,184 movies", "1 classes"]
    assert [resolution(2.94), resolution(11.6)] == ["2.9 Å", "12 Å"]


@pytest.fixture(scope="module")
def thousands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 2,000 jobs, each with its folder."""
    root = tmp_path_factory.mktemp("thousands") / "large"
    root.mkdir()
    project = Project.new(root)
    chain = ("AutoPick.autopick", "Extract.extract", "Class2D.class2d", "Select.select", "Refine3D.refine3d")
    with graphs.locked(project.layout) as graph:
        before = ""
        for number in range(1, 2001):
            folder, _, word = chain[number % len(chain)].partition(".")
            name = f"{folder}/job{number:03d}/"
            graph.processes[name] = Process(name, f"relion.{word}", "Succeeded")
            node = f"{name}particles.star"
            graph.nodes[node] = Node(node, "ParticleGroupMetadata.star.relion")
            graph.outputs.append((name, node))
            if before:
                graph.inputs.append((before, name))
            before = node
            (root / name).mkdir(parents=True)
        graph.counter = 2001
    return root


def test_thousands_of_jobs_are_read_in_the_background(thousands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(thousands)
    with TestClient(create_app("."), base_url="http://127.0.0.1:8014") as client:
        began = time.monotonic()
        page = client.get("/api/p/large/jobs").json()
        first_s = time.monotonic() - began
        assert page["total"] == 2000 and first_s < 2.0
        until = time.monotonic() + 30
        while page["counting"]:
            assert time.monotonic() < until, "the background does not come to an end"
            page = client.get("/api/p/large/jobs").json()
        began = time.monotonic()
        graph = client.get("/api/p/large/graph").json()
        assert time.monotonic() - began < 1.0
        assert len(graph["nodes"]) == 2000 and len(graph["edges"]) == 1999


def test_only_what_lives_is_looked_at_again(thousands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(thousands)
    mine = Reading(Project.open("."))
    while not all(row.known for row in mine.rows()):
        pass
    looked: list[str] = []
    monkeypatch.setattr("vitreous.web.reading.details", lambda folder, state: looked.append(str(folder.path)))
    mine.rows()
    assert not looked


def test_one_reading_for_each_project(project: Path) -> None:
    here = Opened(Project.open("."), "demo", may_act=True)
    assert reading(here) is reading(here)
