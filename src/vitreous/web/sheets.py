"""Tables of STAR files as the window shows them: read once while the file stays as it is, a bounded number kept in memory."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import glance, star, star_tables
from vitreous.files.star import BadRow, Block, StarFile
from vitreous.tables.table import Table
from vitreous.web.problems import Missing

KEPT_BYTES = 2 * 2**30
SMALL_BYTES = 2 * 2**20  # files up to this are read whole at once
HEAD_BYTES = 62 * 1024  # about 200 rows; below the size at which the compiled reader is loaded
_TEXT_BYTES = 24  # of a text in a column, beside its letters; equal neighbours share one

Order = NDArray[np.intp]
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Sheet:
    """The tables of a file by the names of their blocks, and the rows that could not be read.

    complete: the whole file was read; otherwise only its beginning, and `rows` says how many lines the last table seems
    to have.
    """

    tables: dict[str, Table]
    lists: frozenset[str]
    broken: tuple[BadRow, ...]
    complete: bool
    rows: int = 0
    orders: dict[tuple[str, str, str], Order] = field(default_factory=dict)
    summaries: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def table(self, path: str, block: str) -> tuple[str, Table]:
        """A table by its block's name; without one the largest."""
        if not self.tables:
            raise UserError(f"{path} holds no table: no line begins with data_")
        name = block or max(self.tables, key=lambda known: (known not in ("optics", "general"), len(self.tables[known])))
        if name not in self.tables:
            raise Missing(f"{path} has no table data_{block}; it has {', '.join(self.tables)}")
        return name, self.tables[name]

    def total(self, name: str) -> int:
        """Rows of a table; of one of which only the beginning was read, the lines that its file seems to have."""
        last = next(reversed(self.tables))
        return max(len(self.tables[name]), self.rows) if not self.complete and name == last else len(self.tables[name])

    def bytes(self) -> int:
        """Roughly what it takes in memory."""
        return sum(_bytes(values) for table in self.tables.values() for values in table.columns.values())


def _bytes(values: NDArray[Any]) -> int:
    if values.dtype != object or not len(values):
        return int(values.nbytes)
    some = values[:: max(1, len(values) // 200)]
    return int(values.nbytes + len(values) * (_TEXT_BYTES + sum(len(str(value)) for value in some) / len(some)))


class Sheets:
    """Files that were read, the least recently asked for dropped first; one file is read by one thread, the others wait."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self.kept_bytes = kept_bytes
        self._known: OrderedDict[tuple[str, bool], tuple[Stamp, Sheet]] = OrderedDict()
        self._doors: dict[tuple[str, bool], threading.Lock] = {}
        self._lock = threading.Lock()

    def whole(self, path: Path) -> Sheet:
        """All tables of a file."""
        return self._get(path, whole=True, read=_read)

    def beginning(self, path: Path) -> Sheet:
        """The tables as far as they can be told at once: of a large file that was not read yet only the first rows."""
        if _stamp(path)[1] <= SMALL_BYTES or self._is_known(path):
            return self.whole(path)
        return self._get(path, whole=False, read=_read_head)

    def _is_known(self, path: Path) -> bool:
        with self._lock:
            kept = self._known.get((str(path), True))
        return kept is not None and kept[0] == _stamp(path)

    def _get(self, path: Path, *, whole: bool, read: Callable[[Path], Sheet]) -> Sheet:
        key, stamp = (str(path), whole), _stamp(path)
        with self._lock:
            door = self._doors.setdefault(key, threading.Lock())
        with door:
            with self._lock:
                kept = self._known.get(key)
                if kept is not None and kept[0] == stamp:
                    self._known.move_to_end(key)
                    return kept[1]
            sheet = read(path)
            with self._lock:
                self._known[key] = (stamp, sheet)
                self._known.move_to_end(key)
                self._drop()
            return sheet

    def _drop(self) -> None:
        """Forget the oldest until the rest is small enough; the newest stays."""
        sizes = {key: sheet.bytes() for key, (_, sheet) in self._known.items()}
        while len(self._known) > 1 and sum(sizes.values()) > self.kept_bytes:
            oldest, _ = self._known.popitem(last=False)
            sizes.pop(oldest)


SHEETS = Sheets()


def _stamp(path: Path) -> Stamp:
    try:
        seen = os.stat(path)
    except OSError as error:
        raise Missing(f"{path.name} cannot be read: {error.strerror}") from error
    if not path.is_file():
        raise UserError(f"{path.name} is a folder: name a table in it")
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


def tag(path: Path) -> str:
    """A word that changes when the file does."""
    time_ns, size, node = _stamp(path)
    return f"{time_ns:x}-{size:x}-{node:x}"


def _read(path: Path) -> Sheet:
    return _sheet(star.read(path, bad_rows="skip"))


def _read_head(path: Path) -> Sheet:
    file, rows = glance.head(path, head_bytes=HEAD_BYTES)
    return _sheet(file, rows=rows, complete=False)


def _sheet(file: StarFile, *, rows: int = 0, complete: bool = True) -> Sheet:
    tables: dict[str, Table] = {}
    lists = set()
    for block in file:
        name = _free_name(block.name, tables)
        if not block.loop:
            lists.add(name)
        tables[name] = Table(_columns(block), block.name)
    optics = tables.get("optics")
    if optics is not None and "optics_group" in optics:
        tables = {name: _beside(table, optics) for name, table in tables.items()}
    return Sheet(tables, frozenset(lists), tuple(file.skipped), complete, rows)


def _free_name(name: str, taken: dict[str, Table]) -> str:
    """The block's name, numbered where the file has it twice."""
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name} ({count})"
    return found


def _columns(block: Block) -> dict[str, NDArray[Any]]:
    if block.loop:
        return star_tables.named(block)
    return {
        "label": np.array(list(block.values), object),
        "value": np.array([str(value) for value in block.values.values()], object),
    }


def _beside(table: Table, optics: Table) -> Table:
    """A table with the optics of its rows, where all its groups are there."""
    if table.kind == "optics" or "optics_group" not in table:
        return table
    known = set(optics["optics_group"].tolist())
    return table.with_optics(optics) if set(table["optics_group"].tolist()) <= known else table
