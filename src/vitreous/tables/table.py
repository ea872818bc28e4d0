"""Table: immutable named columns with an optics table beside them; select, join, sort, split by optics group."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vitreous.tables.inline import table_html

Column = NDArray[Any]


def _frozen(values: ArrayLike, length: int | None) -> Column:
    column = np.asarray(values)
    if column.dtype.kind in "US":
        column = column.astype(object)
    if column.ndim == 0 and length is not None:
        column = np.full(length, column[()], dtype=column.dtype)
    if column.ndim != 1:
        raise ValueError(f"a column has one value a row; this one has the shape {column.shape}")
    return column


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length under our names (columns.py); a column that is not in the dictionary keeps its STAR label.

    kind is the STAR block's name without "data_" (movies, micrographs, particles, ...). optics holds one row a group,
    tied by the column "optics_group". extra keeps the other blocks of the file as they stood, for a lossless rewrite.
    """

    columns: Mapping[str, Column]
    kind: str = ""
    optics: "Table | None" = None
    extra: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        length = max((np.size(c) for c in self.columns.values() if np.ndim(c)), default=None)
        frozen = {name: _frozen(values, length) for name, values in self.columns.items()}
        sizes = {name: len(values) for name, values in frozen.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"columns of different lengths in table {self.kind!r}: {sizes}")
        object.__setattr__(self, "columns", MappingProxyType(frozen))

    def __reduce__(self) -> tuple[Any, ...]:
        return Table, (dict(self.columns), self.kind, self.optics, self.extra)

    def _repr_html_(self) -> str:
        """The first and last rows, as a notebook shows them."""
        return table_html(self)[0]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Column:
        try:
            return self.columns[name]
        except KeyError:
            known = ", ".join(self.columns)
            raise KeyError(f"table {self.kind!r} has no column {name!r}; it has {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def get(self, name: str, default: Any) -> Column:
        """The column, or `default` in every row."""
        return self.columns[name] if name in self.columns else np.full(len(self), default)

    def row(self, index: int) -> dict[str, Any]:
        """One row as plain Python values."""
        return {
            name: values[index].item() if hasattr(values[index], "item") else values[index]
            for name, values in self.columns.items()
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """All rows as plain Python values."""
        return (self.row(i) for i in range(len(self)))

    def with_(self, **columns: ArrayLike) -> "Table":
        """The same table with these columns added or replaced; a scalar fills the column."""
        wide = {name: np.full(len(self), v) if np.ndim(v) == 0 else np.asarray(v) for name, v in columns.items()}
        return Table({**self.columns, **wide}, self.kind, self.optics, self.extra)

    def without(self, *names: str) -> "Table":
        """The same table less these columns; a name that is not there is passed over."""
        return Table({n: c for n, c in self.columns.items() if n not in names}, self.kind, self.optics, self.extra)

    def renamed(self, **names: str) -> "Table":
        """The same table with columns old=new renamed, in place and order."""
        return Table({names.get(n, n): c for n, c in self.columns.items()}, self.kind, self.optics, self.extra)

    def as_kind(self, kind: str) -> "Table":
        """The same columns under another block name."""
        return Table(self.columns, kind, self.optics, self.extra)

    def with_optics(self, optics: "Table | None") -> "Table":
        """The same rows beside another optics table."""
        return Table(self.columns, self.kind, optics, self.extra)

    def select(self, which: ArrayLike) -> "Table":
        """The rows of a boolean mask or of an index array, in that order."""
        chosen = np.asarray(which)
        if chosen.size == 0:
            chosen = chosen.astype(np.intp)
        return Table({n: c[chosen] for n, c in self.columns.items()}, self.kind, self.optics, self.extra)

    def sorted_by(self, name: str) -> "Table":
        """Rows in rising order of a column, ties in their old order."""
        return self.select(np.argsort(self[name], kind="stable"))

    def split_by(self, name: str) -> dict[Any, NDArray[np.intp]]:
        """Row numbers by value of a column, values in order of first appearance."""
        groups: dict[Any, list[int]] = {}
        for index, value in enumerate(self[name].tolist()):
            groups.setdefault(value, []).append(index)
        return {value: np.asarray(rows, np.intp) for value, rows in groups.items()}

    def optics_column(self, name: str) -> Column:
        """An optics value spread over the rows; a per-row column of that name wins (3.0 files have such)."""
        if name in self.columns:
            return self.columns[name]
        if self.optics is None:
            raise KeyError(f"table {self.kind!r} has no optics table and no column {name!r}")
        if len(self.optics) == 1:
            return np.full(len(self), self.optics[name][0])
        place = {group: i for i, group in enumerate(self.optics["optics_group"].tolist())}
        return self.optics[name][[place[group] for group in self["optics_group"].tolist()]]


def concatenate(tables: Iterable[Table]) -> Table:
    """Tables of one kind under each other, with the columns that all of them have; the first one's optics stay."""
    parts = [t for t in tables if t.columns]
    if not parts:
        raise ValueError("nothing to concatenate")
    shared = [n for n in parts[0] if all(n in t for t in parts)]
    return Table({n: np.concatenate([t[n] for t in parts]) for n in shared}, parts[0].kind, parts[0].optics, parts[0].extra)


def from_rows(rows: Iterable[Mapping[str, Any]], kind: str = "", optics: Table | None = None) -> Table:
    """A table out of rows; the first row names the columns and every row must have them."""
    listed = list(rows)
    names = list(listed[0]) if listed else []
    return Table(
        {n: np.array([r[n] for r in listed], dtype=object if isinstance(listed[0][n], str) else None) for n in names},
        kind,
        optics,
    )
