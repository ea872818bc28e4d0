"""What a job folder tells of its job: how it ended, by the exit marker, and whether a process is at work in it."""

from pathlib import Path

from vitreous.project.graph import Process
from vitreous.project.layout import Layout
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed
from vitreous.run.watching import is_held


def marker(folder: JobFolder) -> str:
    """The state by the exit marker, in RELION's order; empty without one."""
    states = zip(folder.verdicts, ("Succeeded", "Failed", "Aborted"), strict=True)
    return next((state for path, state in states if path.exists()), "")


def ended(layout: Layout, process: Process) -> str:
    """The state that the exit marker of a job tells, where the graph still says that it runs; else empty."""
    if process.status not in ("Running", "Scheduled"):
        return ""
    return marker(JobFolder(layout.job(process.name)))


def is_alive(folder: JobFolder) -> bool:
    """Whether a run of ours holds the folder's lock, or the place that the job was handed to knows it as waiting or at work.

    A folder with neither lock nor place is another program's: taken to be alive.
    """
    if is_held(folder):
        return True
    said = placed.hint(folder)
    if said:
        return said != "gone"
    return not folder.lock.exists() and folder.path.is_dir()


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
