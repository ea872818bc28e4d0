"""Verbs of streaming: follow a chain of jobs while its input grows, and close a job that waits for more."""

import argparse

from vitreous.project import follow
from vitreous.project.commands.verb import STOPPED, Verb, say, say_line, takes_job
from vitreous.project.follow import DONE, Limits
from vitreous.project.project import Project


def _takes_chain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="names, numbers or aliases; none: all that are scheduled")
    parser.add_argument("--jobs", type=int, default=0, dest="most", metavar="N", help="at most so many jobs at once")
    parser.add_argument(
        "--cores", type=int, default=0, metavar="N", help="at most so many cores for jobs that go round in iterations"
    )
    parser.add_argument("--only", action="store_true", help="these jobs and what they wait for, not those that use them")
    parser.add_argument(
        "--background", action="store_true", help="go on when this terminal is closed; what is said goes to .vitreous/follow.out"
    )


def _follow(project: Project, said: argparse.Namespace) -> int:
    if said.background:
        return _in_background(project, said)
    limits = Limits(said.most, said.cores)
    try:
        states = project.follow(*said.jobs, limits=limits, only=said.only, say=say_line)
    except KeyboardInterrupt:
        say("no longer following; the jobs at work go on, and the same command takes the chain up again\n")
        return STOPPED
    width = max(len(name) for name in states)
    say("".join(f"{name:{width}}  {state}\n" for name, state in states.items()))
    return 0 if all(state == DONE for state in states.values()) else 1


def _in_background(project: Project, said: argparse.Namespace) -> int:
    names = [project.find(word) for word in said.jobs]
    pid, out = follow.in_background(project.layout, names, Limits(said.most, said.cores), only=said.only)
    say(f"following as process {pid}, which goes on when this terminal is closed; it writes to {out}\n")
    return 0


def _close(project: Project, said: argparse.Namespace) -> int:
    say_line(project.close(said.job))
    return 0


VERBS = (
    Verb(
        "follow",
        "start each scheduled job as soon as there is something for it to do, also while its input grows",
        _follow,
        _takes_chain,
    ),
    Verb("close", "let a job that waits for more input, or watches a folder, end with what it has", _close, takes_job),
)
