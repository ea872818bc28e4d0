"""Anybody's program as a job, by the contract of RELION's External type: its arguments, its exit markers, its list of outputs."""

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.context import Context, Stopped, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job
from vitreous.param import param, settings

GRACE_S = 10.0  # between the request to stop and the signal to end, and between that and the end by force
LOOK_EVERY_S = 0.2
SUCCESS, FAILURE, ABORTED = (f"RELION_JOB_EXIT_{word}" for word in ("SUCCESS", "FAILURE", "ABORTED"))
ABORT_NOW, OUTPUT_NODES = "RELION_JOB_ABORT_NOW", "RELION_OUTPUT_NODES.star"


@settings
class Extras:
    """Further arguments of the program: --label value."""

    label_1: str = param("", relion="param1_label", help="Name of an argument, without dashes.")
    value_1: str = param("", relion="param1_value", help="The value of that argument; empty makes it a flag.")
    label_2: str = param("", relion="param2_label", help="Name of an argument, without dashes.")
    value_2: str = param("", relion="param2_value", help="The value of that argument; empty makes it a flag.")
    label_3: str = param("", relion="param3_label", help="Name of an argument, without dashes.")
    value_3: str = param("", relion="param3_value", help="The value of that argument; empty makes it a flag.")
    label_4: str = param("", relion="param4_label", help="Name of an argument, without dashes.")
    value_4: str = param("", relion="param4_value", help="The value of that argument; empty makes it a flag.")
    label_5: str = param("", relion="param5_label", help="Name of an argument, without dashes.")
    value_5: str = param("", relion="param5_value", help="The value of that argument; empty makes it a flag.")
    label_6: str = param("", relion="param6_label", help="Name of an argument, without dashes.")
    value_6: str = param("", relion="param6_value", help="The value of that argument; empty makes it a flag.")
    label_7: str = param("", relion="param7_label", help="Name of an argument, without dashes.")
    value_7: str = param("", relion="param7_value", help="The value of that argument; empty makes it a flag.")
    label_8: str = param("", relion="param8_label", help="Name of an argument, without dashes.")
    value_8: str = param("", relion="param8_value", help="The value of that argument; empty makes it a flag.")
    label_9: str = param("", relion="param9_label", help="Name of an argument, without dashes.")
    value_9: str = param("", relion="param9_value", help="The value of that argument; empty makes it a flag.")
    label_10: str = param("", relion="param10_label", help="Name of an argument, without dashes.")
    value_10: str = param("", relion="param10_value", help="The value of that argument; empty makes it a flag.")

    def arguments(self) -> list[str]:
        """The labels that are given, with their values; a label without a value is a flag."""
        found: list[str] = []
        for number in range(1, 11):
            label, value = getattr(self, f"label_{number}").strip(), getattr(self, f"value_{number}").strip()
            found += [part for part in (f"--{label.lstrip('-')}" if label else "", value if label else "") if part]
        return found


