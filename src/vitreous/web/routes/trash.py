"""Cleaning, deleting, the Trash, and the way back: each with a plan that says what goes before anything does."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.project import putting_back, tidy, trash
from vitreous.project.layout import Layout, number_of
from vitreous.web import cleaning, reading, sizes
from vitreous.web.cleaning import CleanPlan, DeletePlan
from vitreous.web.done import Done, done, in_words, row_of, tell
from vitreous.web.opened import Acting, ActingInFolder, ProjectHere
from vitreous.web.problems import Conflict, Missing
from vitreous.web.undoing import back, journal
from vitreous.web.watch import Change

router = APIRouter(tags=["trash"])

How = Literal["gently", "harshly"]


class TrashItem(BaseModel):
    """One thing in the Trash. id: its path there; kind: "deleted job", "files of a job" or what else it is."""

    id: str
    kind: str
    origin: str
    bytes: int
    when_s: float
    can_return: bool


class TrashContent(BaseModel):
    """All of it."""

    items: list[TrashItem]
    bytes: int


class Cleaned(BaseModel):
    """Jobs to be cleaned, by number or name; none: all. how: gently or harshly."""

    how: How
    jobs: list[str] = []


class Restore(BaseModel):
    """A thing of the Trash to be put back; descendants: with the deleted jobs that go back to it."""

    id: str
    descendants: bool = False


class Empty(BaseModel):
    """Things to remove for good; bytes: the size that was shown, so that nothing else goes than what was seen."""

    ids: list[str]
    bytes: int


@router.get("/clean")
def clean_plan(here: ProjectHere, how: How, job: Annotated[list[str] | None, Query()] = None) -> CleanPlan:
    """What a clean of these jobs, or of all, would take."""
    harsh = how == "harshly"
    found, refused = cleaning.plans(here, job or (), harsh=harsh)
    return cleaning.told(here, found, refused, harsh=harsh)


@router.post("/clean")
def clean(here: Acting, request: Request, asked: Cleaned) -> Done:
    """Move what a clean takes to the Trash."""
    found, refused = cleaning.plans(here, asked.jobs, harsh=asked.how == "harshly")
    kept = [plan for plan in found if plan.going]
    if not kept:
        raise UserError("; ".join(refused.values()) or "there is nothing to clean in these jobs")
    here.project.clean(kept)
    names = [plan.name for plan in kept]
    sizes.recount(here, *names)
    freed = in_words(sum(plan.bytes for plan in kept))
    what = names[0].rstrip("/") if len(names) == 1 else f"{len(names)} jobs"
    undo = {"way": "clean", "paths": {plan.name: [path for path, _ in plan.going] for plan in kept}}
    return done(
        here, request, "clean", f"{what} cleaned {asked.how}: {freed} moved to the Trash", names, undo=undo, topics=["trash"]
    )


@router.get("/jobs/{n}/deletion")
def deletion(here: ProjectHere, n: str, descendants: bool = False) -> DeletePlan:
    """What deleting a job would take, and which jobs would lose an input."""
    return cleaning.deletion(here, n, descendants=descendants)


@router.delete("/jobs/{n}")
def delete(here: Acting, request: Request, n: str, descendants: bool = False) -> Done:
    """Move a job to the Trash, with all that go back to it if asked."""
    name = reading.job_name(here, n)
    going = here.project.delete([name], descendants=descendants)
    sizes.recount(here, *going.names)
    what = name.rstrip("/") if len(going.names) == 1 else f"{len(going.names)} jobs"
    said = f"{what} moved to the Trash, {in_words(sum(going.bytes.values()))}"
    return done(here, request, "delete", said, going.names, undo={"way": "delete"}, topics=["trash"])


def _items(layout: Layout) -> list[TrashItem]:
    parts = trash.deleted_parts(layout)
    found = []
    for thing in tidy.content(layout):
        path = trash.place_of(layout, thing.name)
        if thing.what == "left to be removed":
            continue
        try:
            when_s = path.lstat().st_mtime
        except OSError:
            continue
        deleted = thing.name in parts
        kind = "deleted job" if deleted else thing.what
        returns = deleted or (number_of(thing.name) is not None and layout.job(thing.name).is_dir())
        row = TrashItem(
            id=thing.name, kind=kind, origin=thing.name.rstrip("/"), bytes=thing.bytes, when_s=when_s, can_return=returns
        )
        found.append(row)
    return sorted(found, key=lambda item: -item.when_s)


@router.get("/trash")
def content(here: ProjectHere) -> TrashContent:
    """What lies in the Trash, the newest first."""
    items = _items(here.project.layout)
    return TrashContent(items=items, bytes=sum(item.bytes for item in items))


@router.post("/trash/restore")
def restore(here: Acting, request: Request, asked: Restore) -> Done:
    """Put a deleted job back with its alias, edges and files, or the files that a clean took from a job."""
    layout = here.project.layout
    if asked.id in trash.deleted_parts(layout):
        back_again = trash.undelete(layout, asked.id, descendants=asked.descendants)
        names, notes = list(back_again.names), "; ".join(back_again.notes)
        said = f"{names[0].rstrip('/') if len(names) == 1 else f'{len(names)} jobs'} put back{f': {notes}' if notes else ''}"
    else:
        names = [asked.id] if asked.id.endswith("/") else []
        if not names or number_of(asked.id) is None:
            raise Missing(f"the Trash holds nothing called {asked.id} that could be put back")
        moved = putting_back.put_back(layout, asked.id)
        if not moved:
            raise Conflict("nothing was put back: files of the same names stand in the job again")
        said = f"{len(moved)} files and folders put back into {asked.id.rstrip('/')}"
    sizes.recount(here, *names)
    return done(here, request, "restore", said, names, topics=["trash"])


@router.post("/trash/empty")
def empty(here: Acting, request: Request, asked: Empty) -> Done:
    """Remove things from the Trash for good. Refused when they are not of the size that was shown."""
    layout = here.project.layout
    wanted = [thing for thing in tidy.content(layout) if thing.name in set(asked.ids)]
    total = sum(thing.bytes for thing in wanted)
    if total != asked.bytes or len(wanted) != len(set(asked.ids)):
        raise Conflict(f"the Trash has changed since: these things hold {in_words(total)} now; look again")
    tidy.empty(layout, wanted)
    sizes.recount(here)
    return done(here, request, "empty", f"{in_words(total)} removed from the Trash for good", topics=["trash"])


class Remade(BaseModel):
    """What was done to make a broken graph whole, a line for each thing."""

    lines: list[str]


@router.post("/project/restore")
def restore_graph(here: ActingInFolder, request: Request) -> Remade:
    """Make a broken or missing graph again from the newest copy and the job folders."""
    lines = here.project.restore()
    request.app.state.events.tell(Change("jobs"), Change("project"))
    return Remade(lines=list(lines))


class Act(BaseModel):
    """One act of the journal. can_undo: whether its undo still can do something."""

    ref: str
    when_s: float
    act: str
    sentence: str
    jobs: list[str]
    undone_s: float
    can_undo: bool


@router.get("/activity")
def activity(here: ProjectHere, most: Annotated[int, Query(ge=1, le=2000)] = 200) -> list[Act]:
    """What was done in the window, by anybody, the newest first; with what can still be undone."""
    layout = here.project.layout
    return [
        Act(
            ref=entry.ref,
            when_s=entry.when_s,
            act=entry.act,
            sentence=entry.said,
            jobs=[job.rstrip("/") for job in entry.jobs],
            undone_s=entry.undone_s,
            can_undo=back.can_undo(layout, entry),
        )
        for entry in journal.entries(layout)[:most]
    ]


@router.post("/undo/{ref}")
def undo(here: Acting, request: Request, ref: str) -> Done:
    """Undo an act by its reference, whichever server it was done at."""
    entry = back.undo(here.project.layout, ref)
    sizes.recount(here, *entry.jobs)
    tell(here, request, entry.jobs, ["trash", "project"])
    return Done(sentence=f"Undone: {entry.said}", job=row_of(here, entry.jobs))
