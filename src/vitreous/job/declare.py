"""The language in which a job is declared: @job, input, output, group; the two shapes of work, MapJob and LoopJob."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, dataclass_transform

import pydantic

from vitreous.context import Context
from vitreous.param import REQUIRED, Group, declared, group

__all__ = [
    "CONTINUE_FROM",
    "Arrivals",
    "Group",
    "Input",
    "JobType",
    "LoopJob",
    "MapJob",
    "Output",
    "Size",
    "Unit",
    "group",
    "input",
    "job",
    "output",
    "outputs",
]

T = TypeVar("T", bound=type)

CONTINUE_FROM = "continue_from"
"""The option of a loop job that names the optimiser file of an iteration from which it goes on."""


@dataclass(frozen=True)
class Input:
    """A file that a job takes, as a path relative to the project (or absolute). images: a table whose images are read too."""

    kind: str
    help: str
    relion: str | None = None
    optional: bool = False
    tab: str = "I/O"
    images: bool = False


@dataclass(frozen=True)
class Size:
    """What a job will write: bytes, what they are made of in words, and whether that is known rather than estimated."""

    bytes: int
    made_of: str
    certain: bool = False


@dataclass(frozen=True)
class Output:
    """A file that a job leaves: a name inside its folder; `kind` is a word of nodes.py.

    The name may hold {iteration}, the last one as three digits, and {root}, with which the names of a loop's files begin.
    """

    name: str
    kind: str
    help: str = ""
    when: str | None = None
    equals: Any = None


@dataclass(frozen=True)
class JobType:
    """What is known of a job type beside its options."""

    label: str
    number: int
    folder: str
    title: str
    version: int
    command: str
    fixed: Mapping[str, str]
    ignored: Sequence[str]
    uses_gpu: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """One independent piece of a map job: a key that is unique and stable, and the plain values that decide its result."""

    key: str
    row: Mapping[str, Any] = field(default_factory=dict)


class Arrivals(Protocol):
    """Things that come while a job runs, such as the movies of a microscope."""

    def look(self) -> Sequence[Unit]:
        """All units so far, in their order; the same object as before when nothing is new."""
        ...

    def is_open(self) -> bool:
        """Whether more may come."""
        ...


class MapJob:
    """Work on independent units, one after another or side by side.

    units says what there is; work does one and returns a record of plain (JSON) values, having written its files under
    context.folder; gather writes the tables from the records of the finished units, in the order of units.
    An exception in work sets that unit aside (the job goes on and lists it); context.UserError gives the sentence shown.
    follows: the units are rows of input tables, or things that arrive, and each row says all that decides its result; such
    a job may begin while its inputs grow. While context.growing, units and gather meet what is not complete.
    """

    type: ClassVar[JobType]
    follows: ClassVar[bool] = False

    @classmethod
    def older_options(cls, said: Mapping[str, str]) -> Mapping[str, str]:
        """What the options of an older release of RELION in a job.star mean, under the names of later releases."""
        return {}

    def size(self) -> Size | None:
        """What a whole run writes, by a quick look at the input, for the check of free space; None: not known."""
        return None

    def units(self, context: Context) -> Sequence[Unit]:
        raise NotImplementedError

    def arrivals(self, context: Context, known: Collection[str]) -> Arrivals | None:
        """For a job that waits for things to come: what lists them, asked for once a run. known: keys done in earlier runs."""
        return None

    def taken_over(self, unit: Unit, context: Context) -> dict[str, Any] | None:
        """The record of a unit that RELION, with the same options, has done in this folder; None where it has not."""
        return None

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        raise NotImplementedError

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        raise NotImplementedError


class AskJob(MapJob):
    """A map job that a person may answer in the window; the answer is a file, so that the same can be given on a command line.

    It has an option `answer`, the path of that file. While `question` is not empty the job waits in the project's graph as
    Scheduled, and is not run.
    """

    def question(self) -> str:
        """What is asked: the word of a page of the window ("picks", "micrographs", "classes", "mask"); empty: nothing more."""
        raise NotImplementedError


class LoopJob:
    """Work that goes round: begin gives a state, step the next, until done; save and load make each iteration lasting.

    The state is opaque to the runner but for state.iteration (int, 0 after begin). finish writes the last outputs.
    save names an iteration's files by context.root, which changes when a run goes on from an iteration; saved gives their
    numbers (files.chain.Saved, which know their root), and load gets one of these. A loop that can be told from which
    file to go on has an option CONTINUE_FROM.
    """

    type: ClassVar[JobType]

    @classmethod
    def older_options(cls, said: Mapping[str, str]) -> Mapping[str, str]:
        """What the options of an older release of RELION in a job.star mean, under the names of later releases."""
        return {}

    def size(self) -> Size | None:
        """What a whole run writes, by a quick look at the input, for the check of free space; None: not known."""
        return None

    def begin(self, context: Context) -> Any:
        raise NotImplementedError

    def step(self, state: Any, context: Context) -> Any:
        raise NotImplementedError

    def done(self, state: Any) -> bool:
        raise NotImplementedError

    def save(self, state: Any, folder: Path, context: Context) -> None:
        raise NotImplementedError

    def load(self, folder: Path, iteration: int, context: Context) -> Any:
        raise NotImplementedError

    def saved(self, folder: Path) -> Sequence[int]:
        """Iterations that are complete on disk, rising."""
        raise NotImplementedError

    def finish(self, state: Any, context: Context) -> None:
        raise NotImplementedError


def input(
    *, kind: str, help: str, relion: str | None = None, optional: bool = False, tab: str = "I/O", images: bool = False
) -> Any:
    """Declare an input file; the attribute is a str (empty when optional and not given). images: see Input."""
    return declared(Input(kind, help, relion, optional, tab, images), default="" if optional else REQUIRED, help=help)


def output(name: str, *, kind: str, help: str = "", when: str | None = None, equals: Any = None) -> Output:
    """Declare an output file: a class attribute without annotation, fitted = output("x.star", kind="micrographs.ctf").

    when: the option that it depends on; equals: the value which that option must have (without it: any that is not empty).
    """
    return Output(name, kind, help, when, equals)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def job(
    label: str,
    *,
    number: int,
    folder: str,
    title: str,
    version: int,
    command: str,
    fixed: Mapping[str, str] | None = None,
    ignored: Sequence[str] = (),
    uses_gpu: bool = False,
) -> Callable[[T], T]:
    """Make a job type of a class: options become a frozen, checked, keyword-only constructor.

    label, number, folder: RELION's job label, 3.1 number and directory. command: the word after `vitreous`.
    version rises when the same settings give another result. fixed: RELION options we accept only at this value
    (another value stops with the option's name). ignored: RELION options that cannot change the result. uses_gpu: the work
    follows context.device; a job without it says so when it is asked for a GPU, and runs on the CPU.
    """
    config = pydantic.ConfigDict(extra="forbid", validate_default=True, allow_inf_nan=False)

    def make(cls: T) -> T:
        made: Any = pydantic.dataclasses.dataclass(frozen=True, kw_only=True, config=config)(cls)
        made.type = JobType(label, number, folder, title, version, command, dict(fixed or {}), tuple(ignored), uses_gpu)
        return made  # type: ignore[no-any-return]

    return make


def outputs(cls: type) -> dict[str, Output]:
    """The declared outputs of a job type, by attribute name."""
    return {name: value for name, value in vars(cls).items() if isinstance(value, Output)}
