"""Jobs handed to this machine, a queue or a run profile, from any shell, which may then be closed."""

import importlib
import os
import pty
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.job.placement import Placement
from vitreous.project import starting
from vitreous.project.project import Project
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed, profile

VITREOUS = [sys.executable, "-m", "vitreous"]


@pytest.fixture
def project(toys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "list.txt").write_text("".join(f"w{n} {n}\n" for n in range(6)))
    (tmp_path / "start.txt").write_text("1")
    return Project.new(tmp_path)


def ended(project, name, within_s=60.0) -> str:
    end = time.monotonic() + within_s
    return project.wait(name, poll_s=0.1, stop_asked=lambda: time.monotonic() > end)


def until(what, within_s=60.0):
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def said_by(*words: str) -> str:
    return subprocess.run([*VITREOUS, "project", *words], capture_output=True, text=True, check=True).stdout


def test_a_job_outlives_the_terminal_that_started_it(project, toys):
    """An interactive shell on a terminal of its own starts the job; then the terminal is closed, and the shell hears SIGHUP."""
    name = project.add(toys.ToyLoop(start="start.txt", seconds=0.5, rounds=5))
    shell, terminal = pty.fork()
    if shell == 0:
        os.execvp("bash", ["bash", "--norc", "-i"])
    os.write(terminal, f"{shlex.join([*VITREOUS, 'project', 'start', '1'])}\n".encode())
    folder = project.layout.job(name)
    until((folder / "run_it000.json").exists)
    os.close(terminal)
    os.kill(shell, signal.SIGHUP)
    os.waitpid(shell, 0)
    assert not (folder / "RELION_JOB_EXIT_SUCCESS").exists()
    assert ended(project, name) == "Succeeded"
    assert (folder / "final.txt").read_text() == "32.0\n"
    placing = placed.read(JobFolder(folder))
    assert placing is not None and placing.place == "here" and placing.pid > 1
    until(lambda: placed.hint(JobFolder(folder)) == "gone")


def test_an_old_verdict_does_not_end_the_waiting(project, toys):
    name = project.add(toys.ToyLoop(start="start.txt", rounds=1))
    project.run(name, quiet=True)
    before = (project.layout.job(name) / "run.out").read_text()
    project.start(name, changed={"rounds": "3"})
    assert project.graph().processes[name].status == "Running"
    assert ended(project, name) == "Succeeded"
    assert (project.layout.job(name) / "run.out").read_text() != before
    assert (project.layout.job(name) / "final.txt").read_text() == "8.0\n"


def test_what_cannot_be_handed_over_stays_as_it_was(project, toys):
    name = project.add(toys.ToyLoop(start="start.txt"), placement=Placement(use_queue=True, submit="false"))
    for changed, said in (
        ({"submit": "qsub"}, "--queue-template"),
        ({"submit": "sbatch", "queue_template": "gone.sh"}, "no such submission template"),
        ({"profile": "none"}, "no run profile"),
    ):
        with pytest.raises(UserError, match=said):
            project.start(name, changed=changed)
        assert project.graph().processes[name].status == "Scheduled"
    Path("site.sh").write_text("#!/bin/sh\nXXXcommandXXX\n")
    with pytest.raises(UserError, match=r"false .* was refused"):
        project.start(name, changed={"queue_template": "site.sh"})
    assert project.graph().processes[name].status == "Scheduled"


def test_any_program_may_be_the_queue(project, toys):
    """A site's own command, which here runs the script at once; the script is in run.out, and kept."""
    Path("site.sh").write_text(
        "#!/bin/bash\n# XXXnameXXX XXXqueueXXX XXXcoresXXX XXXextra1XXX\n# for XXXmpinodesXXX\nXXXcommandXXX\n"
    )
    Path("take").write_text('#!/bin/bash\nbash "$1" > /dev/null 2>&1 &\necho "Your job 77 has been taken"\n')
    Path("take").chmod(0o755)
    place = Placement(use_queue=True, submit="./take", queue_template="site.sh", queue="em", workers=1)
    name = project.add(toys.ToyMap(listing="list.txt"), placement=place)
    assert "as job 77" in project.start(name)
    assert ended(project, name) == "Succeeded"
    folder = project.layout.job(name)
    script = (folder / "run_submit.script").read_text()
    assert script.splitlines()[1] == "# for 1"
    assert script in (folder / "run.out").read_text() + "\n"
    said = said_by("start", "1", "--dry-run")
    assert said == f"{script}{starting.RULE}\n./take External/job001/run_submit.script\n"


