"""Job types for the tests of the mechanism: quick, and with a log of what was really worked on."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitreous.context import Context, UserError
from vitreous.files import atomic
from vitreous.job.declare import LoopJob, MapJob, Unit, group, input, job, output
from vitreous.param import param, settings


@settings
class Manner:
    """How a unit is worked on."""

    factor: float = param(2.0, help="What a number is multiplied by.", unit="Å", low=0, high=10, minimum=-100, relion="factor_x")
    seconds: float = param(0.0, help="How long a unit takes.", unit="s", minimum=0)
    trouble: str = param("none", choices=("none", "error", "crash", "all"), help="What happens to the unit called bad.")
    turned: str = param(
        "no",
        choices=("no", "left"),
        relion="turn",
        relion_values={"no": "No turn (0)", "left": "To the left (1)"},
        help="A menu.",
    )
    careful: bool = param(True, relion="do_careful", help="Look twice.")
    looks: int = param(2, minimum=1, when="careful", relion="nr_looks|nr_iter", help="How often to look.")
    limit: float | None = param(None, help="An upper limit, or none.", unit="Å")
    sizes: tuple[int, ...] = param((1, 2), help="Some sizes.", unit="px")


def log(folder: Path, line: str) -> None:
    """One line for each piece of work really done."""
    with (folder / "worked.txt").open("a") as stream:
        stream.write(line + "\n")


def log_place(folder: Path, key: str) -> None:
    """Where a piece of work was done: node, GPUs that are visible, batch job."""
    said = [os.environ.get(name, "") for name in ("SLURMD_NODENAME", "CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID")]
    with (folder / "where.txt").open("a") as stream:
        stream.write("\t".join([key, *said]) + "\n")


@job(
    "relion.external.vitreous.toymap",
    number=99,
    folder="External",
    title="Toy map",
    version=1,
    command="toy-map",
    fixed={"do_magic": "No", "nr_magic": "1|2"},
    ignored=("fn_exe",),
)
class ToyMap(MapJob):
    """Multiply each number of a list."""

    listing: str = input(kind="file", relion="in_list", help="A text file with a word and a number in each line.")
    mask: str = input(kind="mask", optional=True, help="A mask that is not looked at.")
    manner: Manner = group(Manner, tab="Manner")
    table = output("table.json", kind="file", help="What came out.")

    def units(self, context: Context) -> Sequence[Unit]:
        rows = [line.split() for line in Path(self.listing).read_text().splitlines()]
        return [Unit(key, {"value": float(value)}) for key, value in rows]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        log(context.folder, unit.key)
        log_place(context.folder, unit.key)
        if self.manner.trouble == "all" or (unit.key == "bad" and self.manner.trouble == "error"):
            raise UserError(f"{unit.key} cannot be read: take it out of {self.listing}")
        if unit.key == "bad" and self.manner.trouble == "crash":
            os._exit(9)
        steps = 10
        for step in range(steps):
            context.check()
            time.sleep(self.manner.seconds / steps)
            context.progress(step + 1, steps)
        return {"key": unit.key, "result": unit.row["value"] * self.manner.factor}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        atomic.write_text(context.folder / "table.json", json.dumps(list(records)))


@dataclass(frozen=True)
class Doubled:
    """The state of the toy loop."""

    iteration: int
    value: float


@job("relion.external.vitreous.toyloop", number=99, folder="External", title="Toy loop", version=1, command="toy-loop")
class ToyLoop(LoopJob):
    """Double a number again and again."""

    start: str = input(kind="file", help="A text file with a number.")
    rounds: int = param(4, minimum=1, help="How often.")
    seconds: float = param(0.0, help="How long a round takes.", unit="s")
    last = output("run_it{iteration}.json", kind="file", help="The value after the last round.")

    def begin(self, context: Context) -> Doubled:
        log(context.folder, "begin")
        return Doubled(0, float(Path(self.start).read_text()))

    def step(self, state: Doubled, context: Context) -> Doubled:
        log(context.folder, f"step {state.iteration + 1}")
        log_place(context.folder, f"step {state.iteration + 1}")
        for _ in range(10):
            context.check()
            time.sleep(self.seconds / 10)
        return Doubled(state.iteration + 1, 2 * state.value)

    def done(self, state: Doubled) -> bool:
        return state.iteration >= self.rounds

    def save(self, state: Doubled, folder: Path, context: Context) -> None:
        atomic.write_text(folder / f"run_it{state.iteration:03d}.json", json.dumps([state.iteration, state.value]))

    def load(self, folder: Path, iteration: int, context: Context) -> Doubled:
        return Doubled(*json.loads((folder / f"run_it{iteration:03d}.json").read_text()))

    def saved(self, folder: Path) -> Sequence[int]:
        return sorted(int(path.stem[-3:]) for path in folder.glob("run_it*.json"))

    def finish(self, state: Doubled, context: Context) -> None:
        atomic.write_text(context.folder / "final.txt", f"{state.value}\n")
