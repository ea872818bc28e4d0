"""One parameter: default, unit, limits, help and RELION name, declared once as a thin skin on pydantic's Field."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar, Unpack, dataclass_transform

import pydantic
from pydantic.fields import FieldInfo

T = TypeVar("T")
_KEY = "vitreous"
REQUIRED: Any = ...


@dataclass(frozen=True)
class Param:
    """What a form, a command line and a reference page must know of one value beside its type and default."""

    help: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: Sequence[str] = ()
    when: str | None = None
    relion: str | None = None
    relion_values: Mapping[Any, str] | None = None
    tab: str = ""
    usual: bool = False


@dataclass(frozen=True)
class Group:
    """A settings class that a job takes whole; its fields become options of the job under a tab."""

    settings: type
    tab: str
    relion: Mapping[str, str | None] = field(default_factory=dict)


class Facts(TypedDict, total=False):
    """What may be said of a parameter beside its default and help; see param."""

    unit: str
    low: float | None
    high: float | None
    step: float | None
    minimum: float | None
    maximum: float | None
    choices: Sequence[str]
    when: str | None
    relion: str | None
    relion_values: Mapping[Any, str] | None
    tab: str
    usual: bool


def param(default: Any = REQUIRED, *, help: str, **facts: Unpack[Facts]) -> Any:
    """Declare one value of a settings class or a job.

    low, high and step draw a slider and may be exceeded; minimum and maximum (inclusive) may not.
    when names the boolean field that makes this one matter. relion is RELION's option name in job.star;
    relion_values maps our value to RELION's text where they differ (menu entries). usual: most people change it, so that a
    form shows it first.
    """
    about = Param(help, **facts)
    return pydantic.Field(
        default,
        description=help,
        ge=about.minimum,
        le=about.maximum,
        json_schema_extra={_KEY: about},  # type: ignore[dict-item]
    )


def about(field: FieldInfo) -> Any:
    """The declaration behind a pydantic field: a Param, an Input or a Group; None for a field of another origin."""
    extra = field.json_schema_extra
    return extra.get(_KEY) if isinstance(extra, dict) else None


def declared(what: Any, *, default: Any = REQUIRED, factory: Callable[[], Any] | None = None, help: str = "") -> Any:
    """A pydantic field that carries the declaration `what`."""
    if factory is not None:
        return pydantic.Field(default_factory=factory, description=help, json_schema_extra={_KEY: what})
    return pydantic.Field(default, description=help, json_schema_extra={_KEY: what})


def group(settings: type, *, tab: str, relion: Mapping[str, str | None] | None = None) -> Any:
    """Declare a settings class as part of a job; relion renames its fields' RELION options (None: RELION has no such option)."""
    return declared(Group(settings, tab, dict(relion or {})), factory=settings, help=settings.__doc__ or "")


def fields(cls: type) -> dict[str, FieldInfo]:
    """The declared fields of a settings class or a job, in order of declaration."""
    return dict(cls.__pydantic_fields__)  # type: ignore[attr-defined]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def settings(cls: type[T]) -> type[T]:
    """Make a frozen, checked settings class: keyword-only, unknown names refused, values converted and validated."""
    config = pydantic.ConfigDict(extra="forbid", validate_default=True, allow_inf_nan=False)
    return pydantic.dataclasses.dataclass(frozen=True, kw_only=True, config=config)(cls)  # type: ignore[return-value]
