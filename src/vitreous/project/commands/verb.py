"""One word after `vitreous project`: its help, its arguments, and what it does."""

import argparse
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vitreous.project.project import Project

STOPPED = 130


def _none(parser: argparse.ArgumentParser) -> None:
    """A verb without arguments."""


@dataclass(frozen=True)
class Verb:
    """`do` takes the project of the current directory and the parsed arguments, and gives the exit code.

    needs_graph=False is for verbs that mend a project whose graph cannot be read.
    """

    name: str
    help: str
    do: Callable[[Project, argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], None] = _none
    needs_graph: bool = True


def takes_job(parser: argparse.ArgumentParser) -> None:
    """One job, as `said.job`."""
    parser.add_argument("job", metavar="JOB", help="name, number, alias or last")


def takes_changes(parser: argparse.ArgumentParser) -> None:
    """--set NAME=VALUE, as often as wanted, as `said.changes`."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="NAME=VALUE",
        help="change an option, by RELION's name or ours",
    )


def say(text: str) -> None:
    """Write to the standard output."""
    sys.stdout.write(text)


def say_line(text: str) -> None:
    """Write a line at once, also where the output is a file or a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def ends_politely() -> Iterator[None]:
    """Within the block SIGTERM is what Ctrl-C is, so that locks and files that tell of a run are taken away."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def lock_warnings() -> Iterator[None]:
    """What is a warning in Python, as that a dead program's lock was taken away, is said in a line, as everything else is."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        if issubclass(category, UserWarning):
            sys.stderr.write(f"vitreous: {message}\n")
        else:
            before(message, category, *rest, **named)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before
