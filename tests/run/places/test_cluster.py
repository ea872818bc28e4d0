"""Jobs on a Slurm of four nodes with fake GPUs: handed over, led, shared, killed, aborted."""

import importlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from vitreous.job.placement import Placement
from vitreous.project.project import Project
from vitreous.run.places import request
from vitreous.run.places.slurm import ranks_script, states

pytestmark = [pytest.mark.slurm, pytest.mark.slow]


@pytest.fixture
def project(slurm, toys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "list.txt").write_text("".join(f"w{n:02d} {n}\n" for n in range(16)))
    (tmp_path / "start.txt").write_text("1")
    return Project.new(tmp_path)


def until(what, within_s=60.0):
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def ended(project, name, within_s=60.0) -> str:
    """How a job ended; a test waits for it a minute at most."""
    end = time.monotonic() + within_s
    return project.wait(name, poll_s=0.2, stop_asked=lambda: time.monotonic() > end)


def places_of(folder: Path) -> list[tuple[str, ...]]:
    """Of each unit that was worked on: its key, node, GPUs seen and the number of its batch job."""
    path = folder / "where.txt"
    return [tuple(line.split("\t")) for line in path.read_text().splitlines()] if path.exists() else []


def map_job(toys, **manner):
    return toys.ToyMap(listing="list.txt", manner=toys.Manner(**manner))


def test_a_map_job_is_led_from_the_queue_with_workers_on_gpus_of_several_nodes(project, toys):
    place = Placement(use_queue=True, device="cuda", nodes=2, gpus_per_node=2, workers_per_gpu=2, memory_GB=0.5)
    name = project.add(map_job(toys, seconds=0.5), placement=place)
    assert "is in the queue as job" in project.start(name)
    assert ended(project, name) == "Succeeded"
    folder = project.layout.job(name)
    worked = places_of(folder)
    assert sorted(key for key, *_ in worked) == [f"w{n:02d}" for n in range(16)]
    batches = {batch for *_, batch in worked}
    assert 2 <= len(batches) <= 4
    assert all(len(gpu.split(",")) == 1 and gpu in "0123" for _, _, gpu, _ in worked), worked
    assert "workers at work, on node" in (folder / "run.out").read_text()
    assert "#SBATCH --job-name=External_job001\n" in (folder / "run.out").read_text()
    assert (folder / "run_submit.script").exists()
    until(lambda: not states(), 20)


def test_no_more_batch_jobs_than_units(project, toys):
    Path("list.txt").write_text("a 1\nb 2\n")
    name = project.add(
        map_job(toys, seconds=0.3), placement=Placement(use_queue=True, workers=8, memory_GB=0.5, lead_from="here")
    )
    assert "started as process" in project.start(name)
    assert ended(project, name) == "Succeeded"
    assert len({batch for *_, batch in places_of(project.layout.job(name))}) <= 2
    assert " as job" not in project.layout.job(name).joinpath("run.out").read_text()


def test_a_node_that_dies_costs_only_what_its_workers_had_in_hand(project, toys, slurm):
    Path("list.txt").write_text("".join(f"w{n:02d} {n}\n" for n in range(24)))
    place = Placement(use_queue=True, workers=4, memory_GB=0.5, queue_options="--exclusive", lead_from="here")
    name = project.add(map_job(toys, seconds=0.6), placement=place)
    project.start(name)
    folder = project.layout.job(name)
    until(lambda: len({node for _, node, *_ in places_of(folder)}) >= 3)
    victim = next(node for _, node, *_ in places_of(folder))
    slurm.kill_node(victim)
    try:
        assert ended(project, name) == "Succeeded"
    finally:
        slurm.begin_node(victim)
    counted = Counter(key for key, *_ in places_of(folder))
    assert len(counted) == 24
    assert sum(counted.values()) <= 24 + 3
    assert len(json.loads((folder / "table.json").read_text())) == 24


def test_a_unit_that_kills_its_workers_is_set_aside_and_the_rest_is_done(project, toys):
    Path("list.txt").write_text("".join(f"{key} 1\n" for key in ("a", "b", "bad", "c", "d", "e")))
    place = Placement(use_queue=True, workers=2, memory_GB=0.5, lead_from="here")
    name = project.add(map_job(toys, trouble="crash", seconds=0.1), placement=place)
    project.start(name)
    assert ended(project, name) == "Succeeded"
    folder = project.layout.job(name)
    assert "killed each time" in (folder / "run.err").read_text()
    assert 2 <= Counter(key for key, *_ in places_of(folder))["bad"] <= 3
    assert len(json.loads((folder / "table.json").read_text())) == 5


