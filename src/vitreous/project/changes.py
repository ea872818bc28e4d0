"""What a continued job does otherwise than before, and what it must not: iterations go on with the input that they began with."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.declare import CONTINUE_FROM, LoopJob
from vitreous.job.options import Option, as_text, options, value_of
from vitreous.project.layout import Layout
from vitreous.project.moving import with_inner_paths
from vitreous.project.state import job_file


def loaded(layout: Layout, name: str, changed: Mapping[str, str] | None = None) -> as_star.Loaded:
    """The job of a folder as its job.star and the changes say; a change that it cannot take in its present state is refused."""
    path = options_file(layout, name)
    now = as_star.load(path, changed)
    if changed:
        now = replace(now, job=with_inner_paths(layout, now.job))
    if changed and isinstance(now.job, LoopJob) and now.job.saved(layout.job(name)):
        before = as_star.load(path)
        other = [option for option in _differing(before.job, now.job) if option.is_input and option.name != CONTINUE_FROM]
        if other:
            raise UserError(
                f"{name} has iterations already, whose input cannot change ({_line(other[0], before.job, now.job)}): "
                f"schedule a new job, or start this one from scratch (vitreous project overwrite)"
            )
    return now


def lines(layout: Layout, name: str, changed: Mapping[str, str]) -> list[str]:
    """A line "name was x, is now y" for each option, placement included, that the changes really change."""
    path = options_file(layout, name)
    before, now = as_star.load(path), as_star.load(path, changed)
    found = [_line(option, before.job, now.job) for option in _differing(before.job, now.job)]
    found += [_line(option, before.placement, now.placement) for option in _differing(before.placement, now.placement)]
    return [*found, *([f"seed was {before.seed}, is now {now.seed}"] if before.seed != now.seed else [])]


def options_file(layout: Layout, name: str) -> Path:
    """The file of a job's options, which must be there."""
    path = job_file(layout, name)
    if not path.is_file():
        raise UserError(
            f"{name} has no {path.name} any more, as when its folder was removed by hand: bring the folder back (from a backup, "
            f"or where a deletion was cut short with vitreous project undelete {name}), or take the job out of the list with "
            f"vitreous project delete {name}"
        )
    return path


def _differing(one: Any, other: Any) -> list[Option]:
    if type(one) is not type(other):
        raise UserError(f"the changes make a {other.type.title} of a {one.type.title}: schedule a new job instead")
    return [option for option in options(type(one)) if value_of(one, option) != value_of(other, option)]


def _line(option: Option, before: Any, now: Any) -> str:
    old, new = as_text(value_of(before, option)), as_text(value_of(now, option))
    return f"{option.name} was {old or 'empty'}, is now {new or 'empty'}"
