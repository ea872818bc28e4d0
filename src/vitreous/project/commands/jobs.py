"""Verbs of single jobs: add, list, show, alias."""

import argparse

from vitreous.job import as_star, registry
from vitreous.job.as_command import pairs
from vitreous.project.commands.places import carry_out
from vitreous.project.commands.verb import Verb, say, takes_changes, takes_job
from vitreous.project.project import Project
from vitreous.run.folder import JobFolder
from vitreous.run.places import placed
from vitreous.run.record import last_progress


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


def _add(project: Project, said: argparse.Namespace) -> int:
    loaded = as_star.load(said.job_star, pairs(said.changes))
    name = project.add(loaded.job, placement=loaded.placement, seed=loaded.seed, alias=said.alias)
    say(f"{name}\n")
    return carry_out(project, name, changed={}, command=said.command) if said.run else 0


def _list(project: Project, said: argparse.Namespace) -> int:
    say(listing(project))
    return 0


def _show(project: Project, said: argparse.Namespace) -> int:
    say(shown(project, said.job) if said.job else listing(project))
    return 0


def _alias(project: Project, said: argparse.Namespace) -> int:
    say(f"{project.find(said.job)} is called {project.alias(said.job, said.name) or 'by its number'} now\n")
    return 0


def listing(project: Project) -> str:
    """A line for each job: name, alias, state, title, progress of one that runs."""
    graph = project.graph()
    if not graph.processes:
        return "no jobs yet; the next is number 1\n"
    rows = []
    for process in graph.processes.values():
        alias = process.alias.rstrip("/").rpartition("/")[2]
        state = "died" if project.has_died(process) else process.status.lower()
        if state == "running" and placed.hint(JobFolder(project.layout.job(process.name))) == "waiting":
            state = "queued"
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


VERBS = (
    Verb("add", "schedule a job from a job.star", _add, _takes_file),
    Verb("list", "all jobs with their states", _list),
    Verb("show", "one job: options, inputs, outputs, progress; or the project", _show, _takes_any_job),
    Verb("alias", "name a job", _alias, _takes_name),
)
