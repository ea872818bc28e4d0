"""Project: a directory with a graph of jobs; add, run, continue, abort, alias, and the state of each from its exit marker."""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.placement import Placement
from vitreous.project import edges
from vitreous.project import graph as graphs
from vitreous.project.graph import Graph, Process
from vitreous.project.layout import GRAPH, Layout, alias_fault, job_name, number_of
from vitreous.project.starting import start_detached
from vitreous.project.state import ended, has_died, is_alive, marker
from vitreous.run.folder import JobFolder
from vitreous.run.runner import Outcome, run


class Project:
    """A project directory. It keeps no state of its own: everything is read from the directory when it is asked for."""

    def __init__(self, root: Path | str) -> None:
        self.layout = Layout(Path(root))

    @classmethod
    def new(cls, root: Path | str) -> "Project":
        """Make a project directory; one that is there already is an error."""
        project = cls(root)
        if project.layout.graph.exists():
            raise UserError(f"{project.layout.graph.parent} is a project already; open it by working in that directory")
        project.layout.root.mkdir(parents=True, exist_ok=True)
        graphs.write(project.layout.graph, Graph())
        project.layout.mark.touch()
        return project

    @classmethod
    def open(cls, root: Path | str) -> "Project":
        """A project that is there, of ours or RELION's."""
        project = cls(root)
        if not project.layout.graph.is_file():
            raise UserError(f"{Path(root).resolve()} is no project directory: it has no {GRAPH} (vitreous project new DIR)")
        return project

    def graph(self) -> Graph:
        """The graph as it stands, with the states of running jobs brought up to date."""
        graph = graphs.read(self.layout.graph)
        if any(ended(self.layout, process) for process in graph.processes.values()):
            with graphs.locked(self.layout) as graph:
                for name, process in list(graph.processes.items()):
                    now = ended(self.layout, process)
                    if now:
                        graph.set_status(name, now)
                        edges.add_listed_outputs(self.layout, graph, name)
        return graph

    def find(self, word: str) -> str:
        """The name of a job by its name, alias, number, or "last"."""
        graph = graphs.read(self.layout.graph)
        if word == "last" and graph.processes:
            return max(graph.processes, key=lambda name: number_of(name) or 0)
        plain = word.rstrip("/") + "/"
        digits = word.removeprefix("job")
        for name, process in graph.processes.items():
            if plain in (name, process.alias) or (digits.isdigit() and number_of(name) == int(digits)):
                return name
            if process.alias and process.alias.rstrip("/").rpartition("/")[2] == word:
                return name
        raise UserError(f"the project has no job {word!r}; vitreous project list shows what there is")

    def add(self, job: Any, *, placement: Placement | None = None, seed: int = 0, alias: str = "") -> str:
        """Schedule a job: it gets the next number, its folder with job.star, and its place in the graph. Gives its name."""
        with graphs.locked(self.layout) as graph:
            if alias:
                _check_alias(graph, job.type.folder, alias.replace(" ", "_"))
            while self.layout.job(job_name(job.type.folder, graph.counter)).exists():
                graph.counter += 1
            name = job_name(job.type.folder, graph.counter)
            graph.counter += 1
            graph.processes[name] = Process(name, job.type.label, "Scheduled")
            edges.connect_inputs(self.layout, graph, name, job)
            edges.connect_outputs(self.layout, graph, name, job, exist=False)
            folder = self.layout.job(name)
            folder.mkdir(parents=True)
            as_star.write(folder / "job.star", job, placement or Placement(), seed=seed)
            graphs.write(folder / "job_pipeline.star", graph.part(name))
        if alias:
            self.alias(name, alias)
        return name

    def loaded(self, name: str, changed: Mapping[str, str] | None = None) -> as_star.Loaded:
        """The job of a folder, read from its job.star; `changed` replaces options by RELION's names or ours."""
        return as_star.load(self.layout.job(name) / "job.star", changed)

    def run(self, word: str, *, changed: Mapping[str, str] | None = None, command: str = "", quiet: bool = False) -> Outcome:
        """Run a job of the project, or go on with it; its results enter the graph when it has ended."""
        name = self.find(word)
        loaded = self.loaded(name, changed)
        as_star.refuse_queue(loaded, self.layout.job(name) / "job.star")
        with self._inside():
            here = Project(".")
            with graphs.locked(here.layout) as graph:
                graph.set_status(name, "Running")
                graph.inputs = [edge for edge in graph.inputs if edge[1] != name]
                edges.connect_inputs(here.layout, graph, name, loaded.job)
                running = graph.part(name)
            folder = here.layout.job(name)
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here.layout.graph, folder / GRAPH)
            graphs.write(folder / "job_pipeline.star", running)
            try:
                return run(loaded.job, folder, loaded.placement, seed=loaded.seed, command=command, quiet=quiet)
            finally:
                here._close(name, loaded.job)

    def continue_(self, word: str, *, changed: Mapping[str, str] | None = None, quiet: bool = False) -> Outcome:
        """Go on with a job that was stopped, died, failed or lacks some units: only what is missing is done."""
        return self.run(word, changed=changed, quiet=quiet)

    def start(self, word: str, *, changed: Mapping[str, str] | None = None) -> str:
        """Hand a job to the place where it is to run, and return; it goes on without this process. Gives its name."""
        name = self.find(word)
        start_detached(self.layout, name, changed or {})
        return name

    def wait(self, word: str, *, poll_s: float = 1.0, stop_asked: Callable[[], bool] = lambda: False) -> str:
        """Wait until a job has ended, or died, or the question says stop; gives its state as in the graph, or "Died"."""
        name = self.find(word)
        while not stop_asked():
            process = self.graph().processes[name]
            if process.status not in ("Running", "Scheduled"):
                return process.status
            if self.has_died(process):
                return "Died"
            time.sleep(poll_s)
        return self.graph().processes[name].status

    def abort(self, word: str) -> str:
        """Ask a running job to stop; one whose process has died is marked as aborted. Says what was done."""
        name = self.find(word)
        process = self.graph().processes[name]
        folder = JobFolder(self.layout.job(name))
        if process.status not in ("Running", "Scheduled"):
            raise UserError(f"{name} does not run: it is {process.status.lower()}")
        if process.status == "Running" and is_alive(folder):
            folder.abort_now.touch()
            return f"{name}: asked to stop"
        with graphs.locked(self.layout) as graph:
            graph.set_status(name, "Aborted")
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.aborted.touch()
        return f"{name}: was not at work; marked as aborted"

    def has_died(self, process: Process) -> bool:
        """Whether a job of ours that the graph says is running has lost its process without a word."""
        return has_died(self.layout, process)

    def alias(self, word: str, alias: str) -> str:
        """Give a job a name beside its number: a link beside its folder and an entry in the graph. "None" takes it away."""
        name = self.find(word)
        folder = name.partition("/")[0]
        plain = alias.strip().replace(" ", "_")
        with graphs.locked(self.layout) as graph:
            process = graph.processes[name]
            if plain.lower() != "none":
                _check_alias(graph, folder, plain, but=name)
            if process.alias:
                link = self.layout.job(process.alias)
                if link.is_symlink():
                    link.unlink()
            full = "" if plain.lower() == "none" else f"{folder}/{plain}/"
            graph.processes[name] = replace(process, alias=full)
            if full:
                os.symlink(f"../{name.rstrip('/')}", self.layout.job(full))
        return full

    def _close(self, name: str, job: Any) -> None:
        """Enter how a run ended, and what it made."""
        with graphs.locked(self.layout) as graph:
            verdict = marker(JobFolder(self.layout.job(name)))
            graph.set_status(name, verdict or "Failed")
            if verdict == "Succeeded":
                edges.drop_old_outputs(self.layout, graph, name, job)
                edges.add_listed_outputs(self.layout, graph, name)
            edges.connect_outputs(self.layout, graph, name, job, exist=True)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """With the project as the current directory, from which all paths in it count."""
        with contextlib.chdir(self.layout.root):
            yield


def _check_alias(graph: Graph, folder: str, alias: str, but: str = "") -> None:
    fault = alias_fault(alias)
    if fault:
        raise UserError(f"the alias {alias!r} {fault}")
    taken = next((p.name for p in graph.processes.values() if p.alias == f"{folder}/{alias}/" and p.name != but), None)
    if taken:
        raise UserError(f"the alias {alias!r} belongs to {taken} already")
