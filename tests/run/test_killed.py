"""A job killed without warning at any moment loses at most the unit in hand."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[1] / "toys" / "toy_vitreous.py"


def start(tmp_path, *words):
    with (tmp_path / "screen.txt").open("a") as screen:
        return subprocess.Popen(
            [sys.executable, str(PROGRAM), *words], cwd=tmp_path, start_new_session=True, stdout=screen, stderr=screen
        )


def worked(tmp_path):
    path = tmp_path / "out" / "worked.txt"
    return path.read_text().splitlines() if path.exists() else []


def kill_when(process, tmp_path, count, generator):
    while len(worked(tmp_path)) < count and process.poll() is None:
        time.sleep(0.01)
    time.sleep(generator.uniform(0, 0.1))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_map_job_killed_three_times(toys, tmp_path, seed):
    generator = random.Random(seed)
    words = [f"w{number}" for number in range(12)]
    (tmp_path / "list.txt").write_text("".join(f"{word} {number}\n" for number, word in enumerate(words)))
    command = ("toy-map", "--listing", "list.txt", "--out", "out", "--seconds", "0.05")
    kills = 0
    for _ in range(3):
        process = start(tmp_path, *command)
        kill_when(process, tmp_path, len(worked(tmp_path)) + generator.randint(1, 3), generator)
        kills += 1
    assert not list((tmp_path / "out").glob("RELION_JOB_EXIT_*"))
    assert start(tmp_path, *command).wait(timeout=60) == 0
    counted = Counter(worked(tmp_path))
    assert set(counted) == set(words)
    assert sum(counted.values()) <= len(words) + kills
    table = json.loads((tmp_path / "out" / "table.json").read_text())
    assert [row["result"] for row in table] == [2 * number for number in range(12)]


@pytest.mark.slow
def test_workers_die_with_the_job_and_their_records_count(toys, tmp_path):
    words = [f"w{number}" for number in range(10)]
    (tmp_path / "list.txt").write_text("".join(f"{word} {number}\n" for number, word in enumerate(words)))
    command = ("toy-map", "--listing", "list.txt", "--out", "out", "--seconds", "0.3", "--workers", "2")
    process = start(tmp_path, *command)
    while len(worked(tmp_path)) < 4 and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait(timeout=30)
    time.sleep(3)
    before = len(worked(tmp_path))
    time.sleep(1)
    assert len(worked(tmp_path)) == before < len(words) + 2, "the workers outlived the job"
    assert start(tmp_path, *command).wait(timeout=90) == 0
    assert sum(Counter(worked(tmp_path)).values()) <= len(words) + 2
    assert len(json.loads((tmp_path / "out" / "table.json").read_text())) == 10


@pytest.mark.parametrize("seed", [3, 4])
def test_a_loop_job_killed_twice(toys, tmp_path, seed):
    generator = random.Random(seed)
    (tmp_path / "start.txt").write_text("1")
    command = ("toy-loop", "--start", "start.txt", "--out", "out", "--rounds", "8", "--seconds", "0.1")
    for _ in range(2):
        process = start(tmp_path, *command)
        kill_when(process, tmp_path, len(worked(tmp_path)) + generator.randint(2, 3), generator)
    assert start(tmp_path, *command).wait(timeout=60) == 0
    assert float((tmp_path / "out" / "final.txt").read_text()) == 2**8
    counted = Counter(worked(tmp_path))
    assert sum(counted.values()) <= 9 + 2
    assert (tmp_path / "out" / "RELION_JOB_EXIT_SUCCESS").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_job_in_order(toys, tmp_path, number):
    (tmp_path / "list.txt").write_text("".join(f"w{n} {n}\n" for n in range(50)))
    command = ("toy-map", "--listing", "list.txt", "--out", "out", "--seconds", "0.2")
    process = start(tmp_path, *command)
    while len(worked(tmp_path)) < 2 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=30) == 130
    assert [path.name for path in (tmp_path / "out").glob("RELION_JOB_*")] == ["RELION_JOB_EXIT_ABORTED"]
    assert (tmp_path / "out" / "table.json").exists()
    assert "stopped on request" in (tmp_path / "screen.txt").read_text()


def test_a_job_that_died_in_a_project_is_told_and_goes_on(toys, tmp_path, monkeypatch):
    from vitreous.project.commands.jobs import listing
    from vitreous.project.project import Project

    project = Project.new(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("".join(f"w{n} {n}\n" for n in range(20)))
    process = start(tmp_path, "toy-map", "--listing", "list.txt", "--seconds", "0.1")
    while not (tmp_path / "External/job001/worked.txt").exists() and process.poll() is None:
        time.sleep(0.02)
    assert project.graph().processes["External/job001/"].status == "Running"
    assert "running" in listing(project)
    assert "asked to stop" in project.abort("1")
    assert process.wait(timeout=30) == 130
    assert project.graph().processes["External/job001/"].status == "Aborted"
    process = start(tmp_path, "project", "continue", "1")
    while "going on" not in (tmp_path / "External/job001/run.out").read_text() and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.wait(timeout=30)
    assert " died " in listing(project)
    assert project.continue_("1", quiet=True).status == "succeeded"
    assert project.graph().processes["External/job001/"].status == "Succeeded"


@pytest.mark.slow
def test_ctrl_c_with_workers_ends_in_order(toys, tmp_path):
    """A terminal sends Ctrl-C to every process of the job, workers too; only the runner may hear it."""
    (tmp_path / "list.txt").write_text("".join(f"w{n} {n}\n" for n in range(50)))
    process = start(tmp_path, "toy-map", "--listing", "list.txt", "--out", "out", "--seconds", "0.3", "--workers", "2")
    while len(worked(tmp_path)) < 3 and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert [path.name for path in (tmp_path / "out").glob("RELION_JOB_*")] == ["RELION_JOB_EXIT_ABORTED"]
    said = (tmp_path / "screen.txt").read_text()
    assert "Traceback" not in said
    assert "stopped on request" in said
