"""What a slot of a form may take: outputs of the project of a fitting kind, newest first."""

from fastapi import APIRouter
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.nodes import KINDS
from vitreous.web.offers import Offer, count, glanced, offers
from vitreous.web.opened import ProjectHere
from vitreous.web.reading import reading

router = APIRouter(tags=["forms"])


class Offers(BaseModel):
    """The newest offers, and how many there are."""

    offers: list[Offer]
    total: int


class Seen(BaseModel):
    """What a look at a file tells."""

    path: str
    count: int | None = None
    box: int | None = None
    pixel_size_A: float | None = None


def checked_kind(word: str) -> str:
    """The word of a kind, if it is one."""
    if word.partition(".")[0] not in KINDS:
        raise UserError(f"no kind of result is called {word!r}; known are {', '.join(sorted(KINDS))}")
    return word


@router.get("/slots")
def slots(here: ProjectHere, kind: str, q: str = "") -> Offers:
    """The outputs that fit a slot of this kind; q: words that path, alias or job must hold."""
    graph = reading(here).graph()
    word = checked_kind(kind)
    return Offers(offers=offers(here, graph, word, q), total=count(graph, word, q))


@router.get("/slots/seen")
def seen(here: ProjectHere, path: str, kind: str) -> Seen:
    """Count, box and pixel size of one file, for a slot that holds it."""
    return Seen(path=path, **glanced(here.inside(path), checked_kind(kind).partition(".")[0]).model_dump())
