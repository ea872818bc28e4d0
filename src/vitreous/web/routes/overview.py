"""The project as a whole: title, note, rights; and acts on all of it that RELION's menus have."""

import os
import time
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.project import notes
from vitreous.run.record import versions
from vitreous.web import doctor, project_head, reading, scheduled
from vitreous.web.opened import Acting, FolderHere, Opened, ProjectHere
from vitreous.web.watch import Change

router = APIRouter(tags=["project"])

LONGEST_NOTE = 200_000


class ProjectRow(BaseModel):
    """The head of the home page. facts: short phrases on microscope and movies; path: for those who may act."""

    name: str
    title: str
    may_act: bool
    exists: bool = Field(description="Whether the directory holds a project yet; if not, POST /project makes one")
    note: str
    facts: list[str] = []
    path: str = ""


class Head(BaseModel):
    """What is changed of the head; None leaves it. note_before: the note as the writer saw it."""

    title: Annotated[str, Field(max_length=project_head.LONGEST_TITLE)] | None = None
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] | None = None
    note_before: str = ""


class Said(BaseModel):
    """What an act on the project has done, in a sentence."""

    sentence: str


def _row(here: Opened) -> ProjectRow:
    layout = here.project.layout
    facts = project_head.facts(layout, reading.graph(here)) if here.exists else []
    return ProjectRow(
        name=here.name,
        title=project_head.title(layout, here.name),
        may_act=here.may_act,
        note=here.project.note(),
        exists=here.exists,
        facts=facts,
        path=str(here.root) if here.may_act else "",
    )


@router.get("/project")
def project(here: FolderHere) -> ProjectRow:
    """What stands at the head of the project's home."""
    return _row(here)


@router.put("/project")
def change_head(here: Acting, request: Request, head: Head) -> ProjectRow:
    """Change the project's title or note."""
    if head.title is not None:
        project_head.set_title(here.project.layout, head.title)
    if head.note is not None:
        project_head.set_note(here.project.layout, head.note, head.note_before)
    request.app.state.events.tell(Change("project"))
    return _row(here)


@router.get("/notes", response_class=PlainTextResponse)
def all_notes(here: ProjectHere) -> str:
    """All notes one after another, as RELION's "Print all notes" has them."""
    return "\n".join(notes.together(here.project.layout, reading.graph(here)))


@router.post("/project/remake-nodes")
def remake_nodes(here: Acting) -> Said:
    """Make .Nodes again, by which RELION's windows find files."""
    return Said(sentence=f"{here.project.remake_nodes():,} files are marked in .Nodes")


@router.post("/project/unlock")
def unlock(here: Acting) -> Said:
    """Take away the lock that a crash has left; one that may be in use stays."""
    said = here.project.unlock()
    return Said(sentence=said[:1].upper() + said[1:])


@router.post("/project/run-scheduled")
def run_scheduled(here: Acting, request: Request) -> Said:
    """Start every scheduled job that can begin, each as soon as its input is there; done by a process of its own."""
    waiting = [row.name for row in reading.rows(here) if row.state == "scheduled"]
    if not waiting:
        raise UserError("no job is scheduled")
    scheduled.start(here.root)
    request.app.state.events.tell(Change("jobs"))
    return Said(
        sentence=f"{len(waiting)} scheduled {'job is' if len(waiting) == 1 else 'jobs are'} run, each when its input is there"
    )


@router.post("/project/stop-scheduled")
def stop_scheduled(here: Acting) -> Said:
    """Let no more scheduled jobs be started; those that run go on. Repeats of RELION's kind end, too."""
    ended = scheduled.stop(here.root)
    for path in here.root.glob("RUNNING_PIPELINER_*"):
        path.unlink(missing_ok=True)
        ended += 1
    return Said(sentence="No more scheduled jobs are started" if ended else "No scheduled jobs were being run")


class About(BaseModel):
    """Releases, and the directory and node that the window serves."""

    versions: dict[str, str]
    host: str
    path: str
    file_system: str
    up_s: float
    devices: list[str]


_BEGAN = time.monotonic()


@router.get("/about")
def about(here: FolderHere) -> About:
    """The releases of the suite and of what it stands on, for a report; devices by their drivers."""
    return About(
        versions=versions(),
        host=os.uname().nodename if here.may_act else "",
        path=str(here.root) if here.may_act else "",
        file_system=doctor.file_system(here.root),
        up_s=time.monotonic() - _BEGAN,
        devices=doctor.devices(),
    )
