"""Classes of a classification, ours or RELION's, 2D or 3D, at every iteration: rows, pictures, members, history, scores."""

from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.web import class_history, class_maps, class_rows, ranking, rounds
from vitreous.web.class_rows import ClassRow
from vitreous.web.class_source import Source, needs_rounds, relative, source
from vitreous.web.image_lists import tag_of
from vitreous.web.opened import Acting, Opened, ProjectHere
from vitreous.web.views.stack import BINARY, binary

router = APIRouter(prefix="/classes", tags=["classes"])
It = Annotated[int | None, Query(ge=0, description="iteration; without it the newest")]


class ClassesPage(BaseModel):
    """Classes of one iteration. model: what a Select job takes; stack: where tiles come from; of: iterations planned."""

    dimension: Literal[2, 3]
    iteration: int | None
    iterations: list[int]
    of: int | None
    folder: str
    model: str
    stack: str
    data: str
    tag: str
    pixel_size_A: float
    diameter_A: float | None
    particles: int
    ranked: bool
    present: bool
    chosen: bool
    classes: list[ClassRow]


class ClassMembers(BaseModel):
    """Particles of a class: numbers of rows (from 1) of a table, some of them."""

    path: str
    tag: str
    total: int
    rows: list[int]


class ClassScore(BaseModel):
    """How far the ranking of an iteration's classes is."""

    state: Literal["none", "running", "done", "failed"]
    sentence: str


@router.get("/{n}")
def classes(here: ProjectHere, n: str, it: It = None, path: str = "") -> ClassesPage:
    """The classes of an iteration; of a finished selection those that were kept."""
    found = source(here, n, path)
    if found.averages is not None:
        return _chosen(here, found)
    it = it if it is not None else found.it
    there = rounds.rounds(found.folder)
    one = rounds.chosen(found.folder, it)
    rows = class_rows.rows(here, one)
    said = rounds.values(one.optimiser, "optimiser_general") if one.optimiser else {}
    general = rounds.values(one.model, "model_general")
    flat = str(general.get("rlnReferenceDimensionality", "2")) == "2"
    planned = rounds.number(said, "rlnNumberOfIterations")
    return ClassesPage(
        dimension=2 if flat else 3,
        iteration=one.number,
        iterations=[other.number for other in there],
        of=int(planned) if planned and planned < 900 else None,
        folder=relative(here, found.folder),
        model=relative(here, one.optimiser or one.model),
        stack=relative(here, one.model),
        data=relative(here, one.data),
        tag=tag_of(one.model),
        pixel_size_A=rounds.number(general, "rlnPixelSize") or 0.0,
        diameter_A=_positive(rounds.number(said, "rlnParticleDiameter", unknown=1e9)),
        particles=sum(row.particles for row in rows),
        ranked=any(row.score is not None for row in rows),
        present=any(row.present for row in rows),
        chosen=False,
        classes=rows,
    )


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _chosen(here: Opened, found: Source) -> ClassesPage:
    """The class averages that a selection kept."""
    assert found.averages is not None
    rows = class_rows.chosen_rows(here, found.averages)
    particles = found.folder / "particles.star"
    return ClassesPage(
        dimension=2 if all("@" in row.image for row in rows) else 3,
        iteration=None,
        iterations=[],
        of=None,
        folder=relative(here, found.folder),
        model=relative(here, found.averages),
        stack=relative(here, found.averages),
        data=relative(here, particles) if particles.is_file() else "",
        tag=tag_of(found.averages),
        pixel_size_A=0.0,
        diameter_A=None,
        particles=sum(row.particles for row in rows),
        ranked=any(row.score is not None for row in rows),
        present=any(row.present for row in rows),
        chosen=True,
        classes=rows,
    )


@router.get("/{n}/members")
def members(
    here: ProjectHere,
    n: str,
    index: Annotated[int, Query(ge=1)],
    it: It = None,
    path: str = "",
    start: Annotated[int, Query(alias="from", ge=0)] = 0,
    count: Annotated[int, Query(ge=1, le=1024)] = 16,
) -> ClassMembers:
    """Particles of one class; their pictures come from /stack/tiles of the path."""
    found = source(here, n, path)
    if found.averages is not None:
        data = found.folder / "particles.star"
    else:
        data = rounds.chosen(found.folder, it if it is not None else found.it).data
    mine = np.flatnonzero(rounds.assigned(data).classes == index) + 1
    rows = [int(row) for row in mine[start : start + count]]
    return ClassMembers(path=relative(here, data), tag=tag_of(data), total=len(mine), rows=rows)


@router.get("/{n}/history")
def history(here: ProjectHere, n: str, path: str = "") -> class_history.ClassHistory:
    """Every iteration: share and resolution of each class, and how many particles changed class."""
    return class_history.history(here, needs_rounds(source(here, n, path)).folder)


@router.get("/{n}/slices", response_class=Response, responses=BINARY)
def slices(
    here: ProjectHere,
    n: str,
    it: It = None,
    path: str = "",
    size: Annotated[int, Query(ge=32, le=256)] = 128,
    tag: str = "",
) -> Response:
    """For each 3D class three central slices (z, y, x) and a projection along z: tiles 4k - 3 ... 4k belong to class k."""
    found = needs_rounds(source(here, n, path))
    one = rounds.chosen(found.folder, it if it is not None else found.it)
    names = [row.image for row in class_rows.rows(here, one)]
    if any("@" in name for name in names):
        raise UserError("these classes are images, not maps: their tiles come from /stack/tiles")
    return binary(class_maps.tiles(here, names, size), tag=tag_of(one.model), asked=tag)


@router.get("/{n}/score")
def score(here: ProjectHere, n: str, it: It = None, path: str = "") -> ClassScore:
    """Whether the classes of an iteration have scores, or are being ranked."""
    found = needs_rounds(source(here, n, path))
    state, sentence = ranking.state(here, rounds.chosen(found.folder, it if it is not None else found.it))
    return ClassScore(state=state, sentence=sentence)


@router.post("/{n}/score")
def rank(here: Acting, n: str, it: It = None, path: str = "") -> ClassScore:
    """Rank the classes of an iteration, in a process of its own; the scores go into the window's cache."""
    found = needs_rounds(source(here, n, path))
    state, sentence = ranking.begin(here, rounds.chosen(found.folder, it if it is not None else found.it))
    return ClassScore(state=state, sentence=sentence)
