"""Where jobs may run, and a test of a place: the script that it would get, and what its queue answers. Nothing is started."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.run.places import profile, slurm
from vitreous.web.form_shapes import Place
from vitreous.web.opened import Acting, Opened, ProjectHere
from vitreous.web.placing import places
from vitreous.web.problems import Missing
from vitreous.web.reading import rows
from vitreous.web.watch import Change

router = APIRouter(tags=["places"])


class WorkerLine(BaseModel):
    """A command line of a run profile."""

    command: str
    copies: int = 1
    threads: int = 1
    delay_ms: int = 10


class ProfileRow(BaseModel):
    """A run profile as in cisTEM, and the file it is kept in."""

    name: str
    manager: str
    address: str
    workers: list[WorkerLine]
    kept_in: str


class PlacesPage(BaseModel):
    """All places that jobs may be handed to; run profiles with their lines."""

    places: list[Place]
    profiles: list[ProfileRow]
    kept_in: list[str]


class PlaceTest(BaseModel):
    """A place to test, by its word: "here", "queue", "profile:NAME"."""

    word: str


class PlaceAnswer(BaseModel):
    """What would be done, and what the queue says."""

    script: str
    answer: str
    of_job: str


@router.get("/places")
def all_places(here: ProjectHere) -> PlacesPage:
    """The places that jobs may be handed to."""
    folders = profile.folders(here.root)
    found = []
    for name, one in profile.known(here.root).items():
        where = next((folder for folder in folders if (folder / f"{name.replace(' ', '_')}.json").is_file()), None)
        lines = [WorkerLine(**vars(line)) for line in one.workers]
        kept = _said(here, str(where)) if where else "built in"
        found.append(ProfileRow(name=name, manager=one.manager, address=one.address, workers=lines, kept_in=kept))
    kept_in = [_said(here, str(folder)) for folder in folders]
    return PlacesPage(places=places(here.root, uses_gpu=True), profiles=found, kept_in=kept_in)


def _said(here: Opened, path: str) -> str:
    """A path as it is told: from the project where it lies there; those who may only look hear no more of others."""
    root = str(here.root)
    if path.startswith(root):
        return path[len(root) :].lstrip("/") or "."
    return path if here.may_act else "your own settings"


@router.post("/places/test")
def test(here: Acting, asked: PlaceTest) -> PlaceAnswer:
    """The script and command by which the newest job would go to a place, and the queue's answer."""
    place = next((one for one in places(here.root, uses_gpu=True) if one.word == asked.word), None)
    if place is None:
        raise Missing(f"there is no place {asked.word}")
    script, of_job = "", ""
    for row in reversed(rows(here)):
        try:
            script, of_job = here.project.plan(row.process.name, changed=dict(place.values)), row.name
            break
        except (UserError, OSError):
            continue
    if not script:
        script = "No job of this project can be planned for it yet: a script is made from a job's settings."
    return PlaceAnswer(script=script, answer=place.fault or _answer(asked.word), of_job=of_job)


def _answer(word: str) -> str:
    if word != "queue":
        return "This place needs no queue."
    known = slurm.states()
    if known is None:
        return "The queue does not answer: squeue failed, or is not there."
    return f"The queue answers; it knows {len(known)} {'job' if len(known) == 1 else 'jobs'} of yours."


@router.put("/places/profiles/{name}")
def keep_profile(here: Acting, request: Request, name: str, wish: ProfileRow) -> PlacesPage:
    """Keep a run profile in the project; an older one of the same name is replaced."""
    lines = tuple(profile.WorkerCommand(**line.model_dump()) for line in wish.workers)
    made = profile.checked(profile.Profile(name, lines, wish.manager or profile.COMMAND, wish.address))
    profile.write(profile.folders(here.root)[0], made)
    request.app.state.events.tell(Change("project"))
    return all_places(here)
