"""Picks for the editor: which micrographs have them, the scores of all in one answer, and places on one micrograph."""

import os
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from vitreous.files import coordinates
from vitreous.project.layout import folder_of, number_of
from vitreous.web import picked, reading
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.problems import Missing
from vitreous.web.views.image import cache_of

router = APIRouter(prefix="/picks", tags=["picks"])
BYTES: dict[int | str, dict[str, object]] = {200: {"content": {"application/octet-stream": {}}}}
Coordinates = Annotated[str, Query(max_length=1000, description="the list of coordinates; empty: begin from nothing")]
Micrographs = Annotated[str, Query(max_length=1000, description="the table of micrographs, where no list of coordinates says it")]


class PickedMicrograph(BaseModel):
    """A micrograph and how many picks it has."""

    name: str
    picks: int
    pixel_size_A: float


class PicksList(BaseModel):
    """All micrographs in order. job: who made the picks, "AutoPick/job004"; number "004"; low, high: of the scores, if any."""

    path: str
    job: str
    number: str
    micrographs: str
    diameter_A: float
    total: int
    missing: int
    low: float | None
    high: float | None
    rows: list[PickedMicrograph]
    tag: str


class Picks(BaseModel):
    """The picks of one micrograph in its pixels; scores null where there are none."""

    name: str
    x: list[float]
    y: list[float]
    score: list[float | None]


def _job_of(here: Opened, path: str) -> str:
    """The name of the job in whose folder picks lie, without the slash; "" for none."""
    if not path:
        return ""
    try:
        name = reading.job_name(here, folder_of(path))
    except Missing:
        return ""
    return name.rstrip("/")


def _find(here: Opened, path: str, micrographs: str, *, age_s: float = 0.0) -> picked.Picked:
    return picked.lately(here, path, micrographs, _job_of(here, path), age_s=age_s)


@router.get("/list")
def listing(here: ProjectHere, path: Coordinates = "", micrographs: Micrographs = "") -> PicksList:
    """The micrographs that a list of coordinates, or a table of micrographs, names, each with the number of its picks."""
    found = _find(here, path, micrographs)
    read = picked.scores(cache_of(here), found)
    finite = read.scores[np.isfinite(read.scores) & (read.scores > -900)]
    job = _job_of(here, path)
    rows = [
        PickedMicrograph(name=name, picks=int(count), pixel_size_A=round(size, 6))
        for name, count, size in zip(found.names, read.counts, found.pixel_sizes_A, strict=True)
    ]
    return PicksList(
        path=path,
        job=job,
        number=f"{number_of(job) or 0:03d}" if job else "",
        micrographs=found.micrographs_path,
        diameter_A=round(found.diameter_A, 1),
        total=int(read.counts.sum()),
        missing=found.missing,
        low=float(finite.min()) if finite.size else None,
        high=float(finite.max()) if finite.size else None,
        rows=rows,
        tag=found.tag,
    )


@router.get("/scores", response_class=Response, responses=BYTES)
def scores(here: ProjectHere, path: Coordinates = "", micrographs: Micrographs = "", tag: str = "") -> Response:
    """The scores of all picks as float32, micrograph after micrograph in the order of the list; NaN where a pick has none."""
    found = _find(here, path, micrographs, age_s=2.0)
    lasting = "private, max-age=31536000, immutable" if tag == found.tag else "no-cache"
    data = picked.scores(cache_of(here), found).scores.astype("<f4").tobytes()
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": lasting, "ETag": f'"{found.tag}"'})


@router.get("/of")
def of(
    here: ProjectHere, name: Annotated[str, Query(max_length=1000)], path: Coordinates = "", micrographs: Micrographs = ""
) -> Picks:
    """The picks on one micrograph, in the order of its file."""
    found = _find(here, path, micrographs, age_s=60.0)
    if name not in found.names:
        raise Missing(f"{name} is not among the micrographs of {path or micrographs}")
    file = found.files[found.names.index(name)]
    if not file:
        return Picks(name=name, x=[], y=[], score=[])
    if not os.path.isfile(file):
        raise Missing(f"the picks of {name} are not on disk any more; load the page again")
    read = coordinates.spots(file)
    scored = [float(value) if np.isfinite(value) and value > -900 else None for value in read.score]
    return Picks(name=name, x=read.x_px.tolist(), y=read.y_px.tolist(), score=scored)
