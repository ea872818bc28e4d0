"""One turn of a job: started in its place, or run in this process, and waited for until it has ended."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from vitreous.context import UserError
from vitreous.project.state import marker
from vitreous.run.folder import JobFolder

if TYPE_CHECKING:
    from vitreous.project.project import Project

POLL_S, LOOK_EVERY_S = 0.5, 5.0
ENDED = ("Succeeded", "Failed", "Aborted", "Died")


class Stopped(Exception):
    """A stop was asked for while a job ran or its input was waited for."""


def begin(project: "Project", name: str, *, here: bool, say: Callable[[str], None]) -> None:
    """Start a job, or go on with it. here: run it in this process to its end, whatever queue it names."""
    if not here:
        project.start(name)
        return
    try:
        project.run(name, quiet=True, placed=True)
    except UserError as error:
        say(f"{name}: {error}")


def end(
    project: "Project", name: str, *, say: Callable[[str], None], stop_asked: Callable[[], bool], poll_s: float = POLL_S
) -> str:
    """Wait until a job has ended; gives its state. When a stop is asked for, the job is asked too, and Stopped raised.

    Only the exit marker is looked for at each poll; the graph, which may be large, is read when it has come, and now and then.
    """
    state = _ended(project, name, stop_asked=stop_asked, poll_s=poll_s)
    if state or (state := state_of(project, name)) in ENDED:
        return state
    say(project.abort(name))
    _ended(project, name, stop_asked=lambda: False, poll_s=poll_s)
    raise Stopped


def _ended(project: "Project", name: str, *, stop_asked: Callable[[], bool], poll_s: float) -> str:
    """The state of a job when it has ended; empty when a stop was asked for before."""
    folder, looked = JobFolder(project.layout.job(name)), -LOOK_EVERY_S
    while True:
        if marker(folder) or time.monotonic() - looked >= LOOK_EVERY_S:
            state, looked = state_of(project, name), time.monotonic()
            if state in ENDED or not state:
                return state or "Gone"
        if stop_asked():
            return ""
        time.sleep(poll_s)


def state_of(project: "Project", name: str) -> str:
    """The state of a job as it is now, "Died" for one that has lost its process; empty if there is no such job."""
    process = project.graph().processes.get(name)
    if process is None:
        return ""
    return "Died" if project.has_died(process) else process.status
