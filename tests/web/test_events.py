"""The stream of events: what changes in the project is told to all, at most four times a second, and resumed."""

import asyncio
import json
import os
import time

import pytest
from fastapi.testclient import TestClient

from vitreous.project.project import Project
from vitreous.web.app import create_app
from vitreous.web.events import Events
from vitreous.web.watch import Change, Watcher

PIPELINE = """
# version 30001

data_pipeline_general

_rlnPipeLineJobCounter {counter}


# version 30001

data_pipeline_processes

loop_
_rlnPipeLineProcessName #1
_rlnPipeLineProcessAlias #2
_rlnPipeLineProcessTypeLabel #3
_rlnPipeLineProcessStatusLabel #4
{rows}

"""


def write_graph(root, *states):
    rows = "\n".join(f"CtfFind/job{at:03d}/ None relion.ctffind {state}" for at, state in enumerate(states, 1))
    (root / "default_pipeline.star").write_text(PIPELINE.format(counter=len(states) + 1, rows=rows))


@pytest.fixture
def root(tmp_path):
    write_graph(tmp_path, "Succeeded", "Running")
    for number in (1, 2):
        (tmp_path / f"CtfFind/job00{number}/.vitreous/rows").mkdir(parents=True)
    (tmp_path / "CtfFind/job002/run.out").write_text("begun\n")
    return tmp_path


def topics(watcher):
    return sorted({change.topic for change in watcher.look()})


def test_a_look_tells_what_has_changed_and_nothing_else(root):
    watcher = Watcher(Project(root).layout)
    assert topics(watcher) == [] == topics(watcher)
    job = root / "CtfFind/job002"
    with (job / "run.out").open("a") as log:
        log.write("more\n")
    assert watcher.look() == [Change("log:002", "002", "CtfFind/job002/run.out")]
    (job / ".vitreous/progress.jsonl").write_text("{}\n")
    assert topics(watcher) == ["progress:002"]
    (job / ".vitreous/draft.json").write_text("{}\n")
    assert topics(watcher) == ["draft:002"]
    (job / ".vitreous/rows/w1").write_text("x")
    assert topics(watcher) == ["live"]
    (job / "RELION_JOB_EXIT_SUCCESS").touch()
    assert topics(watcher) == ["job:002", "jobs"]
    (root / "Trash/CtfFind").mkdir(parents=True)
    assert topics(watcher) == ["trash"]
    (root / "CtfFind/job001/run.out").write_text("of a job that has ended long ago\n")
    assert topics(watcher) == []


def test_a_changed_graph_names_the_jobs_that_differ(root):
    watcher = Watcher(Project(root).layout)
    watcher.look()
    write_graph(root, "Succeeded", "Failed", "Scheduled")
    assert topics(watcher) == ["job:002", "job:003", "jobs"]
    (root / "default_pipeline.star").write_text("in the middle of being writ")
    assert topics(watcher) == [], "a broken graph is no change yet"
    write_graph(root, "Succeeded")
    assert topics(watcher) == ["job:002", "job:003", "jobs"]


def test_a_project_that_is_made_is_told(tmp_path):
    watcher = Watcher(Project(tmp_path).layout)
    watcher.look()
    Project.new(tmp_path)
    assert "project" in topics(watcher)


def test_a_job_that_falls_silent_is_told(root):
    watcher = Watcher(Project(root).layout)
    watcher.look()
    before = time.time() - 3600
    os.utime(root / "CtfFind/job002/run.out", (before, before))
    assert topics(watcher) == ["job:002", "jobs", "log:002"]


def test_a_look_at_five_thousand_jobs_is_cheap(tmp_path):
    write_graph(tmp_path, *["Succeeded"] * 4000, *["Running"] * 1000)
    watcher = Watcher(Project(tmp_path).layout)
    watcher.look()
    began = time.process_time()
    for _ in range(20):
        watcher.look()
    assert (time.process_time() - began) / 20 < 0.05


def read(stream):
    """The events of some text of a stream."""
    return [json.loads(line[6:]) for line in stream.decode().splitlines() if line.startswith("data: {")]


def test_all_browsers_hear_the_same_and_one_that_comes_back_hears_what_it_missed(root):
    async def scene():
        events = Events(Project(root).layout, look_s=0.05)
        first, second = events.stream(), events.stream()
        hello, other = read(await anext(first)), read(await anext(second))
        assert (hello[0]["topic"], hello[0]["resumed"], len(other)) == ("hello", False, 1)
        events.tell(Change("jobs"))
        heard = [read(await asyncio.wait_for(anext(stream), 5)) for stream in (first, second)]
        assert heard[0] == heard[1] and [one["topic"] for one in heard[0]] == ["jobs"]
        await second.aclose()
        events.tell(Change("trash"), Change("trash"))
        last = read(await asyncio.wait_for(anext(first), 5))
        again = read(await anext(events.stream(heard[1][0]["id"])))
        assert [one["topic"] for one in again] == ["hello", "trash"] and again[0]["resumed"] is True
        assert last == again[1:]
        unknown = read(await anext(events.stream("ffffffff-3")))
        assert unknown[0]["resumed"] is False
        events.end()
        assert read(await asyncio.wait_for(anext(first), 5))[0]["topic"] == "bye"
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(first), 5)

    asyncio.run(scene())


def test_at_most_four_events_a_second_of_one_topic(root):
    async def scene():
        events = Events(Project(root).layout)
        stream = events.stream()
        await anext(stream)
        count, until = 0, time.monotonic() + 1.2
        while time.monotonic() < until:
            events.tell(Change("jobs"))
            count += len(read(await asyncio.wait_for(anext(stream), 5)))
        assert 2 <= count <= 6
        events.end()

    asyncio.run(scene())


def test_a_quiet_stream_beats(root):
    async def scene():
        stream = Events(Project(root).layout, beat_s=0.1).stream()
        await anext(stream)
        assert (await asyncio.wait_for(anext(stream), 5)).startswith(b"event: beat")

    asyncio.run(scene())


def test_an_act_is_told_with_its_job(root, monkeypatch):
    monkeypatch.chdir(root)
    app = create_app(".")
    told = []
    app.state.events.tell = lambda *changes: told.extend(changes)
    with TestClient(app, base_url="http://127.0.0.1:8014", headers={"X-Vitreous": "1"}) as client:
        name = root.name
        client.post(f"/api/p/{name}/shares", json={"days": -1})
        assert told == [], "an act that was refused has changed nothing"
        client.post(f"/api/p/{name}/shares", json={})
        assert told == [Change("jobs")]
