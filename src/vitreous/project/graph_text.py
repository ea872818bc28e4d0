"""A graph as the text of default_pipeline.star, in the flavour it was read in; what does not change stays as it stands."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from vitreous.files import atomic, star_lines
from vitreous.files.star_lines import LineBlock, Row
from vitreous.project.graph_file import COUNTER, DEPTH, JOB_COLUMNS, NAMES, NODE_COLUMNS, E, N, P, many_objects
from vitreous.project.graph_model import Flavour, Graph, Node, Process
from vitreous.project.relion_types import STATES, in_words_of_4, node_number, process_number

Columns = dict[str, Sequence[str]]
Part = TypeVar("Part", Process, Node)
_FILLER = "None"


def write(path: Path, graph: Graph, *, durable: bool = True) -> bool:
    """Write a graph in the way it was read; blocks without rows are left out, blocks that are not ours follow.

    Gives False, and leaves the file alone, where it would say what it says already. durable=False does not wait for the
    disk: for files that can be made again.
    """
    with many_objects():
        text = to_text(graph)
    if text == graph.source.text and path.is_file():
        return False
    atomic.write_bytes(path, text.encode("utf-8", "surrogateescape"), durable=durable)
    return True


def to_text(graph: Graph) -> str:
    """The whole file."""
    stood = {block.name: block for block in graph.source.blocks}
    texts = {
        NAMES[0]: _general(graph, stood.get(NAMES[0])),
        NAMES[1]: _objects(graph, stood.get(NAMES[1]), NAMES[1], list(graph.processes.values()), graph.source.processes, _jobs),
        NAMES[2]: _objects(graph, stood.get(NAMES[2]), NAMES[2], list(graph.nodes.values()), graph.source.nodes, _files),
        NAMES[3]: _edges(graph, stood.get(NAMES[3]), NAMES[3], (f"{E}FromNode", f"{E}Process"), graph.inputs),
        NAMES[4]: _edges(graph, stood.get(NAMES[4]), NAMES[4], (f"{E}Process", f"{E}ToNode"), graph.outputs),
    }
    order = [*stood, *(name for name in NAMES if name not in stood)]
    return "".join(texts[name] if name in texts else stood[name].text(stood[name].rows) for name in order) + graph.source.tail


def _general(graph: Graph, stood: LineBlock | None) -> str:
    if stood is None or stood.loop:
        head = star_lines.head_of(NAMES[0], (), graph.version, loop=False)
        stood = LineBlock(NAMES[0], (COUNTER,), [(COUNTER, "")], loop=False, head=head)
    return stood.text([(label, str(graph.counter) if label == COUNTER else value) for label, value in stood.rows])


def _objects(
    graph: Graph,
    stood: LineBlock | None,
    name: str,
    listed: list[Part],
    before: Sequence[Part],
    columns: Callable[[Sequence[Part], Flavour], Columns],
) -> str:
    """The table of jobs or of files; rows of what is the same object as when the file was read are taken from there."""
    known: list[str] = _known(stood, name, listed)
    wanted = {*columns((), graph.flavour), *known}
    if stood is None or set(stood.labels) != wanted:
        made = {**columns(listed, graph.flavour), **_extras(listed, known)}
        return _text(graph, name, tuple(made), list(zip(*made.values())))
    same = graph.flavour == graph.source.flavour and len(before) == len(stood.rows) and listed[: len(before)] == before
    first = len(before) if same else 0
    made = {**columns(listed[first:], graph.flavour), **_extras(listed[first:], known)}
    rows: list[Row] = stood.rows[:first] + list(zip(*(made[label] for label in stood.labels)))
    return stood.text(rows) if rows or not stood.rows else ""


def _known(stood: LineBlock | None, name: str, listed: Iterable[Process | Node]) -> list[str]:
    """The columns that are not ours."""
    if stood is not None:
        ours = JOB_COLUMNS if name == NAMES[1] else NODE_COLUMNS
        return [label for label in stood.labels if label not in ours]
    return list(dict.fromkeys(label for one in listed for label in one.extra))


def _extras(listed: Iterable[Process | Node], labels: Iterable[str]) -> Columns:
    """Columns that are not ours; a row of ours gets None."""
    return {label: [one.extra.get(label, _FILLER) for one in listed] for label in labels}


def _edges(graph: Graph, stood: LineBlock | None, name: str, labels: tuple[str, str], pairs: list[tuple[str, str]]) -> str:
    if stood is None or stood.labels != labels:
        return _text(graph, name, labels, list(pairs))
    return stood.text(list(pairs)) if pairs or not stood.rows else ""


def _text(graph: Graph, name: str, labels: tuple[str, ...], rows: list[Row]) -> str:
    """A table that the file does not have, or has with other columns; without rows it is left out."""
    return LineBlock(name, labels, head=star_lines.head_of(name, labels, graph.version)).text(rows) if rows else ""


def _jobs(listed: Sequence[Process], flavour: Flavour) -> Columns:
    columns: Columns = {f"{P}Name": [p.name for p in listed], f"{P}Alias": [p.alias or "None" for p in listed]}
    if flavour.numbers:
        columns[f"{P}Type"] = [str(process_number(p.label)) for p in listed]
        columns[f"{P}Status"] = [str(STATES.index(p.status)) for p in listed]
    if flavour.labels:
        columns[f"{P}TypeLabel"] = [p.label for p in listed]
        columns[f"{P}StatusLabel"] = [p.status for p in listed]
    return columns


def _files(listed: Sequence[Node], flavour: Flavour) -> Columns:
    columns: Columns = {f"{N}Name": [n.name for n in listed]}
    if flavour.numbers:
        columns[f"{N}Type"] = [str(node_number(n.label)) for n in listed]
    if flavour.labels:
        columns[f"{N}TypeLabel"] = [in_words_of_4(n.label) if flavour.old_words else n.label for n in listed]
    if flavour.depths:
        columns[DEPTH] = [str(n.depth) for n in listed]
    return columns
