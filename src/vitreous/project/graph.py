"""Jobs, nodes and edges of a project: default_pipeline.star of RELION 3.1 to 5, read and written with nothing lost."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import star
from vitreous.files.star_blocks import StarFile, list_block, loop_block
from vitreous.project.graph_model import VERSION, Graph, Node, Process
from vitreous.project.layout import Layout
from vitreous.project.relion_types import STATES, node_label, node_number, process_label, process_number

__all__ = ["NAMES", "Graph", "Node", "Process", "locked", "read", "write"]

LOCK_TRIES, LOCK_WAIT_S = 20, 3.0
NAMES = ("pipeline_general", "pipeline_processes", "pipeline_nodes", "pipeline_input_edges", "pipeline_output_edges")
_P, _N, _E = "rlnPipeLineProcess", "rlnPipeLineNode", "rlnPipeLineEdge"


def read(path: Path) -> Graph:
    """Read a graph, of RELION 3.1 (numbers), 4 or 5 (labels), or with both; labels win where both are."""
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; a project directory is made by vitreous project new DIR")
    file = star.read(path)
    if NAMES[0] not in file:
        raise UserError(f"{path} is not the graph of a project: it has no block data_{NAMES[0]}")
    general = next(iter(file[NAMES[0]].rows()), {})
    try:
        counter = int(float(general["rlnPipeLineJobCounter"]))
    except (KeyError, ValueError):
        raise UserError(f"{path}: the job counter rlnPipeLineJobCounter is missing or no number") from None
    graph = Graph(counter=counter, others=[block for block in file if block.name not in NAMES], comments=file[NAMES[0]].comments)
    processes = _rows(file, NAMES[1])
    nodes = _rows(file, NAMES[2])
    if processes or nodes:
        first = {**(processes[0] if processes else {}), **(nodes[0] if nodes else {})}
        graph.numbers = f"{_P}Type" in first or f"{_N}Type" in first
        graph.labels = f"{_P}TypeLabel" in first or f"{_N}TypeLabel" in first
    graph.processes = {row[f"{_P}Name"]: _process(row, path) for row in processes}
    graph.nodes = {row[f"{_N}Name"]: _node(row) for row in nodes}
    graph.inputs = [(row[f"{_E}FromNode"], row[f"{_E}Process"]) for row in _rows(file, NAMES[3])]
    graph.outputs = [(row[f"{_E}Process"], row[f"{_E}ToNode"]) for row in _rows(file, NAMES[4])]
    return graph


def _rows(file: StarFile, name: str) -> list[dict[str, str]]:
    if name not in file:
        return []
    return [{label: str(value) for label, value in row.items()} for row in file[name].rows()]


def _process(row: dict[str, str], path: Path) -> Process:
    left = dict(row)
    name, alias = left.pop(f"{_P}Name"), left.pop(f"{_P}Alias", "None")
    number, status_number = left.pop(f"{_P}Type", None), left.pop(f"{_P}Status", None)
    label, status = left.pop(f"{_P}TypeLabel", None), left.pop(f"{_P}StatusLabel", None)
    if label is None and number is not None:
        label = _label_in_folder(path.parent / name, int(number))
    if status is None and status_number is not None and status_number.isdigit() and int(status_number) < len(STATES):
        status = STATES[int(status_number)]
    if label is None or status is None:
        raise UserError(f"{path}: the job {name} has no type or no state that is known")
    return Process(name, label, status, "" if alias == "None" else alias, left)


def _label_in_folder(folder: Path, number: int) -> str:
    """The label of a type that 3.1 knows only as a number: from the job.star in its folder if that fits, else a plain one."""
    job_star = folder / "job.star"
    if job_star.is_file():
        head = star.read(job_star)
        row = next(iter(head["job"].rows()), {}) if "job" in head else {}
        label = str(row.get("rlnJobTypeLabel", ""))
        if label and process_number(label) == number:
            return label
    return process_label(number)


def _node(row: dict[str, str]) -> Node:
    left = dict(row)
    name, number, label = left.pop(f"{_N}Name"), left.pop(f"{_N}Type", None), left.pop(f"{_N}TypeLabel", None)
    return Node(name, label if label is not None else node_label(int(number or -1)), left)


def write(path: Path, graph: Graph) -> None:
    """Write a graph in the way it was read; blocks without rows are left out, blocks that are not ours follow."""
    blocks = [list_block(NAMES[0], {"rlnPipeLineJobCounter": str(graph.counter)}, graph.comments or VERSION)]
    tables = (_process_table(graph), _node_table(graph), *_edge_tables(graph))
    for name, columns in zip(NAMES[1:], tables):
        if next(iter(columns.values()), None):
            blocks.append(loop_block(name, columns, graph.comments or VERSION))
    star.write(path, StarFile([*blocks, *graph.others]))


def _process_table(graph: Graph) -> dict[str, list[str]]:
    listed = list(graph.processes.values())
    columns = {f"{_P}Name": [p.name for p in listed], f"{_P}Alias": [p.alias or "None" for p in listed]}
    if graph.numbers:
        columns[f"{_P}Type"] = [str(process_number(p.label)) for p in listed]
        columns[f"{_P}Status"] = [str(STATES.index(p.status)) for p in listed]
    if graph.labels:
        columns[f"{_P}TypeLabel"] = [p.label for p in listed]
        columns[f"{_P}StatusLabel"] = [p.status for p in listed]
    return {**columns, **_extra(listed, "None")}


def _node_table(graph: Graph) -> dict[str, list[str]]:
    listed = list(graph.nodes.values())
    columns = {f"{_N}Name": [n.name for n in listed]}
    if graph.numbers:
        columns[f"{_N}Type"] = [str(node_number(n.label)) for n in listed]
    if graph.labels:
        columns[f"{_N}TypeLabel"] = [n.label for n in listed]
    return {**columns, **_extra(listed, "1")}


def _edge_tables(graph: Graph) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    inputs = {f"{_E}FromNode": [node for node, _ in graph.inputs], f"{_E}Process": [job for _, job in graph.inputs]}
    outputs = {f"{_E}Process": [job for job, _ in graph.outputs], f"{_E}ToNode": [node for _, node in graph.outputs]}
    return inputs, outputs


def _extra(listed: list[Any], filler: str) -> dict[str, list[str]]:
    """Columns that are not ours (TypeLabelDepth of RELION 5); a row of ours gets `filler`."""
    names = dict.fromkeys(name for row in listed for name in row.extra)
    return {name: [row.extra.get(name, filler) for row in listed] for name in names}


@contextmanager
def locked(layout: Layout) -> Iterator[Graph]:
    """The graph for a change: locked as RELION does (a folder made in one step), read, and written when the block ends well."""
    _take_lock(layout)
    try:
        graph = read(layout.graph)
        yield graph
        write(layout.graph, graph)
        layout.changed.touch()
    finally:
        layout.lock_file.unlink(missing_ok=True)
        layout.lock_folder.rmdir()


def _take_lock(layout: Layout) -> None:
    for _ in range(LOCK_TRIES):
        try:
            layout.lock_folder.mkdir()
        except FileExistsError:
            time.sleep(LOCK_WAIT_S)
            continue
        layout.lock_file.write_text(f"vitreous, process {os.getpid()}\n")
        return
    raise UserError(
        f"the project is locked by another program since {LOCK_TRIES * LOCK_WAIT_S:.0f} s; if none is at work, "
        f"remove the folder {layout.lock_folder}"
    )
