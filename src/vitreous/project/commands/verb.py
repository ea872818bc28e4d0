"""One word after `vitreous project`: its help, its arguments, and what it does."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

from vitreous.project.project import Project

STOPPED = 130


def _none(parser: argparse.ArgumentParser) -> None:
    """A verb without arguments."""


@dataclass(frozen=True)
class Verb:
    """`do` takes the project of the current directory and the parsed arguments, and gives the exit code."""

    name: str
    help: str
    do: Callable[[Project, argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], None] = _none


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
