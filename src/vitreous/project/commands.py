"""vitreous project new | add | list | show | run | continue | abort | alias."""

import argparse
import shlex
import sys
from collections.abc import Sequence

from vitreous.job import as_star, registry
from vitreous.job.as_command import pairs
from vitreous.project.project import Project
from vitreous.run.folder import JobFolder
from vitreous.run.record import last_progress

STOPPED = 130


def parser() -> argparse.ArgumentParser:
    """The parser of vitreous project."""
    made = argparse.ArgumentParser(
        prog="vitreous project", description="A project directory and its jobs; all but `new` work in it.", allow_abbrev=False
    )
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("new", help="make a project directory").add_argument("folder", metavar="DIR")
    add = verbs.add_parser("add", help="schedule a job from a job.star")
    add.add_argument("job_star", metavar="JOB.star")
    add.add_argument("--run", action="store_true", help="run it at once")
    add.add_argument("--alias", default="", metavar="NAME", help="a name beside its number")
    _takes_changes(add)
    verbs.add_parser("list", help="all jobs with their states")
    show = verbs.add_parser("show", help="one job: options, inputs, outputs, progress; or the project")
    show.add_argument("job", nargs="?", default="", metavar="JOB", help="name, number, alias or last")
    for verb, said in (("run", "run a scheduled job"), ("continue", "go on with a job: only what is missing is done")):
        one = verbs.add_parser(verb, help=said)
        one.add_argument("job", metavar="JOB", help="name, number, alias or last")
        _takes_changes(one)
    verbs.add_parser("abort", help="ask a running job to stop").add_argument("job", metavar="JOB")
    alias = verbs.add_parser("alias", help="name a job")
    alias.add_argument("job", metavar="JOB")
    alias.add_argument("name", metavar="NAME", help="the name; None takes it away")
    return made


def _takes_changes(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="NAME=VALUE",
        help="change an option, by RELION's name or ours",
    )


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; gives the exit code."""
    said = parser().parse_args(list(arguments))
    if said.verb == "new":
        project = Project.new(said.folder)
        _write(f"{project.layout.root} is a project directory now\n")
        return 0
    project = Project.open(".")
    if said.verb == "list":
        _write(listing(project))
    elif said.verb == "show":
        _write(shown(project, said.job) if said.job else listing(project))
    elif said.verb == "abort":
        _write(project.abort(said.job) + "\n")
    elif said.verb == "alias":
        _write(f"{project.find(said.job)} is called {project.alias(said.job, said.name) or 'by its number'} now\n")
    else:
        return _run(project, said, shlex.join(["vitreous", "project", *arguments]))
    return 0


def _run(project: Project, said: argparse.Namespace, command: str) -> int:
    changed = pairs(said.changes)
    if said.verb == "add":
        loaded = as_star.load(said.job_star, changed)
        name = project.add(loaded.job, placement=loaded.placement, seed=loaded.seed, alias=said.alias)
        _write(f"{name}\n")
        if not said.run:
            return 0
        as_star.refuse_queue(loaded, said.job_star)
        return 0 if project.run(name, command=command).status == "succeeded" else STOPPED
    return 0 if project.run(said.job, changed=changed, command=command).status == "succeeded" else STOPPED


def listing(project: Project) -> str:
    """A line for each job: name, alias, state, title, progress of one that runs."""
    graph = project.graph()
    if not graph.processes:
        return "no jobs yet; the next is number 1\n"
    rows = []
    for process in graph.processes.values():
        alias = process.alias.rstrip("/").rpartition("/")[2]
        state = "died" if project.has_died(process) else process.status.lower()
        rows.append((process.name.rstrip("/"), alias, state, _title(process.label), _now(project, process.name)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join([*(text.ljust(width) for text, width in zip(row, widths)), row[4]]).rstrip() for row in rows]
    return "\n".join([*lines, f"the next is number {graph.counter}", ""])


def shown(project: Project, word: str) -> str:
    """Everything about one job."""
    name = project.find(word)
    graph = project.graph()
    process = graph.processes[name]
    lines = [f"{name}  {_title(process.label)} ({process.label}), {process.status.lower()} {_now(project, name)}".rstrip()]
    if process.alias:
        lines.append(f"alias    {process.alias}")
    lines += [f"input    {node}" for node, job in graph.inputs if job == name]
    for node in (node for job, node in graph.outputs if job == name):
        there = (project.layout.root / node).exists()
        lines.append(f"output   {node}  {graph.nodes[node].label}{'' if there else '  (not there)'}")
    job_star = project.layout.job(name) / "job.star"
    if job_star.is_file():
        lines += [f"option   {option} = {value}" for option, value in as_star.read(job_star).values.items()]
    return "\n".join([*lines, ""])


def _title(label: str) -> str:
    known = registry.by_label(label)
    return known[0].type.title if known else label


def _now(project: Project, name: str) -> str:
    """How far a job is that has not come to its end."""
    folder = JobFolder(project.layout.job(name))
    return "" if folder.success.exists() else last_progress(folder)


def _write(text: str) -> None:
    sys.stdout.write(text)
