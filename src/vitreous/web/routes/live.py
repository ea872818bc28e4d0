"""The session that is being recorded, at a glance: steps, pace, values over time, newest pictures, and its monitors."""

import time

import numpy as np
from fastapi import APIRouter
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from vitreous.web import monitors, reading, recording
from vitreous.web.machine import Look
from vitreous.web.monitors import Kept
from vitreous.web.opened import Acting, Opened, ProjectHere
from vitreous.web.recording import Pace
from vitreous.web.routes.jobs import JobRow, job_row
from vitreous.web.routes.machine import look_at
from vitreous.web.telling.results import outputs_of

router = APIRouter(tags=["live"])

SHOWN = 2000
"""Micrographs whose values are drawn; the newest."""
STRIP = 30
LOOKED_AT = 100
"""Jobs that are asked for a result to show; the newest."""


class Series(BaseModel):
    """A value over the micrographs in their order; not a number where it is not known (null)."""

    name: str
    values: list[float | None]


class Newest(BaseModel):
    """A picture of a result: its path, kind, and the job that made it."""

    path: str
    kind: str
    view: str
    job: str


class MonitorRow(BaseModel):
    """A monitor as it stands; state: ok, look, alarm, no data, snoozed."""

    id: str
    name: str
    unit: str
    value: float | None
    limit: float
    side: str
    state: str
    note: str
    snoozed_until_s: float


class Session(BaseModel):
    """Everything of the session's page. first: the number, from 1, of the first value drawn."""

    steps: list[JobRow]
    running: bool
    movies: int
    behind: int
    last_hour: int
    best_hour: int
    since_last_s: float | None
    table: str
    micrographs: int
    first: int
    series: list[Series]
    newest: list[str]
    results: list[Newest]
    monitors: list[MonitorRow]


class MonitorWish(BaseModel):
    """Another limit, or silence for so many hours (0: speak again); what is not given stays."""

    limit: float | None = Field(default=None, allow_inf_nan=False)
    snooze_h: float | None = Field(default=None, ge=0, le=24 * 365)


@router.get("/live")
def live(here: ProjectHere) -> Session:
    """The newest session of the project, recorded or being recorded."""
    rows = recording.chain(here)
    path, table = recording.micrographs_of(here, rows)
    values = recording.values_of(table)
    count = len(table) if table is not None else 0
    first = max(0, count - SHOWN)
    pace = recording.pace_of(rows[0], here.root) if rows else Pace(0, 0, None)
    names = [str(name) for name in table["micrograph"][-STRIP:]] if table is not None and "micrograph" in table else []
    movies = _done(rows[0]) if rows else 0
    return Session(
        steps=[job_row(row) for row in rows],
        running=any(row.state in ("running", "queued") for row in rows),
        movies=movies,
        behind=_behind(rows, movies),
        last_hour=pace.last_hour,
        best_hour=pace.best_hour,
        since_last_s=pace.since_last_s,
        table=path,
        micrographs=count,
        first=first + 1,
        series=[Series(name=name, values=_plain(column[first:])) for name, column in values.items()],
        newest=names[::-1],
        results=_results(here, rows),
        monitors=_monitors(here, values, _figures(here, rows, pace, movies)),
    )


@router.get("/monitors")
def all_monitors(here: ProjectHere) -> list[MonitorRow]:
    """The monitors alone."""
    return live(here).monitors


@router.put("/monitors/{word}")
def set_monitor(here: Acting, word: str, wish: MonitorWish) -> list[MonitorRow]:
    """Give a monitor another limit, or let it be silent for a while."""
    hidden = here.project.layout.kept_graph.parent
    old = monitors.load(hidden).get(word, Kept())
    until = old.snoozed_until_s if wish.snooze_h is None else time.time() + 3600 * wish.snooze_h
    monitors.keep(hidden, word, Kept(old.limit if wish.limit is None else wish.limit, until if wish.snooze_h != 0 else 0.0))
    return live(here).monitors


def _monitors(here: Opened, values: monitors.Values, figures: dict[str, float | None]) -> list[MonitorRow]:
    hidden = here.project.layout.kept_graph.parent
    return [MonitorRow(**vars(one)) for one in monitors.read_all(hidden, values, figures)]


def _figures(here: Opened, rows: list[reading.Row], pace: Pace, movies: int) -> dict[str, float | None]:
    now: Look = look_at(here)[-1]
    recorded = bool(rows) and rows[0].state == "running"
    return {
        "quiet": pace.since_last_s / 60 if recorded and pace.since_last_s is not None else None,
        "behind": float(_behind(rows, movies)) if recorded else None,
        "disk": 100 * now.free_GB / now.disk_GB if now.disk_GB else None,
        "gpu": max((gpu.temperature_C for gpu in now.gpus), default=None),
    }


def _done(row: reading.Row) -> int:
    return int(row.about.progress.get("done", 0) or 0)


def _behind(rows: list[reading.Row], movies: int) -> int:
    """Movies that the slowest step by micrographs has still to do."""
    done = [_done(row) for row in rows if row.type in ("motion-correction", "ctf-find", "auto-pick")]
    return max(0, movies - min(done)) if done else 0


def _plain(column: NDArray[np.float64]) -> list[float | None]:
    return [round(float(value), 4) if np.isfinite(value) else None for value in column]


def _results(here: Opened, rows: list[reading.Row]) -> list[Newest]:
    """The newest classes and the newest map of the newest jobs."""
    found: list[Newest] = []
    graph = reading.graph(here)
    for kinds in (("classes",), ("volume",)):
        for row in reversed(reading.rows(here)[-LOOKED_AT:]):
            if row.state not in ("running", "finished"):
                continue
            mine = [one for one in outputs_of(graph, row.process.name, here.root) if one.view in kinds and one.exists]
            if mine:
                found.append(Newest(path=mine[0].path, kind=mine[0].kind, view=mine[0].view, job=row.number))
                break
    return found
