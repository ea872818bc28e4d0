"""A loop job as a team of processes: the same result, one end for all, and nobody left waiting for one that is gone."""

import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from vitreous import cli
from vitreous.context import Context, Stopped, Team, UserError
from vitreous.files import mrc
from vitreous.files.stacks import ImageStacks
from vitreous.job.options import build
from vitreous.job.placement import Placement
from vitreous.project.project import Project
from vitreous.run import watch
from vitreous.run.assisting import members_of, threads_of
from vitreous.run.before import Preread
from vitreous.run.folder import JobFolder
from vitreous.run.meeting import dismiss, meet
from vitreous.run.places.members import Member, member_here
from vitreous.run.runner import run
from vitreous.run.team import Group, StoppedTogether, together

PROGRAM = Path(__file__).resolve().parents[1] / "toys" / "toy_vitreous.py"
FINAL = 5.0**4
THREE = Placement(workers=3, loop_workers="processes")


def make(toys, **given):
    return build(importlib.import_module("toy_team").ToyTeam, given)


def shares(folder):
    return [tuple(map(int, line.split())) for line in (folder / "shares.txt").read_text().splitlines()]


def gone(pids, within_s=20.0):
    until = time.monotonic() + within_s
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def final(folder):
    return float((folder / "final.txt").read_text())


def test_three_processes_do_what_one_does(toys, tmp_path):
    run(make(toys), tmp_path / "alone", quiet=True)
    outcome = run(make(toys), tmp_path / "team", THREE, quiet=True)
    assert (outcome.status, outcome.done, outcome.did) == ("succeeded", 4, 4)
    assert final(tmp_path / "team") == final(tmp_path / "alone") == FINAL
    lines = shares(tmp_path / "team")
    assert sorted((at, rank, count) for at, rank, _, count in lines) == [
        (at, rank, count) for at in range(1, 5) for rank, count in enumerate((3, 3, 4))
    ]
    pids = {pid for _, _, pid, _ in lines}
    assert len(pids) == 3
    assert gone(pids - {os.getpid()})
    said = (tmp_path / "team" / "run.out").read_text()
    assert said.count("iteration 4 took") == 1
    assert "3 processes of 1 threads share each iteration" in said
    assert len((tmp_path / "team" / ".vitreous" / "rows" / "iterations.jsonl").read_text().splitlines()) == 5


def test_an_error_of_another_member_ends_all_with_its_sentence(toys, tmp_path):
    job = make(toys, trouble="error")
    with pytest.raises(UserError, match="the stack of particle 7 cannot be read"):
        run(job, tmp_path / "out", THREE, quiet=True)
    assert [path.name for path in (tmp_path / "out").glob("RELION_JOB_*")] == ["RELION_JOB_EXIT_FAILURE"]
    errors = (tmp_path / "out" / "run.err").read_text()
    assert "member 2 of 3" in errors
    assert "toy_team.py" in errors
    assert gone({pid for _, _, pid, _ in shares(tmp_path / "out")} - {os.getpid()})
    outcome = run(job, tmp_path / "out", Placement(workers=2, loop_workers="processes"), quiet=True)
    assert (outcome.status, outcome.did) == ("succeeded", 2)
    assert final(tmp_path / "out") == FINAL


def test_a_member_that_is_killed_is_noticed_and_no_iteration_is_lost(toys, tmp_path):
    job = make(toys, trouble="killed", seconds=0.2)
    with pytest.raises(UserError, match=r"member 2 of 3 was killed by signal 9.*continue the job"):
        run(job, tmp_path / "out", THREE, quiet=True)
    assert gone({pid for _, _, pid, _ in shares(tmp_path / "out")} - {os.getpid()})
    assert "going on from iteration 2" not in (tmp_path / "out" / "run.out").read_text()
    outcome = run(job, tmp_path / "out", quiet=True)
    assert (outcome.did, final(tmp_path / "out")) == (2, FINAL)
    assert "going on from iteration 2" in (tmp_path / "out" / "run.out").read_text()


