"""Asks before something is moved or removed: on the terminal, or nobody with --yes; where none can answer, nothing is done."""

import argparse
import sys

from vitreous.project.commands.verb import say

REFUSED = 2


def takes_yes(parser: argparse.ArgumentParser) -> None:
    """--yes, as `said.yes`: nobody is asked."""
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def agreed(said: argparse.Namespace, question: str) -> bool:
    """Whether to go on: by --yes, or by an answer on the terminal. Where nobody can answer, nothing is done."""
    if said.yes:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        say("nothing was done: repeat the command with --yes to do it\n")
        return False
    say(f"{question} [y/N] ")
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    say("nothing was done\n")
    return False
