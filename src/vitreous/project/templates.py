"""Templates: named chains of jobs with blanks, kept as files of the project or of this user; made from jobs, and started."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.job import as_star, registry
from vitreous.job.declare import CONTINUE_FROM
from vitreous.job.faults import faults
from vitreous.job.options import as_text, build, options, value_of
from vitreous.job.placement import Placement, placement_options
from vitreous.project import adding
from vitreous.project.graph_model import Graph
from vitreous.project.latest import output_of
from vitreous.project.layout import Layout, folder_of, number_of
from vitreous.project.state import job_file
from vitreous.run.places import profile

STEP = re.compile(r"^@(?P<number>[0-9]{1,3})$")
"""A value that stands for the output of an earlier step: @1."""
MOST_STEPS = 40
WORD = re.compile(r"[^a-z0-9]+")


class Step(pydantic.BaseModel):
    """One job of a template: its type, the values that are not the default, and the settings that are asked for."""

    model_config = pydantic.ConfigDict(extra="forbid")
    type: str
    alias: str = ""
    values: dict[str, str] = {}
    blanks: list[str] = []


class Template(pydantic.BaseModel):
    """A named chain of jobs. Steps take the outputs of earlier ones by @1, @2 and so on."""

    model_config = pydantic.ConfigDict(extra="forbid")
    name: str
    note: str = ""
    steps: list[Step]


def folders(root: Path) -> dict[str, Path]:
    """Where templates lie: of a project, and of this user for all projects."""
    own, user = (folder.with_name("templates") for folder in profile.folders(root))
    return {"project": own, "user": user}


def word_of(name: str) -> str:
    """The name of a template's file, less .json."""
    word = WORD.sub("-", name.lower()).strip("-")[:80]
    if not word:
        raise UserError(f"a template cannot be called {name!r}: its name needs a letter or digit")
    return word


def known(root: Path) -> dict[str, tuple[str, Template]]:
    """All templates by word, with where each lies; the project's stand before the user's. Broken files are passed over."""
    found: dict[str, tuple[str, Template]] = {}
    for scope, folder in reversed(folders(root).items()):
        for path in sorted(folder.glob("*.json")):
            try:
                found[path.stem] = (scope, parse(path.read_text(encoding="utf-8"), str(path)))
            except (UserError, OSError, UnicodeDecodeError):
                continue
    return found


def find(root: Path, word: str) -> Template:
    """The template of a word."""
    found = known(root)
    if word not in found:
        raise UserError(f"there is no template {word!r}; there are {', '.join(found) or 'none yet'}")
    return found[word][1]


def parse(text: str, where: str = "this text") -> Template:
    """A template from its text, checked: types and settings that are known, steps that only look back."""
    try:
        template = Template.model_validate_json(text)
    except pydantic.ValidationError as error:
        raise UserError(f"{where} is no template: {error.errors()[0]['msg']}") from None
    return checked(template)


def checked(template: Template) -> Template:
    """The template, if it can be used."""
    if not 1 <= len(template.steps) <= MOST_STEPS:
        raise UserError(f"a template has 1 to {MOST_STEPS} steps, not {len(template.steps)}")
    word_of(template.name)
    for number, step in enumerate(template.steps, 1):
        names = set(_option_names(step.type))
        for name in (*step.values, *step.blanks):
            if name not in names:
                raise UserError(f"step {number} of {template.name}: {step.type} has no setting {name!r}")
        for name, text in step.values.items():
            found = STEP.match(text)
            if found and not 1 <= int(found["number"]) < number:
                raise UserError(
                    f"step {number} of {template.name}: {name} takes the output of step {found['number']}, which is not before it"
                )
    return template


def _class(word: str) -> type[Any]:
    cls = registry.by_command(word)
    if cls is None:
        raise UserError(f"a template needs the job type {word!r}, which is not known here")
    return cls


def _option_names(word: str) -> list[str]:
    cls = _class(word)
    return [option.name for option in (*options(cls), *placement_options(cls))]


def save(root: Path, template: Template, *, scope: str = "project") -> str:
    """Keep a template under its name; gives its word. One of the same name is replaced."""
    folder = folders(root)[scope]
    word = word_of(checked(template).name)
    folder.mkdir(parents=True, exist_ok=True)
    atomic.write_text(folder / f"{word}.json", text_of(template))
    return word


