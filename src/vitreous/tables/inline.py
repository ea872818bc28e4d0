"""Tables of values as HTML, for notebooks: first and last rows, each column under its name and unit."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from vitreous.tables.columns import BY_NAME

if TYPE_CHECKING:
    from vitreous.tables.table import Table

ROWS, TAIL_ROWS = 11, 3


def value_text(value: Any) -> str:
    """A value as people read it: five digits for fractions, yes and no, nothing for None."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return f"{value:.5g}"
    return "" if value is None else str(value)


def rows_html(heads: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of plain values by name as a table; columns of numbers stand flush right."""
    numbers = {name for name in heads if rows and all(_is_number(row.get(name)) for row in rows)}
    style = {name: ' style="text-align:right"' if name in numbers else ' style="text-align:left"' for name in heads}
    head = "".join(f"<th{style[name]}>{escape(_titled(name))}</th>" for name in heads)
    lines = [
        "<tr>" + "".join(f"<td{style[name]}>{escape(value_text(row.get(name)))}</td>" for name in heads) + "</tr>" for row in rows
    ]
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def table_html(table: "Table", *, rows: int = ROWS) -> tuple[str, str]:
    """A table's first and last rows, at most so many, as HTML; and what it is in words."""
    count = len(table)
    chosen, note = np.arange(count), ""
    if count > rows:
        tail = min(TAIL_ROWS, rows // 3)
        chosen, note = np.r_[0 : rows - tail, count - tail : count], f", {rows} of them shown"
    lines = [{"row": int(index), **row} for index, row in zip(chosen, table.select(chosen).rows())]
    said = f"{count:,} rows, {len(list(table))} columns{note}"
    return f'<p>{escape(said)}</p><div style="overflow-x:auto">{rows_html(["row", *table], lines)}</div>', said


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))


def _titled(name: str) -> str:
    known = BY_NAME.get(name)
    return f"{name} ({known.unit})" if known and known.unit and not name.endswith(f"_{known.unit}") else name
