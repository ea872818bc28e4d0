"""What there is to do and what is done: a unit is done when its record exists with the same identity."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job.declare import Unit
from vitreous.job.options import canonical, options, value_of


def identity(unit: Unit, job_identity: str) -> str:
    """A hash of all that decides the result of a unit: the job's settings and version, the unit's key and row."""
    return hashlib.sha256(canonical([job_identity, unit.key, dict(unit.row)]).encode()).hexdigest()[:20]


def input_stamp(job: Any) -> list[tuple[str, int, int]]:
    """Size and time of the input files, by which a job of one unit sees that its input was made anew."""
    found = []
    for option in options(type(job)):
        path = Path(str(value_of(job, option))) if option.is_input and value_of(job, option) else None
        if path is not None and path.is_file():
            about = path.stat()
            found.append((option.name, about.st_size, about.st_mtime_ns))
    return found


class Listing:
    """The names in the folders below a job folder, read once for each folder: quicker than asking for each file."""

    def __init__(self, folder: Path) -> None:
        self._inside = f"{folder}/"
        self._names: dict[str, set[str]] = {}

    def lacks(self, record: Mapping[str, Any]) -> bool:
        """Whether a file in the job folder that a record names is gone: its unit must be done again.

        Names as "3@stack.mrcs" and "spectrum.ctf:mrc" count as the file in them.
        """
        for value in record.values():
            if isinstance(value, str):
                path = value.rpartition("@")[2]
                if path.startswith(self._inside) and not self._has(path) and not self._has(path.rpartition(":")[0] or path):
                    return True
        return False

    def _has(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if folder not in self._names:
            try:
                self._names[folder] = set(os.listdir(folder))
            except OSError:
                self._names[folder] = set()
        return name in self._names[folder]


def checked(units: Sequence[Unit]) -> list[Unit]:
    """The units, with keys that are unique; a key that comes twice is an error in the input."""
    seen: set[str] = set()
    for unit in units:
        if unit.key in seen:
            raise UserError(f"{unit.key} stands twice in the input; remove the second row")
        seen.add(unit.key)
    return list(units)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The records of one file. A line torn by a sudden end is passed over: its unit counts as not done."""
    with path.open("rb") as stream:
        for raw in stream:
            try:
                line = json.loads(raw)
            except ValueError:
                continue
            if isinstance(line, dict) and raw.endswith(b"\n"):
                yield line


def recorded(rows: Path) -> dict[str, dict[str, Any]]:
    """The records of all workers by unit identity, of units that were finished."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(rows.glob("*.jsonl")):
        for line in lines(path):
            if "record" in line and "identity" in line:
                found[line["identity"]] = line["record"]
    return found
