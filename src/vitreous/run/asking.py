"""A job that a person must answer first does not run: it says where it can be answered."""

from typing import Any

from vitreous.context import UserError
from vitreous.job.declare import AskJob


def question_of(job: Any) -> str:
    """What a job asks a person, a word such as "picks"; empty for one that needs no answer, or has it."""
    return job.question() if isinstance(job, AskJob) else ""


def refuse_unanswered(job: Any) -> None:
    """Raise UserError for a job that waits for a person's answer."""
    asked = question_of(job)
    if asked:
        raise UserError(
            f"{job.type.title} waits for an answer ({asked}): open the project in the window (vitreous web), or give a saved "
            "answer with --answer FILE"
        )
