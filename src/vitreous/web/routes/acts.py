"""Acts on one job: run or go on, stop, close, mark, alias, note, protect. Each can be undone where its answer has a reference."""

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.project import graph as graphs
from vitreous.project.cleaning_rules import NO_HARSH_CLEAN
from vitreous.project.state import has_died
from vitreous.web import reading
from vitreous.web.done import Done, done
from vitreous.web.opened import Acting, Opened
from vitreous.web.undoing import back

router = APIRouter(tags=["acts"])

FORCED_AFTER_S = 5.0
LONGEST_NOTE = 100_000


class Changed(BaseModel):
    """Settings that differ from those of the job, by name."""

    changed: dict[str, str] = {}


class Stop(BaseModel):
    """force: when it has not stopped after five seconds, end it from outside."""

    force: bool = False


class Mark(BaseModel):
    """The state to give a stuck job."""

    as_: Literal["finished", "failed"] = Field(alias="as")


class Alias(BaseModel):
    """A name beside the number; empty takes it away."""

    alias: str = Field(max_length=400)


class Note(BaseModel):
    """Text to be added under the time of day."""

    text: str = Field(min_length=1, max_length=LONGEST_NOTE)


class Protect(BaseModel):
    """Whether a job is protected from harsh cleaning."""

    on: bool


def _short(name: str) -> str:
    return name.rstrip("/")


def _status(here: Opened, name: str) -> str:
    return graphs.read(here.project.layout.graph).processes[name].status


def refuse_at_work(here: Opened, name: str) -> None:
    """Raise UserError for a job that runs."""
    process = here.project.graph().processes[name]
    if process.status == "Running" and not has_died(here.project.layout, process):
        raise UserError(f"{_short(name)} is at work already")


@router.post("/jobs/{n}/continue")
def go_on(here: Acting, request: Request, n: str, asked: Changed) -> Done:
    """Run a job, or go on with one that stopped, failed or lacks some units; it goes on without this server."""
    name = reading.job_name(here, n)
    refuse_at_work(here, name)
    begun = here.project.layout.job(name).joinpath("run.out").exists()
    lines = here.project.changes(name, asked.changed) if asked.changed else []
    here.project.start(name, changed=asked.changed or None)
    said = f"{_short(name)} {'goes on' if begun else 'was started'}{f' with {len(lines)} changed: {lines[0]}' if lines else ''}"
    return done(here, request, "continue", said, [name], topics=[f"progress:{n}", f"log:{n}"])


@router.post("/jobs/{n}/abort")
def abort(here: Acting, request: Request, n: str, asked: Stop) -> Done:
    """Ask a job to stop; what is done stays. A scheduled job becomes aborted, which can be undone."""
    name = reading.job_name(here, n)
    was = _status(here, name)
    said = here.project.abort(name, grace_s=FORCED_AFTER_S if asked.force else 0.0)
    undo = {"way": "abort"} if was == "Scheduled" and _status(here, name) == "Aborted" else None
    return done(here, request, "abort", said.replace("/:", ":"), [name], undo=undo)


@router.post("/jobs/{n}/close")
def close(here: Acting, request: Request, n: str) -> Done:
    """Let a job that waits for more input end with what it has."""
    name = reading.job_name(here, n)
    return done(here, request, "close", here.project.close(name).replace("/:", ":"), [name])


@router.post("/jobs/{n}/mark")
def mark(here: Acting, request: Request, n: str, asked: Mark) -> Done:
    """Say of a stuck job that it has finished, with the outputs that are there, or that it has failed."""
    name = reading.job_name(here, n)
    before = back.state_before(here.project.layout, graphs.read(here.project.layout.graph), name)
    if asked.as_ == "finished":
        here.project.mark_finished(name)
    else:
        here.project.mark_failed(name)
    undo = {"way": "mark", "before": before, "now": _status(here, name)}
    return done(here, request, "mark", f"{_short(name)} marked as {asked.as_}", [name], undo=undo)


@router.post("/jobs/{n}/alias")
def alias(here: Acting, request: Request, n: str, asked: Alias) -> Done:
    """Give a job a name beside its number, by RELION's rules; an empty one takes it away."""
    name = reading.job_name(here, n)
    before = here.project.graph().processes[name].alias
    now = here.project.alias(name, asked.alias)
    said = (
        f"{_short(name)} is now called {now.rstrip('/').rpartition('/')[2]}" if now else f"{_short(name)} has no alias any more"
    )
    undo = {"way": "alias", "before": before.rstrip("/").rpartition("/")[2], "now": now}
    return done(here, request, "alias", said, [name], undo=undo if before != now else None)


@router.post("/jobs/{n}/note")
def note(here: Acting, request: Request, n: str, asked: Note) -> Done:
    """Add to the note of a job."""
    name = reading.job_name(here, n)
    before = here.project.note(name)
    here.project.add_note(asked.text, name)
    added = here.project.note(name)[len(before) :]
    return done(here, request, "note", f"Note added to {_short(name)}", [name], undo={"way": "note", "added": added})


@router.post("/jobs/{n}/protect")
def protect(here: Acting, request: Request, n: str, asked: Protect) -> Done:
    """Protect a job from harsh cleaning, by RELION's file NO_HARSH_CLEAN, or take the protection away."""
    name = reading.job_name(here, n)
    folder = here.project.layout.job(name)
    if not folder.is_dir():
        raise UserError(f"{_short(name)} has no folder on disk: there is nothing to protect")
    path = folder / NO_HARSH_CLEAN
    before = path.exists()
    if asked.on:
        path.touch()
    else:
        path.unlink(missing_ok=True)
    said = f"{_short(name)} is {'protected from' if asked.on else 'open to'} harsh cleaning"
    undo = {"way": "protect", "before": before}
    return done(here, request, "protect", said, [name], undo=undo if before != asked.on else None)
