"""Verbs of the project as a whole: unlock, restore, remake-nodes, draft."""

import argparse
from pathlib import Path

from vitreous.context import UserError
from vitreous.job import as_star, registry
from vitreous.job.as_command import pairs
from vitreous.project import last_used
from vitreous.project.commands.verb import Verb, say, takes_changes
from vitreous.project.project import Project


def _takes_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="also where it does not seem to be needed, or may be in use")


def _takes_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", metavar="FILE", help="this copy, in place of the newest")
    _takes_force(parser)


def _takes_type(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("type", metavar="TYPE", help="a job type as in vitreous --help, such as class2d")
    parser.add_argument("--out", default="job.star", metavar="FILE", help="where to write it (job.star)")
    takes_changes(parser)


def _unlock(project: Project, said: argparse.Namespace) -> int:
    say(project.unlock(force=said.force) + "\n")
    return 0


def _restore(project: Project, said: argparse.Namespace) -> int:
    say("".join(line + "\n" for line in project.restore(said.source, force=said.force)))
    return 0


def _remake(project: Project, said: argparse.Namespace) -> int:
    say(f".Nodes is made again: {project.remake_nodes()} files can be found by RELION's windows\n")
    return 0


def _draft(project: Project, said: argparse.Namespace) -> int:
    cls = registry.by_command(said.type)
    if cls is None:
        raise UserError(f"there is no job type {said.type!r}; vitreous --help lists them")
    if Path(said.out).exists():
        raise UserError(f"{said.out} is there already: choose another name with --out, or remove it")
    begun = project.begin(cls, pairs(said.changes))
    as_star.write(said.out, begun.job, begun.placement, seed=begun.seed)
    how = "parameters last used here" if last_used.last(project.layout, cls) else "defaults"
    say(f"{said.out}: {cls.type.title} with the {how}; edit it, then vitreous project add {said.out}\n")
    return 0


VERBS = (
    Verb("draft", "write a job.star of a type with the parameters last used here", _draft, _takes_type),
    Verb("unlock", "take away the lock that a crash has left", _unlock, _takes_force, needs_graph=False),
    Verb("restore", "make a broken or missing graph again from its copies", _restore, _takes_source, needs_graph=False),
    Verb("remake-nodes", "make .Nodes again, by which RELION's windows find files", _remake),
)
