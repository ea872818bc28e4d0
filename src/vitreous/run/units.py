"""What there is to do and what is done: a unit is done when its record exists with the same identity."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job.declare import Unit
from vitreous.job.options import canonical


def identity(unit: Unit, job_identity: str) -> str:
    """A hash of all that decides the result of a unit: the job's settings and version, the unit's key and row."""
    return hashlib.sha256(canonical([job_identity, unit.key, dict(unit.row)]).encode()).hexdigest()[:20]


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
