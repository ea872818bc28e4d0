"""A job node of a Scheme: its job is made or gone on with in the project, started in its place, and waited for."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from vitreous.context import Stopped, UserError
from vitreous.job import as_star
from vitreous.project import inputs, tidy, turn
from vitreous.project.schemes import scheme_file, visit
from vitreous.project.schemes.folder import PARENTS, SchemeFolder
from vitreous.project.schemes.model import Scheme, SchemeJob
from vitreous.project.schemes.names import resolved
from vitreous.project.schemes.visit import Visit

if TYPE_CHECKING:
    from vitreous.project.project import Project


class JobNode:
    """Carries out the job nodes of one Scheme. here: run in this process instead of handing the job to its place."""

    def __init__(
        self,
        project: "Project",
        folder: SchemeFolder,
        scheme: Scheme,
        *,
        here: bool,
        say: Callable[[str], None],
        stop_asked: Callable[[], bool],
        input_wait_s: float,
        poll_s: float,
    ) -> None:
        self.project, self.folder, self.scheme = project, folder, scheme
        self.here, self.say, self.stop_asked = here, say, stop_asked
        self.input_wait_s, self.poll_s = input_wait_s, poll_s

    def pass_through(self, node: str) -> None:
        """Do the job of a node. A job that is not Succeeded in the end stops the Scheme, and the node stays current."""
        before = visit.read(self.folder, node)
        name = self._ready(self.scheme.jobs[node]) if before is None else self._taken_up(before)
        state = self._wait(name)
        if state == "Aborted" and self.stop_asked():
            raise Stopped
        if state != "Succeeded":
            where = self.project.layout.job(name)
            raise UserError(f"{self.scheme.name} stops at {node}: {name} is {state.lower()}; see {where / 'run.err'}")

    def _ready(self, job: SchemeJob) -> str:
        """Make or re-make the job of a node, with the values of now, and start it."""
        loaded = self.loaded(job.original)
        root = self.project.layout.root
        came = inputs.wait_for(
            loaded.job, root, name=job.original, say=self.say, stop_asked=self.stop_asked, limit_s=self.input_wait_s
        )
        if not came:
            raise Stopped
        again = job.has_started and job.mode != "new" and self.project.layout.job(job.name).is_dir()
        if again:
            name = self.project.find(job.name)
            if job.mode == "overwrite":
                tidy.start_afresh(self.project.layout, name)
            job_star = self.project.layout.job(name) / "job.star"
            as_star.write(job_star, loaded.job, loaded.placement, is_continue=job.mode == "continue", seed=loaded.seed)
        else:
            name = self.project.add(loaded.job, placement=loaded.placement, seed=loaded.seed)
        visit.write(self.folder, Visit(job.original, name))
        self.scheme.jobs[job.original] = replace(job, name=name, has_started=True)
        scheme_file.write(self.folder, self.scheme)
        self.say(f"{job.original}: {name} {'goes on' if again and job.mode == 'continue' else 'starts'}")
        turn.begin(self.project, name, here=self.here, say=self.say)
        return name

    def _taken_up(self, before: Visit) -> str:
        """Take up the job that an earlier run of this Scheme began at the same node."""
        state = self._state(before.job)
        if state in ("Succeeded", "Running"):
            self.say(f"{before.node}: takes up {before.job}, which is {state.lower()}")
        else:
            self.say(f"{before.node}: {before.job} was {state.lower()} and goes on")
            turn.begin(self.project, before.job, here=self.here, say=self.say)
        return before.job

    def _wait(self, name: str) -> str:
        return turn.end(self.project, name, say=self.say, stop_asked=self.stop_asked, poll_s=self.poll_s)

    def _state(self, name: str) -> str:
        state = turn.state_of(self.project, name)
        if not state:
            raise UserError(
                f"{self.scheme.name} was at work on {name}, which the project has no more: "
                f"vitreous project scheme set-node {self.scheme.word} {self.scheme.current}"
            )
        return state

    def loaded(self, original: str) -> as_star.Loaded:
        """The job of a node with the values of now in its options."""
        file = as_star.read(self.folder.job_star(original))
        root = self.project.layout.root
        said = {name: resolved(text, self.scheme, root, strict=True) for name, text in file.values.items()}
        file = replace(file, values=said)
        loaded = as_star.to_job(file, as_star.job_class(file))
        for path in inputs.missing(loaded.job, root):
            if path.startswith(tuple(f"{parent}/" for parent in PARENTS)):
                raise UserError(f"{file.path}: {path} belongs to a job that has not been started yet: let its scheme run first")
        return loaded
