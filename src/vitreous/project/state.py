"""What a job folder tells of its job: how it ended, by the exit marker, and whether a process is at work in it."""

import fcntl
from pathlib import Path

from vitreous.project.graph import Process
from vitreous.project.layout import Layout
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed


def marker(folder: JobFolder) -> str:
    """The state by the exit marker, in RELION's order; empty without one."""
    for path, state in ((folder.success, "Succeeded"), (folder.failure, "Failed"), (folder.aborted, "Aborted")):
        if path.exists():
            return state
    return ""


def ended(layout: Layout, process: Process) -> str:
    """The state that the exit marker of a job tells, where the graph still says that it runs; else empty."""
    if process.status not in ("Running", "Scheduled"):
        return ""
    return marker(JobFolder(layout.job(process.name)))


def is_alive(folder: JobFolder) -> bool:
    """Whether a run of ours holds the folder's lock, or the place that the job was handed to knows it as waiting or at work.

    A folder with neither lock nor place is another program's: taken to be alive.
    """
    if folder.lock.exists() and _locked(folder):
        return True
    said = placed.hint(folder)
    if said:
        return said != "gone"
    return not folder.lock.exists() and folder.path.is_dir()


def _locked(folder: JobFolder) -> bool:
    with folder.lock.open("rb") as handle:  # a shared lock, which also somebody who may only read can ask for
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def has_died(layout: Layout, process: Process) -> bool:
    """Whether a job of ours that the graph says is running has lost its process without a word."""
    folder = JobFolder(layout.job(process.name))
    ours = folder.lock.exists() or folder.place.exists()
    return process.status == "Running" and ours and not is_alive(folder) and not marker(folder)


def job_file(layout: Layout, name: str) -> Path:
    """The file of a job's options: job.star, or run.job where RELION 3.0 has left only that."""
    folder = layout.job(name)
    older = folder / "run.job"
    return older if older.is_file() and not (folder / "job.star").is_file() else folder / "job.star"
