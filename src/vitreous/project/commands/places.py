"""Verbs of places: run, start, continue and abort a job; run profiles; what this site says of its queue; a script for ranks."""

import argparse
import shlex
from dataclasses import replace
from pathlib import Path

from vitreous.context import UserError
from vitreous.job import as_command
from vitreous.job.as_command import pairs
from vitreous.job.options import build, options
from vitreous.job.placement import Placement
from vitreous.project import starting
from vitreous.project.commands.verb import STOPPED, Verb, say, takes_changes, takes_job
from vitreous.project.project import Project
from vitreous.run.folder import JobFolder
from vitreous.run.places import environment, profile, request, slurm

GRACE_S = 60.0


def carry_out(project: Project, name: str, *, changed: dict[str, str], command: str) -> int:
    """Run a job here, or hand it to its queue and wait for it; gives the exit code. Ctrl-C leaves a job in its queue alone."""
    if not starting.goes_away(project.loaded(name, changed).placement):
        return _code(project.run(name, changed=changed, command=command).status)
    say(f"{project.start(name, changed=changed)}. Waiting for it; Ctrl-C only ends the waiting\n")
    try:
        state = project.wait(name)
    except KeyboardInterrupt:
        say(f"{name} is left to its place\n")
        return STOPPED
    found = starting.outcome(name, state)
    say(f"{name} {found.status}\n")
    return _code(found.status)


def _code(status: str) -> int:
    return 0 if status == "succeeded" else STOPPED


def _takes_run(parser: argparse.ArgumentParser) -> None:
    takes_job(parser)
    takes_changes(parser)
    parser.add_argument(
        "--placed",
        action="store_true",
        help="this is the job's place: run it here, as the script of a queue does, without a screen",
    )


def _run(project: Project, said: argparse.Namespace) -> int:
    changed = pairs(said.changes)
    if said.placed:
        return _code(project.run(said.job, changed=changed, command=said.command, quiet=True, placed=True).status)
    name = project.find(said.job)
    if not JobFolder(project.layout.job(name)).settings.exists():  # else the runner says it
        _say_changes(project, name, changed)
    return carry_out(project, name, changed=changed, command=said.command)


def _say_changes(project: Project, name: str, changed: dict[str, str]) -> None:
    say("".join(f"{line}\n" for line in project.changes(name, changed)) if changed else "")


def _takes_start(parser: argparse.ArgumentParser) -> None:
    takes_job(parser)
    takes_changes(parser)
    parser.add_argument("--dry-run", action="store_true", help="only show the script and the command")


def _start(project: Project, said: argparse.Namespace) -> int:
    changed = pairs(said.changes)
    if not said.dry_run:
        _say_changes(project, said.job, changed)
    say(project.plan(said.job, changed=changed) if said.dry_run else project.start(said.job, changed=changed) + "\n")
    return 0


def _takes_abort(parser: argparse.ArgumentParser) -> None:
    takes_job(parser)
    parser.add_argument(
        "--grace-s",
        type=float,
        default=GRACE_S,
        metavar="S",
        help=f"seconds after which it is ended from outside; 0: never [{GRACE_S:g}]",
    )


def _abort(project: Project, said: argparse.Namespace) -> int:
    say(project.abort(said.job, grace_s=said.grace_s) + "\n")
    return 0


def _profiles(project: Project, said: argparse.Namespace) -> int:
    for name, found in profile.known(project.layout.root.resolve()).items():
        say(f"{name}: {found.copies} workers, started by {found.manager}\n")
        for line in found.workers:
            say(f"  {line.copies:5d} x {line.command}   ({line.threads} threads, {line.delay_ms} ms apart)\n")
    return 0


def _takes_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "--command",
        dest="lines",
        action="append",
        default=[],
        metavar="LINE",
        help="starts a worker; holds $command. May be repeated",
    )
    parser.add_argument("--copies", action="append", type=int, default=[], metavar="N", help="of each --command in turn [1]")
    parser.add_argument("--threads", action="append", type=int, default=[], metavar="N", help="of each --command in turn [1]")
    parser.add_argument("--delay-ms", action="append", type=int, default=[], metavar="N", help="between copies, in turn [10]")
    parser.add_argument("--manager", default=profile.COMMAND, metavar="LINE", help="starts what leads the job [$command]")
    parser.add_argument("--address", default="", help="of the machine that leads, if workers cannot find it by themselves")
    parser.add_argument("--for-all-projects", action="store_true", help="keep it for this user, not in this project")


def _profile(project: Project, said: argparse.Namespace) -> int:
    if not said.lines:
        raise UserError("give --command, a line with $command in it, for each kind of worker")

    def of(values: list[int], place: int, default: int) -> int:
        return values[place] if place < len(values) else default

    lines = tuple(
        profile.WorkerCommand(line, of(said.copies, place, 1), of(said.threads, place, 1), of(said.delay_ms, place, 10))
        for place, line in enumerate(said.lines)
    )
    made = profile.Profile(said.name, lines, said.manager, said.address)
    folder = profile.folders(project.layout.root.resolve())[int(said.for_all_projects)]
    say(f"{profile.write(folder, made)}\n")
    return 0


def _site(project: Project, said: argparse.Namespace) -> int:
    found = environment.site_defaults()
    say(
        "".join(f"{name:<16} {value}\n" for name, value in found.items())
        or "this site says nothing of its queue (RELION_QSUB_...)\n"
    )
    for number, field in enumerate(environment.site_fields(), 1):
        say(f"XXXextra{number}XXX     {field.label} [{field.default}] {field.help}".rstrip() + "\n")
    return 0


def _takes_script(parser: argparse.ArgumentParser) -> None:
    as_command.add_options(parser, Placement)
    parser.add_argument("--name", default="ranks", help="of the batch job")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="an MPI program of which one rank leads")


def _script(project: Project, said: argparse.Namespace) -> int:
    words = said.words[1:] if said.words[:1] == ["--"] else said.words
    if not words:
        raise UserError("give the command after --, as vitreous project script --nodes 2 -- relion_refine_mpi --i particles.star")
    given = vars(said)
    placement: Placement = build(Placement, {o.name: given[o.name] for o in options(Placement) if o.name in given})
    placement = environment.completed(replace(placement, use_queue=True))
    folder = Path.cwd()
    out, err = (str(folder / f"{said.name}.{end}") for end in ("out", "err"))
    asked, laid = request.team(placement, said.name), request.ranks(placement, said.name)
    command = " ".join(word if word.startswith("$SLURM") else shlex.quote(word) for word in words)
    say(slurm.ranks_script(asked, laid, command, folder=str(folder), out=out, err=err, launcher=environment.launcher()))
    return 0


VERBS = (
    Verb("run", "run a job and wait for it: here, or in the queue that it asks for", _run, _takes_run),
    Verb("start", "hand a job to the place where it is to run, and return", _start, _takes_start),
    Verb("continue", "go on with a job: only what is missing is done", _run, _takes_run),
    Verb("abort", "ask a running job to stop; one in a queue is taken out", _abort, _takes_abort),
    Verb("profiles", "the run profiles: command lines that start jobs and workers", _profiles),
    Verb("profile", "make a run profile", _profile, _takes_profile),
    Verb("site", "what this site says of its queue, by RELION's environment variables", _site),
    Verb(
        "script", "a Slurm script for an MPI program with a leading rank, laid evenly over nodes and GPUs", _script, _takes_script
    ),
)
