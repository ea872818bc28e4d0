"""Any table of the project by windows of rows, filtered by a rule in words and sorted; columns as numbers; subsets as jobs."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.tables import rule
from vitreous.tables.columns import BY_NAME, label_of
from vitreous.tables.table import Table
from vitreous.web import choosing
from vitreous.web.opened import Acting, ProjectHere
from vitreous.web.sheets import SHEETS, Order, Sheet, tag
from vitreous.web.table_cells import Cell, ColumnSummary, as_cells, is_number, shown_text, summary

router = APIRouter(prefix="/table", tags=["table"])
WINDOW = 200
ORDERS_KEPT = 6
BROKEN_SHOWN = 50
_PICTURES = ("image", "reference_image")


class TableBlock(BaseModel):
    """A block of the file; `list` says that its rows are labels with values."""

    name: str
    rows: int
    list: bool


class TableColumn(ColumnSummary):
    """A column: our name, RELION's label, what it holds; range and histogram once the whole file was read."""

    name: str
    label: str
    type: str
    unit: str
    meaning: str


class BrokenRow(BaseModel):
    """A line that could not be read; the table goes on without it."""

    line: int
    text: str
    reason: str


class TablePage(BaseModel):
    """A window of rows. numbers: the row's number in the file's table, from 0. complete: the whole file was read."""

    path: str
    tag: str
    blocks: list[TableBlock]
    block: str
    columns: list[TableColumn]
    rows: list[list[Cell]]
    numbers: list[int]
    first: int
    total: int
    matched: int
    complete: bool
    pictures: str
    can_select: str
    broken: list[BrokenRow]
    broken_count: int


class Subset(BaseModel):
    """Rows that are to go on: by a rule in words, an outline over two columns, or numbers (from 0)."""

    path: str
    block: str = ""
    rule: str = Field("", max_length=rule.LONGEST)
    lasso: choosing.Outline | None = None
    rows: list[int] | None = Field(None, max_length=5_000_000)
    alias: str = ""
    start: bool = True


class Made(BaseModel):
    """The job that was made."""

    number: str
    name: str


Words = Annotated[str, Query(max_length=rule.LONGEST, description="a rule: defocus > 20000 and class in 1,3")]


@router.get("")
def table(
    here: ProjectHere,
    path: str,
    block: str = "",
    q: Words = "",
    sort: Annotated[str, Query(max_length=200, description="a column; -column for falling order")] = "",
    first: Annotated[int, Query(ge=0, le=2**40, alias="from")] = 0,
    count: Annotated[int, Query(ge=0, le=2000)] = WINDOW,
    whole: Annotated[bool, Query(description="wait until the whole file is read; else the first rows come at once")] = False,
) -> TablePage:
    """A window of rows of a table, and what is known of its columns."""
    file = here.inside(path)
    head = not (whole or q.strip() or sort or first + count > WINDOW)
    sheet = SHEETS.beginning(file) if head else SHEETS.whole(file)
    name, found = sheet.table(path, block)
    order = order_of(sheet, name, (q, sort))
    total = sheet.total(name)
    window = np.arange(first, min(first + count, len(found))) if order is None else order[first : first + count]
    return TablePage(
        path=path,
        tag=tag(file),
        blocks=[TableBlock(name=n, rows=sheet.total(n), list=n in sheet.lists) for n in sheet.tables],
        block=name,
        columns=_columns(found, sheet, name),
        rows=as_cells(found, window),
        numbers=window.tolist(),
        first=first,
        total=total,
        matched=total if order is None else len(order),
        complete=sheet.complete,
        pictures=next((column for column in _PICTURES if column in found), ""),
        can_select=choosing.kind_of(name, found),
        broken=[
            BrokenRow(line=bad.line, text=shown_text(bad.text)[:400], reason=shown_text(bad.reason))
            for bad in sheet.broken[:BROKEN_SHOWN]
        ],
        broken_count=len(sheet.broken),
    )


class RuleCheck(BaseModel):
    """Whether a rule in words is understood for a table; sentence: why not, "" when it is."""

    sentence: str
    matched: int


@router.get("/rule")
def check_rule(here: ProjectHere, path: str, block: str = "", q: Words = "") -> RuleCheck:
    """Try a rule while it is being typed: what is not understood is a sentence, not an error."""
    sheet = SHEETS.whole(here.inside(path))
    name, found = sheet.table(path, block)
    try:
        order = order_of(sheet, name, (q, ""))
    except UserError as error:
        return RuleCheck(sentence=str(error), matched=0)
    return RuleCheck(sentence="", matched=len(found) if order is None else len(order))


