"""Jobs, nodes and edges in memory, and the ways along them: what made a file, what uses it, what a job came from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vitreous.context import UserError
from vitreous.files.star_lines import LineBlock

VERSION = ("# version 30001", "")


@dataclass(frozen=True, slots=True)
class Process:
    """One job of the graph: name "Class2D/job006/", alias "Class2D/first/" or "", RELION's label, a word of STATES."""

    name: str
    label: str
    status: str
    alias: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


class Jobs(dict[str, Process]):
    """The jobs of a graph as it was read. One that somebody has deleted between two looks is told in a sentence."""

    def __missing__(self, name: str) -> Process:
        raise UserError(f"the project has no job {name} any more: it was deleted meanwhile (vitreous project undelete {name})")


@dataclass(frozen=True, slots=True)
class Node:
    """One file of the graph: its path from the project directory, RELION 5's label, the words of it that .Nodes uses."""

    name: str
    label: str
    depth: int = 1
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Flavour:
    """How a graph's file says its types: numbers (3.1), labels (4 and 5), or both as in a new project; old_words are
    4.0's node labels, depths the column of 5.0 that tells how much of a label the folders in .Nodes have."""

    numbers: bool = True
    labels: bool = True
    old_words: bool = False
    depths: bool = False


@dataclass(frozen=True)
class Source:
    """The file that a graph was read from: its text, whole and by blocks, and what was made of it, so that what does not
    change can be written back as it stands."""

    text: str = ""
    blocks: tuple[LineBlock, ...] = ()
    tail: str = ""
    flavour: Flavour | None = None
    processes: Sequence[Process] = ()
    nodes: Sequence[Node] = ()


@dataclass
class Graph:
    """The whole graph. Labels are RELION 5's in memory; `flavour` says how the file has them. `source`, the file it came
    from, is no part of what it says."""

    counter: int = 1
    processes: dict[str, Process] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    inputs: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[tuple[str, str]] = field(default_factory=list)
    flavour: Flavour = Flavour()
    version: tuple[str, ...] = VERSION
    source: Source = field(default_factory=Source, compare=False, repr=False)

    def set_status(self, name: str, status: str) -> None:
        """Give a job another state."""
        self.processes[name] = replace(self.processes[name], status=status)

    def add_node(self, node: Node) -> None:
        """Add a node unless its name is there already."""
        self.nodes.setdefault(node.name, node)

    def add_input(self, node: str, process: str) -> None:
        """Let a node be an input of a job; an edge is kept once."""
        if (node, process) not in self.inputs:
            self.inputs.append((node, process))

    def add_output(self, process: str, node: str) -> None:
        """Let a node be an output of a job; an edge is kept once."""
        if (process, node) not in self.outputs:
            self.outputs.append((process, node))

    def drop(self, job: str) -> None:
        """Take out a job, its edges, and the files that no other job makes or takes."""
        lost = {*self.inputs_of(job), *self.outputs_of(job)}
        self.inputs = [edge for edge in self.inputs if edge[1] != job]
        self.outputs = [edge for edge in self.outputs if edge[0] != job]
        lost -= {node for node, _ in self.inputs} | {node for _, node in self.outputs}
        del self.processes[job]
        self.nodes = {key: node for key, node in self.nodes.items() if key not in lost}

    def part(self, name: str) -> "Graph":
        """The small graph of one job: itself, its inputs and outputs."""
        inputs = [edge for edge in self.inputs if edge[1] == name]
        outputs = [edge for edge in self.outputs if edge[0] == name]
        wanted = {node for node, _ in inputs} | {node for _, node in outputs}
        nodes = {key: node for key, node in self.nodes.items() if key in wanted}
        return replace(self, processes={name: self.processes[name]}, nodes=nodes, inputs=inputs, outputs=outputs, source=Source())

    def makers_of(self, node: str) -> list[str]:
        """The jobs that have a file as an output (one, or none for what came from outside)."""
        return [job for job, made in self.outputs if made == node]

    def users_of(self, node: str) -> list[str]:
        """The jobs that have a file as an input, in the order of the graph."""
        return [job for used, job in self.inputs if used == node]

    def inputs_of(self, job: str) -> list[str]:
        """The files that a job takes."""
        return [node for node, user in self.inputs if user == job]

    def outputs_of(self, job: str) -> list[str]:
        """The files that a job has made, or is known to make."""
        return [node for maker, node in self.outputs if maker == job]

    def parents(self, job: str) -> list[str]:
        """The jobs whose outputs a job takes, each once, in the order of the graph."""
        return self._in_order(_next_to(self.outputs, self.inputs, backwards=True).get(job, ()))

    def children(self, job: str) -> list[str]:
        """The jobs that take an output of a job, each once, in the order of the graph."""
        return self._in_order(_next_to(self.outputs, self.inputs).get(job, ()))

    def ancestors(self, job: str) -> list[str]:
        """All jobs that a job's inputs go back to, in the order of the graph, without the job itself."""
        return self._in_order(_reached(_next_to(self.outputs, self.inputs, backwards=True), job))

    def descendants(self, job: str) -> list[str]:
        """All jobs that go back to a job, in the order of the graph, without the job itself."""
        return self._in_order(_reached(_next_to(self.outputs, self.inputs), job))

    def _in_order(self, names: Iterable[str]) -> list[str]:
        wanted = set(names)
        return [name for name in self.processes if name in wanted]


def _next_to(
    outputs: Iterable[tuple[str, str]], inputs: Iterable[tuple[str, str]], *, backwards: bool = False
) -> dict[str, set[str]]:
    """Of each job the jobs right behind it, or right before it."""
    makers = defaultdict(list)
    for maker, node in outputs:
        makers[node].append(maker)
    near: dict[str, set[str]] = defaultdict(set)
    for node, user in inputs:
        for maker in makers.get(node, ()):
            if maker != user:
                near[user if backwards else maker].add(maker if backwards else user)
    return near


def _reached(near: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything on ways from a job; a circle in the graph ends the way."""
    seen, left = {start}, [start]
    while left:
        for name in near.get(left.pop(), ()):
            if name not in seen:
                seen.add(name)
                left.append(name)
    return seen - {start}
