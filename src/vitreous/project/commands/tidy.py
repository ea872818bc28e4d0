"""Verbs that make room: delete, undelete, trash, empty-trash, clean. Each says what goes, and how much, before anything goes."""

import argparse
from collections.abc import Sequence

from vitreous.context import UserError
from vitreous.project import tidy
from vitreous.project.cleaning_rules import NO_HARSH_CLEAN
from vitreous.project.commands.asking import REFUSED, agreed, takes_yes
from vitreous.project.commands.verb import Verb, say
from vitreous.project.commands.wording import aligned, bytes_text, counted, indented
from vitreous.project.project import Project


def _takes_jobs_to_delete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", nargs="+", metavar="JOB", help="name, number, alias or last")
    parser.add_argument("--with-descendants", action="store_true", help="with all jobs that go back to them")
    takes_yes(parser)


def _takes_deleted(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", nargs="+", metavar="JOB", help="name, number or alias of a deleted job")
    parser.add_argument("--with-descendants", action="store_true", help="with all deleted jobs that go back to them")


def _takes_trashed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these, as trash lists them; otherwise everything")
    takes_yes(parser)


def _takes_cleaning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="name, number, alias or last")
    parser.add_argument("--all", action="store_true", help="all jobs that succeeded")
    parser.add_argument(
        "--harsh", action="store_true", help="also what other jobs may want, as averaged micrographs and particle stacks"
    )
    takes_yes(parser)


def _delete(project: Project, said: argparse.Namespace) -> int:
    going = project.deletion(said.jobs, descendants=said.with_descendants)
    rows = [(name.rstrip("/"), bytes_text(going.bytes[name])) for name in going.names]
    say("to the Trash:\n" + indented(aligned([*rows, ("together", bytes_text(sum(going.bytes.values())))], right=(1,))))
    for job in dict.fromkeys(job for job, _ in going.losing):
        files = ", ".join(node for user, node in going.losing if user == job)
        say(f"{job} loses its input {files} (--with-descendants deletes such jobs too)\n")
    if not agreed(said, f"move {counted(len(rows), 'job')} to the Trash?"):
        return REFUSED
    project.delete(going.names)
    say(f"{counted(len(rows), 'job')} in the Trash; vitreous project undelete JOB brings a job back\n")
    return 0


def _undelete(project: Project, said: argparse.Namespace) -> int:
    back: list[str] = []
    for word in said.jobs:
        if word in back:
            continue
        restored = project.undelete(word, descendants=said.with_descendants)
        back += restored.names
        say("".join(f"{name} is back\n" for name in restored.names) + "".join(f"{line}\n" for line in restored.notes))
    return 0


def _trash(project: Project, said: argparse.Namespace) -> int:
    things = tidy.content(project.layout)
    say(_listed(things) if things else "the Trash is empty\n")
    return 0


def _listed(things: Sequence[tidy.Trashed]) -> str:
    rows = [(one.name.rstrip("/"), one.what, bytes_text(one.bytes)) for one in things]
    return aligned([*rows, ("together", "", bytes_text(sum(one.bytes for one in things)))], right=(2,))


def _empty_trash(project: Project, said: argparse.Namespace) -> int:
    things = tidy.content(project.layout)
    if said.names:
        wanted = {name.rstrip("/") for name in said.names}
        unknown = wanted - {one.name.rstrip("/") for one in things}
        if unknown:
            raise UserError(f"the Trash holds no {', '.join(sorted(unknown))}; vitreous project trash lists what it holds")
        things = [one for one in things if one.name.rstrip("/") in wanted]
    if not things:
        say("the Trash is empty\n")
        return 0
    say("for good:\n" + indented(_listed(things)))
    if not agreed(said, "remove this for good?"):
        return REFUSED
    tidy.empty(project.layout, things)
    say(f"{bytes_text(sum(one.bytes for one in things))} are free again\n")
    return 0


def _clean(project: Project, said: argparse.Namespace) -> int:
    if bool(said.jobs) == said.all:
        raise UserError("name the jobs to clean, or say --all")
    plans, protected = project.cleaning(said.jobs, harsh=said.harsh)
    say("".join(f"{name} is protected by {NO_HARSH_CLEAN}: left as it is\n" for name in protected))
    spared = sum(one.spared for one in plans)
    plans = [one for one in plans if one.going]
    if spared:
        say(f"{counted(spared, 'file')} stay, for the graph or a STAR file of the job names them\n")
    if not plans:
        say("there is nothing to clean\n")
        return 0
    together = sum(one.bytes for one in plans)
    rows = [(one.name.rstrip("/"), _some(one), bytes_text(one.bytes)) for one in plans]
    say("to the Trash:\n" + indented(aligned([*rows, ("together", "", bytes_text(together))], right=(2,))))
    if not agreed(said, f"clean {counted(len(plans), 'job')} {'harshly' if said.harsh else 'gently'}?"):
        return REFUSED
    project.clean(plans)
    say(f"{bytes_text(together)} in the Trash; vitreous project empty-trash frees them\n")
    redone = [one.name for one in plans if one.harsh and (project.layout.job(one.name) / ".vitreous").is_dir()]
    if redone:
        say(f"should {', '.join(redone)} be continued, what was taken away is made again\n")
    return 0


def _some(one: tidy.Plan) -> str:
    names = [path for path, _ in one.going]
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more"


VERBS = (
    Verb("delete", "move jobs to the Trash", _delete, _takes_jobs_to_delete),
    Verb("undelete", "bring deleted jobs back from the Trash", _undelete, _takes_deleted),
    Verb("trash", "what lies in the Trash, with sizes", _trash),
    Verb("empty-trash", "remove what lies in the Trash for good", _empty_trash, _takes_trashed),
    Verb("clean", "move files that jobs have no more use for to the Trash", _clean, _takes_cleaning),
)
