"""The exact command of a job as words of a shell: what it computes, where it runs, its seed and its folder."""

import shlex
from typing import Any

from vitreous.job.as_command import to_arguments
from vitreous.job.options import build, options, value_of
from vitreous.job.placement import Placement
from vitreous.project.starting import goes_away

QUEUE_TAB = "Queue"


def command(job: Any, placement: Placement, *, seed: int = 0, out: str = "", alias: str = "") -> str:
    """The command line of a job. Without `out` it becomes, in a project directory, the next job of the project."""
    words = ["vitreous", job.type.command, *to_arguments(job), *placing(placement)]
    words += [f"--seed={seed}"] if seed else []
    words += [f"--alias={alias}"] if alias else []
    return shlex.join([*words, f"--out={out}"] if out else words)


def placing(placement: Placement) -> list[str]:
    """The arguments of a placement; without what is said of a queue that the job does not go to."""
    if goes_away(placement):
        return to_arguments(placement)
    plain = {option.name: value_of(placement, option) for option in options(Placement) if option.tab != QUEUE_TAB}
    return to_arguments(build(Placement, plain))
