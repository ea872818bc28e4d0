"""What `list` and `show` print: all jobs in aligned lines, quick also for ten thousand; and everything about one job."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.project import history, notes
from vitreous.project.commands.wording import aligned
from vitreous.project.graph_model import Graph, Process
from vitreous.project.history import title_of
from vitreous.project.layout import number_of
from vitreous.project.project import Project
from vitreous.project.state import job_file
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed
from vitreous.run.record import duration, last_progress

STATES = ("running", "scheduled", "succeeded", "failed", "aborted", "died", "queued")
ORDERS = ("number", "type", "state", "alias")
NOTE_LINES = 8
LONGEST_S = 60 * 86400.0  # the exit marker of a copied project may be as old as the copy
GONE = "its folder is gone"


def state_of(project: Project, process: Process) -> str:
    """The state in small letters; of jobs that the graph calls running, "died" for one whose process is gone, and "queued"."""
    if process.status == "Running" and project.has_died(process):
        return "died"
    if process.status == "Running" and placed.hint(JobFolder(project.layout.job(process.name))) == "waiting":
        return "queued"
    return process.status.lower()


def listing(
    project: Project, *, types: Sequence[str] = (), states: Sequence[str] = (), order: str = "number", reverse: bool = False
) -> str:
    """A line for each job: name, alias, state, title, progress of one that has not succeeded; then how many there are.

    types: words of a folder, label or title; states: RELION's five, died, queued. Several of a kind: any of them.
    """
    graph = project.graph()
    if not graph.processes:
        return f"no jobs yet; the next is number {graph.counter}\n"
    found = [(process, state_of(project, process)) for process in graph.processes.values()]
    wanted = {word.lower() for word in states}
    kept = [(process, state) for process, state in found if (not wanted or state in wanted) and _is_of(process, types)]
    kept.sort(key=lambda pair: _key(pair[0], pair[1], order), reverse=reverse)
    there = _folders(project)
    rows = [_row(project, process, state, is_there=process.name in there) for process, state in kept]
    counts = Counter(state for _, state in found)
    tally = ", ".join(f"{count} {state}" for state, count in counts.items())
    shown = f"{len(kept)} of {len(found)} jobs shown; " if len(kept) < len(found) else ""
    return f"{aligned(rows)}{shown}{tally}\nthe next is number {graph.counter}\n"


def _is_of(process: Process, types: Sequence[str]) -> bool:
    if not types:
        return True
    about = f"{process.name} {process.label} {title_of(process)}".lower()
    return any(word.lower() in about or word.lower().replace("-", "") in about for word in types)


def _key(process: Process, state: str, order: str) -> tuple[str, int]:
    word = {"type": process.name.partition("/")[0], "state": state, "alias": process.alias or "~"}.get(order, "")
    return word, number_of(process.name) or 0


def _row(project: Project, process: Process, state: str, *, is_there: bool) -> tuple[str, ...]:
    alias = process.alias.rstrip("/").rpartition("/")[2]
    return process.name.rstrip("/"), alias, state, title_of(process), _progress(project, process) if is_there else GONE


def _folders(project: Project) -> set[str]:
    """The names of the job folders that are there, by one look into each folder of jobs."""
    found: set[str] = set()
    root = project.layout.root
    for kind in os.listdir(root):
        try:
            found.update(f"{kind}/{name}/" for name in os.listdir(root / kind) if name.startswith("job"))
        except OSError:  # a file, a link that leads nowhere or round in a circle, a folder that is closed to us
            continue
    return found


def _progress(project: Project, process: Process) -> str:
    """How far a job is that has not come to a good end."""
    return "" if process.status in ("Succeeded", "Scheduled") else last_progress(JobFolder(project.layout.job(process.name)))


def shown(project: Project, word: str) -> str:
    """Everything about one job: type, state, times, files in and out with the jobs at their other ends, options, note."""
    name = project.find(word)
    graph = project.graph()
    process = graph.processes[name]
    state = state_of(project, process)
    head = f"{name}  {title_of(process)} ({process.label}), {state} {_progress(project, process)}".rstrip()
    rows = [*([("alias", process.alias)] if process.alias else []), *_times(project, name)]
    rows += [("input", f"{node}{_by(graph.makers_of(node), 'from', graph, but=name)}") for node in graph.inputs_of(name)]
    for node in graph.outputs_of(name):
        there = "" if (project.layout.root / node).exists() else "  (not there)"
        rows.append(("output", f"{node}  {graph.nodes[node].label}{there}{_by(graph.users_of(node), 'to', graph, but=name)}"))
    job_star = job_file(project.layout, name)
    if job_star.is_file():
        rows += [("option", f"{option} = {value}") for option, value in _options(job_star).items()]
        rows += [("limit", f"it cannot be run or gone on with here: {why}") for why in _refusal(job_star)]
    rows += [("note", line) for line in _last_lines(notes.read(project.layout, name).splitlines())]
    return head + "\n" + "".join(f"{first:<8} {rest}\n" for first, rest in rows)


def _options(job_star: Path) -> Mapping[str, str]:
    """The options of a job; none where the file is broken, which _refusal tells."""
    try:
        return as_star.read(job_star).values
    except UserError:
        return {}


def _refusal(job_star: Path) -> list[str]:
    """Why a job of RELION's cannot be done here; empty where it can."""
    try:
        as_star.load(job_star)
    except UserError as error:
        return [str(error).removeprefix(f"{job_star}: ")]
    return []


def _times(project: Project, name: str) -> list[tuple[str, str]]:
    when = history.times(project.layout, name)
    found = [("started", _moment(when.first))] if when.first else []
    if when.last and when.last != when.first:
        found.append(("again", _moment(when.last)))
    if when.ended:
        took_s = (when.ended - when.last).total_seconds() if when.last else 0.0
        after = f", after {duration(took_s)}" if 0 < took_s < LONGEST_S else ""
        found.append(("ended", _moment(when.ended) + after))
    return found


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S")


def _by(jobs: Iterable[str], word: str, graph: Graph, but: str) -> str:
    names = [_called(graph.processes[job]) for job in jobs if job != but and job in graph.processes]
    return f"  {word} {', '.join(names)}" if names else ""


def _called(process: Process) -> str:
    alias = process.alias.rstrip("/").rpartition("/")[2]
    return f"{process.name.rstrip('/')} ({alias})" if alias else process.name.rstrip("/")


def _last_lines(lines: list[str]) -> list[str]:
    kept = [line for line in lines if line.strip()]
    return kept if len(kept) <= NOTE_LINES else ["...", *kept[-NOTE_LINES:]]
