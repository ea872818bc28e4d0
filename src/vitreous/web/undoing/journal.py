"""The journal of acts done in the window: .vitreous/acts.jsonl in the project, append only, a line for each act and each undo."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitreous.project.layout import Layout
from vitreous.project.lock import check_writable
from vitreous.run.record import append_line
from vitreous.run.units import lines


@dataclass(frozen=True)
class Entry:
    """One act: what was done in a sentence, to which jobs ("Class2D/job014/"), and how to undo it; undo empty: it cannot be."""

    ref: str
    when_s: float
    act: str
    said: str
    jobs: tuple[str, ...] = ()
    undo: Mapping[str, Any] = field(default_factory=dict)
    undone_s: float = 0.0


def path_of(layout: Layout) -> Path:
    """The journal's file."""
    return layout.kept_graph.parent / "acts.jsonl"


def record(layout: Layout, act: str, said: str, jobs: Sequence[str] = (), undo: Mapping[str, Any] | None = None) -> str:
    """Write an act down; gives the reference by which it can be undone."""
    check_writable(layout)
    ref = f"{int(time.time() * 1000):x}-{secrets.token_hex(4)}"
    line = {"ref": ref, "when": round(time.time(), 3), "act": act, "said": said, "jobs": list(jobs), "undo": dict(undo or {})}
    append_line(path_of(layout), line)
    return ref


def note_undone(layout: Layout, ref: str) -> None:
    """Write down that an act was undone."""
    append_line(path_of(layout), {"undone": ref, "when": round(time.time(), 3)})


def entries(layout: Layout) -> list[Entry]:
    """All acts, the newest first. A line torn by a sudden end is passed over."""
    path = path_of(layout)
    found: dict[str, Entry] = {}
    for line in lines(path) if path.is_file() else ():
        ref = str(line.get("undone") or line.get("ref") or "")
        if "undone" in line and ref in found:
            found[ref] = Entry(**{**vars(found[ref]), "undone_s": _seconds(line)})
        elif "ref" in line and isinstance(line.get("undo"), dict):
            jobs = tuple(str(job) for job in line.get("jobs") or ())
            found[ref] = Entry(ref, _seconds(line), str(line.get("act")), str(line.get("said")), jobs, line["undo"])
    return list(found.values())[::-1]


def _seconds(line: Mapping[str, Any]) -> float:
    when = line.get("when")
    return float(when) if isinstance(when, (int, float)) else 0.0
