"""The command `vitreous`: a word for each job type, and run, project, simulate, demo, check-job, version."""

import argparse
import errno
import io
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from vitreous.context import Stopped, UserError
from vitreous.job import as_command, registry
from vitreous.job.options import build, options
from vitreous.job.placement import Placement, placement_options

FULL = {errno.ENOSPC, errno.EDQUOT}
USAGE_ERROR, USER_ERROR, STOPPED = 2, 1, 130
PIPELINE = "default_pipeline.star"
SCRATCH_DIR = "RELION_SCRATCH_DIR"  # names a scratch disk for jobs that are given none

EXTERNAL_INPUTS = {
    "--in_movies": "movies",
    "--in_mics": "micrographs",
    "--in_parts": "particles",
    "--in_coords": "coordinates",
    "--in_3dref": "map",
    "--in_mask": "mask",
}

OWN_COMMANDS = {
    "run": "run a job.star: vitreous run JOB.star [--out DIR] [--set name=value ...]",
    "project": "a project directory and its jobs: new, list, show, run, start, history, delete, clean and more",
    "web": "the window: a page in the browser on a project directory",
    "simulate": "simulated movies or particles with a known truth",
    "demo": "from simulated movies to a map, with the truth beside it",
    "check-job": "run the contract tests on a job type of yours: vitreous check-job module:Class",
    "version": "the release, and those of the libraries underneath",
}


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with 0, 1 (a job or its input is wrong), 2 (the command is wrong) or 130 (stopped)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _show_any_name()
    try:
        code = _dispatch(arguments)
    except UserError as error:
        _say_error(str(error))
        code = USER_ERROR
    except (KeyboardInterrupt, Stopped):
        _say_error("stopped")
        code = STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = USER_ERROR
    except OSError as error:
        if not error.filename and error.errno not in FULL:
            raise
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes | os.PathLike) else ""
        what = "no space left on the disk: free some space, then try again" if error.errno in FULL else error.strerror
        _say_error(f"{where}{what}")
        code = USER_ERROR
    sys.exit(code)


def _dispatch(arguments: list[str]) -> int:
    if not arguments and Path(PIPELINE).is_file():
        return _web([])
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        _write(_help())
        return 0
    word, rest = arguments[0], arguments[1:]
    own: dict[str, Callable[[list[str]], int]] = {
        "run": _run_file,
        "project": _project,
        "web": _web,
        "simulate": _simulate,
        "demo": _demo,
        "check-job": _check_job,
        "version": _version,
        "--version": _version,
    }
    if word in own:
        return own[word](rest)
    cls = registry.by_command(word)
    if cls is None:
        known = ", ".join((*registry.job_types(), *OWN_COMMANDS))
        _say_error(f"there is no command {word!r}; there are {known}")
        return USAGE_ERROR
    return _run_job(cls, rest)


def _help() -> str:
    jobs = registry.job_types()
    width = max(map(len, (*jobs, *OWN_COMMANDS))) + 2
    lines = ["Usage: vitreous COMMAND [options]     (vitreous COMMAND --help tells more)", "", "Jobs:"]
    lines += [f"  {word:<{width}}{cls.type.title}: {_first_line(cls)}" for word, cls in jobs.items()]
    lines += [f"  {dotted}: not to be had: {reason}" for dotted, reason in registry.failures().items()]
    lines += ["", "Other commands:", *(f"  {word:<{width}}{said}" for word, said in OWN_COMMANDS.items()), ""]
    return "\n".join(lines)


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]


def _run_job(cls: type[Any], arguments: list[str]) -> int:
    """vitreous <job> --option value ... [--out DIR]; in a project and without --out, as its next job."""
    parser = as_command.parser(cls, f"vitreous {cls.type.command}")
    _add_running(parser, cls)
    said = vars(parser.parse_args(external_arguments(cls, arguments)))
    out = said.pop("out") or said.pop("pipeline_control", "")
    said.pop("pipeline_control", None)
    seed, alias = said.pop("seed_of_run"), said.pop("alias_of_job")
    chosen = placement_options(cls)
    placing = {option.name: said.pop(option.name) for option in chosen if option.name in said}
    if os.environ.get(SCRATCH_DIR) and any(option.name == "scratch" for option in chosen):
        placing.setdefault("scratch", os.environ[SCRATCH_DIR])
    job, placement = build(cls, said), build(Placement, placing)
    command = shlex.join(["vitreous", cls.type.command, *arguments])
    return _start(job, placement, out=out, seed=seed, command=command, alias=alias)


def external_arguments(cls: type[Any], arguments: Sequence[str]) -> list[str]:
    """The arguments with the names that RELION gives to the program of an External job put into ours.

    --j becomes --threads; --in_parts and the like the first input of that kind. So `vitreous ctf-find` may be the
    executable of an External job.
    """
    named = {"--j": "--threads"}
    for theirs, ours in EXTERNAL_INPUTS.items():
        flag = next((option.flag for option in options(cls) if option.input_kind.split(".")[0] == ours), "")
        if flag:
            named[theirs] = flag
    return [named.get(argument, argument) for argument in arguments]


