"""Anybody's program as a job, by the contract of RELION's External type: its arguments, its exit markers, its list of outputs."""

import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.context import Context, Stopped, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job
from vitreous.param import param, settings

GRACE_S = 20.0
LOOK_EVERY_S = 0.2


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


@job("relion.external", number=99, folder="External", title="External program", version=1, command="external")
class External(MapJob):
    """Run a program of yours, which writes into the job folder and lists its outputs in RELION_OUTPUT_NODES.star."""

    program: str = param(relion="fn_exe", tab="I/O", help="The program, with arguments of its own if need be.")
    movies: str = input(kind="movies", relion="in_mov", optional=True, help="STAR file given as --in_movies.")
    micrographs: str = input(kind="micrographs", relion="in_mic", optional=True, help="STAR file given as --in_mics.")
    particles: str = input(kind="particles", relion="in_part", optional=True, help="STAR file given as --in_parts.")
    coordinates: str = input(kind="coordinates", relion="in_coords", optional=True, help="File given as --in_coords.")
    reference: str = input(kind="map", relion="in_3dref", optional=True, help="Map given as --in_3dref.")
    mask: str = input(kind="mask", relion="in_mask", optional=True, help="Mask given as --in_mask.")
    extras: Extras = group(Extras, tab="Params")

    def units(self, context: Context) -> Sequence[Unit]:
        """One piece of work: the command, less the number of threads."""
        inputs = {
            "--in_movies": self.movies,
            "--in_mics": self.micrographs,
            "--in_parts": self.particles,
            "--in_coords": self.coordinates,
            "--in_3dref": self.reference,
            "--in_mask": self.mask,
        }
        given = [part for flag, path in inputs.items() if path for part in (flag, path)]
        command = [*shlex.split(self.program), "--o", f"{context.folder}/", *given, *self.extras.arguments()]
        return [Unit("program", {"command": command})]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Run it, and judge by its exit code and the marker it leaves."""
        command = [*unit.row["command"], "--j", str(context.threads)]
        context.note(shlex.join(command))
        with (context.folder / "run.out").open("ab") as out, (context.folder / "run.err").open("ab") as err:
            try:
                process = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True)
            except OSError as error:
                raise UserError(f"the program {command[0]} cannot be started: {error.strerror}") from error
            code = _ended(process, context)
        if (context.folder / "RELION_JOB_EXIT_ABORTED").exists():
            raise Stopped
        if code != 0 or (context.folder / "RELION_JOB_EXIT_FAILURE").exists():
            raise UserError(
                f"the program {command[0]} failed (exit code {code}); what it said is in {context.folder / 'run.err'}"
            )
        return {"exit_code": code}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Nothing to add: the program wrote its outputs and their list."""


def _ended(process: "subprocess.Popen[bytes]", context: Context) -> int:
    """Wait for the program. Asked to stop, it is told by RELION's abort file, then by a signal, and Stopped is raised."""
    while process.poll() is None:
        if context.stop_asked():
            Path(context.folder / "RELION_JOB_ABORT_NOW").touch()
            try:
                process.wait(timeout=GRACE_S)
            except subprocess.TimeoutExpired:
                process.terminate()
                process.wait()
            raise Stopped
        time.sleep(LOOK_EVERY_S)
    return process.returncode
