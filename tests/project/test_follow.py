"""Following a chain: what is started when, and what is left alone."""

import importlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.project import follow
from vitreous.project import graph as graphs
from vitreous.project.follow import DIED, DONE, DUE, FAILED, Following, Limits
from vitreous.project.project import Project
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed

PROGRAM = Path(__file__).resolve().parents[1] / "toys" / "toy_vitreous.py"


@pytest.fixture
def streams(toys):
    return importlib.import_module("toy_streams")


@pytest.fixture
def project(tmp_path, monkeypatch, toys):
    made = Project.new(tmp_path)
    monkeypatch.chdir(tmp_path)
    begun = []

    def start(layout, name, loaded, changed):
        begun.append(name)
        with graphs.locked(layout) as graph:
            graph.set_status(name, "Running")
        words = [sys.executable, str(PROGRAM), "project", "run", name, "--placed"]
        process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        threading.Thread(target=process.wait, daemon=True).start()
        folder = JobFolder(layout.job(name))
        folder.hidden.mkdir(parents=True, exist_ok=True)
        for marker in folder.control:
            marker.unlink(missing_ok=True)
        placed.note(folder, "here", pid=process.pid)

    monkeypatch.setattr("vitreous.project.follow.starting.start", start)
    made.begun = begun
    return made


@pytest.mark.slow
def test_a_job_that_needs_all_waits_for_the_end_and_a_follower_does_not(project, streams):
    project.add(streams.ToySource(count=60, per_s=10))
    project.add(streams.ToyFollow(listing="External/job001/table.json"))
    project.add(streams.ToyCount(listing="External/job002/table.json"))
    said = []
    states = project.follow(say=said.append)
    assert set(states.values()) == {DONE}
    assert json.loads(Path("External/job003/count.json").read_text()) == 60
    assert project.begun == ["External/job001/", "External/job002/", "External/job003/"]
    ended = [Path(f"External/job00{n}/RELION_JOB_EXIT_SUCCESS").stat().st_mtime for n in (1, 2, 3)]
    began = [float(Path(f"External/job00{n}/.vitreous/place.json").stat().st_mtime) for n in (1, 2, 3)]
    assert began[1] < ended[0], "the follower began before the source had ended"
    assert began[2] > ended[1]
    assert [line.partition(" started")[0] for line in said] == project.begun
    assert set(project.follow("1").values()) == {DONE}
    assert len(project.begun) == 3, "nothing is done again"


def test_what_depends_on_a_failure_is_not_started(project, streams):
    Path("names.json").write_text('["a"]')
    project.add(streams.ToyCount(listing="names.json", fails=True))
    project.add(streams.ToyCount(listing="External/job001/count.json"))
    assert project.follow() == {"External/job001/": FAILED, "External/job002/": DUE}
    assert project.begun == ["External/job001/"]
    project.follow("2")
    assert len(project.begun) == 1
    project.follow("1")
    assert len(project.begun) == 2, "a job that is named is tried again"


def test_a_job_that_dies_is_started_again_but_not_for_ever(project, streams):
    Path("names.json").write_text('["a", "b"]')
    project.add(streams.ToyFollow(listing="names.json", trouble="b"))
    assert project.follow() == {"External/job001/": DIED}
    assert len(project.begun) == follow.TRIES


def test_new_input_of_a_job_that_has_ended_is_done(project, streams):
    Path("names.json").write_text('["a", "b"]')
    project.add(streams.ToyFollow(listing="names.json"))
    assert set(project.follow().values()) == {DONE}
    Path("names.json").write_text('["a", "b", "c"]')
    assert set(project.follow("1").values()) == {DONE}
    assert json.loads(Path("External/job001/table.json").read_text()) == ["a", "b", "c"]
    assert Path("External/job001/worked.txt").read_text().split() == ["a", "b", "c"]


