"""Input files of a job that are not there yet, and the wait for them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.run.watching import given_inputs

LOOK_EVERY_S, SAY_EVERY_S = 1.0, 60.0
LIMIT_S = 600.0


def missing(job: Any, root: Path) -> list[str]:
    """The input files that are not there; a pattern with * or ? is left to the job."""
    return [path for path in given_inputs(job) if not (root / path).exists()]


def wait_for(
    job: Any,
    root: Path,
    *,
    name: str,
    say: Callable[[str], None],
    stop_asked: Callable[[], bool] = lambda: False,
    limit_s: float = LIMIT_S,
) -> bool:
    """Wait until all input files are there, with a word at once and once a minute; False when the question says stop.

    limit_s: after so long the files that lack are an error.
    """
    began = time.monotonic()
    said = began - SAY_EVERY_S
    while lacking := missing(job, root):
        now = time.monotonic()
        if now - began >= limit_s:
            raise UserError(f"{name}: {', '.join(lacking)} did not come within {limit_s:g} s: run the job that makes it first")
        if now - said >= SAY_EVERY_S:
            say(f"{name} waits for {', '.join(lacking)}; at most {limit_s - (now - began):.0f} s more")
            said = now
        if stop_asked():
            return False
        time.sleep(min(LOOK_EVERY_S, limit_s))
    return True
