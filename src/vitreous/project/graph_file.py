"""default_pipeline.star of RELION 3.1 to 5 read into memory, with nothing lost; graph_text writes it back."""

import gc
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import star, star_lines
from vitreous.files.star_lines import LineBlock, Row
from vitreous.project.graph_model import VERSION, Flavour, Graph, Jobs, Node, Process, Source
from vitreous.project.relion_types import (
    STATES,
    in_words_of_4,
    in_words_of_5,
    node_label,
    process_label,
    process_number,
)

NAMES = ("pipeline_general", "pipeline_processes", "pipeline_nodes", "pipeline_input_edges", "pipeline_output_edges")
COUNTER = "rlnPipeLineJobCounter"
CURE = "vitreous project restore makes it again from the copies in the job folders"
P, N, E = "rlnPipeLineProcess", "rlnPipeLineNode", "rlnPipeLineEdge"
DEPTH = f"{N}TypeLabelDepth"
JOB_COLUMNS = (f"{P}Name", f"{P}Alias", f"{P}Type", f"{P}Status", f"{P}TypeLabel", f"{P}StatusLabel")
NODE_COLUMNS = (f"{N}Name", f"{N}Type", f"{N}TypeLabel", DEPTH)
_FIRST_OF_5 = 50001
_HEAD_BYTES = 1024
_TYPE_LABEL = re.compile(rb"^_rlnJobTypeLabel[ \t]+(\S+)", re.MULTILINE)
_NONE: dict[str, str] = {}


def read(path: Path) -> Graph:
    """Read a graph, of RELION 3.1 (numbers), 4 or 5 (labels), or with both; labels win where both are."""
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; a project directory is made by vitreous project new DIR")
    with many_objects():
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
    graph = Graph(int(counter), flavour=_flavour(processes, nodes, version), version=version)
    try:
        graph.processes = _processes(processes, path)
        graph.nodes = _nodes(nodes, path)
        graph.inputs = _pairs(by_name.get(NAMES[3]), f"{E}FromNode", f"{E}Process")
        graph.outputs = _pairs(by_name.get(NAMES[4]), f"{E}Process", f"{E}ToNode")
    except KeyError as error:
        raise UserError(f"{path}: a table lacks the column {error.args[0]}; {CURE}") from None
    jobs, files = list(graph.processes.values()), list(graph.nodes.values())
    graph.source = Source(text, tuple(blocks), tail, graph.flavour, jobs, files)
    return graph


@contextmanager
def many_objects() -> Iterator[None]:
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
    numbers = f"{P}Type" in processes.labels or f"{N}Type" in nodes.labels
    labels = f"{P}TypeLabel" in processes.labels or f"{N}TypeLabel" in nodes.labels
    depths = DEPTH in nodes.labels
    old = labels and not numbers and not depths and _number_of(version) < _FIRST_OF_5
    words = set(_columns(nodes, [f"{N}TypeLabel"])[0]) if old and nodes.rows else set()
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
    if block.rows and f"{P}Name" not in block.labels:
        raise KeyError(f"{P}Name")
    states = {str(at): state for at, state in enumerate(STATES)} | {state: state for state in STATES}
    found = Jobs()
    rows = zip(*_columns(block, JOB_COLUMNS), _extras(block, JOB_COLUMNS))
    for name, alias, number, status_number, label, status, extra in rows:
        state = states.get(status if status is not None else status_number or "")
        if state is None or (label is None and (number is None or not number.isdigit())):
            raise UserError(f"{path}: the job {name} has no type or no state that is known; {CURE}")
        if label is None:
            label = label_in_folder(path.parent / name, int(number))
        found[name] = Process(name, label, state, "" if alias in (None, "None") else alias, extra)
    return found


def label_in_folder(folder: Path, number: int) -> str:
    """The label of a job that the graph knows as a number: of an External one, which may be ours, from its job.star.

    Only the beginning of the file is looked at, for a project may have thousands of such jobs.
    """
    plain = process_label(number)
    if plain != "relion.external":
        return plain
    try:
        with (folder / "job.star").open("rb") as stream:
            found = _TYPE_LABEL.search(stream.read(_HEAD_BYTES))
    except OSError:
        return plain
    label = found[1].decode("utf-8", "surrogateescape").strip("\"'") if found else ""
    return label if label and process_number(label) == number else plain


def _nodes(block: LineBlock, path: Path) -> dict[str, Node]:
    if block.rows and f"{N}Name" not in block.labels:
        raise KeyError(f"{N}Name")
    found = {}
    for name, number, label, depth, extra in zip(*_columns(block, NODE_COLUMNS), _extras(block, NODE_COLUMNS)):
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
