"""A job that never said how it ended is marked by hand: finished, with the outputs that are there, or failed."""

from collections.abc import Iterator

from vitreous.context import UserError
from vitreous.files import chain
from vitreous.job import as_star
from vitreous.nodes import kind
from vitreous.project import edges
from vitreous.project import graph as graphs
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout
from vitreous.project.state import job_file
from vitreous.project.trash import refuse_alive
from vitreous.run.folder import JobFolder
from vitreous.run.nodes_file import label_of
from vitreous.run.record import append_text, mark

REFINING = ("relion.class2d", "relion.class3d", "relion.refine3d", "relion.initialmodel", "relion.multibody")
OF_AN_ITERATION = (
    ("_data.star", "particles"),
    ("_optimiser.star", "optimiser"),
    ("_model.star", "model"),
    ("_class[0-9][0-9][0-9].mrc", "map"),
    ("_half1_class[0-9][0-9][0-9].mrc", "halfmap"),
    ("_half1_body[0-9][0-9][0-9].mrc", "halfmap"),
)
"""How the files of an iteration end that other jobs take, and their kinds. The model is taken by selections of 3.1."""


def mark_failed(layout: Layout, name: str) -> None:
    """Give a job that does not run the state Failed."""
    with graphs.locked(layout) as graph:
        refuse_alive(layout, graph, name, ours_only=True)
        _close(layout, graph, name, "failed")


def mark_finished(layout: Layout, name: str) -> list[str]:
    """Give a job that does not run the state Succeeded; gives its outputs, which are the files that are there.

    A classification or refinement offers the files of its last iteration. A job that wrote nothing is refused.
    """
    with graphs.locked(layout) as graph:
        refuse_alive(layout, graph, name, ours_only=True)
        refining = graph.processes[name].label.startswith(REFINING)
        found = _last_iteration(layout, name) if refining else None
        if refining and found is None:
            raise UserError(f"{name} has written no iteration yet: it cannot be marked as finished (mark it as failed)")
        for path, label in found.items() if found else ():
            edges.enter(layout, graph, name, path, label)
        if not refining:
            _enter_declared(layout, graph, name)
        drop_missing(layout, graph, name)
        there = [node for node in graph.outputs_of(name) if (layout.root / node).exists()]
        if not there:
            raise UserError(f"none of the outputs of {name} is there: it cannot be marked as finished (mark it as failed)")
        _close(layout, graph, name, "succeeded")
        return there


def _close(layout: Layout, graph: Graph, name: str, status: str) -> None:
    folder = JobFolder(layout.job(name))
    folder.path.mkdir(parents=True, exist_ok=True)
    mark(folder, status)
    graph.set_status(name, status.capitalize())
    append_text(folder.note, f" ++++ Marked as {'finished' if status == 'succeeded' else status} by hand\n")


def _last_iteration(layout: Layout, name: str) -> dict[str, str] | None:
    """The files of the last iteration with their labels; None when none was written."""
    latest = chain.latest(layout.job(name))
    return None if latest is None else dict(_files_of(layout, name, latest.name))


def _files_of(layout: Layout, name: str, root: str) -> Iterator[tuple[str, str]]:
    own = f"relion.{name.partition('/')[0].lower()}"
    for end, word in OF_AN_ITERATION:
        for path in sorted(layout.job(name).glob(root + end)):
            yield f"{name}{path.name}", label_of(word, own) if word != "halfmap" else f"{kind(word).label}.{own[7:]}"


def _enter_declared(layout: Layout, graph: Graph, name: str) -> None:
    """The outputs that the job itself lists, and those that its type declares, where we know the type."""
    edges.add_listed_outputs(layout, graph, name)
    job_star = job_file(layout, name)
    if not job_star.is_file():
        return
    try:
        job = as_star.load(job_star).job
    except UserError:
        return  # a type, or options, of RELION's that we do not run: its outputs stand in the graph since it was scheduled
    edges.connect_outputs(layout, graph, name, job, exist=True)


def drop_missing(layout: Layout, graph: Graph, name: str) -> None:
    """Take out the outputs of a job that are not on disk, unless another job waits for them."""
    used = {node for node, _ in graph.inputs}
    gone = {node for node in graph.outputs_of(name) if node not in used and not (layout.root / node).exists()}
    graph.outputs = [edge for edge in graph.outputs if edge[1] not in gone]
    graph.nodes = {key: node for key, node in graph.nodes.items() if key not in gone}
