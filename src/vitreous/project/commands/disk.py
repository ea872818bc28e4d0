"""Verbs of disk and place: what a job will take, which paths lead out of the project, another beginning for them."""

import argparse
import os
from collections import defaultdict

from vitreous.job.as_command import pairs
from vitreous.project.commands.verb import Verb, say, takes_changes, takes_job
from vitreous.project.commands.wording import aligned, counted
from vitreous.project.moving import Outside, Repointed, Ways
from vitreous.project.project import Project

SHOWN = 4  # jobs that are named beside a folder


def _takes_job_and_changes(parser: argparse.ArgumentParser) -> None:
    takes_job(parser)
    takes_changes(parser)


def _takes_all(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="every single path, not a line for each folder")


def _takes_prefixes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", help="how the paths begin now, as external-paths lists them")
    parser.add_argument("new", metavar="NEW", help="how they are to begin; . for paths into the project itself")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be changed")


def _estimate(project: Project, said: argparse.Namespace) -> int:
    name = project.find(said.job)
    lines = project.estimate(said.job, changed=pairs(said.changes)).lines()
    say("".join(f"{line}\n" for line in (name, *lines)))
    return 0


def _external(project: Project, said: argparse.Namespace) -> int:
    say(told(project.external_paths(), every=said.all))
    return 0


def _repoint(project: Project, said: argparse.Namespace) -> int:
    say(changed(project.repoint(said.old, said.new, dry_run=said.dry_run), dry_run=said.dry_run))
    return 0


def told(ways: Ways, *, every: bool = False) -> str:
    """The ways out of a project for people: a line for each folder or each path, then links and old places."""
    lines = _outside(ways.outside, every)
    lines += [f"link   {name} -> {target}{'' if there else '  (not reachable)'}" for name, target, there in ways.links]
    for place, count in sorted(ways.old_places.items()):
        lines.append(f"{count} paths lead into the project by its full name {place}; to make them relative:")
        lines.append(f"    vitreous project repoint {place} .")
    lost = sum(not one.reachable for one in ways.outside)
    if lost:
        lines.append(
            f"{lost} of {len(ways.outside)} paths out of the project cannot be reached; when their files lie elsewhere now:"
        )
        lines.append("    vitreous project repoint OLD-BEGINNING NEW-BEGINNING")
    return "".join(f"{line}\n" for line in lines) or "no path leads out of the project\n"


def _outside(outside: list[Outside], every: bool) -> list[str]:
    if every:
        rows = [(one.path, "there" if one.reachable else "not reachable", ", ".join(one.jobs)) for one in outside]
    else:
        folders: dict[str, list[Outside]] = defaultdict(list)
        for one in outside:
            folders[os.path.dirname(one.path)].append(one)
        rows = [(f"{folder}/", _counted(inside), _users(inside)) for folder, inside in sorted(folders.items())]
    return aligned(rows).splitlines()


def _counted(inside: list[Outside]) -> str:
    there = sum(one.reachable for one in inside)
    number = counted(len(inside), "path")
    if there == len(inside):
        return f"{number}, there"
    return f"{number}, not reachable" if not there else f"{number}, {len(inside) - there} not reachable"


def _users(inside: list[Outside]) -> str:
    """The jobs that name some paths, the first few by name."""
    jobs = sorted({job for one in inside for job in one.jobs})
    more = f" and {len(jobs) - SHOWN} more" if len(jobs) > SHOWN else ""
    return ", ".join(jobs[:SHOWN]) + more


def changed(done: Repointed, *, dry_run: bool) -> str:
    """What was done, or would be."""
    would = "would be " if dry_run else ""
    paths = sum(done.files.values())
    links = f", {counted(len(done.links), 'link')} {would}turned" if done.links else ""
    lines = [f"{counted(paths, 'path')} in {counted(len(done.files), 'file')} {would}changed{links}"]
    if dry_run:
        lines += [f"  {count:>8}  {name}" for name, count in sorted(done.files.items())]
        lines += [f"  link      {name}" for name in done.links]
    lines += [f"{counted(count, 'finished unit')} of {name} {would}matched anew" for name, count in sorted(done.records.items())]
    if done.backup:
        lines.append(f"the files as they were lie in {done.backup}/; remove it when all is well")
    return "".join(f"{line}\n" for line in lines)


VERBS = (
    Verb("estimate", "what a job will take of disk, memory and GPU", _estimate, _takes_job_and_changes),
    Verb("external-paths", "the paths that lead out of the project, and whether they can be reached", _external, _takes_all),
    Verb("repoint", "put another beginning before paths, after files or the project moved", _repoint, _takes_prefixes),
)
