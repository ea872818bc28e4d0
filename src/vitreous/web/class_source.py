"""Which classification a page means: by a job, by any file of an iteration, by a selection made of one."""

import re
from dataclasses import dataclass
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import star
from vitreous.web import rounds
from vitreous.web.opened import Opened
from vitreous.web.problems import Missing
from vitreous.web.reading import job_name

_ITERATION = re.compile(r"run(?:_ct\d+)?_it(\d{3,})_")
AVERAGES = "class_averages.star"


@dataclass(frozen=True)
class Source:
    """A folder with iterations and the one that is meant (None: the newest); or a table of chosen class averages."""

    folder: Path
    it: int | None = None
    averages: Path | None = None


def source(here: Opened, number: str, path: str = "") -> Source:
    """The classification that a job or a file belongs to."""
    if path:
        return _of_path(here, here.inside(path))
    name = job_name(here, number)
    folder = here.root / name
    if rounds.rounds(folder):
        return Source(folder)
    if (folder / AVERAGES).is_file():
        return Source(folder, averages=folder / AVERAGES)
    model = _model_of_selection(here, name)
    return _of_path(here, here.inside(model)) if model else Source(folder)


def _of_path(here: Opened, where: Path) -> Source:
    if where.is_dir():
        return Source(where)
    if where.name == AVERAGES:
        return Source(where.parent, averages=where)
    found = _ITERATION.match(where.name)
    if found:
        return Source(where.parent, int(found[1]))
    if where.name.startswith("rank_"):
        said = rounds.values(where.parent / "rank_optimiser.star", "optimiser_general")
        data = str(said.get("rlnExperimentalDataStarFile", ""))
        if _ITERATION.match(Path(data).name):
            return _of_path(here, here.inside(data))
    return Source(where.parent)


def _model_of_selection(here: Opened, name: str) -> str:
    """The classification that a job of selection takes; empty for other jobs."""
    path = here.root / name / "job.star"
    try:
        file = star.read(path)
    except UserError:
        return ""
    for block in file:
        if "rlnJobOptionVariable" in block and block.loop:
            for row in block.rows():
                if row["rlnJobOptionVariable"] == "fn_model" and str(row["rlnJobOptionValue"]).strip('"'):
                    return str(row["rlnJobOptionValue"]).strip('"')
    return ""


def relative(here: Opened, path: Path) -> str:
    """A path as STAR files of the project write it."""
    return str(path.relative_to(here.root)) if path.is_relative_to(here.root) else str(path)


def needs_rounds(found: Source) -> Source:
    """Raise Missing where there are no iterations to look through."""
    if found.averages is not None:
        raise Missing("these are classes that were chosen; the classification they came from has the iterations")
    return found
