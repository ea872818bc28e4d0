"""RELION's memory of the parameters last used for each type of job: hidden files in the project directory.

RELION 3.1, 4 and 5 call them .gui_class2djob.star, 3.0 .gui_class2drun.job; all are read, the first is written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.job import as_star
from vitreous.job.as_star import Loaded
from vitreous.project.layout import Layout

WORDS = {
    "relion.import": "import",
    "relion.motioncorr": "motioncorr",
    "relion.ctffind": "ctffind",
    "relion.manualpick": "manualpick",
    "relion.autopick": "autopick",
    "relion.extract": "extract",
    "relion.select": "select",
    "relion.class2d": "class2d",
    "relion.initialmodel": "inimodel",
    "relion.class3d": "class3d",
    "relion.refine3d": "auto3d",
    "relion.multibody": "multibody",
    "relion.maskcreate": "maskcreate",
    "relion.joinstar": "joinstar",
    "relion.subtract": "subtract",
    "relion.postprocess": "post",
    "relion.localres": "localres",
    "relion.polish": "bayespolish",
    "relion.ctfrefine": "ctfrefine",
    "dynamight": "dynamight",
    "modelangelo": "modelangelo",
}


def file_of(layout: Layout, label: str) -> Path:
    """Where the parameters of a job type are kept. A type of ours, which RELION does not have, has a file of its own."""
    parts = label.split(".")
    for depth in range(len(parts), 0, -1):
        word = WORDS.get(".".join(parts[:depth]))
        if word:
            return layout.root / f".gui_{word}job.star"
    own = parts[2:] if parts[:2] == ["relion", "external"] else parts
    return layout.root / f".gui_{'_'.join(own) or 'external'}job.star"


def keep(layout: Layout, job: Any, job_star: Path) -> None:
    """Let a job's parameters be what the next of its type begins with."""
    atomic.write_bytes(file_of(layout, job.type.label), job_star.read_bytes(), durable=False)


def last(layout: Layout, cls: type[Any]) -> Path | None:
    """The file of what was last used for a job type, by RELION or by us; None without one for this very type."""
    path = file_of(layout, cls.type.label)
    for found in (path, path.with_name(path.name.replace("job.star", "run.job"))):
        if found.is_file():
            return found if _fits(found, cls) else None
    return None


def _fits(path: Path, cls: type[Any]) -> bool:
    """Whether a file is for this very job type, where several share RELION's label or number."""
    try:
        return as_star.job_class(as_star.read(path)) is cls
    except UserError:
        return False


def begin(layout: Layout, cls: type[Any], changed: Mapping[str, str] | None = None) -> Loaded:
    """A new job of a type: what was last used in this project, else the defaults; `changed` replaces or adds options."""
    found = last(layout, cls)
    return as_star.load(found, changed, cls) if found else as_star.fresh(cls, changed)
