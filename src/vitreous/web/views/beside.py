"""What belongs to one micrograph: the way of its movie's frames, and the newest picks on it."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import coordinates, motion
from vitreous.web import reading
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.problems import Missing
from vitreous.web.views.micrographs import table_of

router = APIRouter(prefix="/micrographs", tags=["micrographs"])
MOST_PICKS = 5000
_COORDINATES = "MicrographCoords"


class MotionTrack(BaseModel):
    """Where each frame was when the first is at 0, in Å; total_A: the length of the way."""

    name: str
    x_A: list[float]
    y_A: list[float]
    total_A: float
    first_frame: int


class MicrographPicks(BaseModel):
    """Picks in pixels of the micrograph; job: which job made them, "" where none did."""

    name: str
    job: str
    points: list[tuple[float, float]]


@router.get("/track")
def track(here: ProjectHere, path: str, row: Annotated[int, Query(ge=0)]) -> MotionTrack:
    """The motion of the movie of one row of a table of micrographs."""
    table = table_of(here, path)
    if row >= len(table) or "micrograph_metadata" not in table:
        raise Missing(f"{path} names no motion of micrograph {row}")
    name = str(table["micrograph_metadata"][row])
    file = here.inside(name)
    try:
        found = motion.read(file)
    except (KeyError, ValueError, IndexError):
        raise UserError(f"{name} is no file of motion as motion correction leaves it") from None
    way_A = found.shifts_px * found.pixel_size_A
    steps = np.hypot(*np.diff(way_A, axis=0).T) if len(way_A) > 1 else np.zeros(0)
    return MotionTrack(
        name=name,
        x_A=way_A[:, 0].round(3).tolist(),
        y_A=way_A[:, 1].round(3).tolist(),
        total_A=float(steps.sum()),
        first_frame=found.first_frame,
    )


@router.get("/picks")
def picks(here: ProjectHere, path: str, name: str) -> MicrographPicks:
    """The newest picks on a micrograph that any job of the project has made."""
    graph = reading.graph(here)
    for job, node in reversed(graph.outputs):
        kind = graph.nodes[node].label if node in graph.nodes else ""
        if not kind.startswith(_COORDINATES):
            continue
        points = _points(here, node, name)
        if points:
            return MicrographPicks(name=name, job=job.rstrip("/"), points=points[:MOST_PICKS])
    return MicrographPicks(name=name, job="", points=[])


def _points(here: Opened, node: str, name: str) -> list[tuple[float, float]]:
    """The picks of one job on a micrograph; none where its files are gone."""
    try:
        here.inside(node)
        found = coordinates.files_of(node, [name]).get(name)
        if found is None:
            return []
        table = coordinates.read(here.inside(str(found)))
        return [(float(x), float(y)) for x, y in zip(table["x_px"], table["y_px"], strict=True)]
    except (UserError, KeyError):
        return []