def test_a_waiting_job_is_taken_out_of_the_queue_and_a_running_one_stops(project, toys):
    held = project.add(toys.ToyLoop(start="start.txt"), placement=Placement(use_queue=True, queue_options="--hold"))
    project.start(held)
    assert "queued" in listed(project)
    with pytest.raises(Exception, match="in the queue already"):
        project.start(held)
    assert "taken out of the queue" in project.abort(held)
    assert project.graph().processes[held].status == "Aborted"
    assert not states()
    running = project.add(toys.ToyLoop(start="start.txt", seconds=3, rounds=50), placement=Placement(use_queue=True))
    project.start(running)
    until((project.layout.job(running) / "run_it000.json").exists)
    assert project.abort(running, grace_s=30).endswith("stopped")
    assert project.graph().processes[running].status == "Aborted"
    until(lambda: not states(), 20)


def listed(project) -> str:
    from vitreous.project.commands.jobs import listing

    return listing(project)


def test_a_job_that_hears_nothing_is_ended_from_outside(project, toys, monkeypatch):
    deaf = "trap '' TERM; sleep 100 & wait"
    name = project.add(toys.ToyLoop(start="start.txt"), placement=Placement(use_queue=True, setup=deaf))
    project.start(name)
    until(lambda: "RUNNING" in (states() or {}).values())
    monkeypatch.setattr("vitreous.project.starting.KILLED_WITHIN_S", 0.5)
    assert "was ended" in project.abort(name, grace_s=0.5)
    assert project.graph().processes[name].status == "Aborted"


def test_a_job_killed_in_the_queue_is_told_as_died_and_goes_on(project, toys, cluster, monkeypatch):
    monkeypatch.setattr("vitreous.run.places.placed.GRACE_S", 0.5)
    monkeypatch.setattr("vitreous.run.places.placed.ASK_EVERY_S", 0.5)
    name = project.add(toys.ToyLoop(start="start.txt", seconds=0.3, rounds=4), placement=Placement(use_queue=True, threads=2))
    project.start(name)
    folder = project.layout.job(name)
    until((folder / "run_it001.json").exists)
    node = cluster.told("squeue", "-h", "-o", "%N").strip()
    [runner] = [p for p in cluster.processes_of(node) if p.name().startswith("python") and "--placed" in p.cmdline()]
    runner.kill()
    assert ended(project, name) == "Died"
    assert " died " in listed(project)
    assert "is in the queue" in project.start(name)
    assert ended(project, name) == "Succeeded"
    assert (folder / "final.txt").read_text().strip() == "16.0"


def test_any_queue_by_a_template(project, toys):
    Path("site.sh").write_text(
        "#!/bin/bash\n#SBATCH --output=XXXoutfileXXX --error=XXXerrfileXXX --open-mode=append\n"
        "#SBATCH --ntasks=XXXmpinodesXXX\n#SBATCH --cpus-per-task=XXXthreadsXXX\n#SBATCH --mem-per-cpu=500\n"
        "#SBATCH --partition=XXXqueueXXX\n#SBATCH --account=XXXextra1XXX\n#SBATCH --nodes=XXXextra2XXX\nsrun XXXcommandXXX\n"
    )
    place = Placement(use_queue=True, queue_template="site.sh", queue="cpu", workers=3, queue_extra=("", "2"))
    name = project.add(map_job(toys, seconds=0.1), placement=place)
    project.start(name)
    assert ended(project, name) == "Succeeded"
    folder = project.layout.job(name)
    said = (folder / "run_submit.script").read_text()
    assert "--ntasks=4\n" in said and "--account" not in said and "--nodes=2\n" in said
    assert len({(node, batch) for _, node, _, batch in places_of(folder)}) == 2


def test_a_run_profile_that_submits_each_worker(project, toys):
    from vitreous.run.places import profile

    recipe = 'sbatch -n 1 -c 1 --mem 1G -p cpu --wrap="$command"'
    profile.write(project.layout.root / ".vitreous/profiles", profile.Profile("each", (profile.WorkerCommand(recipe, copies=3),)))
    name = project.add(map_job(toys, seconds=0.2), placement=Placement(profile="each"))
    assert "started as process" in project.start(name)
    assert ended(project, name) == "Succeeded"
    assert len({batch for *_, batch in places_of(project.layout.job(name))}) == 3


