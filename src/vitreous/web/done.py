"""What every act answers, and what it tells: the sentence, the reference to undo it, the job as it is now; an event to all."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.web import reading
from vitreous.web.opened import Opened
from vitreous.web.routes.jobs import JobRow, one_row
from vitreous.web.undoing import journal
from vitreous.web.watch import Change, number_word


class Done(BaseModel):
    """An act that was done. undo: its reference, none for what cannot be undone; job: the row of its job, if it is there."""

    sentence: str
    undo: str | None = None
    job: JobRow | None = None


def done(
    here: Opened,
    request: Request,
    act: str,
    said: str,
    jobs: Sequence[str] = (),
    *,
    undo: Mapping[str, Any] | None = None,
    topics: Sequence[str] = (),
) -> Done:
    """Write an act into the journal, tell every browser, and answer. undo: what is needed to undo it, with the `way`."""
    ref = journal.record(here.project.layout, act, said, jobs, undo)
    tell(here, request, jobs, topics)
    return Done(sentence=said, undo=ref if undo else None, job=row_of(here, jobs))


def tell(here: Opened, request: Request, jobs: Sequence[str], topics: Sequence[str] = ()) -> None:
    """Let every browser ask again for what an act has changed."""
    changes = [Change("jobs"), *(Change(topic) for topic in topics)]
    for name in jobs:
        reading.reading(here).forget(name)
        number = number_word(name)
        changes.append(Change(f"job:{number}", number, name))
    request.app.state.events.tell(*changes)


def row_of(here: Opened, jobs: Sequence[str]) -> JobRow | None:
    """The row of the one job that an act was about, as it is now."""
    if len(jobs) != 1:
        return None
    try:
        return one_row(here, jobs[0])
    except (UserError, KeyError):
        return None


def in_words(size: int) -> str:
    """Bytes for people: 812 kB, 3.4 GB; of 1000 each, as disks are sold."""
    value, unit = float(size), ""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.3g} {unit}"