def test_so_many_at_once(project, streams):
    for _ in range(3):
        project.add(streams.ToySource(count=4, per_s=8))
    most = []

    def look(text):
        graph = project.graph()
        most.append(sum(process.status == "Running" for process in graph.processes.values()))

    assert set(project.follow(limits=Limits(jobs=1), say=look).values()) == {DONE}
    assert max(most) == 1 and len(project.begun) == 3


def test_nothing_to_follow_and_nothing_to_close(project, streams):
    with pytest.raises(UserError, match="nothing to follow"):
        project.follow()
    Path("names.json").write_text('["a"]')
    name = project.add(streams.ToyFollow(listing="names.json"))
    with pytest.raises(UserError, match="nothing to close"):
        project.close(name)


def test_close_ends_a_source_and_the_chain(project, streams):
    project.add(streams.ToySource(count=1000000, per_s=200))
    project.add(streams.ToyFollow(listing="External/job001/table.json"))
    found = {}
    thread = threading.Thread(target=lambda: found.update(project.follow()))
    thread.start()
    end = time.monotonic() + 90
    while not Path("External/job002/table.json").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "takes nothing more" in project.close("1")
    thread.join(timeout=180)
    assert set(found.values()) == {DONE}
    first, second = (json.loads(Path(f"External/job00{n}/table.json").read_text()) for n in (1, 2))
    assert first == second and 0 < len(first) < 1000000


def test_what_uses_a_job_is_followed_too(project, streams):
    Path("names.json").write_text('["a"]')
    project.add(streams.ToyFollow(listing="names.json"))
    project.add(streams.ToyFollow(listing="External/job001/table.json"))
    project.add(streams.ToyFollow(listing="names.json"))
    assert follow.chosen(project.layout, ["External/job001/"]) == ["External/job001/", "External/job002/"]
    assert len(follow.chosen(project.layout, [])) == 3
    session = Following(project.layout, ["External/job001/"])
    assert session.state(project.graph(), "External/job001/") == DUE


def test_a_job_that_cannot_be_run_here_is_told_and_passed_over(project, streams):
    Path("names.json").write_text('["a"]')
    project.add(streams.ToyFollow(listing="names.json"))
    project.add(streams.ToyFollow(listing="names.json"))
    path = Path("External/job001/job.star")
    path.write_text(path.read_text().replace("toyfollow", "unheard"))
    said = []
    assert project.follow(say=said.append) == {"External/job001/": FAILED, "External/job002/": DONE}
    assert sum("External/job001/ is not started" in line for line in said) == 1


def test_the_verbs_say_how_each_job_stands(project, streams, capsys):
    from vitreous.project import commands

    Path("names.json").write_text('["a"]')
    project.add(streams.ToyFollow(listing="names.json"))
    assert commands.main(["follow"]) == 0
    assert capsys.readouterr().out.splitlines() == ["External/job001/ started: its input is there", "External/job001/  done"]
    project.add(streams.ToyCount(listing="names.json", fails=True))
    assert commands.main(["follow", "2"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "External/job002/  not to be started"
    with pytest.raises(UserError, match="nothing to close"):
        commands.main(["close", "1"])


def test_following_outlives_its_terminal(tmp_path, monkeypatch, capsys):
    from vitreous.jobs.import_movies import ImportMovies
    from vitreous.project import commands

    project = Project.new(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("Movies").mkdir()
    Path("Movies/a.tiff").write_bytes(b"movie")
    project.add(ImportMovies(files="Movies/*.tiff", pixel_size_A=1, voltage_kV=300))
    assert commands.main(["follow", "--background"]) == 0
    assert "goes on when this terminal is closed" in capsys.readouterr().out
    end = time.monotonic() + 120
    while "Import/job001/  done" not in Path(".vitreous/follow.out").read_text():
        assert time.monotonic() < end, Path(".vitreous/follow.out").read_text()
        time.sleep(0.1)
    assert Path("Import/job001/movies.star").exists()
