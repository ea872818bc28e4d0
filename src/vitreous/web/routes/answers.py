"""Questions of jobs to a person: a draft, kept after each stroke and merged between browsers; the answer, which runs the job."""

import json
import threading
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, JsonValue

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.job.declare import AskJob
from vitreous.job.options import as_plain
from vitreous.run.asking import question_of
from vitreous.web import drafts, reading
from vitreous.web.done import Done, done
from vitreous.web.opened import Acting, Opened, ProjectHere
from vitreous.web.routes.acts import refuse_at_work

router = APIRouter(tags=["answers"])

ANSWER = "answer.json"
_one_at_a_time = threading.Lock()
Name = Annotated[str, Query(pattern="^[a-z0-9_]{1,40}$", description="which draft of the job: its page's word")]
Who = Annotated[str, Query(max_length=64, description="this browser, which has its own history of steps")]
Key = Annotated[str, Field(max_length=1000)]


class Steps(BaseModel):
    """A history: steps from number `first` on (from 0), and how many of all steps stand; the others can be done again."""

    first: int = Field(0, ge=0)
    steps: list[JsonValue] = Field([], max_length=drafts.MOST_STEPS)
    at: int = Field(0, ge=0)


class Draft(BaseModel):
    """An answer in the making. entries: by key; state: this browser's history."""

    rev: int
    entries: dict[str, JsonValue]
    state: Steps


class DraftChange(BaseModel):
    """Entries that are set (null takes one away), seen from revision rev; state: what is new in this browser's history."""

    rev: int = Field(0, ge=0)
    ops: dict[Key, JsonValue] = Field({}, max_length=100_000)
    state: Steps | None = None


class DraftSaved(BaseModel):
    """The revision after a change, and what others have changed since the one it was seen from (null: taken away)."""

    rev: int
    others: dict[str, JsonValue]


class DraftConflict(BaseModel):
    """Why a change was not taken: others changed the same keys; what stands there now."""

    sentence: str
    rev: int
    others: dict[str, JsonValue]


class Question(BaseModel):
    """What a job asks: the word of a page, "" when it asks nothing (more); the option values that the page needs."""

    job: str
    question: str
    answered: bool
    kind: str
    title: str
    values: dict[str, JsonValue]


class Answer(BaseModel):
    """The answer to a job's question; `answer` goes into the file as it is. start: run the job at once."""

    kind: Literal["picks", "micrographs", "rows", "classes", "mask"]
    answer: dict[str, JsonValue] = {}
    start: bool = True
    draft: Annotated[str, Field(pattern="^[a-z0-9_]{0,40}$")] = ""


@router.get("/jobs/{n}/draft")
def draft(here: ProjectHere, n: str, of: Name = "answer", who: Who = "") -> Draft:
    """The draft of a job's answer."""
    found = drafts.read(_folder(here, n), of)
    entries = {key: entry.value for key, entry in found.entries.items() if entry.value is not None}
    return Draft(rev=found.rev, entries=entries, state=Steps(first=0, **found.history(who)))


@router.put("/jobs/{n}/draft", responses={409: {"model": DraftConflict}}, response_model=DraftSaved)
def put_draft(
    here: Acting,
    n: str,
    change: DraftChange,
    of: Name = "answer",
    who: Who = "",
    if_match: Annotated[str, Header(max_length=40, description="the revision it was seen from, in the place of rev")] = "",
) -> DraftSaved | JSONResponse:
    """Change a draft; refused, with what stands there, when another browser has changed the same entries meanwhile."""
    _text([change.ops, change.state.steps if change.state else []])
    rev = _revision(if_match) if if_match else change.rev
    with drafts.changing(_folder(here, n), of) as found:
        newer = found.since(rev)
        both = {key: newer[key].value for key in change.ops if key in newer and newer[key].value != change.ops[key]}
        if both:
            said = f"another window has changed {len(both)} of these meanwhile, such as {next(iter(both))}"
            conflict = DraftConflict(sentence=said, rev=found.rev, others={key: entry.value for key, entry in newer.items()})
            return JSONResponse(conflict.model_dump(), status_code=409)
        if change.ops:
            found.put(change.ops)
        if who and change.state:
            found.put_history(who, change.state.first, change.state.steps, change.state.at)
        others = {key: entry.value for key, entry in newer.items() if key not in change.ops}
        return DraftSaved(rev=found.rev, others=others)


@router.get("/jobs/{n}/question")
def question(here: ProjectHere, n: str) -> Question:
    """What a job asks, and the settings that its page needs."""
    name = reading.job_name(here, n)
    loaded = here.project.loaded(name)
    answered = (here.project.layout.job(name) / ANSWER).is_file()
    asked = question_of(loaded.job)
    return Question(
        job=name,
        question=asked,
        answered=answered,
        kind=loaded.job.type.command,
        title=loaded.job.type.title,
        values=as_plain(loaded.job),
    )


@router.post("/jobs/{n}/answer")
def answer(here: Acting, request: Request, n: str, given: Answer) -> Done:
    """Answer a job: the answer is kept as a file in its folder, and the job runs with it."""
    name = reading.job_name(here, n)
    short = name.rstrip("/")
    loaded = here.project.loaded(name)
    if not isinstance(loaded.job, AskJob) or not hasattr(loaded.job, "answer"):
        raise UserError(f"{short} asks nothing: it is no job that a person answers")
    asked = question_of(loaded.job)
    if asked and asked != given.kind and {asked, given.kind} != {"micrographs", "rows"}:
        raise UserError(f"{short} asks for {asked}, not for {given.kind}")
    path = Path(short) / ANSWER
    text = _text({**given.answer, "kind": given.kind})
    with _one_at_a_time:
        refuse_at_work(here, name)  # it reads the answer that it began with, unit by unit
        atomic.write_text(here.project.layout.root / path, text + "\n")
        if given.start:
            here.project.start(name, changed={"answer": str(path)})
    if given.draft:
        drafts.discard(_folder(here, n), given.draft)
    said = f"{short} is answered{' and runs' if given.start else ''}"
    return done(here, request, "answer", said, [name], topics=[f"progress:{n}", f"log:{n}", f"draft:{n}"])


def _folder(here: Opened, n: str) -> Path:
    return here.project.layout.job(reading.job_name(here, n))


def _text(value: object) -> str:
    """JSON of what a browser sent; numbers that are none and halves of characters, which no file can hold, are refused."""
    try:
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise UserError(f"this cannot be kept: {error}") from error
    return text


def _revision(text: str) -> int:
    word = text.strip().removeprefix("W/").strip('"')
    if not word.isdecimal() or len(word) > 18:
        raise UserError("If-Match holds no revision of a draft")
    return int(word)
