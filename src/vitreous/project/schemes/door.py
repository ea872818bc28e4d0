"""Project.scheme("prep"): what may be done with one Scheme, from Python and from the commands alike."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vitreous.context import UserError
from vitreous.project import turn
from vitreous.project.inputs import LIMIT_S
from vitreous.project.lock import check_writable
from vitreous.project.schemes import editing, lock, scheme_file, visit
from vitreous.project.schemes import folder as folders
from vitreous.project.schemes.folder import SchemeFolder
from vitreous.project.schemes.model import Edge, Operator, Scheme, Value
from vitreous.project.schemes.running import POLL_S, Ended, Run
from vitreous.run.places.local import start_own

if TYPE_CHECKING:
    from vitreous.project.project import Project


class ProjectScheme:
    """One Scheme of a project. It keeps no state: each call reads the file, and a change is on disk when it returns."""

    def __init__(self, project: "Project", folder: SchemeFolder) -> None:
        self.project, self.folder = project, folder

    @classmethod
    def find(cls, project: "Project", word: str) -> "ProjectScheme":
        """By name ("prep") or folder ("Schemes/prep/")."""
        return cls(project, folders.find(project.layout.root, word))

    @classmethod
    def new(cls, project: "Project", word: str, *, schedule: bool = False) -> "ProjectScheme":
        """An empty Scheme; schedule: in the way of RELION 3.1."""
        made = cls(project, SchemeFolder(project.layout.root, "schedule" if schedule else "scheme", folders.named(word)))
        check_writable(project.layout)
        if made.folder.path.exists():
            raise UserError(f"{made.folder.name} is there already")
        scheme_file.write(made.folder, Scheme(made.folder.name, made.folder.flavour))
        return made

    def read(self) -> Scheme:
        """The Scheme as it stands on disk."""
        return scheme_file.read(self.folder)

    def run(
        self,
        *,
        here: bool = False,
        say: Callable[[str], None] = lambda text: None,
        input_wait_s: float = LIMIT_S,
        poll_s: float = POLL_S,
    ) -> Ended:
        """Run from the current node until an exit. Jobs go to their places and outlive this process; here: run in it.

        After a crash or a stop the same call goes on at the current node, and takes up the job that was started there.
        """
        check_writable(self.project.layout)
        return Run(self.project, self.folder, here=here, say=say, input_wait_s=input_wait_s, poll_s=poll_s).go()

    def start(self, *, input_wait_s: float = LIMIT_S) -> int:
        """Run it in a process of its own, which no window or shell needs to outlive; gives the number of the process."""
        check_writable(self.project.layout)
        lock.check_free(self.folder)
        words = ["project", "scheme", "run", self.folder.name, "--quiet", "--input-wait", f"{input_wait_s:g}"]
        err = self.folder.log.with_name("run.err")
        return start_own(words, root=self.project.layout.root, out=self.folder.log, err=err)

    def abort(self) -> str:
        """Ask a running Scheme, and the job it waits for, to stop."""
        if not lock.is_held(self.folder):
            raise UserError(f"{self.folder.name} does not run")
        if lock.is_dead(self.folder):
            raise UserError(f"{self.folder.name}: {lock.owner(self.folder)} has died; scheme unlock {self.folder.word}")
        self.folder.abort_now.touch()
        job = self.at_work_on()
        if job and turn.state_of(self.project, job) == "Running":
            self.project.abort(job)
        return f"{self.folder.name} is asked to stop, with the job at work"

    def unlock(self, *, force: bool = False) -> str:
        """Break the lock that a crash has left."""
        return lock.broken(self.folder, force=force)

    def state(self) -> str:
        """Whether it runs, stands or has died, in a word or two."""
        if not lock.is_held(self.folder):
            return "stands"
        return "died" if lock.is_dead(self.folder) else "runs"

    def at_work_on(self) -> str:
        """The job that was started at the current node and whose end is awaited; empty without one."""
        begun = visit.read(self.folder, self.read().current)
        return begun.job if begun else ""

    def reset(self) -> None:
        """Variables to their reset values, jobs as never started, back to the first node."""
        with self._changing() as scheme:
            editing.reset(self.folder, scheme)

    def set_variable(self, name: str, text: str, *, also_reset: bool = False) -> Value:
        """Give a variable a value of its own type."""
        with self._changing() as scheme:
            return editing.set_variable(scheme, name, text, also_reset=also_reset)

    def set_option(self, job: str, option: str, text: str) -> list[str]:
        """Change an option of a job; gives the jobs that start anew because of it."""
        with self._changing() as scheme:
            return editing.set_option(self.folder, scheme, job, option, text)

    def set_node(self, node: str) -> None:
        """Let the next run begin at a node."""
        with self._changing() as scheme:
            editing.set_node(self.folder, scheme, node)

    def set_mode(self, job: str, mode: str) -> None:
        """new, continue, or in 3.1 overwrite."""
        with self._changing() as scheme:
            editing.set_mode(scheme, job, mode)

    def add_variable(self, name: str, text: str) -> Value:
        """A new variable; its type is that of the value."""
        with self._changing() as scheme:
            return editing.add_variable(scheme, name, text)

    def add_operator(self, operator: Operator) -> str:
        """A new operator; without a name it is given one. Gives the name."""
        with self._changing() as scheme:
            return editing.add_operator(scheme, operator)

    def add_job(self, name: str, job_star: str, mode: str) -> None:
        """A new job, its options from a job.star."""
        with self._changing() as scheme:
            editing.add_job(self.folder, scheme, name, job_star, mode)

    def add_edge(self, edge: Edge) -> None:
        """A new edge or fork."""
        with self._changing() as scheme:
            editing.add_edge(scheme, edge)

    @contextmanager
    def _changing(self) -> Iterator[Scheme]:
        """The Scheme for a change; one that runs is not changed behind its back."""
        check_writable(self.project.layout)
        with lock.held(self.folder):
            scheme = scheme_file.read(self.folder)
            yield scheme
            scheme_file.write(self.folder, scheme)
