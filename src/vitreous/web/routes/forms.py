"""The form of a job type, filled: with what was last used, a job's values, its outputs in the slots, or what the address says."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from vitreous.context import UserError
from vitreous.job import as_star, registry
from vitreous.job.as_form import field_of
from vitreous.job.declare import CONTINUE_FROM, AskJob, LoopJob, MapJob
from vitreous.job.options import Option, options
from vitreous.job.tabs import tabs
from vitreous.project.graph_model import Graph
from vitreous.project.state import job_file
from vitreous.web import filling, placing
from vitreous.web.filling import Filled
from vitreous.web.form_shapes import Form, FormField, FormTab
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.problems import Missing
from vitreous.web.reading import reading

router = APIRouter(tags=["forms"])


def type_of(word: str) -> type[Any]:
    """The job type of a command word."""
    found = registry.by_command(word)
    if found is None:
        raise Missing(f"there is no job type {word!r}; there are {', '.join(registry.job_types())}")
    return found


@router.get("/forms/{type}")
def new_form(here: ProjectHere, type: str, request: Request, source: Annotated[str, Query(alias="from")] = "") -> Form:
    """A new form of a type. from: a job whose values (same type) or outputs (another type) it takes."""
    cls = type_of(type)
    graph = reading(here).graph()
    filled = filling.fresh(here, cls, graph)
    if source:
        name = here.project.find(source)
        if _class_of(here, name) is cls:
            filling.copied(here, filled, name)
        else:
            filling.fed(here, filled, cls, graph, name)
    filling.linked(filled, cls, request.query_params)
    return _form(here, cls, filled)


@router.get("/jobs/{job}/form")
def job_form(here: ProjectHere, job: str) -> Form:
    """The form of a job with its values, and what may not be changed with the reason."""
    name = reading(here).name(job)
    graph = reading(here).graph()
    try:
        loaded = here.project.loaded(name)
    except UserError as error:
        return _foreign(here, name, graph, str(error))
    cls = type(loaded.job)
    filled = filling.fresh(here, cls, graph)
    filled.values = filling.texts(loaded)
    filled.origins = dict.fromkeys(filled.values, "job")
    made = _form(here, cls, filled)
    made.job, made.state = name.rstrip("/"), graph.processes[name].status
    made.locks = locks(here, graph, name, loaded)
    return made


def locks(here: Opened, graph: Graph, name: str, loaded: as_star.Loaded) -> dict[str, str]:
    """What may not change in a job as it stands, with the reason."""
    if graph.processes[name].status == "Running" and not here.project.has_died(graph.processes[name]):
        return dict.fromkeys(filling.texts(loaded), "the job is at work: stop it first")
    job = loaded.job
    if not isinstance(job, LoopJob) or not job.saved(here.project.layout.job(name)):
        return {}
    why = "the iterations that are there began with this; copy the job to use another"
    return {option.name: why for option in options(type(job)) if option.is_input and option.name != CONTINUE_FROM}


def _class_of(here: Opened, name: str) -> type[Any] | None:
    try:
        return as_star.job_class(as_star.read(job_file(here.project.layout, name)))
    except UserError:
        return None


def _form(here: Opened, cls: type[Any], filled: Filled) -> Form:
    kind = cls.type
    return Form(
        type=kind.command,
        title=kind.title,
        label=kind.label,
        help=(cls.__doc__ or "").strip(),
        may_ask=issubclass(cls, AskJob),
        may_follow=issubclass(cls, MapJob) and cls.follows,
        uses_gpu=kind.uses_gpu,
        tabs=[FormTab(name=name, fields=_fields(found)) for name, found in tabs(cls).items()],
        values=filled.values,
        origins=filled.origins,
        last=filled.last,
        places=placing.places(here.root, uses_gpu=kind.uses_gpu),
        note=filled.note,
    )


def _fields(found: list[Option]) -> list[FormField]:
    """The settings of one tab. Where none is declared as usual, those are that no switch governs."""
    anyhow = not any(option.usual for option in found)
    return [field_shape(option, usual=option.usual or (anyhow and option.when is None)) for option in found]


def field_shape(option: Option, *, usual: bool) -> FormField:
    """One setting as a page receives it."""
    said = field_of(option)
    known: Mapping[str, Any] = {name: said[name] for name in ("low", "high", "step", "minimum", "maximum") if name in said}
    return FormField(
        name=option.name,
        label=label_of(option),
        kind="slot" if option.is_input else said["type"],
        help=said["help"],
        default=said["default_text"],
        required=option.required,
        usual=usual,
        unit=said.get("unit", ""),
        node_kind=option.input_kind,
        flag=option.flag,
        relion=list(option.relion),
        choices=list(option.choices),
        when=option.when or "",
        why_grey=f"needs “{option.when.replace('_', ' ')}” switched on" if option.when else "",
        **known,
    )


SHORT = {word.lower(): word for word in ("CTF", "GPU", "GPUs", "MTF", "EM", "FOM", "FSC", "EER", "Cs")} | {
    "bfactor": "B-factor",
    "half1": "half map",
}
"""Words of settings' names that are not written in small letters."""


def label_of(option: Option) -> str:
    """A setting's name for people: less its unit, which stands behind the value."""
    unit = getattr(option.about, "unit", "")
    words = option.name
    for tail in ("_e_A2", "_A2", "_px2", "_A", "_px", "_deg", "_kV", "_mm", "_mrad", "_GB", "_kDa", "_s", "_h"):
        if unit and words.endswith(tail):
            words = words.removesuffix(tail)
            break
    plain = " ".join(SHORT.get(word, word) for word in words.split("_"))
    return plain[:1].upper() + plain[1:]


def _foreign(here: Opened, name: str, graph: Graph, why: str) -> Form:
    """A job of a type that we do not have, as its file says it; nothing can be changed."""
    said = as_star.read(job_file(here.project.layout, name))
    fields = [
        FormField(name=key, label=key, kind="text", help="As RELION wrote it.", default="", usual=True, relion=[key])
        for key in sorted(said.values)
    ]
    label = graph.processes[name].label
    return Form(
        type="",
        title=label,
        label=label,
        help="",
        may_ask=False,
        may_follow=False,
        uses_gpu=False,
        tabs=[FormTab(name="As RELION wrote it", fields=fields)],
        values=dict(said.values),
        origins=dict.fromkeys(said.values, "job"),
        last={},
        locks=dict.fromkeys(said.values, "this type of job can be looked at, not changed here"),
        job=name.rstrip("/"),
        state=graph.processes[name].status,
        unsupported=why.partition("; supported are")[0],
    )
