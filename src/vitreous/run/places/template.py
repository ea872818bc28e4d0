"""Any queue by RELION's submission template: a script in which XXX...XXX variables stand for what the job is and asks."""

import math
import re
from collections.abc import Sequence
from pathlib import Path

from vitreous.context import UserError
from vitreous.job.placement import Placement

VARIABLE = re.compile(r"XXX([A-Za-z]+\d*)XXX")
COMMAND = "XXXcommandXXX"


def processes(workers: int) -> int:
    """MPI processes for so many workers: one more, the leader; a single worker needs none."""
    return workers + 1 if workers > 1 else 1


def variables(placement: Placement, workers: int, *, folder: str) -> dict[str, str]:
    """The value of each variable but the command. folder: the job's, with or without a slash at its end."""
    plain = folder.rstrip("/")
    ranks = processes(workers)
    cores = ranks * placement.threads
    said = {
        "outfile": f"{plain}/run.out",
        "errfile": f"{plain}/run.err",
        "name": f"{plain}/",
        "queue": placement.queue,
        "mpinodes": str(ranks),
        "threads": str(placement.threads),
        "cores": str(cores),
        "dedicated": str(placement.dedicated_cores),
        "nodes": str(math.ceil(cores / placement.dedicated_cores)),
    }
    return said | {f"extra{number}": text for number, text in enumerate(placement.queue_extra, 1)}


def filled(template: str, values: dict[str, str], commands: Sequence[str], *, mpi: bool) -> str:
    """The script. A line with an extra field that is empty, or that nobody gave, is left out.

    The line of the command is kept and repeated for each command when the commands are MPI programs, or one process is
    asked for (`mpirun XXXcommandXXX`); a program of another kind takes the whole line's place. An unknown variable is an
    error.
    """
    lines: list[str] = []
    for number, line in enumerate(template.splitlines(), 1):
        if COMMAND in line:
            keeps = mpi or values["mpinodes"] == "1"
            lines += [_replaced(line, values, number).replace(COMMAND, text) if keeps else text for text in commands]
            continue
        asked = VARIABLE.findall(line)
        if any(name.startswith("extra") and not values.get(name, "").strip() for name in asked):
            continue
        lines.append(_replaced(line, values, number))
    if not any(text in line for line in lines for text in commands):
        raise UserError(f"the submission template has no line with {COMMAND}, so it would start nothing; add mpirun {COMMAND}")
    return "\n".join([*lines, ""])


def _replaced(line: str, values: dict[str, str], number: int) -> str:
    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name == "command":
            return COMMAND
        if name not in values:
            known = ", ".join(f"XXX{word}XXX" for word in (*values, "command"))
            raise UserError(f"line {number} of the submission template has XXX{name}XXX, which is unknown; there are {known}")
        return values[name]

    return VARIABLE.sub(value, line)


def read(path: str) -> str:
    """The text of a template file."""
    where = Path(path).expanduser()
    if not where.is_file():
        raise UserError(
            f"{where}: there is no such submission template; give another one with --queue-template, "
            "or none, and a script for Slurm is made"
        )
    return where.read_text(encoding="utf-8", errors="replace")


def script(placement: Placement, command: str, *, workers: int, folder: str) -> str:
    """The filled script of a job of ours, to be submitted from the project directory.

    With several workers our program counts as an MPI program: each process that the template's launcher starts finds its
    part by its rank, the first as the leader.
    """
    values = variables(placement, workers, folder=folder)
    return filled(read(placement.queue_template), values, [command], mpi=workers > 1)
