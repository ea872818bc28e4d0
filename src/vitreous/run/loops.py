"""A loop job under the runner: from the last saved iteration to the end, each one saved before the next begins."""

import time
from collections.abc import Sequence
from typing import Any

from vitreous.context import Context, Stopped, UserError
from vitreous.job.declare import LoopJob
from vitreous.run.engine import use_threads
from vitreous.run.folder import JobFolder
from vitreous.run.record import append_line, duration


def go(job: LoopJob, where: JobFolder, context: Context) -> tuple[bool, int, int]:
    """Gives whether it was stopped, the iterations saved in all, and those done now. A stop loses the iteration in hand."""
    saved = list(job.saved(where.path))
    did = 0
    if saved:
        state = _taken_up(job, where, saved, context)
    else:
        state = job.begin(context)
        job.save(state, where.path, context)
    try:
        while not job.done(state):
            context.check()
            use_threads(context.threads)
            began = time.monotonic()
            state = job.step(state, context)
            job.save(state, where.path, context)
            did += 1
            spent = time.monotonic() - began
            append_line(where.rows / "iterations.jsonl", {"iteration": state.iteration, "seconds": round(spent, 3)})
            context.note(f"iteration {state.iteration} took {duration(spent)}")
    except Stopped:
        return True, state.iteration, did
    job.finish(state, context)
    return False, state.iteration, did


def _taken_up(job: LoopJob, where: JobFolder, saved: Sequence[int], context: Context) -> Any:
    """The state of the last iteration whose files can be read. Each one passed over is told.

    An error that the iteration before meets in the same words lies not in the iteration's files, and stops the job.
    """
    passed: list[tuple[int, Exception]] = []
    for iteration in reversed(saved):
        try:
            state = job.load(where.path, iteration, context)
        except Stopped:
            raise
        except Exception as error:
            if passed and str(error) == str(passed[0][1]):
                break
            passed.append((iteration, error))
            continue
        for bad, why in passed:
            context.note(f"iteration {bad} cannot be read ({why}) and is made again")
        context.note(f"going on from iteration {iteration}")
        return state
    first = passed[0][1]
    if isinstance(first, UserError):
        raise first
    raise UserError(f"no iteration in {where.path} can be read ({first}): take their files away to begin anew") from first
