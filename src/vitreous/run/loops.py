"""A loop job under the runner: from the last saved iteration to the end, each one saved before the next begins.

In a team all members go through the same steps; the first saves, notes and finishes, and its word counts where files are read.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from vitreous.context import Context, Stopped, UserError
from vitreous.files import chain
from vitreous.job.declare import CONTINUE_FROM, LoopJob
from vitreous.job.options import values
from vitreous.run.engine import use_threads
from vitreous.run.folder import JobFolder
from vitreous.run.record import append_line, duration
from vitreous.run.team import together
from vitreous.run.watch import Lost


def go(job: LoopJob, where: JobFolder, context: Context, *, keep_root: bool = False) -> tuple[bool, int, int]:
    """Gives whether it was stopped, the iterations saved in all, and those done now. A stop loses the iteration in hand.

    The files of a run that goes on from iteration 23 are named run_ct23_it024...; keep_root: run_it024... as before.
    """
    did = 0
    state, context = _ready(job, where, context, keep_root=keep_root)
    team = context.team
    try:
        while not job.done(state):
            state = together(team, partial(_next, job, where, state, context), wait=False)
            did += 1
        together(team, lambda: None)  # a stop of one member, or an error of the first in saving, is known before the end
    except Stopped:
        return True, state.iteration, did
    together(team, lambda: job.finish(state, context) if team.is_first else None)
    return False, state.iteration, did


def _next(job: LoopJob, where: JobFolder, state: Any, context: Context) -> Any:
    """One iteration, saved by the first member while the others may begin the next."""
    context.check()
    use_threads(context.threads)
    began = time.monotonic()
    state = job.step(state, context)
    if context.team.is_first:
        job.save(state, where.path, context)
        spent = time.monotonic() - began
        _note(where, iteration=state.iteration, root=context.root, seconds=round(spent, 3))
        context.note(f"iteration {state.iteration} took {duration(spent)}")
    return state


def _ready(job: LoopJob, where: JobFolder, context: Context, *, keep_root: bool) -> tuple[Any, Context]:
    """The state to begin with, and the context with the root of the names of this run's files."""
    team = context.team
    asked = str(values(job).get(CONTINUE_FROM) or "")
    there: list[int] = list(job.saved(where.path)) if team.is_first else []
    anew = asked and (not there or asked != chain.asked_before(where.path)) if team.is_first else False
    saved, as_asked = team.agree((there, anew))
    at: int
    if as_asked:
        folder, at = chain.parse(asked)
        state = together(team, lambda: job.load(folder, at, context))
        _go_on(where, context, at, asked=asked, elsewhere=not folder.samefile(where.path))
        context.note(f"going on from {asked}, as asked")
    elif saved:
        state, at = _taken_up(job, where, saved, context)
        _go_on(where, context, at)
    else:
        return together(team, lambda: _begun(job, where, context)), context
    if job.done(state):
        return state, replace(context, root=_root(at))
    return state, context if keep_root else replace(context, root=chain.root_after(at))


def _begun(job: LoopJob, where: JobFolder, context: Context) -> Any:
    state = job.begin(context)
    if context.team.is_first:
        job.save(state, where.path, context)
        _note(where, iteration=state.iteration, root=context.root)
    return state


def _root(saved: int) -> str:
    return saved.root if isinstance(saved, chain.Saved) else chain.ROOT


def _go_on(where: JobFolder, context: Context, at: int, **said: Any) -> None:
    if context.team.is_first:
        _note(where, **{"from": int(at), "root": _root(at), **said})


def _note(where: JobFolder, **said: Any) -> None:
    append_line(where.path / chain.LOG, said)


def _taken_up(job: LoopJob, where: JobFolder, saved: Sequence[int], context: Context) -> tuple[Any, int]:
    """The state of the last iteration whose files can be read, and that iteration. Each one passed over is told.

    An error that the iteration before meets in the same words lies not in the iteration's files, and stops the job. In a
    team, an iteration that one member cannot read is passed over by all.
    """
    passed: list[tuple[int, Exception]] = []
    for iteration in reversed(saved):
        try:
            state = together(context.team, partial(job.load, where.path, iteration, context))
        except (Stopped, Lost):
            raise
        except Exception as error:
            if context.team.agree(bool(passed) and str(error) == str(passed[0][1])):
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
