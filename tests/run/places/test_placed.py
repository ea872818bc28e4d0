"""Where a job was handed to, and what that place says of it."""

import json
import os
import socket
import subprocess
import time

import pytest

from vitreous.project.graph import Process
from vitreous.project.layout import Layout
from vitreous.project.state import has_died, is_alive
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed, slurm


@pytest.fixture
def folder(tmp_path):
    made = JobFolder(tmp_path / "External/job001")
    made.hidden.mkdir(parents=True)
    return made


@pytest.fixture
def queue(monkeypatch):
    known: dict[str, str] = {}
    monkeypatch.setattr(slurm, "states", lambda: dict(known))
    monkeypatch.setattr(placed, "ASK_EVERY_S", -1.0)
    return known


def died(folder) -> bool:
    return has_died(Layout(folder.path.parents[1]), Process("External/job001/", "relion.external", "Running"))


def test_nobody_knows_of_a_job_that_was_not_handed_over(folder):
    assert placed.hint(folder) == ""
    assert placed.read(folder) is None
    assert is_alive(folder)
    assert not died(folder)


def test_a_job_in_the_queue(folder, queue, monkeypatch):
    placed.note(folder, "slurm", number="12")
    queue["12"] = "PENDING"
    assert placed.hint(folder) == "waiting" and is_alive(folder)
    queue["12"] = "RUNNING"
    assert placed.hint(folder) == "running"
    queue.clear()
    assert placed.hint(folder) == "running", "it may have ended just now"
    monkeypatch.setattr(placed, "GRACE_S", 0.0)
    assert placed.hint(folder) == "gone" and died(folder)
    folder.success.touch()
    assert not died(folder), "the marker is the verdict"


def test_a_queue_that_does_not_answer_lets_no_job_die(folder, queue, monkeypatch):
    placed.note(folder, "slurm", number="12")
    monkeypatch.setattr(slurm, "states", lambda: None)
    monkeypatch.setattr(placed, "GRACE_S", 0.0)
    assert placed.hint(folder) == "waiting"
    folder.lock.touch()
    assert not died(folder), "also where an earlier run has left its lock"
    folder.settings.write_text("{}")
    assert placed.hint(folder) == "", "it has begun: from here on its lock tells"


def test_a_clock_that_is_wrong_keeps_no_dead_job_alive(folder, queue):
    placed.note(folder, "slurm", number="12")
    said = json.loads(folder.place.read_text())
    for sign, hint in ((time.time() - 3600, "gone"), (time.time() + 3600, "gone"), (time.time() + 5, "running")):
        folder.place.write_text(json.dumps(said | {"when": sign}))
        folder.out.touch()
        os.utime(folder.out, (sign, sign))
        assert placed.hint(folder) == hint


def test_a_job_that_still_writes_is_not_dead(folder, queue, monkeypatch):
    placed.note(folder, "slurm", number="12")
    monkeypatch.setattr(placed, "GRACE_S", 0.5)
    time.sleep(0.6)
    assert placed.hint(folder) == "gone"
    folder.out.write_text("line\n")
    assert placed.hint(folder) == "running"


def test_a_torn_file_says_nothing(folder):
    folder.place.write_text('{"place": "sl')
    assert placed.read(folder) is None and placed.hint(folder) == ""


def test_a_process_of_this_machine(folder):
    process = subprocess.Popen(["sleep", "100"], start_new_session=True)
    placed.note(folder, "here", pid=process.pid)
    assert placed.hint(folder) == "running" and is_alive(folder)
    assert placed.cancel(folder)
    process.wait(timeout=20)
    assert placed.hint(folder) == "gone" and died(folder)
    assert not placed.cancel(folder)


def test_a_process_of_another_machine_is_not_looked_for_here(folder, monkeypatch):
    process = subprocess.Popen(["sleep", "100"], start_new_session=True)
    placed.note(folder, "here", pid=process.pid)
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
    assert placed.hint(folder) == ""
    assert not placed.cancel(folder)
    process.kill()
    process.wait(timeout=20)


def test_in_a_queue_that_nobody_can_ask_a_job_waits_until_it_writes(folder):
    folder.settings.write_text("{}")
    os.utime(folder.settings, (1e9, 1e9))
    placed.note(folder, "queue", number="5.server", submit="qsub -q em")
    assert placed.hint(folder) == "waiting"
    folder.settings.write_text("{}")
    assert placed.hint(folder) == ""


def test_each_batch_system_is_told_in_its_own_words(folder, monkeypatch):
    told = []
    monkeypatch.setattr(slurm, "told", lambda command: bool(told.append(list(command))) or True)
    for submit in ("qsub -q em", "bsub <", "sbatch", "strange"):
        placed.note(folder, "slurm" if submit == "sbatch" else "queue", number="5", submit=submit)
        assert placed.cancel(folder) is (submit != "strange")
    assert told == [["qdel", "5"], ["bkill", "5"], ["scancel", "--quiet", "5"]]
