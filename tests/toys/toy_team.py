"""A loop job whose members share the work of a round, and one of which may get into trouble."""

import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vitreous.context import Context, UserError
from vitreous.files import atomic
from vitreous.job.declare import LoopJob, job, output
from vitreous.param import param


@dataclass(frozen=True)
class Shared:
    """The state: what all have summed."""

    iteration: int
    value: float


@job("relion.external.vitreous.toyteam", number=99, folder="External", title="Toy team", version=1, command="toy-team")
class ToyTeam(LoopJob):
    """Add up a list of numbers in each round, each member a part of it."""

    rounds: int = param(4, minimum=1, help="How often.")
    seconds: float = param(0.0, help="How long a round takes.", unit="s")
    trouble: str = param(
        "none", choices=("none", "error", "killed", "stopped", "unread"), help="What happens to the second member, once."
    )
    last = output("run_it{iteration}.json", kind="file", help="The value after the last round.")

    def begin(self, context: Context) -> Shared:
        return Shared(0, 1.0)

    def step(self, state: Shared, context: Context) -> Shared:
        mine = context.team.share(10)
        with (context.folder / "shares.txt").open("a") as stream:
            stream.write(f"{state.iteration + 1} {context.team.rank} {os.getpid()} {len(mine)}\n")
        self._trouble(state, context)
        for _ in range(10):
            context.check()
            time.sleep(self.seconds / 10)
        total = context.team.sum(np.array([sum(state.value * place for place in mine)], float))
        names = context.team.gather(f"member {context.team.rank}")
        assert names == [f"member {rank}" for rank in range(context.team.size)]
        context.progress(state.iteration + 1, self.rounds)
        return Shared(context.team.agree(state.iteration + 1), float(total[0]) / 9)

    def _trouble(self, state: Shared, context: Context) -> None:
        done = context.folder / "trouble.txt"
        if context.team.rank != 1 or state.iteration != 2 or self.trouble == "none" or done.exists():
            return
        done.touch()
        if self.trouble == "error":
            raise UserError("the stack of particle 7 cannot be read: look at its disk")
        if self.trouble == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trouble == "stopped":
            os.kill(os.getpid(), signal.SIGSTOP)

    def done(self, state: Shared) -> bool:
        return state.iteration >= self.rounds

    def save(self, state: Shared, folder: Path, context: Context) -> None:
        assert context.team.is_first
        atomic.write_text(folder / f"run_it{state.iteration:03d}.json", json.dumps([state.iteration, state.value]))

    def load(self, folder: Path, iteration: int, context: Context) -> Shared:
        if self.trouble == "unread" and context.team.rank == 1 and iteration == 2:
            raise UserError("a stale file handle")
        return Shared(*json.loads((folder / f"run_it{iteration:03d}.json").read_text()))

    def saved(self, folder: Path) -> Sequence[int]:
        return sorted(int(path.stem[-3:]) for path in folder.glob("run_it*.json"))

    def finish(self, state: Shared, context: Context) -> None:
        assert context.team.is_first
        atomic.write_text(context.folder / "final.txt", f"{state.value}\n")
