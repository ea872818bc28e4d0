"""What the project's jobs say of the specimen that a map shows: its point group and its mass."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.project.layout import number_of
from vitreous.web.opened import Opened

SYMMETRY = ("sym_name", "sym_group", "symmetry")
MASS = "mass_kDa"


@dataclass(frozen=True)
class Specimen:
    """symmetry: a point group, or ""; mass_kDa: 0 where no job states it; mass_from: the job that does."""

    symmetry: str = ""
    mass_kDa: float = 0.0
    mass_from: str = ""


def specimen(here: Opened, path: str) -> Specimen:
    """From the job that made a map, else from the newest job that says it; nothing of files that no job made."""
    graph = here.project.graph()
    names = sorted(graph.processes, key=lambda name: number_of(name) or 0, reverse=True)
    owner = next((name for name in names if path.startswith(name)), "")
    if not owner:
        return Specimen()
    ordered = [owner, *(name for name in names if name != owner)]
    symmetry, mass, stated_by = "", 0.0, ""
    for name in ordered[:500]:
        if symmetry and mass:
            break
        values = _values(here, name)
        symmetry = symmetry or next((values[key] for key in SYMMETRY if values.get(key)), "")
        if not mass and _number(values.get(MASS, "")) > 0:
            mass, stated_by = _number(values[MASS]), name.rstrip("/")
    return Specimen(symmetry, mass, stated_by)


def _values(here: Opened, name: str) -> Mapping[str, str]:
    path = here.root / name / "job.star"
    try:
        about = path.stat()
        return _read(path, about.st_mtime_ns, about.st_size)
    except (UserError, OSError, ValueError):
        return {}


@lru_cache(maxsize=2048)
def _read(path: Path, time_ns: int, size: int) -> Mapping[str, str]:
    return dict(as_star.read(path).values)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
