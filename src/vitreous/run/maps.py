"""A map job under the runner: the units without a record are done, failures set aside, tables gathered now and then."""

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from vitreous.context import Context, UserError
from vitreous.files import atomic, star
from vitreous.files.star_blocks import StarFile, loop_block
from vitreous.job.declare import MapJob
from vitreous.job.placement import Placement
from vitreous.run.engine import Result, Task, here, side_by_side
from vitreous.run.feed import AtMost, Feed
from vitreous.run.folder import JobFolder
from vitreous.run.growing import Growing
from vitreous.run.ledger import Ledger
from vitreous.run.places.crew import from_elsewhere
from vitreous.run.record import WAITING, append_text

FULL_BELOW_BYTES = 20 * 2**20  # free: a failed unit is blamed on the disk


def go(job: MapJob, where: JobFolder, placement: Placement, *, context: Context, known: str) -> tuple[str, int, int, int]:
    """Do what is missing; gives the status, the units done in all, done now, and set aside.

    While an input grows, its new rows are done as they come; the tables that the job writes grow with them.
    """
    ledger = Ledger(where)
    feed = Growing(job, where, context, ledger=ledger, known=known)
    failed: dict[str, Result] = {}
    did = 0
    gave_up = False
    if feed.begin(context.stop_asked):
        if len(ledger):
            context.note(f"{len(ledger)} of {len(feed.keys)} were done before; {feed.waiting()} to do")
        tables = Tables(job, context)
        for result in _results(Task(job, feed.deciding, where, placement, context.seed), feed, len(ledger), context):
            if result is not None:
                feed.landed(result.unit, result.record, stopped=result.stopped)
                did += result.record is not None
                gave_up = result.stopped and not context.stop_asked()
                if gave_up:  # a program that was asked to stop by others
                    break
                if result.record is None and not result.stopped:
                    failed[result.unit.key] = result
                    _set_aside(where, result, context)
                _show(feed, len(ledger) + len(feed.failed), result.unit.key, context)
            tables.now_and_then(ledger, feed.keys, idle=result is None)
        failed = {key: result for key, result in failed.items() if key in feed.failed}
    if gave_up or context.stop_asked():
        Tables(job, context).write(ledger, feed.keys)
        return "aborted", len(ledger), did, len(failed)
    _verdict(job, where, failed, len(ledger))
    Tables(job, context).write(ledger, feed.keys)
    atomic.write_text(where.seen, json.dumps(feed.stamps()))
    return "succeeded", len(ledger), did, len(failed)


def _results(task: Task, feed: Growing, done: int, context: Context) -> Iterator[Result | None]:
    """The results from this process or from workers, where there is more than one unit to do."""
    _show(feed, done, "", context)
    most = task.placement.at_most
    units: Feed = AtMost(feed, most) if most else feed
    if most and (feed.open or feed.waiting() > most):
        context.note(f"at most {most} in this run; continue does the next")
    if from_elsewhere(task.placement) or (task.placement.workers > 1 and (feed.open or units.waiting() > 1)):
        return side_by_side(task, units, grows=feed.open, asked=context.stop_asked, note=context.note)
    return here(task, units, _within(context, feed, done))


def _show(feed: Growing, done: int, key: str, context: Context) -> None:
    total = len(feed.keys)
    if feed.open and done >= total:
        context.progress(done, total, WAITING)
    else:
        context.progress(done, total, key if total > 1 else "")


class Tables:
    """Writes the tables of a job: as soon as there is a first row, then now and then, in a small part of the time."""

    LEAST_S, MOST_S = 1.0, 60.0
    SHARE = 50.0  # of the time, at most one part in so many goes into tables that are not the last

    def __init__(self, job: MapJob, context: Context) -> None:
        self._job, self._context = job, context
        self._written, self._times, self._began = 0, 0, time.monotonic()
        self._next = 0.0 if job.follows else self._began + self.MOST_S

    def now_and_then(self, ledger: Ledger, keys: Sequence[str], *, idle: bool) -> None:
        """Write the tables if there is something new and it is time; earlier when there is nothing else to do."""
        now = time.monotonic()
        busy_s = 0.0 if idle else min(self.MOST_S, (now - self._began) / self.SHARE)
        if len(ledger) == self._written or now < self._next + busy_s:
            return
        self._written = len(ledger)
        records = ledger.records(keys)
        if len(records) and (self._job.follows or len(keys) > 1):
            self._job.gather(records, replace(self._context, growing=True, on_note=_unsaid))
        spent = time.monotonic() - now if self._times else 0.0  # the first loads what it needs
        self._times += 1
        self._next = time.monotonic() + max(self.LEAST_S, self.SHARE * spent)

    def write(self, ledger: Ledger, keys: Sequence[str]) -> None:
        """Write the tables with all that is done."""
        records = ledger.records(keys)
        if len(records):
            self._job.gather(records, self._context)


def _unsaid(text: str) -> None:
    """What is said of a table that will grow interests nobody."""


def _within(context: Context, feed: Growing, done: int) -> Context:
    """A context whose progress is that of the job: the units done and the part of the one in hand."""
    state = {"done": done, "last": 0.0}

    def on_progress(part: float, whole: float, note: str) -> None:
        fraction = min(part / whole, 1.0) if whole else 0.0
        if fraction < state["last"]:
            state["done"] += 1
        state["last"] = fraction
        total = len(feed.keys)
        if total == 1 and not feed.open:
            context.progress(part, whole, note)
        else:
            context.progress(min(state["done"] + fraction, total), total, note)

    return replace(context, on_progress=on_progress)


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
    reasons = [" ".join(result.reason.split()) for result in failed.values()]
    table = loop_block("failed", {"vitreousUnit": list(failed), "vitreousReason": reasons}, ("# version 30001", ""))
    star.write(where.failed, StarFile([table]))
    append_text(where.err, f"{len(failed)} set aside, listed in {where.failed}:\n" + "\n".join(failed))
    if finished:
        return
    first = next(iter(failed.values()))
    if len(failed) == 1:
        raise UserError(first.reason if first.reason else f"{job.type.title} failed; see {where.err}")
    raise UserError(f"all {len(failed)} units failed; the first, {first.unit.key}: {first.reason} (all are in {where.err})")
