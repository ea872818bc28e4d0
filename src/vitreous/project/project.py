"""Project: a directory with a graph of jobs; add, run, continue, abort, alias, and the state of each from its exit marker."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import star
from vitreous.job import as_star
from vitreous.job.options import options, value_of
from vitreous.job.placement import Placement
from vitreous.nodes import kind
from vitreous.project import graph as graphs
from vitreous.project.graph import Graph, Node, Process
from vitreous.project.layout import GRAPH, Layout, alias_fault, job_name, number_of
from vitreous.project.relion_types import node_label, node_number
from vitreous.run.folder import JobFolder
from vitreous.run.nodes_file import made_nodes
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
        if any(self._ended(process) for process in graph.processes.values()):
            with graphs.locked(self.layout) as graph:
                for name, process in list(graph.processes.items()):
                    ended = self._ended(process)
                    if ended:
                        graph.set_status(name, ended)
                        self._add_listed_outputs(graph, name)
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
            self._connect_inputs(graph, name, job)
            self._connect_outputs(graph, name, job, exist=False)
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
                here._connect_inputs(graph, name, loaded.job)
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

    def abort(self, word: str) -> str:
        """Ask a running job to stop; one whose process has died is marked as aborted. Says what was done."""
        name = self.find(word)
        process = self.graph().processes[name]
        folder = JobFolder(self.layout.job(name))
        if process.status not in ("Running", "Scheduled"):
            raise UserError(f"{name} does not run: it is {process.status.lower()}")
        if process.status == "Running" and _is_alive(folder):
            folder.abort_now.touch()
            return f"{name}: asked to stop"
        with graphs.locked(self.layout) as graph:
            graph.set_status(name, "Aborted")
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.aborted.touch()
        return f"{name}: was not at work; marked as aborted"

    def has_died(self, process: Process) -> bool:
        """Whether a job of ours that the graph says is running has lost its process without a word."""
        folder = JobFolder(self.layout.job(process.name))
        return process.status == "Running" and folder.lock.exists() and not _is_alive(folder) and not _marker(folder)

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
            marker = _marker(JobFolder(self.layout.job(name)))
            graph.set_status(name, marker or "Failed")
            if marker == "Succeeded":
                self._drop_old_outputs(graph, name, job)
                self._add_listed_outputs(graph, name)
            self._connect_outputs(graph, name, job, exist=True)

    def _drop_old_outputs(self, graph: Graph, name: str, job: Any) -> None:
        """Take out nodes of a job that it has not made, or made in an earlier iteration, unless another job uses them."""
        now = {self._from_root(node.name) for node in made_nodes(self.layout.job(name), job)}
        used = {node for node, _ in graph.inputs}
        gone = {node for process, node in graph.outputs if process == name and node not in now | used}
        graph.outputs = [edge for edge in graph.outputs if edge[1] not in gone]
        graph.nodes = {key: node for key, node in graph.nodes.items() if key not in gone}

    def _from_root(self, path: str) -> str:
        inside = Path(path)
        return str(inside.relative_to(self.layout.root)) if inside.is_relative_to(self.layout.root) else path

    def _exists(self, node: str) -> bool:
        return (self.layout.root / node).exists()

    def _connect_inputs(self, graph: Graph, name: str, job: Any) -> None:
        for option in options(type(job)):
            path = value_of(job, option) if option.is_input else ""
            if not path:
                continue
            word, _, detail = option.input_kind.partition(".")
            label = kind(word).label
            node = self._without_alias(graph, str(path))
            if node.rstrip("/") + "/" in graph.processes:
                node = _output_of(graph, node.rstrip("/") + "/", label)
            if not node:
                continue
            if node not in graph.nodes:
                graph.add_node(Node(node, f"{label}.{detail}" if detail else label))
                maker = next((p for p in graph.processes if node.startswith(p) and p != name), None)
                if maker:
                    graph.add_output(maker, node)
            graph.add_input(node, name)

    def _without_alias(self, graph: Graph, path: str) -> str:
        inside = Path(path)
        if inside.is_absolute() and inside.is_relative_to(self.layout.root.resolve()):
            path = str(inside.relative_to(self.layout.root.resolve()))
        for process in graph.processes.values():
            if process.alias and f"{path}/".startswith(process.alias):
                return process.name + path[len(process.alias) :]
        return path

    def _connect_outputs(self, graph: Graph, name: str, job: Any, *, exist: bool) -> None:
        for node in made_nodes(self.layout.job(name), job, exist=exist):
            self._enter(graph, name, self._from_root(node.name), node.label)

    def _enter(self, graph: Graph, name: str, node: str, label: str) -> None:
        graph.add_node(Node(node, label))
        graph.add_output(name, node)
        for word in (str(node_number(label)) if graph.numbers else "", label.split(".")[0] if graph.labels else ""):
            if word and self._exists(node):
                mark = self.layout.node(word, node)
                mark.parent.mkdir(parents=True, exist_ok=True)
                mark.touch()

    def _add_listed_outputs(self, graph: Graph, name: str) -> None:
        """Outputs that a job has listed itself, as an external program does."""
        listed = JobFolder(self.layout.job(name)).output_nodes
        if not listed.is_file():
            return
        for row in star.read(listed)["output_nodes"].rows():
            number = str(row.get("rlnPipeLineNodeType", ""))
            label = str(row.get("rlnPipeLineNodeTypeLabel", "")) or node_label(int(number or -1))
            self._enter(graph, name, str(row["rlnPipeLineNodeName"]), label)

    def _ended(self, process: Process) -> str:
        """The state that the exit marker of a job tells, where the graph still says that it runs; else empty."""
        if process.status not in ("Running", "Scheduled"):
            return ""
        return _marker(JobFolder(self.layout.job(process.name)))

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """With the project as the current directory, from which all paths in it count."""
        with contextlib.chdir(self.layout.root):
            yield


def _output_of(graph: Graph, name: str, label: str) -> str:
    """The last output of a job that has the label an input asks for, where the input is the job's folder; empty without one."""
    made = [node for process, node in graph.outputs if process == name and graph.nodes[node].label.startswith(label)]
    return max(made, default="")


def _marker(folder: JobFolder) -> str:
    """The state by the exit marker, in RELION's order; empty without one."""
    for path, state in ((folder.success, "Succeeded"), (folder.failure, "Failed"), (folder.aborted, "Aborted")):
        if path.exists():
            return state
    return ""


def _is_alive(folder: JobFolder) -> bool:
    """Whether a run of ours holds the folder's lock. A folder without our lock is another program's: taken to be alive."""
    if not folder.lock.exists():
        return folder.path.is_dir()
    with folder.lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _check_alias(graph: Graph, folder: str, alias: str, but: str = "") -> None:
    fault = alias_fault(alias)
    if fault:
        raise UserError(f"the alias {alias!r} {fault}")
    taken = next((p.name for p in graph.processes.values() if p.alias == f"{folder}/{alias}/" and p.name != but), None)
    if taken:
        raise UserError(f"the alias {alias!r} belongs to {taken} already")