def text_of(template: Template) -> str:
    """A template as the text of its file."""
    return json.dumps(template.model_dump(), indent=1, ensure_ascii=False) + "\n"


def remove(root: Path, word: str) -> Template:
    """Take a template away; gives it, so that it can be put back."""
    scope, template = known(root).get(word, ("", None))
    if template is None:
        raise UserError(f"there is no template {word!r}")
    (folders(root)[scope] / f"{word}.json").unlink(missing_ok=True)
    return template


def of_jobs(layout: Layout, graph: Graph, names: Sequence[str], name: str) -> Template:
    """A template of jobs in order of number: what comes from one of them is taken over, other inputs are blanks."""
    ordered = sorted(dict.fromkeys(names), key=lambda one: number_of(one) or 0)
    steps = [_step(as_star.load(job_file(layout, one)), ordered) for one in ordered]
    return checked(Template(name=name, steps=steps))


def _step(loaded: as_star.Loaded, order: Sequence[str]) -> Step:
    values: dict[str, str] = {}
    blanks: list[str] = []
    for declared, found in ((loaded.job, options(type(loaded.job))), (loaded.placement, placement_options(type(loaded.job)))):
        for option in found:
            value = value_of(declared, option)
            if option.name in (CONTINUE_FROM, "answer") or (not option.required and value == option.default):
                continue
            maker = folder_of(as_text(value)) if option.is_input else ""
            if maker in order:
                values[option.name] = f"@{order.index(maker) + 1}"
            elif option.is_input:
                blanks.append(option.name)
            else:
                values[option.name] = as_text(value)
    return Step(type=loaded.job.type.command, values=values, blanks=blanks)


def filled(template: Template, answers: Mapping[str, str]) -> list[dict[str, str]]:
    """The values of each step with the blanks filled; answers are by "step.setting", counted from 1."""
    known_keys = {f"{number}.{name}" for number, step in enumerate(template.steps, 1) for name in step.blanks}
    unknown = [key for key in answers if key not in known_keys]
    if unknown:
        raise UserError(f"{template.name} has no blank {unknown[0]!r}")
    return [
        {**step.values, **{name: answers[key] for name in step.blanks if (key := f"{number}.{name}") in answers}}
        for number, step in enumerate(template.steps, 1)
    ]


def add(layout: Layout, graph: Graph, template: Template, answers: Mapping[str, str]) -> list[str]:
    """Schedule the jobs of a template in order; gives their names. All are judged before the first is added."""
    steps = filled(template, answers)
    pairs = zip(template.steps, steps, strict=True)
    checked(template.model_copy(update={"steps": [step.model_copy(update={"values": values}) for step, values in pairs]}))
    _judge(template, steps)
    made: list[str] = []
    for step, values in zip(template.steps, steps, strict=True):
        cls = _class(step.type)
        given = {
            name: made[int(found["number"]) - 1] if (found := STEP.match(text)) else _latest(graph, cls, name, text)
            for name, text in values.items()
        }
        placed = {option.name for option in placement_options(cls)}
        job = build(cls, {name: text for name, text in given.items() if name not in placed})
        placement = build(Placement, {name: text for name, text in given.items() if name in placed})
        made.append(adding.add(layout, job, placement=placement, alias=step.alias))
    return made


def _latest(graph: Graph, cls: type[Any], name: str, text: str) -> str:
    """A job's folder in the place of a file stands for its latest output of the kind, as far as there is one yet."""
    kind = next((option.input_kind.partition(".")[0] for option in options(cls) if option.is_input and option.name == name), "")
    job = text.rstrip("/") + "/"
    return output_of(graph, job, kind) or text if kind and job in graph.processes else text


def _judge(template: Template, steps: Sequence[Mapping[str, str]]) -> None:
    for number, (step, values) in enumerate(zip(template.steps, steps, strict=True), 1):
        cls = _class(step.type)
        placed = {option.name for option in placement_options(cls)}
        found = faults(cls, {name: text for name, text in values.items() if name not in placed})
        found |= faults(Placement, {name: text for name, text in values.items() if name in placed})
        for name, said in found.items():
            raise UserError(f"step {number}, {cls.type.title}: {name.replace('_', ' ')}: {said}")
