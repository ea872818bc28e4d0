"""Judges the values of a form: faults by field, warnings, and the job that they make when there is no fault."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.job.as_star import Loaded
from vitreous.job.faults import faults
from vitreous.job.options import build, options
from vitreous.job.placement import Placement, placement_options
from vitreous.project.layout import folder_of
from vitreous.web.filling import SEED
from vitreous.web.offers import glanced
from vitreous.web.opened import Opened
from vitreous.web.reading import reading

SAME_SIZE = 0.01  # of a pixel size
WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass
class Judged:
    """What is wrong with a form's values, by setting, and the job they make where nothing is."""

    errors: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    loaded: Loaded | None = None

    @property
    def whole(self) -> Loaded:
        """The job, or UserError with all that is wrong."""
        if self.loaded is None:
            listed = "; ".join(f"{name.replace('_', ' ')}: {said}" if name else said for name, said in self.errors.items())
            raise UserError(f"the form is not ready: {listed}")
        return self.loaded


def judge(here: Opened, cls: type[Any], values: Mapping[str, str]) -> Judged:
    """Judge the values of one job; names that neither the type nor its placement has are faults too."""
    placed = {option.name for option in placement_options(cls)}
    job_values = {name: text for name, text in values.items() if name not in placed and name != SEED}
    place_values = {name: text for name, text in values.items() if name in placed}
    found = Judged({**faults(cls, job_values), **faults(Placement, place_values)})
    seed = values.get(SEED, "0").strip() or "0"
    if not WHOLE.fullmatch(seed):
        found.errors[SEED] = f"{seed!r} is no whole number"
    _judge_files(here, cls, values, found)
    _judge_width(values, found)
    if not found.errors:
        found.loaded = Loaded(build(cls, job_values), build(Placement, place_values), int(seed), False)
    return found


def _judge_files(here: Opened, cls: type[Any], values: Mapping[str, str], found: Judged) -> None:
    """Whether each input is there, or will be made; and whether masks and maps have one pixel size."""
    graph = reading(here).graph()
    sizes: dict[str, tuple[str, float]] = {}
    for option in options(cls):
        path = values.get(option.name, "").strip() if option.is_input else ""
        if not path or option.name in found.errors:
            continue
        if "\0" in path:
            found.errors[option.name] = "the path holds a character that no file name may hold"
        elif not _exists(here.root / path):
            if path in graph.nodes or folder_of(path) in graph.processes:
                found.warnings[option.name] = "this file is not there yet; the job can be scheduled, and runs when it is"
            else:
                found.errors[option.name] = f"there is no file {path}"
        else:
            size_A = glanced(here.root / path, option.input_kind.partition(".")[0]).pixel_size_A
            if size_A:
                sizes[option.name] = (option.input_kind.partition(".")[0], size_A)
    _judge_sizes(sizes, found)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # a name that is too long


def _judge_sizes(sizes: Mapping[str, tuple[str, float]], found: Judged) -> None:
    """A mask on another grid than the map it belongs to is told at once."""
    other = next(((kind, size) for kind, size in sizes.values() if kind in ("map", "halfmap")), None)
    for name, (kind, size_A) in sizes.items():
        if kind == "mask" and other and abs(size_A - other[1]) > SAME_SIZE * other[1]:
            found.warnings[name] = f"mask has {size_A:g} Å/px, map {other[1]:g}"


def _judge_width(values: Mapping[str, str], found: Judged) -> None:
    workers, threads = (values.get(name, "1").strip() for name in ("workers", "threads"))
    cores = os.cpu_count() or 1
    if values.get("use_queue", "No").lower() in ("yes", "true", "1") or values.get("profile"):
        return
    if WHOLE.fullmatch(workers) and WHOLE.fullmatch(threads) and int(workers) * int(threads) > cores:
        found.warnings["workers"] = f"{workers} × {threads} threads are more than the {cores} cores of this machine"
