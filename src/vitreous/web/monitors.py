"""Monitors of a running session: values against limits. Limits and snoozes are kept in the project; states are worked out."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import atomic

FILE = "monitors.json"
IN_A_ROW = 10
State = Literal["ok", "look", "alarm", "no data", "snoozed"]
Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Watched:
    """What is watched: above or below a limit; for so many micrographs in a row, or for so many seconds.

    column: a column of the micrographs' table; without it the value is a figure of the session.
    """

    id: str
    name: str
    unit: str
    limit: float
    side: Literal["above", "below"]
    column: str = ""
    in_a_row: int = 1


@dataclass(frozen=True)
class Kept:
    """What a person has set: another limit, and until when (seconds since 1970) the alarm is silent."""

    limit: float | None = None
    snoozed_until_s: float = 0.0


@dataclass(frozen=True)
class Reading:
    """A monitor as it stands: its value now and its limit; since: micrographs or seconds that it has been out."""

    id: str
    name: str
    unit: str
    value: float | None
    limit: float
    side: str
    state: State
    note: str = ""
    snoozed_until_s: float = 0.0


WATCHED = (
    Watched("fit", "CTF fit", "Å", 8.0, "above", "ctf_resolution_A", IN_A_ROW),
    Watched("defocus_high", "Defocus, highest", "Å", 40000.0, "above", "defocus_u_A"),
    Watched("defocus_low", "Defocus, lowest", "Å", 1000.0, "below", "defocus_u_A"),
    Watched("astigmatism", "Astigmatism", "Å", 2000.0, "above", "ctf_astigmatism_A"),
    Watched("motion", "Total motion", "Å", 40.0, "above", "accumulated_motion_A"),
    Watched("quiet", "Since the last movie", "min", 10.0, "above"),
    Watched("behind", "Movies that wait", "movies", 50.0, "above"),
    Watched("disk", "Disk that is free", "%", 10.0, "below"),
    Watched("gpu", "Hottest GPU", "°C", 85.0, "above"),
)
LAST = 50
"""Micrographs that a monitor of single values looks back on."""


def read_all(hidden: Path, values: Values, figures: Mapping[str, float | None]) -> list[Reading]:
    """All monitors as they stand. values: columns in the order of acquisition; figures: values of the session by id."""
    kept = load(hidden)
    return [_read(one, kept.get(one.id, Kept()), values, figures) for one in WATCHED]


def _read(one: Watched, kept: Kept, values: Values, figures: Mapping[str, float | None]) -> Reading:
    limit = one.limit if kept.limit is None else kept.limit
    plain = Reading(one.id, one.name, one.unit, None, limit, one.side, "no data", snoozed_until_s=kept.snoozed_until_s)
    found = _of_column(one, values, limit) if one.column else _of_figure(one, figures.get(one.id), limit)
    if found is None:
        return plain
    value, state, note = found
    if state == "alarm" and kept.snoozed_until_s > time.time():
        state = "snoozed"
    return replace(plain, value=value, state=state, note=note)


def _of_figure(one: Watched, value: float | None, limit: float) -> tuple[float, State, str] | None:
    if value is None:
        return None
    out = value > limit if one.side == "above" else value < limit
    return value, "alarm" if out else "ok", ""


def _of_column(one: Watched, values: Values, limit: float) -> tuple[float, State, str] | None:
    """The newest value; alarm when so many in a row are out, look when any of the last fifty is."""
    column = values.get(one.column)
    if column is None or not np.isfinite(column).any():
        return None
    last = column[np.isfinite(column)][-LAST:]
    out = last > limit if one.side == "above" else last < limit
    if len(out) >= one.in_a_row and out[-one.in_a_row :].all():
        return float(last[-1]), "alarm", f"{_run_at_end(out)} in a row"
    return float(last[-1]), "look" if out.any() else "ok", f"{int(out.sum())} of the last {len(last)}" if out.any() else ""


def _run_at_end(out: NDArray[np.bool_]) -> int:
    inside = np.flatnonzero(~out)
    return int(len(out) - 1 - inside[-1]) if len(inside) else len(out)


def load(hidden: Path) -> dict[str, Kept]:
    """What people have set, by the monitor's id."""
    path = hidden / FILE
    if not path.is_file():
        return {}
    try:
        said: dict[str, dict[str, Any]] = json.loads(path.read_text())
        return {word: Kept(**one) for word, one in said.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path} does not hold limits of monitors ({error}): take it away, then they are as at first") from None


def keep(hidden: Path, word: str, kept: Kept) -> None:
    """Set a limit or a snooze."""
    if word not in {one.id for one in WATCHED}:
        raise UserError(f"there is no monitor {word!r}; there are {', '.join(one.id for one in WATCHED)}")
    whole = {**load(hidden), word: kept}
    hidden.mkdir(exist_ok=True)
    atomic.write_text(hidden / FILE, json.dumps({name: asdict(one) for name, one in whole.items()}, indent=1) + "\n")
