"""Project: a directory with a graph of jobs; add, run, continue, abort, alias, and the state of each from its exit marker."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.placement import Placement
from vitreous.project import (
    adding,
    aliases,
    changes,
    finding,
    flowchart_drawing,
    follow,
    history,
    last_used,
    lock,
    marking,
    moving,
    node_marks,
    notes,
    restore,
    running,
    starting,
    tidy,
    trash,
)
from vitreous.project import graph as graphs
from vitreous.project.current import current
from vitreous.project.graph import Graph, Process
from vitreous.project.inline import jobs_html
from vitreous.project.layout import Layout
from vitreous.project.repeats import Passed, Repeats, Rhythm
from vitreous.project.schemes.door import ProjectScheme
from vitreous.project.state import has_died
from vitreous.run.estimates import Estimate, estimate
from vitreous.run.folder import JobFolder
from vitreous.run.runner import Outcome


class Project:
    """A project directory. It keeps no state of its own: everything is read from the directory when it is asked for."""

    def __init__(self, root: Path | str, *, readonly: bool = False) -> None:
        self.layout = Layout(Path(root), readonly)

    @classmethod
    def new(cls, root: Path | str) -> "Project":
        """Make a project directory; one that is there already is an error."""
        project = cls(root)
        if project.layout.graph.exists():
            raise UserError(f"{project.layout.graph.parent} is a project already; open it by working in that directory")
        project.layout.root.mkdir(parents=True, exist_ok=True)
        graphs.save(project.layout, Graph())
        project.layout.mark.touch()
        return project

    @classmethod
    def open(cls, root: Path | str, *, readonly: bool = False) -> "Project":
        """A project that is there, of ours or RELION's. With readonly nothing in it is locked or changed."""
        project = cls(root, readonly=readonly)
        if not project.layout.graph.is_file():
            raise UserError(restore.no_graph(project.layout))
        return project

    def graph(self) -> Graph:
        """The graph as it stands, with the states of running jobs brought up to date."""
        return current(self.layout)

    def _repr_html_(self) -> str:
        """The jobs with their states, as a notebook shows them."""
        return jobs_html(self.graph(), self.layout.root)

    def find(self, word: str) -> str:
        """The name of a job by its name, alias, number, or "last"."""
        return finding.find(self.layout, word)

    def add(self, job: Any, *, placement: Placement | None = None, seed: int = 0, alias: str = "") -> str:
        """Schedule a job: it gets the next number, its folder with job.star, and its place in the graph. Gives its name."""
        return adding.add(self.layout, job, placement=placement, seed=seed, alias=alias)

    def begin(self, cls: type[Any], changed: Mapping[str, str] | None = None) -> as_star.Loaded:
        """A new job of a type as it was last used in this project, by RELION or by us; `changed` replaces options."""
        return last_used.begin(self.layout, cls, changed)

    def loaded(self, name: str, changed: Mapping[str, str] | None = None) -> as_star.Loaded:
        """The job of a folder, read from its job.star; `changed` replaces options, by RELION's names or ours, that may change."""
        return changes.loaded(self.layout, name, changed)

    def run(
        self,
        word: str,
        *,
        changed: Mapping[str, str] | None = None,
        command: str = "",
        quiet: bool = False,
        placed: bool = False,
    ) -> Outcome:
        """Run a job of the project, or go on with it; its results enter the graph when it has ended.

        A job for a queue or a run profile is handed over and waited for. placed: this is its place, so it runs here.
        """
        name = self.find(word)
        loaded = self.loaded(name, changed)
        if not placed and starting.goes_away(loaded.placement):
            self.start(name, changed=changed)
            return starting.outcome(name, self.wait(name))
        return running.run_here(self.layout, name, loaded, command=command, quiet=quiet, placed=placed)

    def estimate(self, word: str, *, changed: Mapping[str, str] | None = None) -> Estimate:
        """What a job will take of disk, memory and GPU, by a quick look at its input."""
        loaded = self.loaded(self.find(word), changed)
        with contextlib.chdir(self.layout.root):
            return estimate(loaded.job, loaded.placement)

    def external_paths(self) -> moving.Ways:
        """The paths and links that lead out of the project, with whether they can be reached and what uses them."""
        return moving.ways_out(self.layout)

    def repoint(self, old: str, new: str, *, dry_run: bool = False) -> moving.Repointed:
        """Let every path in the project's files that begins with `old` begin with `new`; finished work stays finished."""
        return moving.repoint(self.layout, old, new, dry_run=dry_run)

    def continue_(self, word: str, *, changed: Mapping[str, str] | None = None, quiet: bool = False) -> Outcome:
        """Go on with a job that was stopped, died, failed or lacks some units: only what is missing is done."""
        return self.run(word, changed=changed, quiet=quiet)

    def overwrite(
        self, word: str, *, changed: Mapping[str, str] | None = None, command: str = "", quiet: bool = False
    ) -> Outcome:
        """Run a job again from scratch in its folder; what the folder holds goes to the Trash first."""
        name = self.find(word)
        tidy.start_afresh(self.layout, name, changed)
        return self.run(name, command=command, quiet=quiet)

    def changes(self, word: str, changed: Mapping[str, str]) -> list[str]:
        """What these changes of options would really change in a job, a line for each."""
        return changes.lines(self.layout, self.find(word), changed)

    def start(self, word: str, *, changed: Mapping[str, str] | None = None, script: str = "") -> str:
        """Hand a job to the place where it is to run, and return; it goes on without this process. Says what was done.

        script: what is handed to a queue, in the place of the script that plan shows.
        """
        name = self.find(word)
        return starting.start(self.layout, name, self.loaded(name, changed), changed or {}, script=script)

    def plan(self, word: str, *, changed: Mapping[str, str] | None = None) -> str:
        """How a job would be handed to its place: the script and the command. Nothing is done."""
        name = self.find(word)
        found = starting.plan(self.layout, name, self.loaded(name, changed), changed or {})
        return found.text(JobFolder(Path(name)))

    def wait(self, word: str, *, poll_s: float = 1.0, stop_asked: Callable[[], bool] = lambda: False) -> str:
        """Wait until a job has ended, or died, or the question says stop; gives its state as in the graph, or "Died"."""
        return running.wait(self.layout, self.find(word), poll_s=poll_s, stop_asked=stop_asked)

    def abort(self, word: str, *, grace_s: float = 0.0) -> str:
        """Ask a running job to stop; one that waits in a queue is taken out, one whose process has died marked as aborted.

        grace_s: when it has not stopped after so many seconds, it is ended from outside; 0: never. Says what was done.
        """
        return running.abort(self.layout, self.find(word), grace_s=grace_s)

    def has_died(self, process: Process) -> bool:
        """Whether a job of ours that the graph says is running has lost its process without a word."""
        return has_died(self.layout, process)

    def follow(
        self,
        *words: str,
        limits: follow.Limits | None = None,
        only: bool = False,
        say: Callable[[str], None] = lambda text: None,
        stop_asked: Callable[[], bool] = lambda: False,
    ) -> dict[str, str]:
        """Start these jobs and all that use them, or all that are scheduled, each as soon as there is something for it to do.

        only: these jobs and what they wait for, and none that use them.

        Returns when all have ended or nothing more can begin; gives how each stands, in words of project.follow.
        """
        names = [self.find(word) for word in words]
        return follow.follow(self.layout, names, limits=limits, only=only, say=say, stop_asked=stop_asked)

    def close(self, word: str) -> str:
        """Let a job that waits for more input, or watches a folder, end with what it has. Says what was done."""
        return follow.close(self.layout, self.find(word))

    def alias(self, word: str, alias: str) -> str:
        """Give a job a name beside its number: a link beside its folder and an entry in the graph. "None" takes it away."""
        name = self.find(word)
        with graphs.locked(self.layout) as graph:
            full = aliases.checked(self.layout, graph, name.partition("/")[0], alias, but=name)
            aliases.give(self.layout, graph, name, full)
        return full

    def mark_finished(self, word: str) -> list[str]:
        """Say of a stuck job that it has finished; gives its outputs, the files that are there (of its last iteration)."""
        return marking.mark_finished(self.layout, self.find(word))

    def mark_failed(self, word: str) -> None:
        """Say of a stuck job that it has failed."""
        marking.mark_failed(self.layout, self.find(word))

    def deletion(self, words: Sequence[str], *, descendants: bool = False) -> trash.Deletion:
        """What deleting jobs would take, with all that go back to them if asked. Nothing is done."""
        return trash.deletion(self.layout, self.graph(), [self.find(word) for word in words], descendants=descendants)

    def delete(self, words: Sequence[str], *, descendants: bool = False) -> trash.Deletion:
        """Move jobs to the Trash."""
        going = self.deletion(words, descendants=descendants)
        trash.delete(self.layout, going.names)
        return going

    def undelete(self, word: str, *, descendants: bool = False) -> trash.Restored:
        """Bring a deleted job back from the Trash, with the deleted jobs that go back to it if asked."""
        return trash.undelete(self.layout, trash.find_deleted(self.layout, word), descendants=descendants)

    def cleaning(self, words: Sequence[str] = (), *, harsh: bool = False) -> tuple[list[tidy.Plan], list[str]]:
        """What a gentle or harsh clean would take from these jobs, or from all; and the jobs that are protected from it."""
        graph = self.graph()
        if not words:
            return tidy.plan_all(self.layout, graph, harsh=harsh)
        return [tidy.plan(self.layout, graph, self.find(word), harsh=harsh) for word in words], []

    def clean(self, plans: Sequence[tidy.Plan]) -> None:
        """Move what was planned to the Trash."""
        tidy.clean(self.layout, plans)

    def history(self, word: str, *, down: bool = False) -> list[history.Step]:
        """The jobs that a job goes back to, nearest first; down: those that go back to it. Each with the files between."""
        return list(history.steps(self.graph(), self.find(word), down=down))

    def flowchart(self, word: str, path: Path | str, *, down: bool = False) -> None:
        """Draw a job's history, or with "" the whole project, as .svg, .tex or .pdf."""
        flowchart_drawing.draw(self.layout, self.graph(), self.find(word) if word else "", Path(path), down=down)

    def note(self, word: str = "") -> str:
        """The note of a job, or of the project."""
        return notes.read(self.layout, self.find(word) if word else "")

    def add_note(self, text: str, word: str = "") -> None:
        """Add to the note of a job, or of the project."""
        notes.add(self.layout, text, self.find(word) if word else "")

    def unlock(self, *, force: bool = False) -> str:
        """Take away the lock that a crash has left; one that may be in use is left, unless forced. Says what was done."""
        return lock.unlock(self.layout, force=force)

    def restore(self, source: Path | str | None = None, *, force: bool = False) -> list[str]:
        """Make a broken or missing graph again from the newest copy, or this one, and the job folders. Says what was done."""
        return restore.restore(self.layout, Path(source) if source else None, force=force)

    def remake_nodes(self) -> int:
        """Make .Nodes again, by which RELION's windows find files; gives the number of files that are marked."""
        with graphs.locked(self.layout) as graph:
            return node_marks.remake(self.layout, graph)

    def scheme(self, word: str) -> ProjectScheme:
        """A Scheme (RELION 4, 5) or schedule (3.1) of the project: project.scheme("prep").run()."""
        return ProjectScheme.find(self, word)

    def new_scheme(self, word: str, *, schedule: bool = False) -> ProjectScheme:
        """Make an empty Scheme; schedule: in the way of RELION 3.1."""
        return ProjectScheme.new(self, word, schedule=schedule)

    def run_scheduled(
        self,
        name: str,
        jobs: Sequence[str],
        rhythm: Rhythm | None = None,
        *,
        here: bool = False,
        say: Callable[[str], None] = lambda text: None,
    ) -> Passed:
        """Run jobs one after another under a name, also again and again while data come."""
        return Repeats(self, name, jobs, rhythm or Rhythm(), here=here, say=say).go()
