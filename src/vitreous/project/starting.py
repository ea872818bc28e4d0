"""Hands a job to its place - this machine, Slurm, another queue, a run profile - where it goes on without any window or shell."""

import os
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.job.as_star import Loaded
from vitreous.job.declare import MapJob
from vitreous.job.placement import Placement
from vitreous.project import graph as graphs
from vitreous.project.layout import Layout
from vitreous.project.state import is_alive, marker
from vitreous.run.asking import refuse_unanswered
from vitreous.run.folder import JobFolder
from vitreous.run.places import environment, local, offer, placed, profile, request, slurm, template, worker
from vitreous.run.places.bringers import worker_script
from vitreous.run.places.crew import from_elsewhere
from vitreous.run.record import append_text, clear_markers, duration, mark
from vitreous.run.runner import Outcome, run

SBATCH = "sbatch"
RULE = "-" * 20
POLL_S = 0.25
KILLED_WITHIN_S = 40.0  # Slurm gives a job half a minute between the signal to end and its end


@dataclass(frozen=True)
class Plan:
    """How a job is to be handed over. place: "here", "slurm", "queue" or "profile".

    command runs on this machine; where there is a script, `submit` takes it into a queue instead. beside: the script of
    batch jobs of workers that the job will submit itself, with a line on their number.
    """

    place: str
    command: str
    script: str = ""
    submit: str = ""
    beside: str = ""

    def text(self, folder: JobFolder) -> str:
        """The plan in words that can be used by hand."""
        beside = f"{RULE}\n{self.beside}" if self.beside else ""
        if not self.script:
            return f"{self.command}\n{beside}"
        return f"{self.script.rstrip()}\n{RULE}\n{self.submit} {shlex.quote(str(folder.submit_script))}\n{beside}"


def goes_away(placement: Placement) -> bool:
    """Whether a job is handed to a queue or a run profile, rather than run by whoever starts it."""
    return placement.use_queue or bool(placement.profile)


def plan(layout: Layout, name: str, loaded: Loaded, changed: Mapping[str, str]) -> Plan:
    """How a job would be handed over, with the script as it would be submitted. Changes nothing."""
    placement = environment.completed(loaded.placement)
    if not loaded.job.type.uses_gpu:
        placement = replace(placement, device="cpu")  # GPUs are only asked for where their number is given
    changes = [part for option, value in changed.items() for part in ("--set", f"{option}={value}")]
    command = shlex.join([sys.executable, "-m", "vitreous", "project", "run", name, "--placed", *changes])
    root = layout.root.resolve()
    if placement.profile:
        line = profile.find(root, placement.profile).manager
        alone = line.strip() == profile.COMMAND
        return Plan("here" if alone else "profile", profile.expanded(line, command, program=loaded.job.type.command))
    is_map = isinstance(loaded.job, MapJob)
    beside = _workers(placement, name, root) if is_map else ""
    if not placement.use_queue or (is_map and placement.lead_from == "here"):
        return Plan("here", command, beside=beside)
    submit = placement.submit or SBATCH
    if placement.queue_template:
        workers = request.workers_of(placement)
        script = template.script(placement, command, workers=workers, folder=name)
        return Plan("slurm" if _is_slurm(submit) else "queue", command, script, submit)
    if not _is_slurm(submit):
        raise UserError(
            f"{name}: {submit} needs a submission template of its own; give one with --queue-template, or submit with sbatch"
        )
    out, err = (str(root / name / file) for file in ("run.out", "run.err"))
    asked = _asked(placement, name, is_map=is_map)
    return Plan("slurm", command, slurm.script(asked, command, folder=str(root), out=out, err=err), submit, beside)


def _workers(placement: Placement, name: str, root: Path) -> str:
    """The script by which a job that is led in a queue of Slurm brings its workers; empty where it brings none."""
    if not from_elsewhere(placement) or placement.queue_template:
        return ""
    most = request.worker_jobs(placement, name)
    script = worker_script(placement, name, JobFolder(root / name).crew / offer.NAME, folder=str(root))
    return f"# workers: up to {most} batch jobs of this script, as many as there is work for\n{script}"


def _asked(placement: Placement, name: str, *, is_map: bool) -> request.Request:
    """What Slurm is asked for: for one process, for one that leads batch jobs of workers, or for a team."""
    if not is_map:
        return request.team(placement, name)
    if request.workers_of(placement) == 1:
        return request.one_node(placement, name)
    return request.lead(placement, name)


def _is_slurm(submit: str) -> bool:
    return Path(submit.split()[0]).name == SBATCH


