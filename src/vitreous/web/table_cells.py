"""Values of tables as a page can take them: plain cells, and of each column its range and a small histogram."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from vitreous.tables.table import Table
from vitreous.web.sheets import Order, Sheet

BINS = 24

Cell = float | int | str | bool | None


class ColumnSummary(BaseModel):
    """Least and largest number, counts in equal steps between; of texts how many are different (up to 1,000 rows looked at)."""

    low: float | None = None
    high: float | None = None
    bins: list[int]
    different: int | None = None


def is_number(values: NDArray[Any]) -> bool:
    """Whether a column holds numbers."""
    return bool(values.dtype.kind in "iufb")


def shown_text(value: str) -> str:
    """Text of a file as text that can be sent: bytes that are no UTF-8 become question marks in diamonds."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def as_cells(table: Table, rows: Order) -> list[list[Cell]]:
    """Rows as plain values; numbers that are not finite as words."""
    columns = [_plain(values[rows]) for values in table.columns.values()]
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(values: NDArray[Any]) -> list[Cell]:
    if values.dtype == object:
        return [shown_text(value) if isinstance(value, str) else _cell(value) for value in values.tolist()]
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        return [value if np.isfinite(value) else str(value) for value in values.tolist()]
    return list(values.tolist())


def _cell(value: Any) -> Cell:
    return value if value is None or isinstance(value, (int, bool)) else str(value)


def summary(sheet: Sheet, name: str, column: str) -> dict[str, Any]:
    """Range and histogram of a column; reckoned once for a table that is in memory."""
    key = (name, column)
    if key not in sheet.summaries:
        sheet.summaries[key] = _summary(sheet.tables[name][column])
    return sheet.summaries[key]


def _summary(values: NDArray[Any]) -> dict[str, Any]:
    if not is_number(values):
        some = values[:1000]
        return {"bins": [], "different": len(set(some.tolist())) if len(values) <= len(some) else None}
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not len(finite):
        return {"bins": []}
    low, high = float(finite.min()), float(finite.max())
    some = finite if len(finite) <= 200_000 else finite[:: len(finite) // 100_000]
    span = (low, high) if high > low else (low - 0.5, low + 0.5)
    counts = np.histogram(some.astype(np.float64), BINS, span)[0] if np.isfinite(span).all() else np.empty(0, int)
    return {"low": low, "high": high, "bins": counts.tolist()}
