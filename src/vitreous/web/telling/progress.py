"""How far a job is: its steps over time, its units or iterations one by one, what was set aside, and the time left."""

import json
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.files import star
from vitreous.run.folder import JobFolder
from vitreous.run.units import lines
from vitreous.web.telling.iterations import Iteration
from vitreous.web.telling.iterations import iterations as iterations_of

MOST_POINTS = 600
MOST_UNITS = 20000
RECENT = 20
KNOWN_AFTER = 3  # units, before which nothing is said of the time left


class Point(BaseModel):
    """Done units or iterations at a moment; time_s: seconds since 1970."""

    time_s: float
    done: float
    total: float
    note: str = Field(default="", exclude=True)


class UnitDone(BaseModel):
    """One unit: its key, such as a micrograph, and the seconds that it took; None where that was not noted."""

    key: str
    seconds: float | None = None


class SetAside(BaseModel):
    """A unit that failed, and why."""

    key: str
    reason: str


class Progress(BaseModel):
    """All of it. left_s: seconds left, None while unknown; pace: what the time left was worked out from, in words."""

    done: float = 0
    total: float = 0
    unit: str = ""
    note: str = ""
    left_s: float | None = None
    pace: str = ""
    updated_s: float | None = None
    series: list[Point] = []
    units: list[UnitDone] = []
    units_total: int = 0
    aside: list[SetAside] = []
    iterations: list[Iteration] = []
    why_not: str = ""


def progress(folder: JobFolder, *, running: bool) -> Progress:
    """How far a job is, from the files in its folder; for RELION's jobs from the files of their iterations."""
    points = _points(folder.progress)
    done_units = list(_units(folder.rows))
    iterations = iterations_of(folder.path)
    last = points[-1] if points else None
    counted = float(iterations[-1].iteration if iterations else len(done_units))
    found = Progress(
        done=last.done if last else counted,
        total=last.total if last else counted,
        unit="iterations" if iterations or (folder.rows / "iterations.jsonl").exists() else "units",
        note=last.note if last else "",
        updated_s=last.time_s if last else None,
        series=_thinned(points),
        units=done_units[-MOST_UNITS:],
        units_total=len(done_units),
        aside=set_aside(folder),
        iterations=iterations,
    )
    if running and last:
        found.left_s, found.pace = left(points)
    if not points and not done_units and not iterations:
        found.why_not = _why_not(folder)
    return found


def set_aside(folder: JobFolder) -> list[SetAside]:
    """The units that failed in the last run, with the reason of each."""
    with suppress(UserError, KeyError, OSError):
        rows = star.read(folder.failed)["failed"].rows() if folder.failed.is_file() else ()
        return [SetAside(key=str(row["vitreousUnit"]), reason=str(row["vitreousReason"])) for row in rows]
    return []


def left(points: list[Point]) -> tuple[float | None, str]:
    """Seconds left, by the middle of the times of the last steps of the present run; nothing before there are three."""
    own = _present_run(points)
    steps = [(after.time_s - before.time_s) / (after.done - before.done) for before, after in _rising(own)]
    if not own or not steps or own[-1].done - own[0].done < min(KNOWN_AFTER, own[-1].total / 2):
        return None, "not known yet"
    each_s = statistics.median(steps[-RECENT:])
    remaining = max(0.0, own[-1].total - own[-1].done)
    waited_s = max(0.0, time.time() - own[-1].time_s)
    return max(0.0, remaining * each_s - waited_s), f"the middle of the last {min(len(steps), RECENT)} steps, {each_s:.3g} s each"


def _rising(points: list[Point]) -> Iterator[tuple[Point, Point]]:
    """Neighbours between which something was done."""
    before = None
    for point in points:
        if before is None:
            before = point
        elif point.done > before.done:
            yield before, point
            before = point


def _present_run(points: list[Point]) -> list[Point]:
    """The points since the work last began anew, when less was done, or of another whole, than just before."""
    begin = 0
    for index in range(1, len(points)):
        if points[index].done < points[index - 1].done:
            begin = index
    return points[begin:]


def points_of(raws: Iterable[bytes]) -> list[Point]:
    """The points that lines of progress.jsonl tell; a torn line is passed over."""
    found: list[Point] = []
    for raw in raws:
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(raw)
            found.append(Point(time_s=said["time"], done=said["done"], total=said["total"], note=str(said.get("note") or "")))
    return found


def _points(path: Path) -> list[Point]:
    if not path.is_file():
        return []
    with path.open("rb") as stream:
        return points_of(stream)


def _thinned(points: list[Point]) -> list[Point]:
    step = max(1, len(points) // MOST_POINTS)
    return points if step == 1 else [*points[::step], points[-1]]


def _units(rows: Path) -> Iterator[UnitDone]:
    """The units in the order in which they were noted; one that was done again counts once, with its last time."""
    found: dict[str, float | None] = {}
    for path in sorted(rows.glob("*.jsonl"), key=lambda path: path.stat().st_mtime):
        for line in lines(path):
            if "record" in line and "key" in line:
                seconds = line.get("seconds")
                found.pop(str(line["key"]), None)
                found[str(line["key"])] = float(seconds) if isinstance(seconds, (int, float)) else None
    for key, took_s in found.items():
        yield UnitDone(key=key, seconds=took_s)


def _why_not(folder: JobFolder) -> str:
    if not folder.path.is_dir():
        return "The job's folder is not on disk, so nothing is known of its progress."
    if folder.hidden.is_dir():
        return "Nothing is done yet."
    return "This job was run by another program, which writes no record of its progress; its log tells what it did."
