"""default_pipeline.star of RELION 3.1 to 5, read and written: nothing is lost, rows that do not change stay as they stand."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic, star, star_lines
from vitreous.files.star_lines import LineBlock, Row
from vitreous.project.graph_model import VERSION, Flavour, Graph, Node, Process
from vitreous.project.relion_types import (
    STATES,
    in_words_of_4,
    in_words_of_5,
    node_label,
    node_number,
    process_label,
    process_number,
)

NAMES = ("pipeline_general", "pipeline_processes", "pipeline_nodes", "pipeline_input_edges", "pipeline_output_edges")
COUNTER = "rlnPipeLineJobCounter"
CURE = "vitreous project restore makes it again from the copies in the job folders"
_P, _N, _E = "rlnPipeLineProcess", "rlnPipeLineNode", "rlnPipeLineEdge"
_DEPTH = f"{_N}TypeLabelDepth"
_JOB_COLUMNS = (f"{_P}Name", f"{_P}Alias", f"{_P}Type", f"{_P}Status", f"{_P}TypeLabel", f"{_P}StatusLabel")
_NODE_COLUMNS = (f"{_N}Name", f"{_N}Type", f"{_N}TypeLabel", _DEPTH)
_FIRST_OF_5 = 50001
_NONE: dict[str, str] = {}

Columns = dict[str, Sequence[str]]


def read(path: Path) -> Graph:
    """Read a graph, of RELION 3.1 (numbers), 4 or 5 (labels), or with both; labels win where both are."""
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; a project directory is made by vitreous project new DIR")
    with _many_objects():
        return _read(path)


def _read(path: Path) -> Graph:
    text = _text(path)
    blocks, tail = _blocks(path, text)
    by_name = {block.name: block for block in blocks}
    if NAMES[0] not in by_name:
        raise UserError(f"{path} is not the graph of a project: it has no block data_{NAMES[0]}; {CURE}")
    counter = by_name[NAMES[0]].value(COUNTER)
    if counter is None or not counter.isdigit():
        raise UserError(f"{path}: the job counter {COUNTER} is missing or no number; {CURE}")
    processes, nodes = (by_name.get(name, LineBlock(name)) for name in NAMES[1:3])
    version = _version(by_name[NAMES[0]].head)
    graph = Graph(int(counter), flavour=_flavour(processes, nodes, version), version=version, source=blocks, tail=tail, text=text)
    try:
        graph.processes = _processes(processes, path)
        graph.nodes = _nodes(nodes, path)
        graph.inputs = _pairs(by_name.get(NAMES[3]), f"{_E}FromNode", f"{_E}Process")
        graph.outputs = _pairs(by_name.get(NAMES[4]), f"{_E}Process", f"{_E}ToNode")
    except KeyError as error:
        raise UserError(f"{path}: a table lacks the column {error.args[0]}; {CURE}") from None
    return graph


@contextmanager
def _many_objects() -> Iterator[None]:
    """Without the search for rubbish, which takes as long as the work itself where tens of thousands of rows are made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _text(path: Path) -> str:
    """What a file says, if it can be the whole file."""
    try:
        contents = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    if not contents.strip(b"\0 \r\n\t"):
        raise UserError(f"{path} is empty, as after a full disk or a crash; {CURE}")
    if b"\0" in contents or not contents.endswith(b"\n"):
        raise UserError(f"{path} is broken: it ends in the middle of a line or holds bytes that are no text; {CURE}")
    return contents.decode("utf-8", "surrogateescape")


def _blocks(path: Path, text: str) -> tuple[list[LineBlock], str]:
    """The blocks of a file; one that is not laid out line by line goes through the full reader and loses its layout."""
    try:
        return star_lines.parse(text)
    except star_lines.OddLayout:
        return _by_the_full_reader(path), ""


def _by_the_full_reader(path: Path) -> list[LineBlock]:
    try:
        found = star.read(path)
    except UserError as error:
        raise UserError(f"{error}; or {CURE}") from None
    blocks = []
    for block in found:
        labels = tuple(block.columns) if block.loop else tuple(block.values)
        rows: list[Row] = (
            [tuple(map(str, row.values())) for row in block.rows()]
            if block.loop
            else [(label, str(value)) for label, value in block.values.items()]
        )
        head = star_lines.head_of(block.name, labels, block.comments or VERSION, loop=block.loop)
        blocks.append(LineBlock(block.name, labels, rows, loop=block.loop, head=head))
    return blocks


