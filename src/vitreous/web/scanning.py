"""A form in which a setting holds a list stands for several jobs, one for each value; of two lists one for each pair."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_origin

from vitreous.context import UserError
from vitreous.job.options import Option, inner_type, options

MOST_JOBS = 48


@dataclass(frozen=True)
class Scan:
    """The values of each job, and the settings that differ between them."""

    jobs: list[dict[str, str]]
    fields: list[str]


def scanned(cls: type[Any], values: Mapping[str, str]) -> Scan:
    """The jobs that a form's values stand for: one, where no setting holds a list. Where jobs run is no matter of a scan."""
    lists = {option.name: parts for option in options(cls) if len(parts := _parts(option, values.get(option.name, ""))) > 1}
    count = 1
    for parts in lists.values():
        count *= len(parts)
    if count > MOST_JOBS:
        raise UserError(f"these lists make {count} jobs; a scan has {MOST_JOBS} at most: shorten a list")
    made = [{**values, **dict(zip(lists, chosen, strict=True))} for chosen in itertools.product(*lists.values())]
    return Scan(made, list(lists))


def _parts(option: Option, text: str) -> list[str]:
    """The values in a list such as "0.5, 1, 2"; only of settings whose own value is no list and no free text."""
    plain = inner_type(option.type)
    if option.is_input or "," not in text or get_origin(plain) in (tuple, list):
        return [text]
    if plain not in (int, float, bool) and not option.choices:
        return [text]
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip())) or [text]


def words(scan: Scan, values: Mapping[str, str]) -> str:
    """What differs in one job of a scan: "regularisation 0.5"; empty for a single job."""
    return ", ".join(f"{name.replace('_', ' ')} {values[name]}" for name in scan.fields)
