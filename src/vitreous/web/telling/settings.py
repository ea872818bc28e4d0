"""A job's settings as people read them: name, value, unit, default; of a type that we do not run, as its file has them."""

from contextlib import suppress
from typing import Any

from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.options import Option, as_text, options, value_of
from vitreous.job.placement import placement_options
from vitreous.param import Param
from vitreous.project.layout import Layout
from vitreous.project.state import job_file
from vitreous.web.routes.forms import label_of


class Setting(BaseModel):
    """One setting; is_default: as the type begins with."""

    name: str
    label: str
    value: str
    unit: str = ""
    default: str = ""
    is_default: bool = False
    is_input: bool = False
    place: bool = False


class Settings(BaseModel):
    """All settings of a job; why_not: why there are none, or only raw ones."""

    type: str = ""
    settings: list[Setting] = []
    why_not: str = ""


def settings(layout: Layout, name: str) -> Settings:
    """The settings of a job from its job.star, or run.job."""
    path = job_file(layout, name)
    if not path.is_file():
        return Settings(why_not=f"{name.rstrip('/')} has no {path.name} any more.")
    try:
        loaded = as_star.load(path)
    except UserError as error:
        return _raw(layout, name, str(error))
    cls = type(loaded.job)
    found = [_setting(option, loaded.job) for option in options(cls)]
    found += [_setting(option, loaded.placement, place=True) for option in placement_options(cls)]
    return Settings(type=cls.type.command, settings=found)


def _raw(layout: Layout, name: str, why: str) -> Settings:
    with suppress(UserError, OSError):
        said = as_star.read(job_file(layout, name))
        found = [Setting(name=key, label=key.replace("_", " "), value=value) for key, value in said.values.items()]
        return Settings(settings=found, why_not=why)
    return Settings(why_not=why)


def _setting(option: Option, declared: Any, *, place: bool = False) -> Setting:
    value = as_text(value_of(declared, option))
    default = "" if option.required else as_text(option.default)
    return Setting(
        name=option.name,
        label=label_of(option),
        value=value,
        unit=option.about.unit if isinstance(option.about, Param) else "",
        default=default,
        is_default=not option.required and value == default,
        is_input=option.is_input,
        place=place,
    )