def test_a_stop_that_is_asked_for_before_the_job_begins_is_heard(project, toys):
    Path("keep").write_text("#!/bin/bash\ntrue\n")
    Path("keep").chmod(0o755)
    Path("site.sh").write_text("#!/bin/bash\nXXXcommandXXX\n")
    place = Placement(use_queue=True, submit="./keep", queue_template="site.sh")
    name = project.add(toys.ToyLoop(start="start.txt", rounds=1), placement=place)
    project.start(name)
    with pytest.raises(UserError, match="in the queue already"):
        project.start(name)
    assert project.abort(name) == f"{name}: asked to stop"
    assert project.run(name, placed=True, quiet=True).status == "aborted"
    assert project.graph().processes[name].status == "Aborted"
    assert not (project.layout.job(name) / "run_it000.json").exists()
    project.start(name)
    assert project.run(name, placed=True, quiet=True).status == "succeeded", "the stop was of the run before"


def test_run_waits_where_the_job_went(project, toys):
    Path("take").write_text('#!/bin/bash\nbash "$1" > /dev/null 2>&1 &\n')
    Path("take").chmod(0o755)
    Path("site.sh").write_text("#!/bin/bash\nXXXcommandXXX\n")
    place = Placement(use_queue=True, submit="./take", queue_template="site.sh")
    name = project.add(toys.ToyLoop(start="start.txt", rounds=1), placement=place)
    assert project.run(name).status == "succeeded"
    Path("start.txt").write_text("no number")
    bad = project.add(toys.ToyLoop(start="start.txt"), placement=place)
    with pytest.raises(UserError, match=f"{bad} has failed"):
        project.run(bad)
    assert project.run(name, changed={"do_queue": "No"}, quiet=True).status == "succeeded"


@pytest.mark.slow
def test_a_profile_starts_what_leads_and_its_workers(project, toys):
    Path("list.txt").write_text("".join(f"w{n} {n}\n" for n in range(16)))
    said_by("profile", "two kinds", "--command", "exec $command", "--copies", "2", "--command", "sh -c 'sleep 2; exec $command'")
    assert "3 workers" in said_by("profiles")
    name = project.add(toys.ToyMap(listing="list.txt", manner=toys.Manner(seconds=0.5)), placement=Placement(profile="two kinds"))
    assert "started as process" in project.start(name)
    folder = project.layout.job(name)
    until(lambda: "2 workers at work" in ((folder / "run.out").read_text() if (folder / "run.out").exists() else ""))
    until(lambda: len(list((folder / ".vitreous/rows").glob("*.jsonl"))) == 2)
    rows = sorted((folder / ".vitreous/rows").glob("*.jsonl"))
    os.kill(int(rows[0].stem.rpartition("-")[2]), signal.SIGKILL)
    assert ended(project, name) == "Succeeded"
    assert len((folder / "table.json").read_text().split("key")) == 17
    assert len(sorted((folder / ".vitreous/rows").glob("*.jsonl"))) == 3, "the late worker has worked too"
    assert not (folder / ".vitreous/crew/offer.json").exists()
    assert oct((folder / ".vitreous/crew").stat().st_mode)[-3:] == "700"