@router.get("/columns", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
def columns(
    here: ProjectHere,
    request: Request,
    path: str,
    names: Annotated[str, Query(max_length=2000, description="columns of numbers, with commas between")],
    block: str = "",
    q: Words = "",
    double: Annotated[bool, Query(description="64-bit instead of 32-bit floats")] = False,
) -> Response:
    """Columns one after another as floats of the rows that match, in the file's order; texts and what is missing are NaN."""
    file = here.inside(path)
    known = f'"{tag(file)}"'
    if request.headers.get("if-none-match") == known:
        return Response(status_code=304, headers={"ETag": known})
    sheet = SHEETS.whole(file)
    name, found = sheet.table(path, block)
    order = order_of(sheet, name, (q, ""))
    kind = np.float64 if double else np.float32
    wanted = [word for word in names.split(",") if word]
    parts = [_numbers(found, word) if order is None else _numbers(found, word)[order] for word in wanted]
    body = b"".join(part.astype(kind).tobytes() for part in parts)
    count = len(found) if order is None else len(order)
    headers = {"ETag": known, "Cache-Control": "no-cache", "X-Rows": str(count), "X-Columns": str(len(parts))}
    return Response(body, media_type="application/octet-stream", headers=headers)


@router.get("/matched", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
def matched(here: ProjectHere, path: str, block: str = "", q: Words = "") -> Response:
    """The numbers of the rows that match a rule, as unsigned 32-bit integers in the file's order."""
    sheet = SHEETS.whole(here.inside(path))
    name, found = sheet.table(path, block)
    order = order_of(sheet, name, (q, ""))
    numbers = np.arange(len(found)) if order is None else order
    return Response(numbers.astype(np.uint32).tobytes(), media_type="application/octet-stream")


@router.post("/subset")
def subset(here: Acting, wished: Subset) -> Made:
    """Make a selection job of rows, with the rule written in its answer, and start it."""
    sheet = SHEETS.whole(here.inside(wished.path))
    name, found = sheet.table(wished.path, wished.block)
    answer: dict[str, Any] = {"kind": "rows", "rule": wished.rule}
    if wished.lasso is not None:
        answer["lasso"] = wished.lasso.model_dump()
    if wished.rows is not None:
        answer["rows"] = wished.rows
    number, job = choosing.select(
        here, wished.path, answer, kind=choosing.kind_of(name, found), alias=wished.alias, start=wished.start
    )
    return Made(number=number, name=job)


def order_of(sheet: Sheet, name: str, asked: tuple[str, str]) -> Order | None:
    """The rows that match a rule in the order that is asked for; None: all, as they stand. The last few are kept."""
    words, sort = asked[0].strip(), asked[1]
    if not words and not sort:
        return None
    key = (name, words, sort)
    if key in sheet.orders:
        return sheet.orders[key]
    table = sheet.tables[name]
    rows = np.flatnonzero(rule.rows(table, words)) if words else np.arange(len(table))
    if sort:
        rows = rows[_sorted(table.optics_column(rule.column_of(table, sort.lstrip("-")))[rows], falling=sort.startswith("-"))]
    while len(sheet.orders) >= ORDERS_KEPT:
        sheet.orders.pop(next(iter(sheet.orders)), None)
    sheet.orders[key] = rows
    return rows


def _sorted(values: Any, *, falling: bool) -> Order:
    """A stable order; what is no number comes last in either direction."""
    if values.dtype == object:
        values = np.unique(np.array([str(value) for value in values]), return_inverse=True)[1]
    numbers = values.astype(np.float64)
    return np.argsort(-numbers if falling else numbers, kind="stable")


def _numbers(table: Table, word: str) -> Any:
    values = table.optics_column(rule.column_of(table, word))
    return values if is_number(values) else np.full(len(table), np.nan)


def _columns(table: Table, sheet: Sheet, name: str) -> list[TableColumn]:
    found = []
    for column, values in table.columns.items():
        known = BY_NAME.get(column)
        found.append(
            TableColumn(
                name=column,
                label=label_of(column),
                type=known.type if known else "float" if is_number(values) else "str",
                unit=known.unit if known else "",
                meaning=known.meaning if known else "",
                **(summary(sheet, name, column) if sheet.complete else {"bins": []}),
            )
        )
    return found
