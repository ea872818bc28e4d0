"""Schemes (RELION 4, 5) and schedules (3.1): how they stand, their variables and graph, and the acts of RELION's menu."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.project.schemes import folder as folders
from vitreous.project.schemes import lock
from vitreous.project.schemes.door import ProjectScheme
from vitreous.project.schemes.model import UNDEFINED, Scheme
from vitreous.web.opened import Acting, Opened, ProjectHere
from vitreous.web.problems import Missing
from vitreous.web.telling import log

router = APIRouter(tags=["schemes"])

LOG_LINES = 200


class SchemeRow(BaseModel):
    """A Scheme in the list. state: stands, runs or died; at: the current node; problem: why it cannot be read."""

    word: str
    name: str
    flavour: str
    state: str
    at: str = ""
    nodes: int = 0
    problem: str = ""


class VariableRow(BaseModel):
    """A variable with what a reset makes of it."""

    name: str
    kind: str
    value: str
    reset: str


class NodeRow(BaseModel):
    """A node: an operator with its meaning, or a job with its mode and, once started, its job in the project."""

    name: str
    kind: Literal["operator", "job", "exit"]
    meaning: str
    job: str = ""
    mode: str = ""
    has_started: bool = False
    level: int


class SchemeEdge(BaseModel):
    """From a node to the next; a fork has two, of which `when` names the variable and its value."""

    begin: str
    end: str
    when: str = ""


class SchemeShown(SchemeRow):
    """A Scheme with all that is in it, and the end of what it printed."""

    variables: list[VariableRow]
    graph: list[NodeRow]
    edges: list[SchemeEdge]
    owner: str = ""
    log: str = ""


class NewScheme(BaseModel):
    """A new, empty one; schedule: in the way of RELION 3.1."""

    word: str = Field(min_length=1, max_length=100)
    schedule: bool = False


class NewValue(BaseModel):
    """A variable's value as text; also_reset: a reset gives this too."""

    value: str = Field(max_length=1000)
    also_reset: bool = False


class SchemeStart(BaseModel):
    """Where to begin: a node, or empty for the current one."""

    node: str = ""


class SchemeSaid(BaseModel):
    """What an act has done, in words, and the Scheme as it stands then."""

    sentence: str
    scheme: SchemeShown


@router.get("/schemes")
def schemes(here: ProjectHere) -> list[SchemeRow]:
    """All Schemes of the project."""
    return [_row(ProjectScheme(here.project, folder)) for folder in folders.all_of(here.project.layout.root)]


@router.get("/schemes/{word}")
def scheme(here: ProjectHere, word: str, lines: Annotated[int, Query(ge=0, le=5000)] = LOG_LINES) -> SchemeShown:
    """One Scheme."""
    return _shown(_found(here, word), lines)


@router.post("/schemes")
def new_scheme(here: Acting, asked: NewScheme) -> SchemeSaid:
    """Make an empty Scheme."""
    made = here.project.new_scheme(asked.word, schedule=asked.schedule)
    return SchemeSaid(sentence=f"{made.folder.name} is made; add its variables, operators and jobs", scheme=_shown(made))


@router.post("/schemes/{word}/start")
def start(here: Acting, word: str, asked: SchemeStart) -> SchemeSaid:
    """Run it in a process of its own, from its current node or another."""
    found = _found(here, word)
    if asked.node:
        found.set_node(asked.node)
    found.start()
    return SchemeSaid(sentence=f"{found.folder.name} runs", scheme=_shown(found))


@router.post("/schemes/{word}/abort")
def abort(here: Acting, word: str) -> SchemeSaid:
    """Ask it, and the job it waits for, to stop."""
    found = _found(here, word)
    return SchemeSaid(sentence=found.abort(), scheme=_shown(found))


@router.post("/schemes/{word}/reset")
def reset(here: Acting, word: str) -> SchemeSaid:
    """Variables to their reset values, jobs as never started, back to the first node."""
    found = _found(here, word)
    found.reset()
    return SchemeSaid(sentence=f"{found.folder.name} is as before its first run", scheme=_shown(found))


