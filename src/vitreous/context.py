"""What a method may ask of its surroundings: where to write, device, threads, memory, progress, stop, randomness, team."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Stopped(Exception):
    """Raised by Context.check when the work was asked to stop; only the runner, and who lets jobs run in turn, catch it."""


class UserError(Exception):
    """One clear sentence for the user: what is wrong, in which file and row, and what to do."""


def _silent(done: float, total: float, note: str) -> None:
    """Progress nobody wants."""


def _quiet(text: str) -> None:
    """A line nobody reads."""


def _never() -> bool:
    return False


def _same(value: Any) -> Any:
    return value


def _alone(value: Any) -> list[Any]:
    return [value]


def _nobody(error: BaseException) -> None:
    """There is nobody to be told."""


@dataclass(frozen=True)
class Team:
    """The members that share one iteration. Alone, sharing, summing and gathering are the identity.

    All members ask for the same sums and gatherings in the same order. When one of them gives up (`tell`), the others learn
    it at the next sum or gathering, which raises.
    """

    rank: int = 0
    size: int = 1
    reduce: Callable[[Any], Any] = _same
    collect: Callable[[Any], list[Any]] = _alone
    spread: Callable[[Any], Any] = _same
    tell: Callable[[BaseException], None] = _nobody

    @property
    def is_first(self) -> bool:
        """Whether this member is the one that saves, and speaks with the user."""
        return self.rank == 0

    def share(self, count: int) -> range:
        """This member's part of `count` items: a stretch, so that files are read in order; stretches differ by one at most."""
        return range(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def sum(self, values: Any) -> Any:
        """The sum of everybody's tensor or array, the same on every member; what was given may be overwritten."""
        return self.reduce(values)

    def gather(self, value: Any) -> list[Any]:
        """Everybody's value in the order of the members, the same list on every member."""
        return self.collect(value)

    def agree(self, value: Any) -> Any:
        """The first member's value, on every member: for what must not differ by a rounding."""
        return self.spread(value)

    def each(self, work: Callable[[int], Any], count: int) -> list[Any]:
        """work(0) to work(count - 1), each done by one member, for all of them."""
        if self.size == 1:
            return [work(number) for number in range(count)]
        mine = {number: work(number) for number in range(self.rank, count, self.size)}
        found = {number: value for part in self.gather(mine) for number, value in part.items()}
        return [found[number] for number in range(count)]


def _as_it_is(images: Any, context: "Context") -> Any:
    """Images read where they are."""
    return images


@dataclass(frozen=True)
class Reading:
    """How particle images are read.

    together: images in one batch, for which a stack is opened once; requests: how many are in flight; turns: a file that
    the processes of a job lock while they read, so that one reads at a time (None: all at once); staged: takes the images
    (files.stacks.ImageStacks) and the context before the work begins, and gives what they are to be read from.
    """

    together: int = 256
    requests: int = 8
    turns: Path | None = None
    staged: Callable[[Any, "Context"], Any] = _as_it_is


@dataclass(frozen=True)
class Context:
    """The surroundings of one piece of work. The default is a quiet script: no progress, never stopped, seed 0.

    root: how the names of the files of a loop's iterations begin in this run, "run" or "run_ct23".
    """

    folder: Path = Path(".")
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    memory_GB: float = 4.0
    team: Team = Team()
    growing: bool = False  # more input may come: what is not there yet is no error
    reading: Reading = Reading()
    root: str = "run"
    on_progress: Callable[[float, float, str], None] = _silent
    on_note: Callable[[str], None] = _quiet
    stop_asked: Callable[[], bool] = _never

    def progress(self, done: float, total: float, note: str = "") -> None:
        """Say how far the work is; `note` is a short phrase such as "iteration 3, 8.2 Å"."""
        self.on_progress(done, total, note)

    def note(self, text: str) -> None:
        """One line for the job's log (run.out)."""
        self.on_note(text)

    def check(self) -> None:
        """Raise Stopped if the user asked for a stop; long methods call it every second or so."""
        if self.stop_asked():
            raise Stopped

    def seed_for(self, purpose: str) -> int:
        """A seed for a generator, by purpose: the same job seed and purpose give the same numbers."""
        digest = hashlib.sha256(f"{self.seed}/{purpose}".encode()).digest()
        return int.from_bytes(digest[:7], "big")


QUIET = Context()