def _version(head: str) -> tuple[str, ...]:
    """The comment lines above the first block, such as "# version 30001", with an empty line behind as RELION has it."""
    comments = tuple(line for line in head.split("\n") if line.startswith("#"))
    return (*comments, "") if comments else VERSION


def _flavour(processes: LineBlock, nodes: LineBlock, version: tuple[str, ...]) -> Flavour:
    if not processes.rows and not nodes.rows:
        return Flavour() if _number_of(version) < _FIRST_OF_5 else Flavour(numbers=False, depths=True)
    numbers = f"{_P}Type" in processes.labels or f"{_N}Type" in nodes.labels
    labels = f"{_P}TypeLabel" in processes.labels or f"{_N}TypeLabel" in nodes.labels
    depths = _DEPTH in nodes.labels
    old = labels and not numbers and not depths and _number_of(version) < _FIRST_OF_5
    words = set(_columns(nodes, [f"{_N}TypeLabel"])[0]) if old and nodes.rows else set()
    return Flavour(numbers, labels, old and all(in_words_of_4(word) == word for word in words), depths)


def _number_of(version: tuple[str, ...]) -> int:
    digits = version[0].rpartition(" ")[2] if version else ""
    return int(digits) if digits.isdigit() else 0


def _columns(block: LineBlock, labels: Iterable[str]) -> list[Iterable[Any]]:
    """The columns of these labels, each as long as the table; None again and again for one that is not there."""
    columns = list(zip(*block.rows))
    there = dict(zip(block.labels, columns))
    return [there.get(label) or repeat(None, len(block.rows)) for label in labels]


def _extras(block: LineBlock, known: Sequence[str]) -> Iterable[dict[str, str]]:
    """Of each row the values in columns that are not ours."""
    others = [(at, label) for at, label in enumerate(block.labels) if label not in known]
    if not others:
        return repeat(_NONE, len(block.rows))
    return [{label: row[at] for at, label in others} for row in block.rows]


def _processes(block: LineBlock, path: Path) -> dict[str, Process]:
    if block.rows and f"{_P}Name" not in block.labels:
        raise KeyError(f"{_P}Name")
    states = {str(at): state for at, state in enumerate(STATES)} | {state: state for state in STATES}
    found = {}
    rows = zip(*_columns(block, _JOB_COLUMNS), _extras(block, _JOB_COLUMNS))
    for name, alias, number, status_number, label, status, extra in rows:
        state = states.get(status if status is not None else status_number or "")
        if state is None or (label is None and (number is None or not number.isdigit())):
            raise UserError(f"{path}: the job {name} has no type or no state that is known; {CURE}")
        if label is None:
            label = label_in_folder(path.parent / name, int(number))
        found[name] = Process(name, label, state, "" if alias in (None, "None") else alias, extra)
    return found


def label_in_folder(folder: Path, number: int) -> str:
    """The label of a job that the graph knows as a number: of an External one, which may be ours, from its job.star."""
    plain = process_label(number)
    job_star = folder / "job.star"
    if plain != "relion.external" or not job_star.is_file():
        return plain
    head = star.read(job_star)
    row = next(iter(head["job"].rows()), {}) if "job" in head else {}
    label = str(row.get("rlnJobTypeLabel", ""))
    return label if label and process_number(label) == number else plain


def _nodes(block: LineBlock, path: Path) -> dict[str, Node]:
    if block.rows and f"{_N}Name" not in block.labels:
        raise KeyError(f"{_N}Name")
    found = {}
    for name, number, label, depth, extra in zip(*_columns(block, _NODE_COLUMNS), _extras(block, _NODE_COLUMNS)):
        if label is None:
            if number is None or not number.isdigit():
                raise UserError(f"{path}: the file {name} has no kind that is known; {CURE}")
            label = node_label(int(number))
        found[name] = Node(name, in_words_of_5(label), int(depth) if depth else 1, extra)
    return found


def _pairs(block: LineBlock | None, first: str, second: str) -> list[tuple[str, str]]:
    if block is None or not block.rows:
        return []
    for label in (first, second):
        if label not in block.labels:
            raise KeyError(label)
    if block.labels == (first, second):
        return [*block.rows]  # type: ignore[list-item]  # rows of two labels are pairs
    return list(zip(*_columns(block, (first, second))))


