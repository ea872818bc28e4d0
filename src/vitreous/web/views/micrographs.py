"""Micrographs to be looked at and chosen: their names, the values that ranges are set on, and those that could not be read."""

import re
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter
from fastapi.responses import Response
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.run.folder import JobFolder
from vitreous.tables.columns import BY_NAME
from vitreous.tables.table import Table
from vitreous.web import choosing, reading
from vitreous.web.opened import Acting, Opened, ProjectHere
from vitreous.web.problems import Missing
from vitreous.web.sheets import SHEETS, tag
from vitreous.web.table_cells import is_number, shown_text
from vitreous.web.telling.progress import SetAside, set_aside

router = APIRouter(prefix="/micrographs", tags=["micrographs"])
USUAL = ("ctf_resolution_A", "defocus_u_A", "accumulated_motion_A", "ice_ring", "ctf_astigmatism_A")
LEAST_LIMIT_A = 6.0  # of the fit, so that a good session loses nothing
LIMIT_SHARE = 0.95
_TITLES = {
    "ctf_resolution_A": "CTF fit",
    "defocus_u_A": "Defocus",
    "defocus_v_A": "Defocus, smaller",
    "accumulated_motion_A": "Total motion",
    "early_motion_A": "Early motion",
    "late_motion_A": "Late motion",
    "ice_ring": "Ice, relative",
    "ice_thickness_A": "Ice thickness",
    "ctf_astigmatism_A": "Astigmatism",
    "ctf_fom": "CTF score",
    "phase_shift_deg": "Phase shift",
    "defocus_angle_deg": "Astigmatism angle",
}
_MICROMETRES = ("defocus_u_A", "defocus_v_A")
_NO_MEANING = ("optics_group", "micrograph_id")


class Value(BaseModel):
    """A column of numbers. shown = stored * scale, in `unit`; high: the limit that is proposed, in the table's own unit."""

    name: str
    title: str
    unit: str
    scale: float
    digits: int
    usual: bool
    high: float | None = None
    low_seen: float
    high_seen: float


class Micrographs(BaseModel):
    """All of a table of micrographs but its numbers, which /micrographs/values gives in the order of `values`.

    on_disk: pictures can be asked for; it is known from a few of them.
    """

    path: str
    tag: str
    total: int
    names: list[str]
    groups: list[str]
    values: list[Value]
    job: str
    job_title: str
    job_type: str
    live: bool
    has_motion: bool
    has_spectra: bool
    on_disk: bool
    aside: list[SetAside]


class Verdicts(BaseModel):
    """What a person chose: ranges of columns (null: open), micrographs kept or left out by hand, values fitted again."""

    path: str
    ranges: dict[str, tuple[float | None, float | None]] = Field(max_length=60)
    by_hand: dict[str, Literal["keep", "out"]] = Field(max_length=1_000_000)
    fits: dict[str, dict[str, float]] = Field(default_factory=dict, max_length=100_000)
    alias: str = ""
    start: bool = True


class SavedSelection(BaseModel):
    """The selection job that was made."""

    number: str
    name: str


def table_of(here: Opened, path: str) -> Table:
    """The micrographs of a STAR file."""
    sheet = SHEETS.whole(here.inside(path))
    for name in ("micrographs", "", "movies", "images"):
        if name in sheet.tables and ("micrograph" in sheet.tables[name] or "movie" in sheet.tables[name]):
            return sheet.tables[name]
    raise UserError(f"{path} lists no micrographs")


def question_path(here: Opened, job: str) -> str:
    """The table of micrographs about which a job asks."""
    name = reading.job_name(here, job)
    given = getattr(here.project.loaded(name).job, "micrographs", "")
    if not given:
        raise Missing(f"{name.rstrip('/')} takes no table of micrographs")
    return str(given)


@router.get("")
def micrographs(here: ProjectHere, path: str = "", job: str = "") -> Micrographs:
    """The micrographs of a table, or of the one that a waiting job (by number) asks about; numbers come as bytes beside."""
    path = path or question_path(here, job)
    file = here.inside(path)
    table = table_of(here, path)
    made_by, title, kind, live, aside = _origin(here, path)
    names = table["micrograph"] if "micrograph" in table else table["movie"]
    return Micrographs(
        path=path,
        tag=tag(file),
        total=len(table),
        names=[shown_text(str(name)) for name in names],
        groups=_groups([str(name) for name in names]),
        values=values_of(table),
        job=made_by,
        job_title=title,
        job_type=kind,
        live=live,
        has_motion="micrograph_metadata" in table,
        has_spectra="ctf_image" in table,
        on_disk=_on_disk(here, [str(name) for name in names]),
        aside=aside,
    )


