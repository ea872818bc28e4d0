"""The session that is being recorded: the newest import of movies, the steps that follow it, its pace, its values in order."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.run.folder import JobFolder
from vitreous.tables.table import Table
from vitreous.web import reading
from vitreous.web.opened import Opened
from vitreous.web.reading import Row
from vitreous.web.sheets import SHEETS

CHAIN = ("import", "motion-correction", "ctf-find", "auto-pick", "extract", "class2d")
TABLES = {"ctf-find": "micrographs_ctf.star", "motion-correction": "corrected_micrographs.star"}
COLUMNS = ("ctf_resolution_A", "defocus_u_A", "ctf_astigmatism_A", "accumulated_motion_A", "phase_shift_deg")
HOUR_S = 3600.0
TAIL_BYTES = 1 << 20


@dataclass(frozen=True)
class Pace:
    """Movies in the last hour, in the best hour, and seconds since the last; None where nothing was counted."""

    last_hour: int
    best_hour: int
    since_last_s: float | None


def chain(here: Opened) -> list[Row]:
    """The newest import of movies and, of each type that follows, the newest job that goes back to it."""
    rows = {row.process.name: row for row in reading.rows(here)}
    imports = [row for row in rows.values() if row.type == "import"]
    if not imports:
        return []
    found = [imports[-1]]
    below = set(reading.graph(here).descendants(imports[-1].process.name))
    for word in CHAIN[1:]:
        newest = [row for name, row in rows.items() if row.type == word and name in below]
        found += newest[-1:]
    whole = reading.reading(here)
    return [whole.row(row.process.name) for row in found]


def pace_of(row: Row, root: Path) -> Pace:
    """How quickly a job gets on, by its progress file."""
    path = JobFolder(root / row.name).progress
    times, done = _progress(path)
    if not len(times):
        return Pace(0, 0, None)
    now = time.time()
    edges = np.searchsorted(times, times - HOUR_S)
    counts = done - np.where(edges > 0, done[np.maximum(edges - 1, 0)], 0)
    recent = np.searchsorted(times, now - HOUR_S)
    before = done[recent - 1] if recent > 0 else 0
    return Pace(int(done[-1] - before), int(counts.max()), float(now - times[-1]))


def _progress(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times (s since 1970) and units done of the last run, from the end of its progress file."""
    if not path.is_file():
        return np.empty(0), np.empty(0)
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        lines = file.read().splitlines()
    rows = []
    for line in lines:
        try:
            said = json.loads(line)
            rows.append((float(said["time"]), float(said["done"])))
        except (ValueError, KeyError, TypeError):
            continue  # the first line may be cut, the last one unfinished
    found = np.array(rows).reshape(-1, 2)
    falls = np.flatnonzero(np.diff(found[:, 1]) < 0)  # a run that began anew
    found = found[falls[-1] + 1 :] if len(falls) else found
    return found[:, 0], found[:, 1]


def micrographs_of(here: Opened, rows: list[Row]) -> tuple[str, Table | None]:
    """The path and table of the micrographs with most known of them: after the CTF fit, else after motion correction."""
    for word, name in TABLES.items():
        for row in rows:
            path = f"{row.name}/{name}"
            if row.type == word and (here.root / path).is_file():
                try:
                    return path, SHEETS.whole(here.inside(path)).tables["micrographs"]
                except (UserError, KeyError):
                    continue  # it is being written anew, or holds something else: the table before it will do
    return "", None


def values_of(table: Table | None) -> dict[str, NDArray[np.float64]]:
    """The columns that sessions are judged by, in the order of the table."""
    if table is None:
        return {}
    return {name: table[name].astype(np.float64) for name in COLUMNS if name in table and table[name].dtype.kind in "fiu"}
