"""Judges a filled form as it is typed: faults, a sentence of what it will do, the commands, the script; nothing is created."""

import shlex
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from vitreous.context import UserError
from vitreous.job.tabs import tabs
from vitreous.project import printed, starting
from vitreous.project.layout import alias_fault, job_name
from vitreous.run.asking import question_of
from vitreous.web import filling
from vitreous.web.judging import Judged, judge
from vitreous.web.measuring import Measured, measured
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.reading import reading
from vitreous.web.routes.forms import type_of
from vitreous.web.scanning import Scan, scanned
from vitreous.web.sentences import sentence

router = APIRouter(tags=["forms"])

Text = Annotated[str, StringConstraints(max_length=20_000)]
Name = Annotated[str, StringConstraints(max_length=200)]


class FormValues(BaseModel):
    """The values of a form as texts; job: the number of a job that they change, empty for a new one."""

    values: Annotated[dict[Name, Text], Field(max_length=500)]
    alias: Name = ""
    job: Name = ""


class FieldSaid(BaseModel):
    """What is said of one setting; field and tab are empty where it is said of the whole."""

    field: str
    tab: str
    sentence: str


class Command(BaseModel):
    """The command of a job: as the next job of the project, and by itself with a folder of its own."""

    pipeline: str
    plain: str


class Check(BaseModel):
    """What a form's values amount to. script: what is handed to a queue. jobs: how many it makes; scan: what differs in them."""

    errors: list[FieldSaid]
    warnings: list[FieldSaid]
    sentence: str
    command: Command | None = None
    script: str = ""
    submit: str = ""
    jobs: int = 1
    scan: list[str] = []
    question: str = ""
    changes: list[str] = []
    measured: dict[str, Measured] = {}


@router.post("/forms/{type}/check")
def check(here: ProjectHere, type: str, form: FormValues) -> Check:
    """Judge the values of a form. Nothing is created."""
    cls = type_of(type)
    tab_of = {option.name: tab for tab, found in tabs(cls).items() for option in found}
    try:
        scan = Scan([dict(form.values)], []) if form.job else scanned(cls, form.values)
    except UserError as error:
        return Check(errors=[FieldSaid(field="", tab="", sentence=str(error))], warnings=[], sentence="")
    judged = [judge(here, cls, values) for values in scan.jobs]
    changes, refused = _changes(here, form)
    made = Check(
        errors=_said({**refused, **_first(judged, "errors")}, tab_of),
        warnings=_said(_first(judged, "warnings"), tab_of),
        sentence=_sentence(cls, scan, here),
        jobs=len(scan.jobs),
        scan=scan.fields,
        changes=changes,
        measured=measured(here, cls, scan.jobs[0]),
    )
    if judged[0].loaded is not None:
        _command(here, form, judged[0], made)
    return made


def _first(judged: list[Judged], what: str) -> dict[str, str]:
    """What is said of each setting in the first job of a scan that says anything of it."""
    found: dict[str, str] = {}
    for one in judged:
        found = {**getattr(one, what), **found}
    return found


def _said(sentences: dict[str, str], tab_of: dict[str, str]) -> list[FieldSaid]:
    return [FieldSaid(field=name, tab=tab_of.get(name, ""), sentence=said) for name, said in sentences.items()]


def _sentence(cls: type, scan: Scan, here: Opened) -> str:
    said = sentence(cls, {**filling.defaults(cls), **scan.jobs[0]}, here.root)
    if len(scan.jobs) == 1:
        return said
    listed = " and ".join(name.replace("_", " ") for name in scan.fields)
    return f"{len(scan.jobs)} jobs that differ in {listed}. The first: {said}"


def _command(here: Opened, form: FormValues, judged: Judged, made: Check) -> None:
    """The commands and the script of the job, or of the first of a scan."""
    loaded = judged.whole
    made.question = question_of(loaded.job)
    graph = reading(here).graph()
    name = reading(here).name(form.job) if form.job else job_name(loaded.job.type.folder, graph.counter)
    root = shlex.quote(str(here.root))
    line = printed.command(loaded.job, loaded.placement, seed=loaded.seed, alias="" if form.job else form.alias)
    plain = printed.command(loaded.job, loaded.placement, seed=loaded.seed, out=name)
    pipeline = _continued(here, form, name) if form.job else line
    made.command = Command(pipeline=f"cd {root}\n{pipeline}", plain=f"cd {root}\n{plain}")
    if form.alias and not form.job and _alias_fault(form.alias):
        made.errors.append(FieldSaid(field="alias", tab="", sentence=_alias_fault(form.alias)))
    if starting.goes_away(loaded.placement):
        try:
            plan = starting.plan(here.project.layout, name, loaded, {})
            made.script, made.submit = plan.script or plan.command, plan.submit
        except UserError as error:
            made.errors.append(FieldSaid(field="", tab="", sentence=str(error)))


def _alias_fault(alias: str) -> str:
    fault = alias_fault(alias.strip().replace(" ", "_"))
    return f"the name {fault}" if fault else ""


def changed_values(here: Opened, job: str, values: dict[str, str]) -> dict[str, str]:
    """The settings that differ from those of a job of the project."""
    before = filling.texts(here.project.loaded(reading(here).name(job)))
    return {name: text for name, text in values.items() if name in before and before[name] != text and name != filling.SEED}


def _changes(here: Opened, form: FormValues) -> tuple[list[str], dict[str, str]]:
    """What a changed job would do otherwise, a line each; and the changes that it cannot take."""
    if not form.job:
        return [], {}
    changed = changed_values(here, form.job, form.values)
    try:
        here.project.loaded(reading(here).name(form.job), changed)
    except UserError as error:
        return [], {"": str(error)} if changed else {}
    return here.project.changes(reading(here).name(form.job), changed), {}


def _continued(here: Opened, form: FormValues, name: str) -> str:
    changed = changed_values(here, form.job, form.values)
    parts = [part for option, text in changed.items() for part in ("--set", f"{option}={text}")]
    return shlex.join(["vitreous", "project", "continue", name.rstrip("/"), *parts])
