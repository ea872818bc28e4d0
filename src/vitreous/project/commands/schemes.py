"""vitreous project scheme WORD: run, stop, look at, change and build Schemes."""

import argparse
from collections.abc import Callable, Sequence

from vitreous.context import UserError
from vitreous.project.commands.verb import STOPPED, Verb, ends_politely, say, say_line
from vitreous.project.commands.wording import aligned, indented
from vitreous.project.inputs import LIMIT_S
from vitreous.project.project import Project
from vitreous.project.schemes import folder as folders
from vitreous.project.schemes.door import ProjectScheme
from vitreous.project.schemes.model import UNDEFINED, Edge, Operator, as_text

Arguments = Callable[[argparse.ArgumentParser], None]
Action = Callable[[Project, argparse.Namespace], int]


def _list(project: Project, said: argparse.Namespace) -> int:
    there = [ProjectScheme(project, folder) for folder in folders.all_of(project.layout.root)]
    if not there:
        say("no schemes; one lies in Schemes/NAME/scheme.star, or is made by vitreous project scheme new NAME\n")
        return 0
    say(aligned([_row(scheme) for scheme in there]))
    return 0


def _row(scheme: ProjectScheme) -> tuple[str, ...]:
    """One Scheme in the list; of one that cannot be read its fault."""
    name = scheme.folder.name.rstrip("/")
    try:
        return name, scheme.state(), f"at {scheme.read().current}", scheme.at_work_on()
    except UserError as error:
        return name, "broken", str(error), ""


def _show(project: Project, said: argparse.Namespace) -> int:
    door = project.scheme(said.name)
    scheme = door.read()
    at = f", at work on {door.at_work_on()}" if door.at_work_on() else ""
    say(f"{scheme.name}  {door.state()} at {scheme.current}{at}\n\n")
    variables = [(n, v.kind, as_text(v.value), f"reset {as_text(v.reset)}") for n, v in scheme.variables.items()]
    operators = [
        (o.name, o.type, *("" if p == UNDEFINED else p for p in (o.output, o.input1, o.input2)))
        for o in scheme.operators.values()
    ]
    jobs = [(j.original, j.mode, j.name if j.has_started else "not started") for j in scheme.jobs.values()]
    edges = [(e.from_, "->", f"{e.if_true} if {e.boolean} else {e.to}" if e.is_fork else e.to) for e in scheme.edges]
    tables: dict[str, Sequence[Sequence[str]]] = {"variables": variables, "operators": operators, "jobs": jobs, "edges": edges}
    for title, rows in tables.items():
        if rows:
            say(f"{title}\n{indented(aligned(rows))}\n")
    return 0


def _run(project: Project, said: argparse.Namespace) -> int:
    door = project.scheme(said.name)
    try:
        with ends_politely():
            ended = door.run(here=said.here, say=_silent if said.quiet else say_line, input_wait_s=said.input_wait)
    except KeyboardInterrupt:
        at = door.at_work_on()
        say(f"\nstopped; {f'{at} goes on, and ' if at else ''}the same command goes on from here\n")
        return STOPPED
    return STOPPED if ended.how == "aborted" else 0


def _start(project: Project, said: argparse.Namespace) -> int:
    pid = project.scheme(said.name).start(input_wait_s=said.input_wait)
    log = project.scheme(said.name).folder.log
    say(f"{said.name} runs as process {pid} and goes on when this terminal is closed; what it says is in {log}\n")
    return 0


def _silent(text: str) -> None:
    """What is said is in the log alone."""


def _reset(project: Project, said: argparse.Namespace) -> int:
    project.scheme(said.name).reset()
    say(f"{said.name} stands at {project.scheme(said.name).read().current} as if it had never run\n")
    return 0


def _abort(project: Project, said: argparse.Namespace) -> int:
    say(project.scheme(said.name).abort() + "\n")
    return 0


def _unlock(project: Project, said: argparse.Namespace) -> int:
    say(project.scheme(said.name).unlock(force=said.force) + "\n")
    return 0


def _set_variable(project: Project, said: argparse.Namespace) -> int:
    value = project.scheme(said.name).set_variable(said.variable, said.value, also_reset=said.also_reset)
    say(f"{said.variable} is {as_text(value)}\n")
    return 0


def _set_option(project: Project, said: argparse.Namespace) -> int:
    again = project.scheme(said.name).set_option(said.job, said.option, said.value)
    say(f"{said.option} of {said.job} is {said.value}{'; new jobs will be made for ' + ', '.join(again) if again else ''}\n")
    return 0


def _set_node(project: Project, said: argparse.Namespace) -> int:
    project.scheme(said.name).set_node(said.node)
    say(f"{said.name} goes on at {said.node}\n")
    return 0


def _set_mode(project: Project, said: argparse.Namespace) -> int:
    project.scheme(said.name).set_mode(said.job, said.mode)
    say(f"{said.job} has the mode {said.mode}\n")
    return 0