def test_a_member_that_falls_silent_is_taken_for_gone(toys, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "LOST_S", 3.0)
    with pytest.raises(UserError, match=r"member 2 of 2 \(.*\) has been silent for 3 s"):
        run(make(toys, trouble="stopped"), tmp_path, Placement(workers=2, loop_workers="processes"), quiet=True)
    stopped = {pid for _, _, pid, _ in shares(tmp_path)} - {os.getpid()}
    assert gone(stopped, within_s=30)


def test_a_stop_is_agreed_on(toys, tmp_path):
    folder = JobFolder(tmp_path / "out")

    def ask():
        while not (folder.path / "run_it002.json").exists():
            time.sleep(0.02)
        folder.abort_now.touch()

    asking = threading.Thread(target=ask)
    asking.start()
    outcome = run(make(toys, rounds=500, seconds=0.2), folder.path, THREE, quiet=True)
    asking.join()
    assert outcome.status == "aborted"
    assert [path.name for path in folder.path.glob("RELION_JOB_*")] == ["RELION_JOB_EXIT_ABORTED"]
    assert outcome.done < 20
    assert gone({pid for _, _, pid, _ in shares(folder.path)} - {os.getpid()})
    assert "Traceback" not in folder.err.read_text()


def test_an_iteration_that_one_member_cannot_read_is_passed_over_by_all(toys, tmp_path):
    run(make(toys, rounds=2), tmp_path, quiet=True)
    outcome = run(make(toys, trouble="unread"), tmp_path, THREE, quiet=True)
    assert (outcome.status, outcome.did, final(tmp_path)) == ("succeeded", 3, FINAL)
    assert "iteration 2 cannot be read (a stale file handle) and is made again" in (tmp_path / "run.out").read_text()


def launched(tmp_path, rank, *words, size=2):
    environment = {**os.environ, "RANK": str(rank), "WORLD_SIZE": str(size), "LOCAL_RANK": str(rank), "MASTER_PORT": "29400"}
    with (tmp_path / f"screen{rank}.txt").open("w") as screen:
        command = [sys.executable, str(PROGRAM), "toy-team", "--out", "out", *words]
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=screen, stderr=screen, start_new_session=True)


@pytest.mark.slow
def test_members_that_a_launcher_starts(toys, tmp_path):
    members = [launched(tmp_path, rank) for rank in (1, 0)]
    assert [member.wait(timeout=120) for member in members] == [0, 0]
    assert final(tmp_path / "out") == FINAL
    assert (tmp_path / "screen1.txt").read_text() == ""
    assert "iteration 4 took" in (tmp_path / "screen0.txt").read_text()
    again = [launched(tmp_path, rank) for rank in (1, 0)]
    assert [member.wait(timeout=120) for member in again] == [0, 0], "a job that is done keeps its helpers waiting"


def test_members_do_not_each_add_a_job_to_a_project(toys, tmp_path, monkeypatch, capsys):
    Project.new(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SystemExit, match="1"):
        cli.main(["toy-team"])
    assert "each would add a job" in capsys.readouterr().err
    assert not Project.open(tmp_path).graph().processes


@pytest.mark.slow
def test_members_end_when_the_first_is_gone(toys, tmp_path):
    first, other = (launched(tmp_path, rank, "--seconds", "1", "--rounds", "50") for rank in (0, 1))
    while not (tmp_path / "out" / "run_it001.json").exists():
        assert first.poll() is None
        time.sleep(0.05)
    first.kill()
    assert other.wait(timeout=60) != 0
    assert "is gone" in (tmp_path / "out" / "run.err").read_text()
    first.wait()


