"""The way back of each act that can be undone. What others have done since is not undone over their heads: that is a Conflict."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.project import aliases, node_marks, notes, putting_back, trash
from vitreous.project import graph as graphs
from vitreous.project.cleaning_rules import NO_HARSH_CLEAN
from vitreous.project.graph_model import Graph, Node
from vitreous.project.layout import Layout
from vitreous.project.state import marker
from vitreous.run.folder import JobFolder
from vitreous.web.problems import Conflict, Missing
from vitreous.web.undoing import journal
from vitreous.web.undoing.journal import Entry

_one_at_a_time = threading.Lock()
VERDICTS = {"Succeeded": "success", "Failed": "failure", "Aborted": "aborted"}


def undo(layout: Layout, ref: str) -> Entry:
    """Undo an act by its reference; gives the act. Done once: a second wish is told that it was."""
    with _one_at_a_time:
        entry = next((one for one in journal.entries(layout) if one.ref == ref), None)
        if entry is None:
            raise Missing("there is no such act in this project's journal")
        if entry.undone_s:
            raise Conflict(f"this was undone already: {entry.said}")
        way = WAYS.get(str(entry.undo.get("way", "")))
        if way is None:
            raise UserError(f"this cannot be undone: {entry.said}")
        way(layout, entry)
        journal.note_undone(layout, ref)
        return entry


def can_undo(layout: Layout, entry: Entry) -> bool:
    """Whether an act still can be undone, as far as a quick look tells."""
    if entry.undone_s or entry.undo.get("way") not in WAYS:
        return False
    if entry.undo["way"] in ("delete", "clean"):
        return any(os.path.lexists(trash.place_of(layout, name)) for name in entry.jobs)
    return True


def state_before(layout: Layout, graph: Graph, name: str) -> dict[str, Any]:
    """What a mark or an abort changes of a job: its state, exit marker and outputs."""
    made = [[node, graph.nodes[node].label] for node in graph.outputs_of(name) if node in graph.nodes]
    return {"status": graph.processes[name].status, "marker": marker(JobFolder(layout.job(name))), "outputs": made}


def _undelete(layout: Layout, entry: Entry) -> None:
    back = [name for name in entry.jobs if name in trash.deleted_parts(layout)]
    if not back:
        raise Conflict("what was deleted is not in the Trash any more: it was put back already, or the Trash was emptied")
    for name in back:
        if name in trash.deleted_parts(layout):
            trash.undelete(layout, name)


def _unclean(layout: Layout, entry: Entry) -> None:
    moved = 0
    for name, paths in dict(entry.undo["paths"]).items():
        moved += len(putting_back.put_back(layout, name, [str(path) for path in paths]))
    if not moved:
        raise Conflict("what was cleaned is not in the Trash any more, or stands in its place already")


def _realias(layout: Layout, entry: Entry) -> None:
    name = entry.jobs[0]
    with graphs.locked(layout) as graph:
        if graph.processes[name].alias != entry.undo["now"]:
            raise Conflict(f"{name.rstrip('/')} was given another alias since")
        full = aliases.checked(layout, graph, name.partition("/")[0], str(entry.undo["before"]), but=name)
        aliases.give(layout, graph, name, full)


def _unnote(layout: Layout, entry: Entry) -> None:
    name = entry.jobs[0] if entry.jobs else ""
    text, added = notes.read(layout, name), str(entry.undo["added"])
    if not text.endswith(added):
        raise Conflict("the note was written to since; edit it by hand")
    atomic.write_text(notes.path_of(layout, name), text[: len(text) - len(added)])


def _unmark(layout: Layout, entry: Entry) -> None:
    name, before = entry.jobs[0], entry.undo["before"]
    with graphs.locked(layout) as graph:
        if graph.processes[name].status != entry.undo["now"]:
            raise Conflict(f"{name.rstrip('/')} is {graph.processes[name].status.lower()} by now")
        folder = JobFolder(layout.job(name))
        for path in folder.verdicts:
            path.unlink(missing_ok=True)
        if before["marker"]:
            getattr(folder, VERDICTS[before["marker"]]).touch()
        graph.set_status(name, before["status"])
        _outputs_again(graph, name, before["outputs"])
        node_marks.unmark_job(layout, name, graph.processes[name].alias)
        node_marks.mark_job(layout, graph, name)


def _outputs_again(graph: Graph, name: str, made: list[list[str]]) -> None:
    wanted = {node for node, _ in made}
    used = {node for node, _ in graph.inputs}
    gone = {node for node in graph.outputs_of(name) if node not in wanted and node not in used}
    graph.outputs = [edge for edge in graph.outputs if edge[1] not in gone]
    graph.nodes = {key: node for key, node in graph.nodes.items() if key not in gone}
    for node, label in made:
        graph.add_node(Node(node, label))
        graph.add_output(name, node)


def _unprotect(layout: Layout, entry: Entry) -> None:
    path = layout.job(entry.jobs[0]) / NO_HARSH_CLEAN
    if entry.undo["before"]:
        path.touch()
    else:
        path.unlink(missing_ok=True)


def _unschedule(layout: Layout, entry: Entry) -> None:
    with graphs.locked(layout) as graph:
        begun = [name for name in entry.jobs if name in graph.processes and graph.processes[name].status != "Scheduled"]
    if begun:
        raise Conflict(f"{begun[0].rstrip('/')} has begun since: stop it, or delete it")
    trash.delete(layout, entry.jobs)


def _reschedule(layout: Layout, entry: Entry) -> None:
    with graphs.locked(layout) as graph:
        for name in entry.jobs:
            if graph.processes[name].status != "Aborted":
                raise Conflict(f"{name.rstrip('/')} is {graph.processes[name].status.lower()} by now")
            JobFolder(layout.job(name)).aborted.unlink(missing_ok=True)
            graph.processes[name] = replace(graph.processes[name], status="Scheduled")


WAYS: Mapping[str, Callable[[Layout, Entry], None]] = {
    "delete": _undelete,
    "clean": _unclean,
    "alias": _realias,
    "note": _unnote,
    "mark": _unmark,
    "protect": _unprotect,
    "schedule": _unschedule,
    "abort": _reschedule,
}
