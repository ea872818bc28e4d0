"""A cluster in trouble, met through commands: queues that are not there, a batch system that is gone, a node that dies."""

import json
import time
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.project.commands import main
from vitreous.project.project import Project

pytestmark = [pytest.mark.slurm, pytest.mark.slow]


@pytest.fixture
def root(slurm, toys, tmp_path, monkeypatch) -> Path:
    """A project whose directory has a blank and far letters, with a job of 16 rows for the queue."""
    made = tmp_path / "Projekt für данные"
    Project.new(made)
    monkeypatch.chdir(made)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (made / "list.txt").write_text("".join(f"w{n:02d} {n}\n" for n in range(16)))
    changes = ("listing=list.txt", "seconds=0.4", "use_queue=Yes", "memory_GB=0.3", "workers=2")
    assert main(["draft", "toy-map", *(word for change in changes for word in ("--set", change))]) == 0
    assert main(["add", "job.star"]) == 0
    return made


def state(root: Path) -> str:
    return Project.open(root).graph().processes["External/job001/"].status


def test_a_queue_that_is_not_there_and_a_cluster_that_is_gone(root, monkeypatch):
    with pytest.raises(UserError, match="was refused"):
        main(["start", "1", "--set", "queue=nowhere"])
    assert state(root) == "Scheduled"
    with monkeypatch.context() as without:
        without.setenv("PATH", "/nowhere")
        with pytest.raises(UserError, match="sbatch"):
            main(["start", "1"])
    assert state(root) == "Scheduled"
    assert main(["start", "1", "--set", "queue_options=--hold"]) == 0
    with pytest.raises(UserError, match="in the queue already"):
        main(["start", "1"])
    with monkeypatch.context() as without:
        without.setenv("SLURM_CONF", "/nowhere/slurm.conf")
        assert main(["list"]) == 0
        assert state(root) == "Running", "a batch system that does not answer ends no job"
    assert main(["abort", "1"]) == 0
    assert state(root) == "Aborted"


def test_a_node_that_dies_under_a_job_costs_no_result(root, slurm, capsys):
    assert main(["start", "1"]) == 0
    worked = root / "External/job001/where.txt"
    end = time.monotonic() + 60
    while not (worked.exists() and worked.read_text()) and time.monotonic() < end:
        time.sleep(0.1)
    leader = slurm.told("squeue", "-h", "-o", "%N %j").partition(" ")[0]
    workers = {line.split("\t")[1] for line in worked.read_text().splitlines()} - {leader}
    victim = min(workers or {leader})
    slurm.kill_node(victim)
    slurm.notice(victim)
    try:
        status = ended_or_again(root, slurm)
    finally:
        slurm.begin_node(victim)
    assert status == "Succeeded"
    assert len(json.loads((root / "External/job001/table.json").read_text())) == 16
    keys = [line.split("\t")[0] for line in worked.read_text().splitlines()]
    assert len(set(keys)) == 16 and len(keys) <= 16 + 3, "at most what was in hand is done again"
    assert main(["list"]) == 0
    assert "succeeded" in capsys.readouterr().out


def ended_or_again(root: Path, slurm) -> str:
    """How the job ended; one that the queue has put back because its node died is let begin at once."""
    end = time.monotonic() + 120
    while state(root) == "Running" and time.monotonic() < end:
        for number in slurm.told("squeue", "-h", "-t", "PENDING", "-o", "%A").split():
            slurm.told("scontrol", "update", f"JobId={number}", "StartTime=now")
        time.sleep(0.5)
    return state(root)
