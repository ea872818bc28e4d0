"""Readies a job folder for a run: what the last run left, what has changed since, the options and notes of this one."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitreous.context import Stopped, UserError
from vitreous.files import atomic
from vitreous.job import as_star
from vitreous.job.as_command import to_arguments
from vitreous.job.declare import CONTINUE_FROM, LoopJob, MapJob
from vitreous.job.options import as_plain, options, value_of, values
from vitreous.job.placement import Placement
from vitreous.job.registry import EXTERNAL
from vitreous.run import record
from vitreous.run.folder import JobFolder
from vitreous.run.nodes_file import listed_nodes
from vitreous.run.screen import Screen
from vitreous.run.takeover import take_over
from vitreous.run.units import input_stamp
from vitreous.run.watching import may_come

LEAST_FREE_BYTES = 100 * 2**20


def seed_of(job: Any, seed: int) -> int:
    """The job's own seed where it has one, else that of the run."""
    own = values(job).get("seed", seed)
    return own if isinstance(own, int) else seed


def open_folder(where: JobFolder, job: Any, placed: Placement, *, seed: int, command: str, screen: Screen) -> bool:
    """Ready a folder for a run. True for a loop that has ended there with the same settings and input: nothing is to be done."""
    ours_before = where.settings.exists()
    started_by_external = job.type.label != EXTERNAL and _is_external(where)
    goes_on = ours_before or (not started_by_external and _was_run_by_relion(where, job))
    succeeded = where.success.exists()
    stop_asked = _was_asked_on_its_way(where)
    record.clear_markers(where)
    where.err.touch()
    if where.abort_now.exists():
        raise UserError(f"{where.abort_now} cannot be removed; check the permissions")
    if stop_asked:
        raise Stopped
    free = shutil.disk_usage(where.path).free
    if free < LEAST_FREE_BYTES:
        raise UserError(f"only {free / 2**20:.0f} MB are free where {where.path} lies: free some space, then continue the job")
    look_for_inputs(job)
    changed = _changes(where, job, seed)
    given = [option.name for option in options(type(job)) if option.is_input and option.name != CONTINUE_FROM]
    moved = [line for line in changed if any(line.startswith(f"{name} was ") for name in given)]
    if isinstance(job, LoopJob) and moved and job.saved(where.path):
        raise UserError(f"{where.path} holds iterations of other input ({moved[0]}): give another folder with --out")
    if isinstance(job, MapJob) and goes_on and not ours_before:
        take_over(job, where, seed=seed_of(job, seed), say=screen.note)
    ours = where.hidden / "job.star" if started_by_external else where.job_star
    as_star.write(ours, job, placed, is_continue=goes_on, seed=seed)
    record.note_start(where, command or _python_call(job), goes_on=goes_on)
    record.write_versions(where)
    where.err.touch()
    screen.note(f"{job.type.title} in {where.path}/ ({'going on' if goes_on else 'new'})")
    for line in changed:
        screen.note(line)
    finished = isinstance(job, LoopJob) and succeeded and ours_before and not changed and _has_outputs(where, job)
    atomic.write_text(where.settings, json.dumps(_plain(job, seed), indent=1))
    return finished


def _was_run_by_relion(where: JobFolder, job: Any) -> bool:
    """Whether a run that was not ours has begun in the folder, by its note or markers, or left iterations there.

    Whoever hands a job over takes its markers away before; the note stays.
    """
    begun = any(path.exists() for path in where.control) or record.was_started(where)
    return begun or (isinstance(job, LoopJob) and bool(job.saved(where.path)))


def _was_asked_on_its_way(where: JobFolder) -> bool:
    """Whether a stop was asked for since the job was handed to its place, before it began here."""
    try:
        return where.abort_now.stat().st_mtime_ns >= where.place.stat().st_mtime_ns
    except FileNotFoundError:
        return False


def _has_outputs(where: JobFolder, job: Any) -> bool:
    """Whether the outputs that were listed when the job ended are still there."""
    return where.output_nodes.exists() and all(Path(node).exists() for node in listed_nodes(where))


def _is_external(where: JobFolder) -> bool:
    """Whether the folder belongs to an External job of RELION's, started with us as its program; its job.star is RELION's."""
    if not where.job_star.is_file():
        return False
    there = as_star.read(where.job_star)
    return (there.number == 99 and not there.label) or there.label == EXTERNAL


def look_for_inputs(job: Any) -> None:
    """Each input file that was given must be there, or come from a job that is at work; a pattern is left to the job."""
    for option in options(type(job)):
        path = str(value_of(job, option)) if option.is_input else ""
        if path and not set("*?[") & set(path) and not Path(path).exists() and not (_follows(job) and may_come(path)):
            raise UserError(f"{job.type.title}: {option.flag} {path}: there is no such file (paths count from {Path.cwd()})")


def _follows(job: Any) -> bool:
    return isinstance(job, MapJob) and job.follows


def _plain(job: Any, seed: int) -> dict[str, Any]:
    about = {"label": job.type.label, "version": job.type.version, "seed": seed}
    return {**about, "options": as_plain(job), "inputs": [list(stamp) for stamp in input_stamp(job)]}


def _changes(where: JobFolder, job: Any, seed: int) -> list[str]:
    """Lines "name was x, is now y" for what differs from the last run in this folder, input files included."""
    if not where.settings.exists():
        return []
    before = _settings_before(where)
    now = _plain(job, seed)
    if before["label"] != now["label"]:
        raise UserError(f"{where.path} belongs to a job {before['label']}, not {now['label']}: give another folder with --out")
    old: Mapping[str, Any] = before["options"]
    lines = [f"{n} was {old[n]!r}, is now {v!r}" for n, v in now["options"].items() if n in old and old[n] != v]
    lines += [f"{n} was {before[n]}, is now {now[n]}" for n in ("seed", "version") if before.get(n, now[n]) != now[n]]
    renewed = [stamp[0] for stamp in now["inputs"] if stamp not in before.get("inputs", now["inputs"])]
    return lines + [f"{name} is another file than in the last run" for name in renewed]


def _settings_before(where: JobFolder) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(where.settings.read_text(encoding="utf-8"))
        return {"label": found["label"], "options": found["options"], **found}
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{where.settings}, the options of the last run, cannot be read, as after a crash of the machine: "
            "remove it to go on with what job.star says"
        ) from None


def _python_call(job: Any) -> str:
    return " ".join(["vitreous", job.type.command, *to_arguments(job)])