@router.get("/values", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
def values(here: ProjectHere, path: str) -> Response:
    """The columns that `micrographs` lists, one after another, as 64-bit floats, so that limits fall as in the selection job."""
    table = table_of(here, path)
    columns = [numbers(table, value.name) for value in values_of(table)]
    body = b"".join(np.asarray(column, np.float64).tobytes() for column in columns)
    return Response(body, media_type="application/octet-stream")


@router.post("/save")
def save(here: Acting, chosen: Verdicts) -> SavedSelection:
    """Make a selection job with this choice as its answer, and start it."""
    answer = {"kind": "micrographs", "ranges": chosen.ranges, "by_hand": chosen.by_hand, "fits": chosen.fits}
    number, name = choosing.select(here, chosen.path, answer, kind="micrographs", alias=chosen.alias, start=chosen.start)
    return SavedSelection(number=number, name=name)


def values_of(table: Table) -> list[Value]:
    """The columns that limits can be set on: the usual ones first, then all that differ from row to row."""
    wanted = [name for name in USUAL if name in table or (name == "ctf_astigmatism_A" and "defocus_v_A" in table)]
    wanted += [name for name in table if name not in wanted and name not in _NO_MEANING and _varies(table[name])]
    return [found for name in wanted if (found := _value(name, numbers(table, name), usual=name in USUAL)) is not None]


def numbers(table: Table, name: str) -> NDArray[np.float64]:
    """A column as 64-bit floats; the astigmatism is made of the two defoci where the table lacks it."""
    if name not in table and name == "ctf_astigmatism_A":
        return np.asarray(np.abs(table["defocus_u_A"] - table["defocus_v_A"]))
    return np.asarray(table[name], np.float64)


def _varies(values: NDArray[Any]) -> bool:
    return is_number(values) and len(values) > 1 and bool((values != values[0]).any())


def _value(name: str, found: NDArray[np.float64], *, usual: bool) -> Value | None:
    finite = found[np.isfinite(found)]
    if not len(finite):
        return None
    low, high = float(finite.min()), float(finite.max())
    known = BY_NAME.get(name)
    micrometres = name in _MICROMETRES
    scale = 1e-4 if micrometres else 1.0
    span = (high - low) * scale or abs(high * scale) or 1.0
    limit = None
    if name == "ctf_resolution_A":
        limit = round(max(LEAST_LIMIT_A, float(np.quantile(finite, LIMIT_SHARE))), 2)
    return Value(
        name=name,
        title=_TITLES.get(name, known.label.removeprefix("rln") if known else name),
        unit="µm" if micrometres else known.unit if known else "",
        scale=scale,
        digits=_digits(name, span),
        usual=usual,
        high=limit,
        low_seen=low,
        high_seen=high,
    )


def _digits(name: str, span: float) -> int:
    """Figures behind the point that tell values apart, and no more than the eye can use."""
    if name == "ctf_resolution_A":
        return 1 if span >= 2 else 2
    return 0 if span >= 200 else 1 if span >= 4 else 2 if span >= 0.1 else 3 if span >= 0.01 else 4


def _groups(names: list[str]) -> list[str]:
    """The grid square, or the folder, of each micrograph as its path tells; empty where they are all in one."""
    found = [_group(name) for name in names]
    return found if len(set(found)) > 1 else []


def _group(name: str) -> str:
    square = re.search(r"GridSquare_?\d+|(?<=/)[^/]*[Ss]quare[^/]*(?=/)", name)
    return square.group() if square else name.rpartition("/")[0]


def _on_disk(here: Opened, names: list[str]) -> bool:
    """Whether any of the first, the middle and the last micrograph is there; in a project without its images none is."""
    return any((here.root / names[row]).exists() for row in {0, len(names) // 2, len(names) - 1} if names)


def _origin(here: Opened, path: str) -> tuple[str, str, str, bool, list[SetAside]]:
    """The job that made a table: number, title, command, whether it goes on, and what it set aside."""
    word = "/".join(path.split("/")[:2])
    try:
        row = reading.reading(here).row(reading.job_name(here, word))
    except Missing:
        return "", "", "", False, []
    folder = JobFolder(here.project.layout.job(row.process.name))
    live = row.state in ("running", "silent", "queued")
    return row.number, row.title, row.type, live, set_aside(folder)
