"""vitreous project VERB: each module here brings some of the verbs."""

import argparse
import shlex
from collections.abc import Sequence

from vitreous.project.commands import disk, graph, history, jobs, places, repeats, schemes, stream, tidy
from vitreous.project.commands.verb import Verb, lock_warnings, say
from vitreous.project.project import Project

VERBS: tuple[Verb, ...] = (
    *jobs.VERBS,
    *places.VERBS,
    *tidy.VERBS,
    *history.VERBS,
    *graph.VERBS,
    *schemes.VERBS,
    *repeats.VERBS,
    *stream.VERBS,
    *disk.VERBS,
)


def parser() -> argparse.ArgumentParser:
    """The parser of vitreous project."""
    made = argparse.ArgumentParser(
        prog="vitreous project", description="A project directory and its jobs; all but `new` work in it.", allow_abbrev=False
    )
    made.add_argument("--readonly", action="store_true", help="look only: nothing is locked or changed")
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("new", help="make a project directory").add_argument("folder", metavar="DIR")
    for verb in VERBS:
        verb.arguments(verbs.add_parser(verb.name, help=verb.help, description=verb.help, allow_abbrev=False))
    return made


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; gives the exit code."""
    said = parser().parse_args(list(arguments))
    if said.verb == "new":
        project = Project.new(said.folder)
        say(f"{project.layout.root} is a project directory now\n")
        return 0
    said.command = shlex.join(["vitreous", "project", *arguments])
    verb = next(verb for verb in VERBS if verb.name == said.verb)
    with lock_warnings():
        return verb.do(
            Project.open(".", readonly=said.readonly) if verb.needs_graph else Project(".", readonly=said.readonly), said
        )
