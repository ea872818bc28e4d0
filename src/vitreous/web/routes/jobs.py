"""The jobs of the project as rows: state, key number, progress, times; with filters, a thousand at a time."""

from fastapi import APIRouter, Query
from pydantic import BaseModel

from vitreous.web.job_details import Details
from vitreous.web.job_types import goes_round
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.reading import Row, reading, rows
from vitreous.web.telling.failure import Remedy

router = APIRouter(tags=["jobs"])

PAGE = 10_000


class JobProgress(BaseModel):
    """How far a job is; left_s: seconds left at its pace, where that is known."""

    done: float
    total: float
    unit: str
    left_s: float | None = None
    note: str = ""


class JobRow(BaseModel):
    """A job in a list. state: needs_you running silent queued scheduled finished failed aborted; times: seconds since 1970."""

    number: str
    name: str
    type: str
    label: str
    type_title: str
    title: str
    alias: str
    state: str
    flags: list[str]
    key: str
    progress: JobProgress | None
    started: float
    ended: float
    place: str
    sentence: str
    remedy: Remedy | None = None


class JobsPage(BaseModel):
    """Jobs, newest last; `counting`: folders still to be read, whose rows lack times and numbers; `after`: of the next page."""

    jobs: list[JobRow]
    total: int
    counting: int
    after: str = ""


def job_row(row: Row) -> JobRow:
    """A row as it travels."""
    about = row.about
    return JobRow(
        number=row.number,
        name=row.name,
        type=row.type,
        label=row.process.label,
        type_title=row.word.title,
        title=row.title,
        alias=row.alias,
        state=row.state,
        flags=list(about.flags),
        key=row.key or _key_of_running(row),
        progress=_progress(row.state, about, row.word.unit),
        started=about.started,
        ended=about.ended,
        place=about.place,
        sentence=about.sentence,
        remedy=about.remedy,
    )


def _progress(state: str, about: Details, unit: str) -> JobProgress | None:
    said = about.progress
    if state in ("finished", "scheduled", "queued") or not said.get("total"):
        return None
    done = float(said.get("done") or 0)
    left = said.get("left_s") if state == "running" and done > 0 else None
    note = str(said.get("note") or "") if goes_round(unit) else ""
    return JobProgress(done=done, total=float(said["total"]), unit=unit or "parts", left_s=left, note=note)


def _key_of_running(row: Row) -> str:
    """How far a job is that has not finished: 17/25."""
    said = row.about.progress
    if row.state in ("running", "silent", "failed", "aborted", "needs_you") and said.get("total"):
        return f"{int(said.get('done') or 0):,}/{int(said['total']):,}"
    return ""


def one_row(here: Opened, name: str) -> JobRow:
    """The row of one job, looked at now."""
    return job_row(reading(here).row(name))


def _fits(row: Row, state: str, kind: str, words: list[str]) -> bool:
    if state and row.state not in state.split(","):
        return False
    if kind and kind not in (row.type, row.process.label):
        return False
    text = f"{row.number} {row.name} {row.alias} {row.word.title} {row.state}".lower()
    return all(word in text for word in words)


@router.get("/jobs")
def jobs(
    here: ProjectHere,
    state: str = "",
    kind: str = Query("", alias="type"),
    q: str = Query("", max_length=200),
    after: str = "",
) -> JobsPage:
    """The jobs of the project that fit: states joined by commas, a type's word or label, words of number, alias or title."""
    every = rows(here)
    words = q.lower().split()
    found = [row for row in every if _fits(row, state, kind, words)]
    start = next((place + 1 for place, row in enumerate(found) if row.number == after), 0) if after else 0
    page = found[start : start + PAGE]
    more = page[-1].number if len(found) > start + PAGE else ""
    counting = sum(not row.known for row in every)
    return JobsPage(jobs=[job_row(row) for row in page], total=len(found), counting=counting, after=more)