def test_a_manager_command_may_be_any_line(project, toys):
    made = profile.Profile("by env", (profile.WorkerCommand("$command"),), manager="env SAID=$program_name $command")
    profile.write(profile.folders(project.layout.root.resolve())[0], made)
    name = project.add(toys.ToyLoop(start="start.txt", rounds=1), placement=Placement(profile="by env"))
    assert project.plan(name).startswith(f"env SAID=toy-loop {sys.executable} -m vitreous project run External/job001/ --placed")
    project.start(name)
    assert ended(project, name) == "Succeeded"


def test_a_manager_command_that_fails_is_told(project, toys, monkeypatch):
    monkeypatch.setattr(placed, "GRACE_S", 0.2)
    made = profile.Profile("bad", (profile.WorkerCommand("$command"),), manager="no-such-program $command")
    profile.write(profile.folders(project.layout.root.resolve())[0], made)
    name = project.add(toys.ToyLoop(start="start.txt"), placement=Placement(profile="bad"))
    project.start(name)
    assert ended(project, name) == "Died"
    assert "no-such-program" in (project.layout.job(name) / "run.err").read_text()


def test_a_script_for_ranks_by_command(project, monkeypatch):
    monkeypatch.delenv("RELION_MPIRUN", raising=False)
    command = "relion_refine_mpi --i Particles/shiny_2sets.star --ref emd_2660.map:mrc --gpu --pool 10 --j $SLURM_CPUS_PER_TASK"
    wide = ("--device", "cuda", "--nodes", "3", "--gpus-per-node", "2", "--workers-per-gpu", "4")
    said = said_by("script", *wide, "--", *command.split())
    assert "#SBATCH --ntasks=25\n#SBATCH --ntasks-per-node=9\n" in said
    assert f"--ntasks=25 {command}\n" in said
    assert "#SBATCH --ntasks=17\n" in said_by("script", "--workers", "16", "--", "relion_refine_mpi")


def test_gpus_are_not_taken_from_others_by_a_job_that_cannot_use_them(project, toys):
    place = Placement(use_queue=True, device="cuda", workers=2)
    name = project.add(toys.ToyLoop(start="start.txt"), placement=place)
    assert "gres" not in project.plan(name)
    assert "#SBATCH --gres=gpu:2\n" in project.plan(name, changed={"gpus_per_node": "2"})


def test_what_a_site_says(project, monkeypatch):
    monkeypatch.setenv("RELION_QUEUE_NAME", "em")
    monkeypatch.setenv("RELION_QSUB_EXTRA1", "Time")
    monkeypatch.setenv("RELION_QSUB_EXTRA1_DEFAULT", "8:00")
    said = said_by("site")
    assert "queue            em" in said
    assert "XXXextra1XXX     Time [8:00]" in said


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("mpirun"), reason="needs an mpirun (apt-get install openmpi-bin)")
def test_ranks_of_mpirun_find_their_parts(project, toys, monkeypatch):
    """A site's template with mpirun: of a map job the first rank leads; of a team the rank too many leaves."""
    team = importlib.import_module("toy_team").ToyTeam(rounds=3)
    Path("site.sh").write_text(
        "#!/bin/bash\n# XXXthreadsXXX\nmpirun --allow-run-as-root --oversubscribe -n XXXmpinodesXXX XXXcommandXXX\n"
    )
    Path("take").write_text('#!/bin/bash\nbash "$1" > said.txt 2>&1 &\n')
    Path("take").chmod(0o755)
    place = Placement(use_queue=True, submit="./take", queue_template="site.sh", workers=2)
    many = project.add(toys.ToyMap(listing="list.txt", manner=toys.Manner(seconds=0.3)), placement=place)
    project.start(many)
    assert ended(project, many) == "Succeeded", Path("said.txt").read_text()
    assert "2 workers at work" in (project.layout.job(many) / "run.out").read_text()
    together = project.add(team, placement=place)
    project.start(together)
    assert ended(project, together) == "Succeeded", Path("said.txt").read_text()
    folder = project.layout.job(together)
    assert "2 processes of 1 threads share each iteration" in (folder / "run.out").read_text()
    assert {line.split()[1] for line in (folder / "shares.txt").read_text().splitlines()} == {"0", "1"}
