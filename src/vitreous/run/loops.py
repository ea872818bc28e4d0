"""A loop job under the runner: from the last saved iteration to the end, each one saved before the next begins."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from vitreous.context import Context, Stopped, UserError
from vitreous.files import chain
from vitreous.job.declare import CONTINUE_FROM, LoopJob
from vitreous.job.options import values
from vitreous.run.engine import use_threads
from vitreous.run.folder import JobFolder
from vitreous.run.record import append_line, duration


def go(job: LoopJob, where: JobFolder, context: Context, *, keep_root: bool = False) -> tuple[bool, int, int]:
    """Gives whether it was stopped, the iterations saved in all, and those done now. A stop loses the iteration in hand.

    The files of a run that goes on from iteration 23 are named run_ct23_it024...; keep_root: run_it024... as before.
    """
    did = 0
    state, context = _ready(job, where, context, keep_root=keep_root)
    try:
        while not job.done(state):
            context.check()
            use_threads(context.threads)
            began = time.monotonic()
            state = job.step(state, context)
            job.save(state, where.path, context)
            did += 1
            spent = time.monotonic() - began
            _note(where, iteration=state.iteration, root=context.root, seconds=round(spent, 3))
            context.note(f"iteration {state.iteration} took {duration(spent)}")
    except Stopped:
        return True, state.iteration, did
    job.finish(state, context)
    return False, state.iteration, did


def _ready(job: LoopJob, where: JobFolder, context: Context, *, keep_root: bool) -> tuple[Any, Context]:
    """The state to begin with, and the context with the root of the names of this run's files."""
    saved = list(job.saved(where.path))
    asked = str(values(job).get(CONTINUE_FROM) or "")
    at: int
    if asked and (not saved or asked != chain.asked_before(where.path)):
        folder, at = chain.parse(asked)
        state = job.load(folder, at, context)
        _note(where, **{"from": int(at), "root": _root(at), "asked": asked, "elsewhere": not folder.samefile(where.path)})
        context.note(f"going on from {asked}, as asked")
    elif saved:
        state, at = _taken_up(job, where, saved, context)
        _note(where, **{"from": int(at), "root": _root(at)})
    else:
        state = job.begin(context)
        job.save(state, where.path, context)
        _note(where, iteration=state.iteration, root=context.root)
        return state, context
    if job.done(state):
        return state, replace(context, root=_root(at))
    return state, context if keep_root else replace(context, root=chain.root_after(at))


def _root(saved: int) -> str:
    return saved.root if isinstance(saved, chain.Saved) else chain.ROOT


def _note(where: JobFolder, **said: Any) -> None:
    append_line(where.path / chain.LOG, said)


def _taken_up(job: LoopJob, where: JobFolder, saved: Sequence[int], context: Context) -> tuple[Any, int]:
    """The state of the last iteration whose files can be read, and that iteration. Each one passed over is told.

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
        return state, iteration
    first = passed[0][1]
    if isinstance(first, UserError):
        raise first
    raise UserError(f"no iteration in {where.path} can be read ({first}): take their files away to begin anew") from first