@job("relion.external", number=99, folder="External", title="External program", version=2, command="external")
class External(MapJob):
    """Run a program of yours, which writes into the job folder, lists its outputs there, and marks its success."""

    program: str = param(relion="fn_exe", tab="I/O", help="The program, with arguments of its own if need be.")
    movies: str = input(kind="movies", relion="in_mov", optional=True, help="STAR file given as --in_movies.")
    micrographs: str = input(kind="micrographs", relion="in_mic", optional=True, help="STAR file given as --in_mics.")
    particles: str = input(kind="particles", relion="in_part", optional=True, help="STAR file given as --in_parts.")
    coordinates: str = input(kind="coordinates", relion="in_coords", optional=True, help="File given as --in_coords.")
    reference: str = input(kind="map", relion="in_3dref", optional=True, help="Map given as --in_3dref.")
    mask: str = input(kind="mask", relion="in_mask", optional=True, help="Mask given as --in_mask.")
    extras: Extras = group(Extras, tab="Params")
    further: str = param("", relion="other_args", tab="Running", help="More arguments, put after all others as they stand.")
    trust_exit_code: bool = param(
        False,
        tab="Running",
        help="Take the exit code 0 for success. Otherwise a program that leaves no RELION_JOB_EXIT_SUCCESS has failed.",
    )

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work: the command, less the number of threads, and the age of the program."""
        inputs = {
            "--in_movies": self.movies,
            "--in_mics": self.micrographs,
            "--in_parts": self.particles,
            "--in_coords": self.coordinates,
            "--in_3dref": self.reference,
            "--in_mask": self.mask,
        }
        given = [part for flag, path in inputs.items() if path for part in (flag, path)]
        if not given:
            raise UserError(
                f"{self.program} has no input: give one at least (--micrographs, --particles and so on), "
                "so that what it makes hangs in the project's graph"
            )
        words = shlex.split(self.program)
        if not words:
            raise UserError("no program was given: name one with --program")
        command = [_found(words[0]), *words[1:], "--o", f"{context.folder}/", *given, *self.extras.arguments()]
        return [Unit("program", {"command": command, "made": [_age(word) for word in words]})]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Run it, and judge by the marker it leaves, as RELION does."""
        command = [*unit.row["command"], "--j", str(context.threads), *shlex.split(self.further)]
        context.note(shlex.join(command))
        with (context.folder / "run.out").open("ab") as out, (context.folder / "run.err").open("ab") as err:
            try:
                process = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True)
            except OSError as error:
                raise UserError(f"the program {command[0]} cannot be started: {error.strerror}") from error
            code = _ended(process, context)
        self._judge(command[0], code, context)
        return {"exit_code": code, **_listed(context)}

    def _judge(self, program: str, code: int, context: Context) -> None:
        """Return if the program succeeded; the markers are looked for in RELION's order."""
        folder = context.folder
        if (folder / SUCCESS).exists():
            if code:
                context.note(f"{program} ended with exit code {code}, but it marked its success")
            return
        failed = (folder / FAILURE).exists()
        if not failed and ((folder / ABORTED).exists() or context.stop_asked()):
            raise Stopped
        if failed or code:
            raise UserError(f"the program {program} failed (exit code {code}); what it said is in {folder / 'run.err'}")
        if not self.trust_exit_code:
            raise UserError(
                f"the program {program} ended without writing {folder / SUCCESS}, which says that it succeeded: "
                "let it do so, or set --trust-exit-code"
            )

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the program wrote its outputs and their list."""


def _found(program: str) -> str:
    """The program as it can be started: one in the current directory needs no ./ before its name."""
    here = "/" not in program and not shutil.which(program) and Path(program).is_file()
    return f"./{program}" if here else program


def _age(word: str) -> list[Any]:
    """Size and time of the program or script behind a word of the command; a changed one is run again."""
    found = shutil.which(word) or (word if Path(word).is_file() else "")
    about = os.stat(found) if found else None
    return [word, about.st_size, about.st_mtime_ns] if about else [word]


def _listed(context: Context) -> dict[str, str]:
    """The outputs that the program listed and made, by number: when one is lost later, the program is run again."""
    from vitreous.files import star

    listed = context.folder / OUTPUT_NODES
    if not listed.is_file():
        return {}
    file = star.read(listed)
    if "output_nodes" not in file:
        raise UserError(f"{listed} has no table data_output_nodes: the program must list its outputs there, or not write it")
    names = [str(row.get("rlnPipeLineNodeName", "")) for row in file["output_nodes"].rows()]
    for name in names:
        if not Path(name).exists():
            context.note(f"{listed} lists {name or 'an output without a name'}, which was not made")
    return {f"output {number}": name for number, name in enumerate(names, 1) if Path(name).exists()}


def _ended(process: "subprocess.Popen[bytes]", context: Context) -> int:
    """Wait for the program. Asked to stop, it is told by RELION's abort file, then by signals, and Stopped is raised."""
    while process.poll() is None:
        if context.stop_asked():
            (context.folder / ABORT_NOW).touch()
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    process.wait(timeout=GRACE_S)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, number)
            process.wait()
            raise Stopped
        time.sleep(LOOK_EVERY_S)
    return process.returncode