def test_who_is_in_the_team(monkeypatch):
    for name in ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "WORLD_SIZE", "RANK", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert member_here() == Member()
    assert members_of(Placement(workers=4)).size == 1
    assert threads_of(Placement(workers=4, threads=2), Member()) == 8
    assert members_of(Placement(workers=4, device="cuda")).size == 4, "each GPU wants a process"
    here = members_of(Placement(workers=4, threads=2, loop_workers="processes"))
    assert (here.rank, here.size, threads_of(Placement(workers=4, threads=2), here)) == (0, 4, 2)
    for name, value in {"STEP_NUM_TASKS": "3", "PROCID": "2", "LOCALID": "1", "JOB_ID": "77", "STEP_ID": "0"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    found = member_here()
    assert (found.rank, found.size, found.local, found.helps) == (2, 3, 1, True)
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert member_here().token != found.token, "a job that was put back into the queue must not meet its former self"


def test_members_read_their_own_images_into_memory_and_others_from_the_disk(tmp_path, monkeypatch):
    pixels = np.arange(10 * 4, dtype=np.float32).reshape(10, 2, 2)
    mrc.write_stack(tmp_path / "a.mrcs", pixels, pixel_size_A=1.5)
    stacks = ImageStacks([f"{row + 1}@{tmp_path / 'a.mrcs'}" for row in range(10)])
    held = Preread()(stacks, Context(team=Team(1, 3)))
    assert len(held) == 10
    asked = []
    whole = stacks.read
    monkeypatch.setattr(stacks, "read", lambda rows: asked.extend(np.asarray(rows).tolist()) or whole(rows))
    assert np.array_equal(held.read([5, 3]), pixels[[5, 3]])
    assert asked == []
    assert np.array_equal(held.read([9, 4, 0]), pixels[[9, 4, 0]])
    assert asked == [9, 0]


def pair(tmp_path: Path, work: Callable[[Group], object], size: int = 2) -> list[object]:
    """What work(group) gives, or raises, in the members of a team that are threads."""
    folder = JobFolder(tmp_path)
    folder.hidden.mkdir(parents=True, exist_ok=True)
    results: list[object] = [None] * size

    def one(rank: int) -> None:
        group = meet(folder, Member(rank, size, rank, "test"), asked=lambda: False)
        try:
            results[rank] = work(group)
        except BaseException as error:
            results[rank] = error
        finally:
            time.sleep(0.1)
            group.end()

    members = [threading.Thread(target=one, args=(rank,)) for rank in range(size)]
    for member in members:
        member.start()
    for member in members:
        member.join(timeout=60)
    return results


def test_sums_and_values(tmp_path):
    def work(group):
        team = group.team()
        mine = team.rank + 1
        return (
            team.sum(torch.full((2, 3), float(mine))).tolist(),
            team.sum(np.full(3, mine * 1j, np.complex64)).tolist(),
            team.sum(np.asarray(mine * np.ones((4, 2))).T).tolist(),
            team.gather({"mine": mine, "more": b"x" * mine * 1000})[2]["mine"],
            team.agree([mine]),
            team.each(lambda number: number**2, 5),
        )

    expected = ([[6.0] * 3] * 2, [6j] * 3, [[6.0] * 4] * 2, 3, [1], [0, 1, 4, 9, 16])
    assert pair(tmp_path, work, size=3) == [expected] * 3


def test_who_fails_tells_the_others(tmp_path):
    def work(group):
        team = group.team()

        def part():
            if team.rank == 1:
                raise UserError("no room on the disk")
            while not group.stop_asked():
                time.sleep(0.01)
            raise Stopped

        try:
            together(team, part)
        except UserError as error:
            said = f"{type(error).__name__}: {error}"
        assert not group.stop_asked()
        return said, team.sum(np.ones(1))[0]

    assert pair(tmp_path, work) == [("Told: no room on the disk", 2.0), ("UserError: no room on the disk", 2.0)]


def test_one_stops_and_so_do_all(tmp_path):
    def work(group):
        def part():
            if group.rank == 0:
                raise Stopped

        together(group.team(), part)

    first, other = pair(tmp_path, work)
    assert isinstance(first, Stopped)
    assert isinstance(other, StoppedTogether)


def test_helpers_are_sent_home_when_there_is_nothing_to_do(toys, tmp_path, monkeypatch):
    folder = JobFolder(tmp_path)
    folder.hidden.mkdir()
    member = Member(0, 2, 0, "torchrun 1")
    dismiss(folder, member)
    monkeypatch.setattr("vitreous.run.assisting.member_here", lambda: Member(1, 2, 1, "torchrun 1"))
    began = time.monotonic()
    assert run(make(toys), folder.path, quiet=True).status == "succeeded"
    assert time.monotonic() - began < 60
    assert not (folder.path / "run.out").exists()
