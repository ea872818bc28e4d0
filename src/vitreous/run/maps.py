"""A map job under the runner: the units without a record are done, failures set aside, tables gathered now and then."""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitreous.context import Context, UserError
from vitreous.files import atomic
from vitreous.job.declare import MapJob, Unit
from vitreous.job.options import canonical
from vitreous.job.placement import Placement
from vitreous.run.engine import Result, Task, here, side_by_side
from vitreous.run.feed import ListFeed
from vitreous.run.folder import JobFolder
from vitreous.run.nodes_file import made_nodes
from vitreous.run.record import append_text
from vitreous.run.units import checked, has_lost_files, identity, input_stamp, recorded

GATHER_EVERY_S = 60.0
FULL_BELOW_BYTES = 20 * 2**20  # free: a failed unit is blamed on the disk


def go(job: MapJob, where: JobFolder, placement: Placement, *, context: Context, known: str) -> tuple[str, int, int, int]:
    """Do what is missing; gives the status, the units done in all, done now, and set aside."""
    finished: dict[str, Mapping[str, Any]] = {}
    failed: dict[str, Result] = {}
    did = 0
    while True:
        units = checked(job.units(context))
        if not units:
            raise UserError(f"{job.type.title}: the input holds nothing to work on; look at it with the job that made it")
        deciding = known if len(units) > 1 else canonical([known, input_stamp(job)])
        task = Task(job, deciding, where, placement, context.seed)
        finished.update(_done_before(task, units))
        todo = [unit for unit in units if unit.key not in finished and unit.key not in failed]
        if not todo:
            break
        if len(finished):
            context.note(f"{len(finished)} of {len(units)} were done before; {len(todo)} to do")
        for result in _watched(task, todo, units, finished=finished, context=context):
            if result.record is not None:
                finished[result.unit.key] = result.record
                did += 1
            elif not result.stopped:
                failed[result.unit.key] = result
                _set_aside(where, result, context)
        if context.stop_asked():
            _gather(job, units, finished, context)
            return "aborted", len(finished), did, len(failed)
    _verdict(job, where, failed, len(finished))
    _gather(job, units, finished, context)
    return "succeeded", len(finished), did, len(failed)


def _done_before(task: Task, units: Sequence[Unit]) -> dict[str, dict[str, Any]]:
    """The records of units that need not be done again: same identity, and the files that they name are still there."""
    before = recorded(task.folder.rows)
    found = {unit.key: before.get(identity(unit, task.identity)) for unit in units}
    if len(units) == 1 and not all(Path(node.name).exists() for node in made_nodes(task.folder.path, task.job, exist=False)):
        return {}
    return {key: record for key, record in found.items() if record is not None and not has_lost_files(record, task.folder.path)}


def _watched(
    task: Task, todo: Sequence[Unit], units: Sequence[Unit], *, finished: Mapping[str, Any], context: Context
) -> Iterator[Result]:
    """The results as they come, with progress shown and the tables gathered once a minute."""
    total, done = len(units), len(units) - len(todo)
    gathered = time.monotonic()
    context.progress(done, total)
    feed = ListFeed(todo)
    if task.placement.workers > 1 and len(todo) > 1:
        results = side_by_side(task, feed, grows=False, asked=context.stop_asked)
    else:
        results = here(task, feed, _within(context, len(units), done))
    for result in results:
        if result is None:
            continue
        yield result
        done += not result.stopped
        context.progress(done, total, result.unit.key if total > 1 else "")
        if time.monotonic() - gathered > GATHER_EVERY_S and finished:
            _gather(task.job, units, finished, context)
            gathered = time.monotonic()


def _within(context: Context, total: int, done: int) -> Context:
    """A context whose progress is that of the job: the units done and the part of the one in hand."""
    if total == 1:
        return context
    state = {"done": done, "last": 0.0}

    def on_progress(part: float, whole: float, note: str) -> None:
        fraction = min(part / whole, 1.0) if whole else 0.0
        if fraction < state["last"]:
            state["done"] += 1
        state["last"] = fraction
        context.progress(min(state["done"] + fraction, total), total, note)

    return replace(context, on_progress=on_progress)


def _gather(job: MapJob, units: Sequence[Unit], finished: Mapping[str, Any], context: Context) -> None:
    records = [finished[unit.key] for unit in units if unit.key in finished]
    if records:
        job.gather(records, context)


def _set_aside(where: JobFolder, result: Result, context: Context) -> None:
    said = f"{result.unit.key}: {result.reason}"
    append_text(where.err, f"SET ASIDE: {said}\n{result.trace}")
    context.note(f"set aside: {said}")
    if shutil.disk_usage(where.path).free < FULL_BELOW_BYTES or "no space left" in result.reason.lower():
        raise UserError(f"no space left on the disk of {where.path}: free some space, then continue the job")


def _verdict(job: MapJob, where: JobFolder, failed: Mapping[str, Result], finished: int) -> None:
    """List what was set aside; when nothing was done at all, the job has failed."""
    if not failed:
        where.failed.unlink(missing_ok=True)
        return
    rows = "\n".join(f'"{_quoted(key)}" "{_quoted(result.reason)}"' for key, result in failed.items())
    head = "# version 30001\n\ndata_failed\n\nloop_\n_vitreousUnit #1\n_vitreousReason #2\n"
    atomic.write_text(where.failed, f"{head}{rows}\n")
    append_text(where.err, f"{len(failed)} set aside, listed in {where.failed}:\n" + "\n".join(failed))
    if finished:
        return
    first = next(iter(failed.values()))
    if len(failed) == 1:
        raise UserError(first.reason if first.reason else f"{job.type.title} failed; see {where.err}")
    raise UserError(f"all {len(failed)} units failed; the first, {first.unit.key}: {first.reason} (all are in {where.err})")


def _quoted(text: str) -> str:
    return text.replace('"', "'").replace("\n", " ")
