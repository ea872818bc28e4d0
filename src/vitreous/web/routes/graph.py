"""The pipeline as a picture: by stage for the whole project, or a tree around one job; the page only draws it."""

from typing import Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.project.layers import place
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.reading import Row, graph, job_name, reading, rows
from vitreous.web.result_thumbs import has_thumb, tag_of, thumb
from vitreous.web.stages import STAGES, parents_of, picture, without_detours

router = APIRouter(tags=["graph"])

MOST_IN_TREE = 300
TREE_WIDTH, TREE_GAP = 150.0, 26.0


class GraphNode(BaseModel):
    """A job in the picture, or a folded chain of them: then `members` are their numbers, and the rest is of the last.

    thumb: a word for the address of its small picture, empty where there is none.
    """

    job: str
    title: str
    state: str
    key: str
    share: float | None = None
    stage: int = 0
    row: int = 0
    x: float = 0
    members: list[str] = []
    thumb: str = ""


class GraphPage(BaseModel):
    """Nodes in the order of time and edges by place in that order. In a tree x is in points, row counts downwards."""

    stages: list[str]
    nodes: list[GraphNode]
    edges: list[tuple[int, int]]
    rows: int
    width: float = 0
    focus: str = ""


def _node(row: Row) -> GraphNode:
    said = row.about.progress
    share = (
        min(1.0, float(said.get("done") or 0) / float(said["total"])) if row.state == "running" and said.get("total") else None
    )
    key = row.key
    if not key and said.get("total") and row.state in ("running", "needs_you", "silent"):
        key = f"{int(said.get('done') or 0):,}/{int(said['total']):,}"
    return GraphNode(job=row.number, title=row.title, state=row.state, key=key, share=share, thumb=tag_of(row))


@router.get("/graph")
def graph_picture(here: ProjectHere, fold: bool = False, focus: str = Query("", max_length=400)) -> GraphPage:
    """The whole project by stages; fold: finished chains as one node; focus: the tree of a job's ancestors and descendants."""
    found = {row.process.name: row for row in rows(here)}
    if focus:
        return _tree(here, job_name(here, focus), found)
    states = {name: row.state for name, row in found.items()}
    drawn = picture(graph(here), states, fold=fold)
    nodes = []
    for spot in drawn.places:
        node = _node(found[spot.jobs[-1]])
        node.stage, node.row = spot.stage, spot.row
        if len(spot.jobs) > 1:
            node.members = [found[name].number for name in spot.jobs]
        nodes.append(node)
    return GraphPage(stages=list(STAGES), nodes=nodes, edges=drawn.edges, rows=drawn.rows)


def _tree(here: Opened, name: str, found: dict[str, Row]) -> GraphPage:
    """A job with all it goes back to and all that goes back to it, from top to bottom."""
    whole = graph(here)
    wanted = {name, *whole.ancestors(name), *whole.descendants(name)}
    if len(wanted) > MOST_IN_TREE:
        raise UserError(
            f"{len(wanted)} jobs hang together with {found[name].name}, too many for a tree ({MOST_IN_TREE}): use stages"
        )
    names = [job for job in whole.processes if job in wanted]
    parents = without_detours(parents_of(whole))
    links = [(before, job) for job in names for before in parents[job] if before in wanted]
    placed = place(dict.fromkeys(names, TREE_WIDTH), links, gap=TREE_GAP)
    at = {job: number for number, job in enumerate(names)}
    nodes = []
    for job in names:
        node = _node(found[job])
        node.x, node.row = placed.x[job] - TREE_WIDTH / 2, placed.layer[job]
        nodes.append(node)
    width = max((node.x + TREE_WIDTH for node in nodes), default=0.0)
    edges = [(at[start], at[end]) for start, end in links]
    return GraphPage(
        stages=[], nodes=nodes, edges=edges, rows=max(node.row for node in nodes) + 1, width=width, focus=found[name].number
    )


@router.get(
    "/jobs/{n}/thumb",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, 204: {"description": "There is none"}},
)
def small_picture(here: ProjectHere, n: str, size: Literal["48", "96", "320"] = "96", tag: str = "") -> Response:
    """A small picture of what a job has made: its largest class, or its map from the side; 204 where there is none."""
    row = reading(here).row(job_name(here, n))
    lasting = "private, max-age=31536000, immutable" if tag and tag == tag_of(row) else "no-cache"
    try:
        picture = thumb(here, row, int(size)) if has_thumb(row) else b""
    except (UserError, OSError, ValueError):
        picture = b""  # not on disk any more, or not to be read: the page shows none
    if not picture:
        return Response(status_code=204, headers={"Cache-Control": "no-cache"})
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": lasting})
