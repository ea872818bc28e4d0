"""The options of a declaration as one flat list: groups unfolded, names unique; and a job built from flat values."""

import hashlib
import json
import types
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Union, cast, get_args, get_origin

import pydantic
from pydantic_core import PydanticUndefined

from vitreous.context import UserError
from vitreous.job.declare import CONTINUE_FROM, Group, Input
from vitreous.param import Param, about, fields


@dataclass(frozen=True)
class Option:
    """One value that a job or a settings class takes. `path` leads to it through groups; `name` is unique in the job."""

    name: str
    path: tuple[str, ...]
    type: Any
    about: Param | Input
    default: Any
    tab: str
    relion: tuple[str, ...]
    when: str | None
    constraints: tuple[Any, ...] = ()

    @property
    def required(self) -> bool:
        return self.default is PydanticUndefined

    @property
    def flag(self) -> str:
        """The option on a command line, --min-defocus."""
        return "--" + self.name.replace("_", "-").lower()

    @property
    def is_input(self) -> bool:
        return isinstance(self.about, Input)

    @property
    def input_kind(self) -> str:
        """The kind of file an input takes, a word of nodes.py; empty for other options."""
        return self.about.kind if isinstance(self.about, Input) else ""

    @property
    def reads_images(self) -> bool:
        """Whether it names a table whose images the job reads."""
        return isinstance(self.about, Input) and self.about.images

    @property
    def usual(self) -> bool:
        """Whether a form shows it first: what must be given, every input but that of a continuation, what is declared so."""
        if isinstance(self.about, Input):
            return self.name != CONTINUE_FROM
        return self.required or self.about.usual

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, from the declaration or from a Literal type; none for a free value."""
        plain = inner_type(self.type)
        if get_origin(plain) is Literal:
            return tuple(str(word) for word in get_args(plain))
        return tuple(self.about.choices if isinstance(self.about, Param) else ())


def inner_type(annotation: Any) -> Any:
    """The type less None: float of `float | None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        kept = [part for part in get_args(annotation) if part is not type(None)]
        if len(kept) == 1:
            return kept[0]
    return annotation


def is_optional(annotation: Any) -> bool:
    """Whether None is one of the values."""
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def _walk(cls: type, path: tuple[str, ...], tab: str, renamed: Mapping[str, str | None]) -> Iterator[Option]:
    for name, field in fields(cls).items():
        what = about(field)
        if isinstance(what, Group):
            yield from _walk(what.settings, (*path, name), what.tab or tab, what.relion)
            continue
        if not isinstance(what, (Param, Input)):
            raise TypeError(f"{cls.__name__}.{name} is not declared by param, input or group")
        relion = renamed.get(name, what.relion)
        yield Option(
            name=name,
            path=(*path, name),
            type=field.annotation,
            about=what,
            default=field.default,
            tab=what.tab or tab or "Options",
            relion=tuple(relion.split("|")) if relion else (),
            when=what.when if isinstance(what, Param) else None,
            constraints=tuple(field.metadata),
        )


def options(cls: type) -> tuple[Option, ...]:
    """The options of a job or settings class in order of declaration.

    A name that occurs twice is preceded by its group's, so that names stay unique. A RELION name may hold alternatives,
    "nr_iter_em|nr_iter", for releases that differ: all are written, the first present is read.
    """
    return _options(cast(Any, cls))


@cache
def _options(cls: Any) -> tuple[Option, ...]:
    found = list(_walk(cls, (), "", {}))
    often = Counter(option.name for option in found)
    named = []
    for option in found:
        long = "_".join(option.path[-2:]) if often[option.name] > 1 else option.name
        beside = f"{'_'.join((option.path[-2], option.when))}" if option.when and often[option.when] > 1 else option.when
        named.append(Option(**{**vars(option), "name": long, "when": beside}))
    twice = [name for name, count in Counter(o.name for o in named).items() if count > 1]
    if twice:
        raise TypeError(f"{cls.__name__} has two options called {', '.join(twice)}")
    return tuple(named)


def value_of(declared: Any, option: Option) -> Any:
    """The value of one option of a job or settings object."""
    for step in option.path:
        declared = getattr(declared, step)
    return declared


def values(declared: Any) -> dict[str, Any]:
    """All values of a job or settings object by the options' names."""
    return {option.name: value_of(declared, option) for option in options(type(declared))}


def build(cls: type, given: Mapping[str, Any]) -> Any:
    """A job or settings object from flat values (text or typed); what is absent takes its default.

    A wrong value raises UserError with the option's flag, the value and what is allowed.
    """
    known = {option.name: option for option in options(cls)}
    nested: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise UserError(f"{_titled(cls)} has no option {name!r}; it has {', '.join(known)}")
        option = known[name]
        place = nested
        for step in option.path[:-1]:
            place = place.setdefault(step, {})
        place[option.path[-1]] = from_text(option, value) if isinstance(value, str) else value
    _check_choices(cls, nested)
    try:
        return pydantic.TypeAdapter(cls).validate_python(nested)
    except pydantic.ValidationError as error:
        raise UserError(_sentence(cls, error)) from None


def from_text(option: Option, text: str) -> Any:
    """A text as a command line or a STAR file gives it, ready for validation: empty to None, commas to a tuple."""
    plain = inner_type(option.type)
    if is_optional(option.type) and text.strip().lower() in ("", "none"):
        return None
    if get_origin(plain) in (tuple, list):
        return [part.strip() for part in text.split(",")] if text.strip() else []
    if plain is int:
        return _whole(text)
    return text if plain is str or get_origin(plain) is Literal else text.strip()


def as_text(value: Any) -> str:
    """The text that `from_text` turns into the value again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (tuple, list)):
        return ",".join(as_text(part) for part in value)
    return str(value)


def identity(job: Any, *, seed: int = 0) -> str:
    """A hash of all that decides a job's result: type, version and every option. Placement is no part of it."""
    said = {"label": job.type.label, "version": job.type.version, "seed": seed, "options": as_plain(job)}
    return hashlib.sha256(canonical(said).encode()).hexdigest()[:20]


def as_plain(declared: Any) -> dict[str, Any]:
    """The values by name, as JSON can hold them."""
    plain: dict[str, Any] = json.loads(canonical(values(declared)))
    return plain


def canonical(value: Any) -> str:
    """JSON with sorted keys, the same for equal values; numpy scalars and arrays become plain numbers and lists."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=plain_value)


def plain_value(value: Any) -> Any:
    """What JSON does not know, made plain."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__fspath__"):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"a {type(value).__name__} cannot stand in a record; use plain numbers, words, lists and dicts")


def _whole(text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text.strip()
    return str(int(number)) if number.is_integer() else text.strip()


def _titled(cls: type) -> str:
    kind = getattr(cls, "type", None)
    return kind.title if kind is not None else cls.__name__


def _check_choices(cls: type, nested: Mapping[str, Any]) -> None:
    for option in options(cls):
        place: Any = nested
        for step in option.path:
            place = place.get(step) if isinstance(place, Mapping) else None
        if option.choices and place is not None and str(place) not in option.choices:
            raise UserError(f"{_titled(cls)}: {option.flag} is {place!r}, but must be one of {', '.join(option.choices)}")


def _sentence(cls: type, error: pydantic.ValidationError) -> str:
    first = error.errors()[0]
    path = tuple(str(step) for step in first["loc"])
    flags = {option.path: option.flag for option in options(cls)}
    flag = next((flags[path[:n]] for n in range(len(path), 0, -1) if path[:n] in flags), "--" + "-".join(path) if path else "")
    if first["type"] == "missing":
        return f"{_titled(cls)} needs {flag or '/'.join(path)}"
    said = first["msg"].removeprefix("Value error, ")
    where = f" {flag} is {first['input']!r}:" if flag else ""
    return f"{_titled(cls)}:{where} {said[:1].lower()}{said[1:]}"
