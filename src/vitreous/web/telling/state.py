"""Where a job stands, in one sentence: how far and how long still, what it waits for, or how it ended."""

import time

from vitreous.files import chain
from vitreous.project.graph_model import Graph
from vitreous.project.layout import Layout, folder_of
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed
from vitreous.web.job_details import last_word
from vitreous.web.reading import Row
from vitreous.web.telling.progress import Progress

LONGEST_S = 14 * 86400.0


def about(seconds: float) -> str:
    """A time for people, never with seconds: "about 20 min"."""
    minutes = seconds / 60
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        step = 1 if minutes < 10 else 5
        return f"about {max(1, round(minutes / step)) * step if minutes >= step else 1} min"
    if minutes < 48 * 60:
        return f"about {minutes / 60:.1f} h".replace(".0 h", " h")
    return f"about {minutes / 1440:.0f} days"


def sentence(layout: Layout, graph: Graph, row: Row, found: Progress) -> str:
    """The state of a job in words that stand behind its title."""
    folder = JobFolder(layout.job(row.process.name))
    match row.state:
        case "running":
            return _running(row, found)
        case "silent":
            minutes = (time.time() - last_word(folder)) / 60
            return f"no word for {minutes:.0f} min" if minutes < 120 else f"no word for {minutes / 60:.0f} h"
        case "queued":
            where = placed.read(folder)
            return f"waits in the queue{f' as {where.id}' if where and where.id else ''}"
        case "scheduled":
            return _scheduled(layout, graph, row.process.name)
        case "needs_you":
            return "waits for your answer"
        case "finished":
            return _finished(row, found)
        case "aborted":
            last = chain.latest(folder.path)
            return f"stopped on request after iteration {int(last)}" if last else "stopped on request"
    return "failed"


def _running(row: Row, found: Progress) -> str:
    unit = row.word.unit or "units"
    if not found.total:
        return "just begun"
    if found.unit == "iterations":
        at = min(int(found.done) + 1, int(found.total))
        said = f"{unit.removesuffix('s')} {at} of {found.total:g}"
    elif found.total == 1:
        said = f"{100 * min(found.done, 1):.0f} % done"
    else:
        said = f"{int(found.done):,} of {int(found.total):,} {unit}"
    if "waiting for more" in found.note:
        return f"{said}, waits for more"
    return f"{said}, {about(found.left_s)} left" if found.left_s is not None else f"{said}, time left not known yet"


def _scheduled(layout: Layout, graph: Graph, name: str) -> str:
    missing = [node for node in graph.inputs_of(name) if not (layout.root / node).exists()]
    waits = list(dict.fromkeys(folder_of(node).rstrip("/") for node in missing))
    if not waits:
        return "ready to run"
    return f"waits for {', '.join(waits[:3])}{' and others' if len(waits) > 3 else ''}"


def _finished(row: Row, found: Progress) -> str:
    spent = row.about.ended - row.about.runs[-1] if row.about.runs and row.about.ended else 0
    if not found.series and spent > LONGEST_S:
        spent = 0  # the times of files of a project that was copied tell when that was
    parts = [part for part in (row.key, f"done in {_took(spent)}" if spent > 0 else "done") if part]
    if found.aside:
        parts.append(f"{len(found.aside)} set aside")
    return ", ".join(parts)


def _took(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