@router.post("/schemes/{word}/unlock")
def unlock(here: Acting, word: str, force: bool = False) -> SchemeSaid:
    """Break the lock that a crash has left."""
    found = _found(here, word)
    return SchemeSaid(sentence=found.unlock(force=force), scheme=_shown(found))


@router.put("/schemes/{word}/variables/{name}")
def set_variable(here: Acting, word: str, name: str, asked: NewValue) -> SchemeSaid:
    """Give a variable a value of its own type."""
    found = _found(here, word)
    found.set_variable(name, asked.value, also_reset=asked.also_reset)
    return SchemeSaid(sentence=f"{name} is {asked.value}", scheme=_shown(found))


def _found(here: Opened, word: str) -> ProjectScheme:
    try:
        return here.project.scheme(word)
    except UserError as error:
        raise Missing(str(error)) from error


def _row(found: ProjectScheme) -> SchemeRow:
    row = SchemeRow(word=found.folder.word, name=found.folder.name, flavour=found.folder.flavour, state=found.state())
    try:
        read = found.read()
    except UserError as error:
        return row.model_copy(update={"problem": str(error)})
    at = "" if read.current == UNDEFINED else read.current
    return row.model_copy(update={"at": at, "nodes": len(read.operators) + len(read.jobs)})


def _shown(found: ProjectScheme, lines: int = LOG_LINES) -> SchemeShown:
    row, read = _row(found), found.read()
    text = log.window(found.folder.log, from_line=-lines, count=lines).lines if lines else []
    return SchemeShown(
        **row.model_dump(),
        variables=[
            VariableRow(name=name, kind=one.kind, value=str(one.value), reset=str(one.reset))
            for name, one in read.variables.items()
        ],
        graph=_nodes(read),
        edges=list(_edges(read)),
        owner=lock.owner(found.folder) if lock.is_held(found.folder) else "",
        log="\n".join(text),
    )


def _edges(read: Scheme) -> list[SchemeEdge]:
    found = []
    for edge in read.edges:
        if edge.is_fork:
            found.append(SchemeEdge(begin=edge.from_, end=edge.if_true, when=edge.boolean))
            found.append(SchemeEdge(begin=edge.from_, end=edge.to, when=f"not {edge.boolean}"))
        else:
            found.append(SchemeEdge(begin=edge.from_, end=edge.to))
    return found


def _nodes(read: Scheme) -> list[NodeRow]:
    """The nodes in the order in which a first round meets them, each with its depth from the first."""
    levels = _levels(read)
    ordered = [*sorted(levels, key=lambda name: levels[name])]
    ordered += [name for name in (*read.operators, *read.jobs) if name not in levels]
    last = max(levels.values(), default=0) + 1
    return [_node(read, name, levels.get(name, last)) for name in ordered]


def _levels(read: Scheme) -> dict[str, int]:
    """How many steps from the first node each node is first met."""
    if not read.edges and not read.start:
        return {}
    levels, ring = {read.first_node: 0}, [read.first_node]
    while ring:
        following = []
        for name in ring:
            for edge in read.edges:
                for end in (edge.if_true, edge.to):
                    if edge.from_ == name and end != UNDEFINED and end not in levels:
                        levels[end] = levels[name] + 1
                        following.append(end)
        ring = following
    return levels


def _node(read: Scheme, name: str, level: int) -> NodeRow:
    if name in read.jobs:
        job = read.jobs[name]
        started = job.name.rstrip("/") if job.has_started else ""
        meaning = f"job, {job.mode}"
        return NodeRow(
            name=name, kind="job", meaning=meaning, job=started, mode=job.mode, has_started=job.has_started, level=level
        )
    operator = read.operators.get(name)
    if operator is None:
        return NodeRow(name=name, kind="exit", meaning="a node that is not described", level=level)
    ends = operator.type.startswith("exit")
    inputs = ", ".join(part for part in (operator.input1, operator.input2) if part != UNDEFINED)
    target = f"{operator.output} = " if operator.output != UNDEFINED else ""
    meaning = f"{target}{operator.type}{f'({inputs})' if inputs else ''}"
    return NodeRow(name=name, kind="exit" if ends else "operator", meaning=meaning, level=level)
