"""New jobs from filled forms: added to the project, and run, or left to wait; and jobs that go on with changed values."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.job.as_star import Loaded
from vitreous.project import follow
from vitreous.project.layout import number_of
from vitreous.run.asking import question_of
from vitreous.run.watching import given_inputs
from vitreous.web.judging import judge
from vitreous.web.opened import Acting, Opened
from vitreous.web.reading import reading
from vitreous.web.routes.checks import FormValues, Name, Text, changed_values
from vitreous.web.routes.forms import type_of
from vitreous.web.scanning import scanned
from vitreous.web.undoing import journal

router = APIRouter(tags=["forms"])


class NewJob(FormValues):
    """A form that is to become a job, or one for each value of a list. start: run at once; follow: run as its input comes."""

    type: Name
    start: bool = False
    follow: bool = False
    script: Text = ""


class Changed(BaseModel):
    """Values with which a job goes on."""

    changed: dict[Name, Text] = {}
    values: dict[Name, Text] = {}
    script: Text = ""


class Added(BaseModel):
    """A job that was added, and what became of it. question: what a person must answer before it can run."""

    number: str
    name: str
    said: str
    question: str = ""
    started: bool = False
    fault: str = ""


class AddedJobs(BaseModel):
    """The first job that was added, and all of them; undo: the reference by which jobs that only wait are taken away again."""

    number: str
    name: str
    question: str
    jobs: list[Added]
    undo: str | None = None


@router.post("/jobs")
def add(here: Acting, form: NewJob) -> AddedJobs:
    """Add the job of a form, or the jobs of a scan, and start them if asked."""
    cls = type_of(form.type)
    scan = scanned(cls, form.values)
    loaded = [judge(here, cls, values).whole for values in scan.jobs]  # all are judged before the first is added
    alias = form.alias.strip().replace(" ", "_")
    names = [f"{alias}_{number}" if alias and len(loaded) > 1 else alias for number in range(1, len(loaded) + 1)]
    made = [_added(here, one, name) for one, name in zip(loaded, names, strict=True)]
    if form.start and not made[0].question:
        _start(here, loaded, made, form)
    first, names = made[0], [f"{one.name}/" for one in made]
    waits = (
        ""
        if form.start and not first.question
        else journal.record(
            here.project.layout, "schedule", f"{', '.join(one.name for one in made)} scheduled", names, {"way": "schedule"}
        )
    )
    return AddedJobs(number=first.number, name=first.name, question=first.question, jobs=made, undo=waits or None)


def _added(here: Opened, loaded: Loaded, alias: str) -> Added:
    name = here.project.add(loaded.job, placement=loaded.placement, seed=loaded.seed, alias=alias)
    question = question_of(loaded.job)
    said = f"{name.rstrip('/')} waits for your answer" if question else f"{name.rstrip('/')} is scheduled"
    return Added(number=f"{number_of(name) or 0:03d}", name=name.rstrip("/"), said=said, question=question)


def _start(here: Opened, loaded: list[Loaded], made: list[Added], form: NewJob) -> None:
    """One job that can begin is started; several run one after another, and one whose input is not there yet as it comes."""
    if len(made) == 1 and _is_ready(here, loaded[0].job) and not form.follow:
        try:
            made[0].said = here.project.start(made[0].name, script=form.script)
            made[0].started = True
        except UserError as error:
            made[0].fault = f"{made[0].name} is scheduled, but was not started: {error}"
        return
    limits = follow.Limits(jobs=1 if len(made) > 1 else 0)
    follow.in_background(here.project.layout, [f"{one.name}/" for one in made], limits, only=True)
    for one in made:
        one.started = True
        one.said = f"{one.name} runs as soon as it can"


def _is_ready(here: Opened, job: Any) -> bool:
    return all((here.root / path).exists() for path in given_inputs(job))


@router.post("/jobs/{job}/start")
def start(here: Acting, job: str, form: Changed) -> Added:
    """Start a scheduled job, or go on with one, with the values that differ from its own; makes no new folder."""
    name = reading(here).name(job)
    changed = {**(changed_values(here, name, form.values) if form.values else {}), **form.changed}
    loaded = here.project.loaded(name, changed)
    answer = Added(number=f"{number_of(name) or 0:03d}", name=name.rstrip("/"), said="", question=question_of(loaded.job))
    if answer.question:
        answer.said = f"{answer.name} waits for your answer"
        return answer
    answer.said = here.project.start(name, changed=changed, script=form.script)
    answer.started = True
    return answer
