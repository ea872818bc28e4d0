"""Job types by command word, label or number: the built-in dotted paths and the entry points of the group vitreous.jobs."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from vitreous.context import UserError
from vitreous.job.declare import JobType, LoopJob, MapJob

GROUP = "vitreous.jobs"
EXTERNAL = "relion.external"
_added: list[str] = []


def load(dotted: str) -> type[Any]:
    """The declared class behind "module:Class"."""
    module, _, name = dotted.partition(":")
    if not module or not name:
        raise UserError(f"{dotted!r} does not name a job; write module:Class, as vitreous.jobs.ctf_find:CtfFind")
    try:
        cls = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise UserError(f"the job {dotted} cannot be loaded: there is no module {error.name}") from error
    except AttributeError as error:
        raise UserError(f"the job {dotted} cannot be loaded: {error}") from error
    if not (isinstance(cls, type) and issubclass(cls, (MapJob, LoopJob)) and isinstance(getattr(cls, "type", None), JobType)):
        raise UserError(f"{dotted} is not a job: it must be a MapJob or a LoopJob under @job")
    return cls


def register(dotted: str) -> None:
    """Add a job type by its dotted path, beside the built-in ones; it is loaded when it is asked for."""
    if dotted not in _added:
        _added.append(dotted)
        _loaded.cache_clear()


def paths() -> tuple[str, ...]:
    """The dotted paths of all job types: built in, plugged in, registered."""
    built_in: tuple[str, ...] = import_module("vitreous.jobs").BUILT_IN
    plugged = tuple(point.value for point in entry_points(group=GROUP))
    return tuple(dict.fromkeys((*built_in, *plugged, *_added)))


@cache
def _loaded() -> tuple[dict[str, type[Any]], dict[str, str]]:
    """The job types by command word, and the reasons of those that do not load by dotted path."""
    found: dict[str, type[Any]] = {}
    failures: dict[str, str] = {}
    for dotted in paths():
        try:
            cls = load(dotted)
        except (UserError, ImportError, SyntaxError, TypeError) as error:
            failures[dotted] = str(error)
            continue
        if cls.type.command in found:
            failures[dotted] = f"a job type called {cls.type.command} is there already ({found[cls.type.command].__module__})"
        else:
            found[cls.type.command] = cls
    return found, failures


def job_types() -> Mapping[str, type[Any]]:
    """All job types by command word, in the order of the menu. What does not load is in `failures`, and said in the help."""
    return MappingProxyType(_loaded()[0])


def failures() -> Mapping[str, str]:
    """Why a plugged-in or built-in job type is not to be had, by dotted path."""
    return MappingProxyType(_loaded()[1])


def by_command(word: str) -> type[Any] | None:
    """The job type behind a command word, or None. A module of the same name is tried first, so that only it is loaded."""
    for dotted in paths():
        if dotted.partition(":")[0].rpartition(".")[2] == word.replace("-", "_"):
            cls = load(dotted)
            if cls.type.command == word:
                return cls
    return job_types().get(word)


def by_label(label: str) -> list[type[Any]]:
    """The job types of a RELION label, deeper labels shortened until one is known: relion.class2d.em, relion.class2d.

    More than one may share a label (import of movies, import of other files); a deeper label of theirs decides, else
    the options do. Empty when none is known.
    """
    parts = label.split(".")
    for depth in range(len(parts), 0, -1):
        short = ".".join(parts[:depth])
        if short == EXTERNAL and depth < len(parts):
            break  # a type of somebody's own that is not plugged in; it is not RELION's External
        exact = [cls for cls in job_types().values() if cls.type.label == short]
        if exact:
            return exact
        deeper = [cls for cls in job_types().values() if depth == len(parts) > 1 and cls.type.label.startswith(short + ".")]
        if deeper and short != EXTERNAL:
            return deeper
    return []


def by_number(number: int) -> list[type[Any]]:
    """The job types of a RELION 3.1 number; 99 is that of External alone, not of the types that only borrow it."""
    return [cls for cls in job_types().values() if cls.type.number == number and (number != 99 or cls.type.label == EXTERNAL)]
