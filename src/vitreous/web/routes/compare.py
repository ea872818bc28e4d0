"""Two to six jobs beside one another: settings that differ, inputs, numbers, and results of the same kind."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.web import reading, sizes
from vitreous.web.done import in_words
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.routes.jobs import JobRow, job_row
from vitreous.web.telling import results, settings
from vitreous.web.telling.settings import Setting, Settings

router = APIRouter(tags=["compare"])

MOST = 6


class Difference(BaseModel):
    """One setting; values in the order of the jobs, None where a job has no such; defaults: whether each is its default."""

    name: str
    label: str
    unit: str
    default: str
    values: list[str | None]
    defaults: list[bool]
    place: bool


class Figure(BaseModel):
    """One number of each job, in words with its unit; "" where it is not known."""

    label: str
    values: list[str]


class SharedInput(BaseModel):
    """An input, and which of the jobs take it."""

    path: str
    kind: str
    taken_by: list[bool]


class SharedOutput(BaseModel):
    """Results of one kind, in the order of the jobs; None where a job has none, or it is not on disk."""

    title: str
    view: str
    kind: str
    paths: list[str | None]


class Comparison(BaseModel):
    """All of it. word: what must be said first, as that the jobs are not of one type."""

    jobs: list[JobRow]
    word: str
    differing: list[Difference]
    same: int
    inputs: list[SharedInput]
    figures: list[Figure]
    outputs: list[SharedOutput]


@router.get("/compare")
def compare(here: ProjectHere, job: Annotated[list[str], Query(min_length=1, max_length=MOST)]) -> Comparison:
    """Compare jobs by number, name or alias."""
    names = list(dict.fromkeys(reading.job_name(here, word) for word in job))
    if len(names) < 2:
        raise UserError("name two jobs at least, and no job twice")
    graph = reading.graph(here)
    rows = [reading.reading(here).row(name) for name in names]
    told = [settings.settings(here.project.layout, name) for name in names]
    differences = _settings(told)
    differing = [one for one in differences if len(set(one.values)) > 1]
    return Comparison(
        jobs=[job_row(row) for row in rows],
        word=_word(rows, told),
        differing=differing,
        same=len(differences) - len(differing),
        inputs=_inputs([results.inputs_of(graph, name, here.root) for name in names]),
        figures=_figures(here, rows),
        outputs=_outputs([results.outputs_of(graph, name, here.root) for name in names]),
    )


def _word(rows: list[reading.Row], told: list[Settings]) -> str:
    if len({row.word.title for row in rows}) > 1:
        return "These jobs are not of one type: only what they have in common is compared."
    missing = [f"{row.name}: {one.why_not}" for row, one in zip(rows, told, strict=True) if one.why_not]
    return " ".join(missing)


def _settings(told: list[Settings]) -> list[Difference]:
    """The settings that all jobs have, or, of jobs of one type, any."""
    by_name = [{one.name: one for one in each.settings} for each in told]
    same_type = len({each.type for each in told}) == 1
    every = list(dict.fromkeys(name for each in by_name for name in each))
    return [_difference(name, by_name) for name in every if same_type or all(name in each for each in by_name)]


def _difference(name: str, by_name: list[dict[str, Setting]]) -> Difference:
    any_one = next(each[name] for each in by_name if name in each)
    found = [each.get(name) for each in by_name]
    return Difference(
        name=name,
        label=any_one.label,
        unit=any_one.unit,
        default=any_one.default,
        values=[one.value if one else None for one in found],
        defaults=[bool(one and one.is_default) for one in found],
        place=any_one.place,
    )


def _inputs(taken: list[list[results.Input]]) -> list[SharedInput]:
    kinds = {one.path: one.kind for each in taken for one in each}
    return [
        SharedInput(path=path, kind=kind, taken_by=[any(one.path == path for one in each) for each in taken])
        for path, kind in kinds.items()
    ]


def _figures(here: Opened, rows: list[reading.Row]) -> list[Figure]:
    counted = [sizes.known(here, row.process.name) for row in rows]
    spent = [row.about.ended - row.about.runs[-1] if row.about.runs and row.about.ended else 0.0 for row in rows]
    found = [
        Figure(label="Result", values=[row.key for row in rows]),
        Figure(label="State", values=[row.state.replace("_", " ") for row in rows]),
        Figure(label="Time of the last run", values=[_time(seconds) for seconds in spent]),
        Figure(label="On disk", values=[in_words(size.bytes) if size else "" for size in counted]),
        Figure(label="Place", values=[row.about.place for row in rows]),
    ]
    return [figure for figure in found if any(figure.values)]


def _time(seconds: float) -> str:
    if seconds <= 0:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _outputs(made: list[list[results.Output]]) -> list[SharedOutput]:
    """Results with the same title that at least two of the jobs have on disk."""
    found = []
    for title in dict.fromkeys(one.title for each in made for one in each if one.main and one.exists):
        of_each = [next((one for one in each if one.main and one.exists and one.title == title), None) for each in made]
        there = [one for one in of_each if one]
        if len(there) > 1:
            paths = [one.path if one else None for one in of_each]
            found.append(SharedOutput(title=title, view=there[0].view, kind=there[0].kind, paths=paths))
    return found
