"""Verbs of single jobs: add, list, show, alias, overwrite, mark."""

import argparse

from vitreous.files.space import bytes_in
from vitreous.job import as_star
from vitreous.job.as_command import pairs
from vitreous.project import tidy
from vitreous.project.commands.asking import REFUSED, agreed, takes_yes
from vitreous.project.commands.listing import ORDERS, STATES, listing, shown
from vitreous.project.commands.places import carry_out
from vitreous.project.commands.verb import Verb, say, takes_changes, takes_job
from vitreous.project.commands.wording import bytes_text
from vitreous.project.project import Project
from vitreous.project.trash import refuse_alive


def _takes_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job_star", metavar="JOB.star")
    parser.add_argument("--run", action="store_true", help="run it at once")
    parser.add_argument("--alias", default="", metavar="NAME", help="a name beside its number")
    takes_changes(parser)


def _takes_any_job(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", nargs="?", default="", metavar="JOB", help="name, number, alias or last")


def _takes_name(parser: argparse.ArgumentParser) -> None:
    takes_job(parser)
    parser.add_argument("name", metavar="NAME", help="the name; None takes it away")


def _takes_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--type", action="append", default=[], dest="types", metavar="WORD", help="only jobs of a type, as class2d or refine"
    )
    parser.add_argument("--state", action="append", default=[], dest="states", choices=STATES, help="only jobs in a state")
    parser.add_argument("--sort", choices=ORDERS, default="number", help="by what they are in order [number]")
    parser.add_argument("--reverse", action="store_true", help="the other way round")


def _takes_fresh_start(parser: argparse.ArgumentParser) -> None:
    takes_job(parser)
    takes_changes(parser)
    takes_yes(parser)


def _takes_mark(parser: argparse.ArgumentParser) -> None:
    takes_job(parser)
    parser.add_argument("how", choices=("finished", "failed"))


def _add(project: Project, said: argparse.Namespace) -> int:
    loaded = as_star.load(said.job_star, pairs(said.changes))
    name = project.add(loaded.job, placement=loaded.placement, seed=loaded.seed, alias=said.alias)
    say(f"{name}\n")
    return carry_out(project, name, changed={}, command=said.command) if said.run else 0


def _list(project: Project, said: argparse.Namespace) -> int:
    say(listing(project, types=said.types, states=said.states, order=said.sort, reverse=said.reverse))
    return 0


def _show(project: Project, said: argparse.Namespace) -> int:
    say(shown(project, said.job) if said.job else listing(project))
    return 0


def _alias(project: Project, said: argparse.Namespace) -> int:
    say(f"{project.find(said.job)} is called {project.alias(said.job, said.name) or 'by its number'} now\n")
    return 0


def _overwrite(project: Project, said: argparse.Namespace) -> int:
    name = project.find(said.job)
    refuse_alive(project.layout, project.graph(), name)
    going = tidy.in_the_way(project.layout, name)
    if going:
        size = bytes_text(sum(bytes_in(path) for path in going))
        say(f"{name} has {size}, which go to the Trash: {', '.join(path.name for path in going)}\n")
    users = project.graph().children(name)
    if users:
        say(f"its output is used by {', '.join(user.rstrip('/') for user in users)}\n")
    if going and not agreed(said, f"run {name} again from scratch?"):
        return REFUSED
    tidy.start_afresh(project.layout, name, pairs(said.changes))
    return carry_out(project, name, changed={}, command=said.command)


def _mark(project: Project, said: argparse.Namespace) -> int:
    name = project.find(said.job)
    if said.how == "failed":
        project.mark_failed(name)
        say(f"{name} is marked as failed\n")
        return 0
    made = project.mark_finished(name)
    say(f"{name} is marked as finished, with\n" + "".join(f"  {node}\n" for node in made))
    return 0


VERBS = (
    Verb("add", "schedule a job from a job.star", _add, _takes_file),
    Verb("list", "all jobs with their states", _list, _takes_choice),
    Verb("show", "one job: state, times, inputs, outputs, options, note; or the project", _show, _takes_any_job),
    Verb("alias", "name a job", _alias, _takes_name),
    Verb("overwrite", "run a job again from scratch in its folder", _overwrite, _takes_fresh_start),
    Verb("mark", "say of a stuck job that it has finished, or failed", _mark, _takes_mark),
)
