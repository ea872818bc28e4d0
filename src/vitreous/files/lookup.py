"""Single rows of a table by the value of a column; the table is read once as long as it stays the same."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from vitreous.files import star


def row_of(path: Path, kind: str, column: str, value: str) -> Mapping[str, Any]:
    """The row of a table (star.read_table) whose column has the value, by our column names; empty without file or row."""
    if not path.is_file():
        return {}
    about = path.stat()
    return _rows(path, kind, column, about.st_mtime_ns, about.st_size).get(value, {})


@lru_cache(maxsize=2)
def _rows(path: Path, kind: str, column: str, time_ns: int, size: int) -> dict[str, Mapping[str, Any]]:
    table = star.read_table(path, kind)
    return {str(row[column]): row for row in table.rows()} if column in table else {}