def write(path: Path, graph: Graph, *, durable: bool = True) -> bool:
    """Write a graph in the way it was read; blocks without rows are left out, blocks that are not ours follow.

    Gives False, and leaves the file alone, where it would say what it says already. durable=False does not wait for the
    disk: for files that can be made again.
    """
    with _many_objects():
        text = to_text(graph)
    if text == graph.text and path.is_file():
        return False
    atomic.write_bytes(path, text.encode("utf-8", "surrogateescape"), durable=durable)
    return True


def to_text(graph: Graph) -> str:
    """The whole file."""
    stood = {block.name: block for block in graph.source}
    general = stood.get(NAMES[0]) or LineBlock(NAMES[0], (), [(COUNTER, "")], loop=False)
    columns = (_process_columns(graph), _node_columns(graph), *_edge_columns(graph))
    made = {NAMES[0]: _general(general, graph)}
    for name, table in zip(NAMES[1:], columns):
        block = _table(name, table, stood.get(name), graph.version)
        if block is not None:
            made[name] = block
    order = [*stood, *(name for name in NAMES if name not in stood)]
    return "".join((made.get(name) or stood[name]).text() for name in order if name in made or name not in NAMES) + graph.tail


def _general(block: LineBlock, graph: Graph) -> LineBlock:
    if block.loop:
        block = LineBlock(block.name, (COUNTER,), [(COUNTER, "")], loop=False)
    rows: list[Row] = [(label, str(graph.counter) if label == COUNTER else value) for label, value in block.rows]
    head = block.head or star_lines.head_of(block.name, (), graph.version, loop=False)
    return LineBlock(block.name, (), rows, loop=False, head=head, foot=block.foot, lines=block.lines)


def _table(name: str, table: Columns, stood: LineBlock | None, version: tuple[str, ...]) -> LineBlock | None:
    """A table for the file; None if it has no rows. Where its columns are those of the file, its lines are used again."""
    if stood is not None and set(stood.labels) == set(table):
        rows = list(zip(*(table[label] for label in stood.labels)))
        if not rows and stood.rows:
            return None
        return LineBlock(name, stood.labels, rows, head=stood.head, foot=stood.foot, lines=stood.lines)
    rows = list(zip(*table.values()))
    if not rows:
        return None
    return LineBlock(name, tuple(table), rows, head=star_lines.head_of(name, tuple(table), version))


def _process_columns(graph: Graph) -> Columns:
    listed = list(graph.processes.values())
    columns: Columns = {f"{_P}Name": [p.name for p in listed], f"{_P}Alias": [p.alias or "None" for p in listed]}
    if graph.flavour.numbers:
        columns[f"{_P}Type"] = [str(process_number(p.label)) for p in listed]
        columns[f"{_P}Status"] = [str(STATES.index(p.status)) for p in listed]
    if graph.flavour.labels:
        columns[f"{_P}TypeLabel"] = [p.label for p in listed]
        columns[f"{_P}StatusLabel"] = [p.status for p in listed]
    return {**columns, **_extra_columns(listed)}


def _node_columns(graph: Graph) -> Columns:
    listed = list(graph.nodes.values())
    columns: Columns = {f"{_N}Name": [n.name for n in listed]}
    if graph.flavour.numbers:
        columns[f"{_N}Type"] = [str(node_number(n.label)) for n in listed]
    if graph.flavour.labels:
        columns[f"{_N}TypeLabel"] = [in_words_of_4(n.label) if graph.flavour.old_words else n.label for n in listed]
    if graph.flavour.depths:
        columns[_DEPTH] = [str(n.depth) for n in listed]
    return {**columns, **_extra_columns(listed)}


def _edge_columns(graph: Graph) -> tuple[Columns, Columns]:
    inputs: Columns = {f"{_E}FromNode": [node for node, _ in graph.inputs], f"{_E}Process": [job for _, job in graph.inputs]}
    outputs: Columns = {f"{_E}Process": [job for job, _ in graph.outputs], f"{_E}ToNode": [node for _, node in graph.outputs]}
    return inputs, outputs


def _extra_columns(listed: Sequence[Process] | Sequence[Node]) -> Columns:
    """Columns that are not ours; a row of ours gets None."""
    names = dict.fromkeys(name for row in listed for name in row.extra)
    return {name: [row.extra.get(name, "None") for row in listed] for name in names}
