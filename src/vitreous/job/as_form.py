"""A declaration as a form: tabs of fields with units, limits and conditions, and the JSON schema of the values; plain JSON."""

import json
from typing import Any

import pydantic

from vitreous.job.declare import outputs
from vitreous.job.options import Option, as_text, canonical, inner_type, is_optional, options
from vitreous.job.placement import placement_options
from vitreous.param import Param


def form(cls: type[Any]) -> dict[str, Any]:
    """The form of a job type: what a page needs to draw it, and nothing about how it looks.

    tabs hold fields in order; `when` is the name of a yes/no field that makes this one matter. Fields of the last tabs,
    from Running on, say where the job runs. schema is a JSON schema (2020-12) of the values by name.
    """
    tabs: dict[str, list[dict[str, Any]]] = {}
    for option in (*options(cls), *placement_options(cls)):
        tabs.setdefault(option.tab, []).append(field_of(option))
    kind = cls.type
    return {
        "command": kind.command,
        "label": kind.label,
        "folder": kind.folder,
        "title": kind.title,
        "help": (cls.__doc__ or "").strip(),
        "tabs": [{"name": name, "fields": found} for name, found in tabs.items()],
        "outputs": [{"name": out.name, "kind": out.kind, "help": out.help} for out in outputs(cls).values()],
        "schema": schema(cls),
    }


def schema(cls: type[Any]) -> dict[str, Any]:
    """The JSON schema of the options of a job or settings class by their flat names."""
    found = options(cls)
    title = cls.type.title if hasattr(cls, "type") else cls.__name__
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {option.name: _property(option) for option in found},
        "required": [option.name for option in found if option.required],
        "additionalProperties": False,
    }


def _default(option: Option) -> Any:
    return None if option.required else json.loads(canonical(option.default))


def limits(option: Option) -> dict[str, float]:
    """The limits that a value must keep: minimum and maximum, where they are declared."""
    said = _typed(option)
    return {name: said[name] for name in ("minimum", "maximum") if name in said}


def _typed(option: Option) -> dict[str, Any]:
    """The JSON schema of an option's type with the limits it must keep."""
    plain = dict(pydantic.TypeAdapter(inner_type(option.type)).json_schema())
    for limit in option.constraints:
        for ours, theirs in (("ge", "minimum"), ("le", "maximum")):
            if hasattr(limit, ours):
                plain[theirs] = getattr(limit, ours)
    if option.choices:
        plain["enum"] = list(option.choices)
    return plain


def _property(option: Option) -> dict[str, Any]:
    said = _typed(option)
    if is_optional(option.type):
        said = {"anyOf": [said, {"type": "null"}]}
    said["description"] = option.about.help
    if not option.required:
        said["default"] = _default(option)
    return said


def field_of(option: Option) -> dict[str, Any]:
    """One setting: name, type, default, limits, unit, and the setting that makes it matter."""
    what = option.about
    found: dict[str, Any] = {
        "name": option.name,
        "label": option.name.replace("_", " ").capitalize(),
        "flag": option.flag,
        "type": "file" if option.is_input else _word(option),
        "help": what.help,
        "required": option.required,
        "default": _default(option),
        "default_text": "" if option.required else as_text(option.default),
        "when": option.when,
        "usual": option.usual,
        "choices": list(option.choices),
        **limits(option),
    }
    if option.is_input:
        found["kind"] = option.input_kind
    if isinstance(what, Param):
        found["unit"] = what.unit
        slider = {"low": what.low, "high": what.high, "step": what.step}
        found.update({name: value for name, value in slider.items() if value is not None})
    return found


def _word(option: Option) -> str:
    if option.choices:
        return "choice"
    return {bool: "bool", int: "int", float: "float", str: "text"}.get(inner_type(option.type), "list")