def _start(job: Any, placement: Placement, *, out: str, seed: int, command: str, alias: str = "") -> int:
    if not out and Path(PIPELINE).is_file():
        from vitreous.project.commands.places import carry_out
        from vitreous.project.project import Project
        from vitreous.run.places.members import member_here

        if member_here().size > 1:
            raise UserError(
                "several processes were started, and each would add a job to the project: start one with --use-queue, or give "
                "--out DIR"
            )
        project = Project.open(".")
        name = project.add(job, placement=placement, seed=seed, alias=alias)
        return carry_out(project, name, changed={}, command=command)
    if not out:
        raise UserError("give --out DIR for the results, or work in a project directory (vitreous project new DIR)")
    from vitreous.job.declare import LoopJob
    from vitreous.run.runner import run

    if isinstance(job, LoopJob) and (placement.use_queue or placement.profile):
        raise UserError("a job that goes round in iterations is handed to a queue in a project only (vitreous project new DIR)")
    return _code(run(job, _relative(out), placement, seed=seed, command=command).status)


def _relative(out: str) -> Path:
    return Path(os.path.relpath(out)) if Path(out).is_relative_to(Path.cwd()) else Path(out)


def _code(status: str) -> int:
    return 0 if status == "succeeded" else STOPPED


def _add_running(parser: argparse.ArgumentParser, cls: type[Any]) -> None:
    """The options that every job has beside its own."""
    as_command.add_options(parser, Placement, placement_options(cls))
    group = parser.add_argument_group("Where")
    group.add_argument("--out", "--o", default="", metavar="DIR", help="folder of the results; in a project: the next job number")
    group.add_argument(
        "--pipeline_control", default="", metavar="DIR", help="the job's folder, as RELION's pipeliner gives it; same as --out"
    )
    group.add_argument(
        "--alias", dest="alias_of_job", default="", metavar="NAME", help="in a project: a name for the job beside its number"
    )
    if not any(action.dest == "seed" for action in parser._actions):
        group.add_argument(
            "--seed", dest="seed_of_run", type=int, default=0, metavar="N", help="seed of random choices [default 0]"
        )
    else:
        parser.set_defaults(seed_of_run=0)


def _run_file(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="vitreous run", description=OWN_COMMANDS["run"], allow_abbrev=False)
    parser.add_argument("job_star", metavar="JOB.star", help="a job.star of RELION 3.1, 4 or 5 or of ours, or a run.job of 3.0")
    parser.add_argument("--out", default="", metavar="DIR", help="folder of the results; in a project: the next job number")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="changes",
        help="change an option, by RELION's name or ours",
    )
    said = parser.parse_args(arguments)
    from vitreous.job import as_star
    from vitreous.job.as_command import pairs

    loaded = as_star.load(said.job_star, pairs(said.changes))
    command = shlex.join(["vitreous", "run", *arguments])
    return _start(loaded.job, loaded.placement, out=said.out, seed=loaded.seed, command=command)


def _project(arguments: list[str]) -> int:
    from vitreous.project import commands

    return commands.main(arguments)


def _web(arguments: list[str]) -> int:
    from vitreous.web import command

    return command.main(arguments)


def _simulate(arguments: list[str]) -> int:
    """vitreous simulate [movies | particles] --out DIR: movies of a session, or a stack of particle images."""
    from vitreous.simulation.settings import ParticleSettings, SessionSettings

    named = arguments[:1] if arguments[:1] in (["movies"], ["particles"]) else []
    cls = ParticleSettings if named == ["particles"] else SessionSettings
    parser = as_command.parser(cls, f"vitreous simulate {named[0] if named else '[movies | particles]'}")
    group = parser.add_argument_group("Where")
    group.add_argument("--out", dest="out_folder", required=True, metavar="DIR", help="folder of the movies and their truth")
    group.add_argument(
        "--random-seed", dest="random_seed", type=int, default=0, metavar="N", help="seed of noise, motion, places"
    )
    said = vars(parser.parse_args(arguments[len(named) :]))
    folder, seed = _relative(said.pop("out_folder")), said.pop("random_seed")
    settings: Any = build(cls, said)
    from vitreous.run.plain import surroundings
    from vitreous.simulation.particles import simulate_particles
    from vitreous.simulation.session import simulate_session

    with surroundings(folder, "Simulation", seed=seed) as context:
        simulate: Callable[..., Any] = simulate_particles if named == ["particles"] else simulate_session
        simulate(settings, folder, context)
    return 0


def _demo(arguments: list[str]) -> int:
    from vitreous.demo.settings import DemoSettings

    parser = as_command.parser(DemoSettings, "vitreous demo")
    settings = build(DemoSettings, vars(parser.parse_args(arguments)))
    from vitreous.demo import run_demo

    return int(run_demo(settings) or 0)


def _check_job(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="vitreous check-job", description=OWN_COMMANDS["check-job"], allow_abbrev=False)
    parser.add_argument("dotted", metavar="module:Class")
    said = parser.parse_args(arguments)
    from vitreous.job.contract import check

    sys.path.insert(0, os.getcwd())
    findings = check(registry.load(said.dotted))
    _write("".join(f"{line}\n" for line in findings) or f"{said.dotted}: every contract is kept\n")
    return USER_ERROR if findings else 0


def _version(arguments: list[str]) -> int:
    from vitreous.run.record import versions

    _write("".join(f"{name:<14}{release}\n" for name, release in versions().items()))
    return 0


def _show_any_name() -> None:
    """Let names of files be shown whose bytes are no text, as in a project from an older machine."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="surrogateescape" if stream.encoding.lower() == "utf-8" else "backslashreplace")


def _write(text: str) -> None:
    sys.stdout.write(text)


def _say_error(text: str) -> None:
    sys.stderr.write(f"vitreous: {text}\n")
