"""What every job declaration must keep: round trips, help, names, a valid form. For tests and `vitreous check-job`."""

import inspect
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.as_command import from_arguments, to_arguments
from vitreous.job.as_form import form
from vitreous.job.as_page import page
from vitreous.job.declare import LoopJob, MapJob, outputs
from vitreous.job.options import Option, build, identity, inner_type, options, values
from vitreous.job.placement import Placement
from vitreous.nodes import kind
from vitreous.param import Param

MAP_VERBS = ("units", "work", "gather")
LOOP_VERBS = ("begin", "step", "done", "save", "load", "saved", "finish")


def check(cls: type[Any]) -> list[str]:
    """The contracts that a job type breaks, a sentence each; empty when it keeps all."""
    findings = list(_names(cls))
    for option in options(cls):
        findings += [f"{option.flag}: {said}" for said in _option(option, cls)]
    for out in outputs(cls).values():
        try:
            kind(out.kind)
        except KeyError as error:
            findings.append(f"output {out.name}: {error.args[0]}")
    try:
        findings += list(_round_trips(cls))
        json.dumps(form(cls))
        page(cls)
    except (UserError, TypeError, ValueError) as error:
        findings.append(f"the declaration cannot be written out: {error}")
    return findings


def sample(cls: type[Any], *, changed: bool = False) -> Any:
    """A job with its required options filled in; changed: with every value other than its default where that is easy."""
    given: dict[str, Any] = {}
    for option in options(cls):
        if option.required:
            given[option.name] = f"some {option.name}.star" if inner_type(option.type) is str else 1
        elif changed:
            given[option.name] = _other(option)
    return build(cls, given)


def _other(option: Option) -> Any:
    plain = inner_type(option.type)
    if option.choices:
        return next((word for word in option.choices if word != str(option.default)), option.default)
    if plain is bool:
        return not option.default
    if plain in (int, float) and option.default is not None:
        kept = [limit.le for limit in option.constraints if hasattr(limit, "le")]
        raised = option.default + 1 if plain is int else option.default + 0.25
        return raised if not kept or raised <= kept[0] else option.default
    if plain is str:
        return f"another {option.name}, with blanks"
    return option.default


def _names(cls: type[Any]) -> Iterator[str]:
    if not (cls.__doc__ or "").strip():
        yield "the class has no docstring; its first line stands in the help"
    own = cls.type
    if own.number == 99 and (not f"{own.label}.".startswith("relion.external.") or own.folder != "External"):
        yield "a type that RELION does not have is labelled relion.external.*, number 99, folder External"
    verbs = MAP_VERBS if issubclass(cls, MapJob) else LOOP_VERBS
    parent = MapJob if issubclass(cls, MapJob) else LoopJob
    for verb in verbs:
        if getattr(cls, verb) is getattr(parent, verb):
            yield f"{verb} is not written"
    if list(inspect.signature(cls.work if issubclass(cls, MapJob) else cls.step).parameters)[-1] != "context":
        yield "the last argument of work or step must be the context"
    taken = {option.name for option in options(cls)} & ({o.name for o in options(Placement)} | {"out", "alias", "o"})
    if taken:
        yield f"options called {', '.join(sorted(taken))} belong to every job already"
    running = {name for option in options(Placement) for name in option.relion}
    double = running & {name for option in options(cls) for name in option.relion}
    if double:
        yield f"RELION's {', '.join(sorted(double))} are read for every job already"
    twice = {*cls.type.fixed, *cls.type.ignored} & {name for option in options(cls) for name in option.relion}
    if twice:
        yield f"RELION's {', '.join(sorted(twice))} are both an option and fixed or ignored"
    placing = {name for name in cls.type.fixed if name in running}
    if placing:
        yield f"{', '.join(sorted(placing))} are handled for every job already"


def _option(option: Option, cls: type[Any]) -> Iterator[str]:
    if len(option.about.help.strip()) < 4:
        yield "has no help"
    if option.is_input:
        try:
            kind(option.input_kind)
        except KeyError as error:
            yield str(error.args[0])
    if option.when and option.when not in {other.name for other in options(cls)}:
        yield f"depends on {option.when!r}, which is no option"
    elif option.when and next(o for o in options(cls) if o.name == option.when).type is not bool:
        yield f"depends on {option.when!r}, which is not a yes/no option"
    words = option.about.relion_values if isinstance(option.about, Param) else None
    if words and option.choices and set(map(str, words)) != set(option.choices):
        yield "relion_values does not name the same words as choices"


def _round_trips(cls: type[Any]) -> Iterator[str]:
    for job in (sample(cls), sample(cls, changed=True)):
        again = from_arguments(cls, to_arguments(job))
        if values(again) != values(job):
            yield f"arguments give another job: {_difference(job, again)}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "job.star"
            as_star.write(path, job, Placement(workers=2, threads=3), seed=7)
            try:
                loaded = as_star.load(path, cls=cls)
            except UserError as error:
                yield f"its own job.star is refused: {error}"
                continue
        if values(loaded.job) != values(job):
            yield f"job.star gives another job: {_difference(job, loaded.job)}"
        if identity(loaded.job, seed=loaded.seed) != identity(job, seed=7):
            yield "job.star gives another identity"
        if (loaded.placement.workers, loaded.placement.threads) != (2, 3):
            yield "job.star loses workers or threads"


def _difference(one: Any, other: Any) -> str:
    first, second = values(one), values(other)
    return ", ".join(f"{name} {first[name]!r} becomes {second[name]!r}" for name in first if first[name] != second[name])
