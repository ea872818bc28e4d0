"""Templates: named chains of jobs with blanks; listed, saved, made from jobs, taken in, given out and started."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.job.options import Option, options
from vitreous.job.placement import placement_options
from vitreous.project import follow, templates
from vitreous.project.graph_model import Graph
from vitreous.project.layout import number_of
from vitreous.project.templates import Step, Template
from vitreous.run.asking import question_of
from vitreous.web.form_shapes import FormField
from vitreous.web.offers import each_offer
from vitreous.web.opened import Acting, Opened, ProjectHere
from vitreous.web.reading import reading
from vitreous.web.routes.checks import Name, Text
from vitreous.web.routes.forms import field_shape, type_of
from vitreous.web.routes.starting import Added

router = APIRouter(tags=["templates"])

Scope = Literal["project", "user"]


class Blank(BaseModel):
    """A setting that is asked for: its key, and the value that stands in the template."""

    key: str
    field: FormField
    value: str


class StepRow(BaseModel):
    """One job of a template: its type, and the steps whose outputs it takes."""

    type: str
    title: str
    alias: str
    takes: list[int]
    changed: int


class TemplateRow(BaseModel):
    """A template as a card shows it."""

    word: str
    name: str
    note: str
    scope: str
    steps: list[StepRow]
    blanks: list[Blank]


class NewTemplate(BaseModel):
    """A template to be kept."""

    name: Name
    note: Text = ""
    steps: Annotated[list[Step], Field(max_length=templates.MOST_STEPS)]
    scope: Scope = "project"


class FromJobs(BaseModel):
    """Jobs, by number, of which a template is made."""

    jobs: Annotated[list[Name], Field(min_length=1, max_length=templates.MOST_STEPS)]
    name: Name
    scope: Scope = "project"


class Incoming(BaseModel):
    """The text of a template's file."""

    text: Annotated[str, Field(max_length=500_000)]
    scope: Scope = "project"


class Answers(BaseModel):
    """What stands in the blanks, by key; start: the jobs run as soon as each can."""

    answers: dict[Name, Text] = {}
    start: bool = False


class StartedTemplate(BaseModel):
    """The jobs that a template has made."""

    jobs: list[Added]


@router.get("/templates")
def listed(here: ProjectHere) -> list[TemplateRow]:
    """All templates of the project and of this user."""
    graph = reading(here).graph()
    return [_row(here, graph, word, scope, one) for word, (scope, one) in sorted(templates.known(here.root).items())]


@router.post("/templates")
def save(here: Acting, form: NewTemplate) -> TemplateRow:
    """Keep a template; one of the same name is replaced."""
    return _kept(here, Template(name=form.name.strip(), note=form.note, steps=form.steps), form.scope)


@router.post("/templates/from-jobs")
def from_jobs(here: Acting, form: FromJobs) -> TemplateRow:
    """Make a template of jobs of the project."""
    names = [here.project.find(word) for word in form.jobs]
    return _kept(here, templates.of_jobs(here.project.layout, reading(here).graph(), names, form.name.strip()), form.scope)


@router.post("/templates/import")
def take_in(here: Acting, form: Incoming) -> TemplateRow:
    """Keep a template that was given out elsewhere."""
    return _kept(here, templates.parse(form.text), form.scope)


@router.get("/templates/{word}/file")
def give_out(here: ProjectHere, word: str) -> Response:
    """A template as a file, to be taken in elsewhere."""
    text = templates.text_of(templates.find(here.root, word))
    name = templates.word_of(word)
    return Response(text, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}.json"'})


@router.delete("/templates/{word}")
def remove(here: Acting, word: str) -> Template:
    """Take a template away; gives it, so that it can be kept again."""
    return templates.remove(here.root, word)


@router.post("/templates/{word}/start")
def start(here: Acting, word: str, form: Answers) -> StartedTemplate:
    """Add the jobs of a template, and let them run in order if asked; a job with a question waits for its answer."""
    template = templates.find(here.root, word)
    graph = reading(here).graph()
    for path in form.answers.values():
        if "\0" in path:
            raise UserError("a value holds a character that no file name may hold")
    names = templates.add(here.project.layout, graph, template, form.answers)
    if form.start:
        follow.in_background(here.project.layout, names, follow.Limits(), only=True)
    made = []
    for name in names:
        question = question_of(here.project.loaded(name).job)
        said = "waits for your answer" if question else "runs as soon as it can" if form.start else "is scheduled"
        plain = name.rstrip("/")
        number = f"{number_of(name) or 0:03d}"
        made.append(
            Added(number=number, name=plain, said=f"{plain} {said}", question=question, started=form.start and not question)
        )
    return StartedTemplate(jobs=made)


def _kept(here: Opened, template: Template, scope: Scope) -> TemplateRow:
    word = templates.save(here.root, template, scope=scope)
    return _row(here, reading(here).graph(), word, scope, template)


def _row(here: Opened, graph: Graph, word: str, scope: str, template: Template) -> TemplateRow:
    steps, blanks = [], []
    for number, step in enumerate(template.steps, 1):
        cls = type_of(step.type)
        known: dict[str, Option] = {option.name: option for option in (*options(cls), *placement_options(cls))}
        takes = sorted({int(found["number"]) for text in step.values.values() if (found := templates.STEP.match(text))})
        changed = sum(1 for text in step.values.values() if not templates.STEP.match(text))
        steps.append(StepRow(type=step.type, title=cls.type.title, alias=step.alias, takes=takes, changed=changed))
        for name in step.blanks:
            shape = field_shape(known[name], usual=True)
            shape.label = f"{shape.label} of {cls.type.title}" if len(template.steps) > 1 else shape.label
            shape.name = f"{number}.{name}"
            newest = next((one.path for one in each_offer(here, graph, shape.node_kind)), "") if shape.node_kind else ""
            blanks.append(Blank(key=f"{number}.{name}", field=shape, value=step.values.get(name) or newest or shape.default))
    return TemplateRow(word=word, name=template.name, note=template.note, scope=scope, steps=steps, blanks=blanks)
