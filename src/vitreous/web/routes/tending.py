"""Acts on the project as a whole, as RELION's menus have them: unlock, restore the graph, make node marks again, notes."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel

from vitreous.project import notes
from vitreous.web import reading
from vitreous.web.done import Done, done
from vitreous.web.opened import Acting, ActingInFolder, ProjectHere
from vitreous.web.routes.acts import Note
from vitreous.web.watch import Change

router = APIRouter(tags=["project"])


class Force(BaseModel):
    """force: though somebody may be using it."""

    force: bool = False


class Told(BaseModel):
    """What was done, a line for each thing."""

    lines: list[str]


@router.post("/unlock")
def unlock(here: Acting, request: Request, asked: Force) -> Done:
    """Take away the lock that a crash has left; one that may be in use is left, unless forced."""
    return done(here, request, "unlock", here.project.unlock(force=asked.force))


@router.post("/restore")
def restore(here: ActingInFolder, request: Request, asked: Force) -> Told:
    """Make a broken or missing graph again from the newest copy and the job folders."""
    lines = here.project.restore(force=asked.force)
    request.app.state.events.tell(Change("jobs"), Change("project"))
    return Told(lines=list(lines))


@router.post("/nodes")
def remake_nodes(here: Acting, request: Request) -> Done:
    """Make .Nodes again, by which RELION's windows find files."""
    count = here.project.remake_nodes()
    return done(here, request, "nodes", f"Made .Nodes again: {count} files are marked")


@router.post("/note")
def add_note(here: Acting, request: Request, asked: Note) -> Done:
    """Add to the note of the project."""
    before = here.project.note()
    here.project.add_note(asked.text)
    added = here.project.note()[len(before) :]
    return done(here, request, "note", "Note added to the project", undo={"way": "note", "added": added}, topics=["project"])


@router.get("/notes", response_class=PlainTextResponse)
def all_notes(here: ProjectHere) -> Response:
    """The notes of the project and of all jobs in one text."""
    text = "\n".join(notes.together(here.project.layout, reading.graph(here)))
    return PlainTextResponse(text or "No notes yet.\n")
