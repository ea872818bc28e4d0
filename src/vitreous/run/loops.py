"""A loop job under the runner: from the last saved iteration to the end, each one saved before the next begins."""

import time

from vitreous.context import Context, Stopped
from vitreous.job.declare import LoopJob
from vitreous.run.engine import use_threads
from vitreous.run.folder import JobFolder
from vitreous.run.record import append_line, duration


def go(job: LoopJob, where: JobFolder, context: Context) -> tuple[bool, int, int]:
    """Gives whether it was stopped, the iterations saved in all, and those done now. A stop loses the iteration in hand."""
    saved = list(job.saved(where.path))
    did = 0
    if saved:
        context.note(f"going on from iteration {saved[-1]}")
        state = job.load(where.path, saved[-1], context)
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