def start(layout: Layout, name: str, loaded: Loaded, changed: Mapping[str, str], *, script: str = "") -> str:
    """Hand a job over and enter it as running; gives what was done, in words. script: in the place of the one that is made."""
    refuse_unanswered(loaded.job)
    folder = JobFolder(layout.job(name))
    found = plan(layout, name, loaded, changed)
    if script and not found.script:
        raise UserError(f"{name} is not handed over by a script, so that none can be given: choose a queue as its place")
    found = replace(found, script=script or found.script)
    with graphs.locked(layout) as graph:
        before = graph.processes[name].status
        if before == "Running" and is_alive(folder):
            raise UserError(f"{name} is at work or in the queue already; wait for it or abort it")
        folder.hidden.mkdir(parents=True, exist_ok=True)
        clear_markers(folder)  # before the graph says that it runs, or who reads both would take an old verdict for its end
        folder.lost.unlink(missing_ok=True)
        placed.note(folder, "here", pid=os.getpid())  # it is in our hands until its place has it: nobody else may start it
        graph.set_status(name, "Running")
    try:
        return _submitted(layout, name, folder, found) if found.script else _begun(layout, name, folder, found)
    except BaseException:
        folder.place.unlink(missing_ok=True)
        with graphs.locked(layout) as graph:
            graph.set_status(name, before)
        if before in ("Succeeded", "Failed", "Aborted"):
            mark(folder, before.lower())
        raise


def _submitted(layout: Layout, name: str, folder: JobFolder, found: Plan) -> str:
    atomic.write_text(folder.submit_script, found.script)
    append_text(folder.out, f"{RULE} the submitted script, {folder.submit_script}\n{found.script.rstrip()}\n{RULE}")
    path = str(Path(name) / folder.submit_script.name)
    number = slurm.submit(path, command=found.submit, folder=str(layout.root))
    placed.note(folder, found.place, number=number, submit=found.submit)
    which = f" as job {number}" if number else ""
    append_text(folder.out, f"handed to the queue{which} with {found.submit}")
    return f"{name} is in the queue{which}; it goes on when this terminal is closed"


def _begun(layout: Layout, name: str, folder: JobFolder, found: Plan) -> str:
    line: str | list[str] = shlex.split(found.command)
    if found.place == "profile":
        line = f"{found.command} || touch {shlex.quote(str(folder.lost.resolve()))}"
    pid = local.start_detached(line, root=layout.root, out=folder.out, err=folder.err)
    placed.note(folder, found.place, pid=pid)
    if found.place == "profile":
        return f"{name} started by its run profile; it goes on when this terminal is closed"
    return f"{name} started as process {pid}; it goes on when this terminal is closed"


def stop(name: str, folder: JobFolder, *, grace_s: float) -> str:
    """Ask a job to stop, or take it out of its queue; see Project.abort."""
    if placed.hint(folder) == "waiting" and placed.cancel(folder):
        mark(folder, "aborted")
        return f"{name}: taken out of the queue"
    folder.abort_now.touch()
    if grace_s <= 0 or _ends(folder, grace_s):
        return f"{name}: asked to stop" if not marker(folder) else f"{name}: stopped"
    if not placed.cancel(folder):
        return f"{name}: asked to stop; it has not done so in {duration(grace_s)}, and its place cannot be told to end it"
    if not _ends(folder, KILLED_WITHIN_S):
        placed.cancel(folder, hard=True)
        mark(folder, "aborted")
    return f"{name}: did not stop in {duration(grace_s)} and was ended"


def _ends(folder: JobFolder, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if marker(folder):
            return True
        time.sleep(POLL_S)
    return False


def outcome(name: str, status: str) -> Outcome:
    """How a job that was handed over and waited for has ended; a job that failed or died is an error."""
    if status in ("Succeeded", "Aborted"):
        return Outcome(status.lower())
    raise UserError(f"{name} has {status.lower()}; look into its run.err")


def part_here(loaded: Loaded) -> str:
    """What this process does, among those that a launcher has started for a job: "lead", "help", or "nothing"."""
    rank = environment.rank_here()
    if rank.size > 1 and loaded.placement.use_queue and not isinstance(loaded.job, MapJob):
        placement = environment.completed(loaded.placement)
        if placement.queue_template and environment.leave_out_leader(request.workers_of(placement)):
            return "nothing"
    return "help" if rank.number > 0 else "lead"


def help_here(folder: JobFolder, loaded: Loaded) -> Outcome:
    """Help the process that leads a job: do units for it, or be a member of its team."""
    if isinstance(loaded.job, MapJob):
        code = worker.main([str(folder.crew / offer.NAME), "--threads", str(loaded.placement.threads)])
        return Outcome("aborted" if code else "succeeded")
    return run(loaded.job, folder.path, loaded.placement, seed=loaded.seed, quiet=True)
