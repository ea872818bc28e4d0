"""vitreous project run-scheduled NAME JOB...: scheduled jobs in turn, also again and again."""

import argparse
import os
import shlex
from pathlib import Path

from vitreous.project import inputs
from vitreous.project.commands.verb import STOPPED, Verb, ends_politely, say, say_line
from vitreous.project.project import Project
from vitreous.project.repeats import Rhythm
from vitreous.run.places.local import start_own


def _run(project: Project, said: argparse.Namespace) -> int:
    if said.background:
        return _in_background(project, said)
    rhythm = Rhythm(said.repeat, said.min_wait, said.wait_before, said.wait_after, said.max_time, said.input_wait)
    with ends_politely():
        passed = project.run_scheduled(said.name, said.jobs, rhythm, here=said.here, say=say_line)
    return STOPPED if passed.how == "stopped" else 0


def _in_background(project: Project, said: argparse.Namespace) -> int:
    """The same command in a session of its own, less the word that says so."""
    words = [word for word in shlex.split(said.command)[1:] if word != "--background"]
    log = project.layout.root / f"pipeline_{said.name}.log"
    pid = start_own(words, root=project.layout.root, out=Path(os.devnull), err=log)
    say(f"{said.name} runs as process {pid} and goes on when this terminal is closed; what it says is in {log}\n")
    return 0


def _arguments(parser: argparse.ArgumentParser) -> None:
    plain = Rhythm()
    parser.add_argument("name", metavar="NAME", help="a name for this run; RUNNING_PIPELINER_NAME lasts as long as it does")
    parser.add_argument("jobs", nargs="+", metavar="JOB", help="names, numbers or aliases, in their order")
    parser.add_argument("--repeat", type=int, default=plain.repeat, metavar="N", help="passes over all jobs (%(default)s)")
    parser.add_argument("--min-wait", type=float, default=plain.min_wait_min, metavar="M", help="least minutes from pass to pass")
    parser.add_argument("--wait-before", type=float, default=plain.wait_before_min, metavar="M", help="minutes before the first")
    parser.add_argument("--wait-after", type=float, default=plain.wait_after_s, metavar="S", help="seconds after each job")
    parser.add_argument("--max-time", type=float, default=plain.max_time_h, metavar="H", help="hours after which no job begins")
    parser.add_argument(
        "--input-wait", type=float, default=inputs.LIMIT_S, metavar="S", help="seconds to wait for missing input (%(default)g)"
    )
    parser.add_argument("--background", action="store_true", help="go on when this terminal is closed")
    parser.add_argument("--here", action="store_true", help="run the jobs in this process, not in their places")


VERBS = (Verb("run-scheduled", "run scheduled jobs in turn, also again and again while data come", _run, _arguments),)
