"""One turn of a job: started in its place, or run in this process, and waited for until it has ended."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from vitreous.context import Stopped, UserError
from vitreous.project import running
from vitreous.project.running import ENDED

if TYPE_CHECKING:
    from vitreous.project.project import Project

POLL_S = 0.5


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
    """Wait until a job has ended; gives its state. When a stop is asked for, the job is asked too, and Stopped raised."""
    state = project.wait(name, poll_s=poll_s, stop_asked=stop_asked)
    if state in ENDED:
        return state
    say(project.abort(name))
    project.wait(name, poll_s=poll_s)
    raise Stopped


def state_of(project: "Project", name: str) -> str:
    """The state of a job as it is now, "Died" for one that has lost its process; empty if there is no such job."""
    return running.state_of(project.layout, name) if name in project.graph().processes else ""