def test_ranks_lie_evenly_with_the_leader_beside_the_first(slurm, tmp_path):
    place = Placement(nodes=3, device="cuda", gpus_per_node=2, workers_per_gpu=4, memory_GB=0.1)
    asked, laid = request.team(place, "ranks"), request.ranks(place, "ranks")
    command = "bash -c 'echo $SLURM_PROCID $SLURMD_NODENAME $CUDA_VISIBLE_DEVICES $SLURM_CPUS_PER_TASK'"
    out = tmp_path / "ranks.out"
    script = tmp_path / "ranks.sh"
    script.write_text(ranks_script(asked, laid, command, folder=str(tmp_path), out=str(out), err=str(out)))
    subprocess.run(["sbatch", "--wait", str(script)], check=True, capture_output=True, timeout=60)
    rows = sorted((int(line.split()[0]), *line.split()[1:]) for line in out.read_text().splitlines())
    assert len(rows) == 25
    nodes = [node for _, node, *_ in rows]
    assert sorted(Counter(nodes).values()) == [8, 8, 9]
    assert Counter(nodes)[nodes[0]] == 9
    assert {tuple(rest) for _, _, *rest in rows} == {("0,1", "1")}


def test_what_is_shown_beforehand_is_what_is_submitted(project, toys):
    place = Placement(use_queue=True, threads=2, time_limit_h=1.5, queue="cpu")
    name = project.add(toys.ToyLoop(start="start.txt", rounds=1), placement=place)
    shown = subprocess.run(
        [sys.executable, "-m", "vitreous", "project", "start", "1", "--dry-run"], capture_output=True, text=True, check=True
    ).stdout
    assert project.graph().processes[name].status == "Scheduled"
    assert not (project.layout.job(name) / "run_submit.script").exists()
    done = subprocess.run([sys.executable, "-m", "vitreous", "project", "run", "1"], capture_output=True, text=True, check=True)
    assert "is in the queue as job" in done.stdout and "succeeded" in done.stdout
    assert shown.startswith((project.layout.job(name) / "run_submit.script").read_text())
    assert os.environ["SLURM_CONF"] and "--cpus-per-task=2" in shown and "--time=0-01:30:00" in shown


def test_a_team_over_nodes_goes_on_after_one_of_them_died(project, toys, slurm):
    """A node dies and comes back empty: the first member notices, the queue begins the job again, iterations stay."""
    team = importlib.import_module("toy_team").ToyTeam(rounds=5, seconds=0.4)
    place = Placement(use_queue=True, workers=2, nodes=2, memory_GB=0.2, queue_options="--spread-job")
    name = project.add(team, placement=place)
    project.start(name)
    folder = project.layout.job(name)
    until((folder / "run_it002.json").exists)
    assert "2 processes of 1 threads share each iteration" in (folder / "run.out").read_text()
    [number] = states() or {}
    about = slurm.told("scontrol", "show", "job", number)
    leader = about.partition("BatchHost=")[2].split()[0]
    assert "node[1-2]" in about and "NumTasks=2" in about
    victim = {"node1": "node2", "node2": "node1"}[leader]
    slurm.kill_node(victim)
    slurm.begin_node(victim)
    until(lambda: (states() or {}).get(number) == "PENDING")
    assert "queued" in listed(project)
    slurm.told("scontrol", "update", f"JobId={number}", "StartTime=now")
    assert ended(project, name) == "Succeeded"
    assert "The queue begins the job again" in (folder / "run.out").read_text()
    shares = [line.split() for line in (folder / "shares.txt").read_text().splitlines()]
    assert Counter(step for step, *_ in shares)["1"] == 2, "an iteration that was saved is not made again"
    assert {rank for step, rank, *_ in shares if step == "5"} == {"0", "1"}


def test_the_node_that_leads_may_die_too(project, toys, slurm):
    Path("list.txt").write_text("".join(f"w{n:02d} {n}\n" for n in range(20)))
    name = project.add(map_job(toys, seconds=0.4), placement=Placement(use_queue=True, workers=2, memory_GB=0.2))
    project.start(name)
    folder = project.layout.job(name)
    until(lambda: len(places_of(folder)) > 4)
    [number] = [number for number in states() or {} if "_" not in number]
    leader = slurm.told("scontrol", "show", "job", number).partition("BatchHost=")[2].split()[0]
    slurm.kill_node(leader)
    slurm.notice(leader)
    try:
        until(lambda: (states() or {}).get(number) == "PENDING")
        slurm.told("scontrol", "update", f"JobId={number}", "StartTime=now")
        assert ended(project, name) == "Succeeded"
    finally:
        slurm.begin_node(leader)
    counted = Counter(key for key, *_ in places_of(folder))
    assert len(counted) == 20 and sum(counted.values()) <= 20 + 2
    assert "were done before" in (folder / "run.out").read_text()