def _new(project: Project, said: argparse.Namespace) -> int:
    say(f"{project.new_scheme(said.name, schedule=said.schedule).folder.name} is there\n")
    return 0


def _add(project: Project, said: argparse.Namespace) -> int:
    """The parts by their kind, each with its own words."""
    door, words = project.scheme(said.name), said.words
    least, usage = _PARTS[said.part]
    if len(words) < least:
        raise UserError(f"scheme add {said.name} {said.part} takes {usage}")
    words = [*words, *[UNDEFINED] * 3]
    if said.part == "variable":
        door.add_variable(words[0], words[1])
    elif said.part == "operator":
        door.add_operator(Operator(said.called, words[0], *_inputs(words)))
    elif said.part == "job":
        door.add_job(words[0], words[1], "new" if words[2] == UNDEFINED else words[2])
    elif said.part == "edge":
        door.add_edge(Edge(words[0], words[1]))
    else:
        door.add_edge(Edge(words[0], words[3], True, words[2], words[1]))
    say(f"{said.name} has one more {said.part}\n")
    return 0


def _inputs(words: list[str]) -> tuple[str, str, str]:
    """Output, input1, input2: an operator type without = in it has no output, so that its words are its inputs."""
    return (words[1], words[2], words[3]) if "=" in words[0] else (UNDEFINED, words[1], words[2])


_PARTS = {
    "variable": (2, "NAME VALUE"),
    "operator": (1, "TYPE [OUTPUT] [INPUT1] [INPUT2]"),
    "job": (2, "NAME JOB.star [new|continue]"),
    "edge": (2, "FROM TO"),
    "fork": (4, "FROM BOOLEAN TO_IF_TRUE TO_IF_FALSE"),
}


def _takes(*names: str) -> Arguments:
    def arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the scheme, by its name or folder")
        for name in names:
            parser.add_argument(name, metavar=name.upper())

    return arguments


def _takes_run(parser: argparse.ArgumentParser) -> None:
    _takes_start(parser)
    parser.add_argument("--here", action="store_true", help="run the jobs in this process, not in their places")
    parser.add_argument("--quiet", action="store_true", help="say nothing here; it is in run.out of the scheme")


def _takes_start(parser: argparse.ArgumentParser) -> None:
    _takes()(parser)
    parser.add_argument(
        "--input-wait", type=float, default=LIMIT_S, metavar="S", help="seconds to wait for input files of a job (%(default)g)"
    )


def _takes_unlock(parser: argparse.ArgumentParser) -> None:
    _takes()(parser)
    parser.add_argument("--force", action="store_true", help="also where it cannot be seen whether the owner has died")


def _takes_variable(parser: argparse.ArgumentParser) -> None:
    _takes("variable", "value")(parser)
    parser.add_argument("--also-reset", action="store_true", help="a reset gives it this value too")


def _takes_new(parser: argparse.ArgumentParser) -> None:
    _takes()(parser)
    parser.add_argument("--schedule", action="store_true", help="in the way of RELION 3.1 (Schedules/NAME/schedule.star)")


def _takes_part(parser: argparse.ArgumentParser) -> None:
    _takes()(parser)
    parser.add_argument("part", choices=tuple(_PARTS), help="; ".join(f"{part}: {usage}" for part, (_, usage) in _PARTS.items()))
    parser.add_argument("words", nargs="*", metavar="WORD", help="as the part asks")
    parser.add_argument("--called", default="", metavar="NAME", help="name of an operator; without it, one is made")


_WORDS: dict[str, tuple[str, Action, Arguments]] = {
    "list": ("all schemes, and where they stand", _list, lambda parser: None),
    "show": ("one scheme: variables, operators, jobs, edges", _show, _takes()),
    "run": ("run a scheme from its current node; after a crash or a stop, go on", _run, _takes_run),
    "start": ("the same in a process of its own, which goes on when this terminal is closed", _start, _takes_start),
    "reset": ("variables and jobs as at the beginning", _reset, _takes()),
    "abort": ("ask a running scheme and its job to stop", _abort, _takes()),
    "unlock": ("break the lock that a crash has left", _unlock, _takes_unlock),
    "set-variable": ("give a variable a value", _set_variable, _takes_variable),
    "set-option": (
        "change an option of a job; it and the jobs after it start anew",
        _set_option,
        _takes("job", "option", "value"),
    ),
    "set-node": ("go on at another node", _set_node, _takes("node")),
    "set-mode": ("new, continue or (3.1) overwrite", _set_mode, _takes("job", "mode")),
    "new": ("make an empty scheme", _new, _takes_new),
    "add": ("add a variable, operator, job, edge or fork", _add, _takes_part),
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="word", required=True, metavar="WORD")
    for word, (text, _, arguments) in _WORDS.items():
        arguments(words.add_parser(word, help=text, description=text, allow_abbrev=False))


def _do(project: Project, said: argparse.Namespace) -> int:
    return _WORDS[said.word][1](project, said)


VERBS = (Verb("scheme", "run, change and build RELION's Schemes and schedules", _do, _arguments),)
