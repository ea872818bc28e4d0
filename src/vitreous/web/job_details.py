"""What a job's folder tells beside the graph: when it ran, how far it is, flags, its place, why it failed; small files only."""

import calendar
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitreous.project.cleaning_rules import NO_HARSH_CLEAN
from vitreous.project.state import is_alive, marker
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed
from vitreous.run.record import WAITING
from vitreous.run.watching import is_held
from vitreous.web.key_numbers import tail
from vitreous.web.telling.failure import Remedy
from vitreous.web.telling.progress import left, points_of

SILENT_S = 180.0
LONGEST_RUN_S = 60 * 86400.0
GONE_S = 10.0
"""A process that is not to be found may be about to begin, or to leave its marker, for so long."""
_EXECUTED = re.compile(r"\+\+\+\+ Executing (new|continuing|continue\w*) job on \w{3} (\w{3}) +(\d+) (\d+):(\d+):(\d+) (\d{4})")
_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_OPTION = re.compile(r"^\s*(use_gpu|gpu_ids|do_queue|queuename)\s+(\S.*?)\s*$", re.M)


@dataclass(frozen=True)
class Details:
    """What the folder of one job says; times in seconds since 1970, 0 where they are not known."""

    runs: tuple[float, ...] = ()
    continued: int = 0
    ended: float = 0.0
    flags: tuple[str, ...] = ()
    place: str = ""
    sentence: str = ""
    remedy: Remedy | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)

    @property
    def started(self) -> float:
        return self.runs[0] if self.runs else 0.0


def state_of(status: str, folder: JobFolder) -> str:
    """The window's word for the state of a job that the graph calls Running or Scheduled, by its markers and heartbeat.

    A run that holds its lock is alive however long it says nothing; without a lock the last word counts.
    """
    by_marker = {"Succeeded": "finished", "Failed": "failed", "Aborted": "aborted"}
    verdict = by_marker.get(marker(folder) if status in ("Running", "Scheduled") else status)
    if verdict:
        return verdict
    if status == "Scheduled" or is_held(folder):
        waits = status == "Scheduled" and placed.hint(folder) == "waiting"
        return "queued" if waits else "scheduled" if status == "Scheduled" else "running"
    if placed.hint(folder) == "waiting":
        return "queued"
    unheard_s = time.time() - last_word(folder)
    if unheard_s > GONE_S and (folder.lock.exists() or folder.place.exists()) and not is_alive(folder):
        return "failed"  # its process has gone without a word, as one does that is killed for memory
    return "silent" if unheard_s > SILENT_S else "running"


def last_word(folder: JobFolder) -> float:
    """When the job said something last."""
    return max((_time_of(path) for path in (folder.progress, folder.out, folder.err, folder.path)), default=0.0)


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def progress_of(folder: JobFolder) -> dict[str, Any]:
    """The last whole line of progress.jsonl; empty without one."""
    for line in reversed(tail(folder.progress).splitlines()):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and isinstance(said.get("total"), (int, float)):
            pace_s, _ = left(points_of(tail(folder.progress).encode().splitlines()))
            return said if pace_s is None else {**said, "left_s": round(pace_s)}
    return {}


def details(folder: JobFolder, state: str) -> Details:
    """Everything that a row shows and the graph does not say."""
    runs, continued = _runs(folder)
    progress = progress_of(folder)
    ended = max(_time_of(path) for path in folder.verdicts) if state in ("finished", "failed", "aborted") else 0.0
    if state == "failed" and not ended:
        ended = last_word(folder)
    if runs and ended - runs[-1] > LONGEST_RUN_S:
        ended = runs[-1]  # the marker is of an unpacked copy, and tells nothing of the run
    return Details(
        runs=runs,
        continued=continued,
        ended=ended,
        flags=tuple(_flags(folder, state, continued, progress)),
        place=_place(folder),
        progress=progress,
    )


def _runs(folder: JobFolder) -> tuple[tuple[float, ...], int]:
    """When runs began, by note.txt, and how many of them went on with what was there."""
    try:
        text = folder.note.read_text(errors="replace")
    except OSError:
        return (), 0
    found = _EXECUTED.findall(text)
    times = []
    for _, month, *numbers in found:
        day, hour, minute, second, year = map(int, numbers)
        if month in _MONTHS:
            times.append(time.mktime((year, _MONTHS[month], day, hour, minute, second, 0, 0, -1)))
    return tuple(times), sum(how != "new" for how, *_ in found)


def _flags(folder: JobFolder, state: str, continued: int, progress: Mapping[str, Any]) -> list[str]:
    flags = []
    if continued:
        flags.append(f"continued {continued}x")
    if state == "finished" and (count := _set_aside(folder)):
        flags.append(f"{count} {'unit' if count == 1 else 'units'} set aside")
    if state == "running" and progress.get("note") == WAITING:
        flags.append("open")
    if state == "silent":
        flags.append(f"no word for {_long(time.time() - last_word(folder))}")
    if (folder.path / NO_HARSH_CLEAN).exists():
        flags.append("protected")
    return flags


def _long(span_s: float) -> str:
    """A long time in its largest fitting unit."""
    minutes = round(span_s / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"


def _set_aside(folder: JobFolder) -> int:
    """How many units were set aside, by the table of the last run."""
    try:
        with folder.failed.open("rb") as stream:
            text = stream.read(2_000_000)
    except OSError:
        return 0
    return sum(1 for line in text.splitlines() if line.strip() and not line.startswith((b"#", b"data_", b"loop_", b"_")))


def _place(folder: JobFolder) -> str:
    """Where a job runs: the queue it was handed to, "GPU 0" or "GPU", else "CPU"."""
    handed = placed.read(folder)
    try:
        said = dict(_OPTION.findall(folder.job_star.read_text(errors="replace")))
    except OSError:
        said = {}
    if handed and handed.place != "here":
        queue = said.get("queuename", "").strip('"')
        return f"{handed.place} {queue}".strip()
    if said.get("use_gpu") == "Yes":
        return f"GPU {said.get('gpu_ids', '').strip(chr(34))}".strip()
    return "CPU"
