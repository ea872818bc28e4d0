"""The job types of this installation in processing order, plugged-in ones too, as the rail and the palette show them."""

from fastapi import APIRouter
from pydantic import BaseModel

from vitreous.job import registry
from vitreous.web.job_types import HEADS, WORDS, word_of
from vitreous.web.opened import FolderHere

router = APIRouter(tags=["types"])


class TypeRow(BaseModel):
    """A job type: its command word, RELION's label, a short title, the full one, its head in the rail, words that find it."""

    type: str
    label: str
    title: str
    full_title: str
    head: str
    also: str
    help: str


class TypesPage(BaseModel):
    """All types in the order of the rail; `missing`: plugged-in types that could not be loaded, each with the reason."""

    heads: list[str]
    types: list[TypeRow]
    missing: dict[str, str]


@router.get("/types")
def types(here: FolderHere) -> TypesPage:
    """The job types in processing order."""
    order = {label: place for place, label in enumerate(WORDS)}
    found = []
    for command, cls in registry.job_types().items():
        word = word_of(cls.type.label)
        known = next((label for label in _shorter(cls.type.label) if label in order), "")
        own = cls.type.label in order or (bool(known) and known != registry.EXTERNAL)
        title = word.title if own else cls.type.title
        about = (cls.__doc__ or "").strip().partition("\n")[0]
        row = TypeRow(
            type=command,
            label=cls.type.label,
            title=title,
            full_title=cls.type.title,
            head=HEADS[word.head],
            also=f"{word.also} {command} {cls.type.folder}".lower(),
            help=about,
        )
        found.append((word.head, order.get(known, len(order)), row))
    found.sort(key=lambda entry: entry[:2])
    return TypesPage(heads=list(HEADS), types=[row for *_, row in found], missing=dict(registry.failures()))


def _shorter(label: str) -> list[str]:
    parts = label.split(".")
    return [".".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
