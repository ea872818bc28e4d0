"""Verbs that tell where things came from: history, flowchart, command, note, notes."""

import argparse
import shlex
from pathlib import Path

from vitreous.context import UserError
from vitreous.project import history, notes, printed
from vitreous.project.commands.verb import Verb, say, takes_job
from vitreous.project.commands.wording import aligned
from vitreous.project.project import Project
from vitreous.project.starting import goes_away

DEEPEST = 15


def _takes_way(parser: argparse.ArgumentParser) -> None:
    takes_job(parser)
    parser.add_argument("--down", action="store_true", help="the jobs that go back to it, instead of those it goes back to")


def _takes_picture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", nargs="?", default="", metavar="JOB", help="name, number, alias or last; none: the whole project")
    parser.add_argument("--down", action="store_true", help="the jobs that go back to it, instead of those it goes back to")
    parser.add_argument("--out", default="", metavar="FILE", help=".svg, .tex (TikZ) or .pdf (needs LaTeX) [default: an SVG]")


def _takes_note(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", nargs="?", default="", metavar="JOB", help="name, number, alias or last; none: the project's note")
    parser.add_argument("--add", default="", metavar="TEXT", help="add a line, with the time")
    parser.add_argument("--edit", default="", metavar="EDITOR", help='open it in this editor, as --edit nano or --edit "$EDITOR"')


def _history(project: Project, said: argparse.Namespace) -> int:
    graph = project.graph()
    rows = []
    for step in project.history(said.job, down=said.down):
        process = graph.processes[step.name]
        files = [f"{_inside(node, job)} of {job.rstrip('/')}" for job, made in step.files.items() for node in made]
        if said.down and step.files:
            files = [f"takes {text}" for text in files]
        elif step.files:
            files = [f"gave {_inside(node, step.name)} to {job.rstrip('/')}" for job, made in step.files.items() for node in made]
        outside = [] if said.down else [f"from outside: {node}" for node in history.from_outside(graph, step.name)]
        about = [_indented(step), process.alias.rstrip("/").rpartition("/")[2], process.status.lower()]
        for number, text in enumerate([*files, *outside] or [""]):
            rows.append([*(about if number == 0 else ["", "", ""]), text])
    say(aligned(rows))
    return 0


def _indented(step: history.Step) -> str:
    """The name, further in by each step from the first; a long way off the number of steps stands before it."""
    far = f"{step.depth}: " if step.depth > DEEPEST else ""
    return "  " * min(step.depth, DEEPEST) + far + step.name.rstrip("/")


def _inside(node: str, job: str) -> str:
    return node.removeprefix(job)


def _flowchart(project: Project, said: argparse.Namespace) -> int:
    name = project.find(said.job) if said.job else ""
    own = f"{name.rstrip('/').replace('/', '_') or 'project'}_{'descendants' if said.down else 'flowchart'}.svg"
    out = Path(said.out or own)
    project.flowchart(said.job, out, down=said.down)
    say(f"{out} is written\n")
    return 0


def _command(project: Project, said: argparse.Namespace) -> int:
    name = project.find(said.job)
    try:
        loaded = project.loaded(name)
    except UserError as error:
        ran = history.last_commands(project.layout, name)
        if not ran:
            raise
        say("".join(f"{line}\n" for line in ran) + f"# as it last ran; not to be run by this program: {error}\n")
        return 0
    line = printed.command(loaded.job, loaded.placement, seed=loaded.seed, out=name)
    say(f"cd {shlex.quote(str(project.layout.root.resolve()))}\n{line}\n")
    if goes_away(loaded.placement):
        say(f"# it is handed over; vitreous project start {name} does this:\n{project.plan(name)}")
    return 0


def _note(project: Project, said: argparse.Namespace) -> int:
    name = project.find(said.job) if said.job else ""
    if said.add:
        notes.add(project.layout, said.add, name)
    if said.edit:
        notes.edit(project.layout, said.edit, name)
    path = notes.path_of(project.layout, name)
    if said.add or said.edit:
        say(f"{path} is changed\n")
        return 0
    say(notes.read(project.layout, name) or f"{path}: nothing is written there yet (--add TEXT, --edit EDITOR)\n")
    return 0


def _notes(project: Project, said: argparse.Namespace) -> int:
    said_all = "\n".join(notes.together(project.layout, project.graph()))
    say(said_all or "nothing is written yet\n")
    return 0


VERBS = (
    Verb("history", "where a job's input came from, step by step; or what became of its output", _history, _takes_way),
    Verb("flowchart", "a picture of a job's history", _flowchart, _takes_picture),
    Verb("command", "the exact command of a job", _command, takes_job),
    Verb("note", "show, extend or edit the note of a job, or of the project", _note, _takes_note),
    Verb("notes", "all notes together", _notes),
)
