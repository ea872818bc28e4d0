"""All that is wrong with the values of a form at once, each in a sentence that stands under its field."""

from collections.abc import Mapping
from typing import Any

import pydantic

from vitreous.job.options import Option, as_text, from_text, options

WHOLE = ""
"""The key of a fault that belongs to no single option."""


def faults(cls: type[Any], given: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with the texts of a job or settings class, by option name; empty when it can be made.

    An option that is not given takes its default.
    """
    known = {option.name: option for option in options(cls)}
    found = {name: f"there is no setting called {name}" for name in given if name not in known}
    nested: dict[str, Any] = {}
    for name, option in known.items():
        text = given.get(name)
        if option.required and not (text or "").strip():
            found[name] = _needed(option)
        elif text is not None and option.choices and (other := _no_choice(option, text)):
            found[name] = other
        elif text is not None:
            _put(nested, option, from_text(option, text))
    found |= {name: said for name, said in _refused(cls, known, nested).items() if name not in found}
    if found:
        found.pop(WHOLE, None)  # what is said of the whole may only come of a value that is missing
    return found or _refused(cls, known, nested)


def _put(nested: dict[str, Any], option: Option, value: Any) -> None:
    for step in option.path[:-1]:
        nested = nested.setdefault(step, {})
    nested[option.path[-1]] = value


def _refused(cls: type[Any], known: Mapping[str, Option], nested: Mapping[str, Any]) -> dict[str, str]:
    """What validation says, by option; what it says of no single one under WHOLE."""
    try:
        pydantic.TypeAdapter(cls).validate_python(nested)
    except pydantic.ValidationError as error:
        said: dict[str, str] = {}
        paths = {option.path: option for option in known.values()}
        for fault in error.errors():
            where = tuple(str(step) for step in fault["loc"])
            option = next((paths[where[:n]] for n in range(len(where), 0, -1) if where[:n] in paths), None)
            said.setdefault(option.name if option else WHOLE, _sentence(option, fault))
        return said
    return {}


def _needed(option: Option) -> str:
    return "choose a file: this job needs it" if option.is_input else "give a value: this job needs it"


def _no_choice(option: Option, text: str) -> str:
    value = from_text(option, text)
    wrong = value is not None and str(value) not in option.choices
    return f"{text!r} is none of the choices: {', '.join(option.choices)}" if wrong else ""


def _sentence(option: Option | None, fault: Any) -> str:
    """One fault of validation in plain words."""
    kind, given, limits = fault["type"], fault["input"], fault.get("ctx", {})
    unit = f" {unit}" if option is not None and (unit := getattr(option.about, "unit", "")) else ""
    if kind in ("int_parsing", "int_type", "int_from_float", "int_parsing_size"):
        return f"{given!r} is no whole number"
    if kind in ("float_parsing", "float_type", "finite_number"):
        return f"{given!r} is no number"
    if kind in ("bool_parsing", "bool_type"):
        return f"{given!r} is neither Yes nor No"
    if kind == "greater_than_equal":
        return f"must be {as_text(limits['ge'])}{unit} or more"
    if kind == "less_than_equal":
        return f"must be {as_text(limits['le'])}{unit} or less"
    if kind == "missing" and option is not None:
        return _needed(option)
    said = str(fault["msg"]).removeprefix("Value error, ")
    return said[:1].lower() + said[1:]
