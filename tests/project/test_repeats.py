import json
import threading
import time
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.job.options import build
from vitreous.project import repeats
from vitreous.project.commands import main
from vitreous.project.repeats import Rhythm


def worked(name):
    return Path(name, "worked.txt").read_text().split("\n")[:-1]


def test_jobs_run_in_turn_and_leave_a_log(project, toys, capsys):
    first = project.add(toys.ToyMap(listing="list.txt"))
    second = project.add(toys.ToyMap(listing="list.txt"))
    assert main(["run-scheduled", "night", second, first, "--here"]) == 0
    said = capsys.readouterr().out
    assert "night: finished after 1 of 1 passes, 2 jobs run" in said
    assert said.index(f"{second}: starts") < said.index(f"{first}: starts")
    assert [line.partition(" ")[2].partition(" ")[2] for line in Path("pipeline_night.log").read_text().splitlines()] == [
        line for line in said.splitlines() if line
    ]
    assert not Path("RUNNING_PIPELINER_night").exists()


def test_repeats_do_only_what_is_new_and_loops_begin_again_when_their_input_changed(project, toys):
    mapped = project.add(toys.ToyMap(listing="list.txt"))
    looped = project.add(toys.ToyLoop(start="start.txt"))
    passes = []

    def say(text):
        if text.startswith(f"{mapped}: goes on"):
            passes.append(text)
            with open("list.txt", "a") as more:
                more.write(f"new{len(passes)} 5\n")
            if len(passes) == 2:
                Path("start.txt").write_text("3 ")

    done = project.run_scheduled("n", [mapped, looped], Rhythm(repeat=3), here=True, say=say)
    assert (done.how, done.passes, done.jobs) == ("finished", 3, 5), "the loop was left alone once"
    assert sorted(worked(mapped)) == ["a", "bad", "c", "new1", "new2"], "nothing twice"
    assert json.loads(Path(looped, "run_it004.json").read_text()) == [4, 48.0]
    assert Path("Trash", looped).is_dir()


def test_taking_the_file_away_stops_the_chain(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    ended = []
    rhythm = Rhythm(repeat=1000, min_wait_min=10)
    thread = threading.Thread(target=lambda: ended.append(project.run_scheduled("n", [name], rhythm, here=True)))
    thread.start()
    end = time.monotonic() + 30
    while not (Path(name) / "RELION_JOB_EXIT_SUCCESS").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    with pytest.raises(UserError, match="jobs run under the name n already"):
        project.run_scheduled("n", [name], here=True)
    Path("RUNNING_PIPELINER_n").unlink()
    thread.join(timeout=30)
    assert ended[0].how == "stopped"


def test_a_failure_stops_the_chain(project, toys):
    bad = project.add(build(toys.ToyMap, {"listing": "list.txt", "trouble": "all"}))
    good = project.add(toys.ToyMap(listing="list.txt"))
    with pytest.raises(UserError, match=rf"n stops: {bad} is failed; see .*run.err"):
        project.run_scheduled("n", [bad, good], here=True)
    assert project.graph().processes[good].status == "Scheduled"
    assert not Path("RUNNING_PIPELINER_n").exists()
    assert "ERROR: n stops" in Path("pipeline_n.log").read_text()


def test_time_runs_out_between_jobs(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    done = project.run_scheduled("n", [name], Rhythm(repeat=5, max_time_h=1e-9), here=True)
    assert (done.how, done.jobs) == ("out of time", 0)


def test_missing_input_is_waited_for(project, toys):
    name = project.add(toys.ToyMap(listing="late.txt"))
    with pytest.raises(UserError, match=r"late.txt did not come within 0.2 s"):
        project.run_scheduled("n", [name], Rhythm(input_wait_s=0.2), here=True)
    said = []
    timer = threading.Timer(0.4, lambda: Path("late.txt").write_text("a 1\n"))
    timer.start()
    assert project.run_scheduled("n", [name], here=True, say=said.append).jobs == 1
    assert any("waits for late.txt" in line for line in said)


def test_a_name_left_by_a_crash_is_taken_over(project, toys, monkeypatch):
    name = project.add(toys.ToyMap(listing="list.txt"))
    Path("RUNNING_PIPELINER_n").touch()
    with pytest.raises(UserError, match="RELION, or a program that left no name"):
        project.run_scheduled("n", [name], here=True)
    owner = repeats.Owner.here()
    Path("RUNNING_PIPELINER_n").write_text(owner.text().replace(f"process {owner.process}", "process 4194303"))
    assert project.run_scheduled("n", [name], here=True).jobs == 1


@pytest.mark.slow
def test_jobs_go_to_their_places(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    assert project.run_scheduled("n", [name], Rhythm(repeat=2)).jobs == 2
    assert worked(name) == ["a", "bad", "c"]
    assert Path(name, "run.out").read_text().count("(going on)") == 1


@pytest.mark.slow
def test_started_it_needs_no_terminal(project, toys, capsys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    assert main(["run-scheduled", "night", name, "--repeat", "2", "--background"]) == 0
    assert "goes on when this terminal is closed; what it says is in pipeline_night.log" in capsys.readouterr().out
    end = time.monotonic() + 60
    log = Path("pipeline_night.log")
    while not (log.exists() and "finished after 2 of 2 passes" in log.read_text()):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert worked(name) == ["a", "bad", "c"]


def test_a_rhythm_that_cannot_be_is_refused():
    for wrong in ({"repeat": 0}, {"min_wait_min": -1.0}, {"max_time_h": float("nan")}):
        with pytest.raises(UserError, match="correct the numbers"):
            Rhythm(**wrong)
