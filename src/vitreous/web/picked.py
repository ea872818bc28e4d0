"""All picks that a list of coordinates names: which micrographs, how many, their scores; read once and kept on disk."""

import hashlib
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import coordinates, micrographs
from vitreous.job.options import as_plain
from vitreous.web import reading
from vitreous.web.opened import Opened
from vitreous.web.picture_cache import PictureCache

USUAL_DIAMETER_A = 150.0
_MICROGRAPHS = ("micrographs", "corrected_micrographs")
_DIAMETERS = ("diameter_A", "particle_diameter", "particle_diameter_A")


@dataclass(frozen=True)
class Picked:
    """The micrographs of a list of coordinates in the order of their table, and where the picks of each are ("": none)."""

    micrographs_path: str
    names: tuple[str, ...]
    pixel_sizes_A: tuple[float, ...]
    files: tuple[str, ...]
    missing: int
    diameter_A: float
    tag: str


@dataclass(frozen=True)
class Scores:
    """The number of picks on each micrograph, and the scores of all, one after the other (not a number: none)."""

    counts: NDArray[np.uint32]
    scores: NDArray[np.float32]


_recent: dict[tuple[Path, str, str], tuple[float, Picked]] = {}


def lately(here: Opened, path: str, micrographs_path: str, job: str, *, age_s: float) -> Picked:
    """The same as `find`, or what it found at most so long ago: to look at thousands of files takes a moment."""
    key = (here.root, path, micrographs_path)
    before = _recent.get(key)
    if before is None or time.monotonic() - before[0] > age_s:
        if len(_recent) > 16:
            _recent.clear()
        _recent[key] = before = (time.monotonic(), find(here, path, micrographs_path, job))
    return before[1]


def find(here: Opened, path: str, micrographs_path: str, job: str) -> Picked:
    """What a list of coordinates names; path "" begins from nothing. Their micrographs are found by the job that made it."""
    values = _values(here, job)
    if not micrographs_path and path:
        micrographs_path = _table_of(here, path, job, values)
    names, sizes = _micrographs(here, micrographs_path, needed=not path)
    files: dict[str, Path] = {}
    if path:
        here.inside(path)
        files = coordinates.files_of(path, names or None, must_exist=False)
        if not files and not Path(path).name.startswith(coordinates.PREFIX):
            files = coordinates.files_of(path, None, must_exist=False)  # of other micrographs than the table has
            names, sizes = tuple(files), (0.0,) * len(files)
    folders: dict[Path, Path | None] = {}
    there = tuple(_place(here, files.get(name), folders) for name in names)
    stamp = hashlib.sha256(f"{path} {micrographs_path}".encode())
    missing = sum(name in files and not file for name, file in zip(names, there, strict=True))
    for file in there:
        if file:
            seen = os.stat(file)
            stamp.update(f"{file} {seen.st_mtime_ns} {seen.st_size}\n".encode())
    return Picked(micrographs_path, names, sizes, there, missing, _diameter(values), stamp.hexdigest()[:16])


def scores(cache: PictureCache, picked: Picked) -> Scores:
    """Counts and scores of all picks; a file that cannot be read counts as none."""
    key = f"picks {picked.tag} {len(picked.files)}"
    with cache.lock(key):
        pack = cache.find(key)
        if pack is None:
            found = [_scores_of(file) for file in picked.files]
            counts = np.array([len(one) for one in found], np.uint32)
            whole = np.concatenate([*found, np.zeros(0, np.float32)])
            pack = cache.write(key, {}, {"counts": counts.tobytes(), "scores": whole.tobytes()})
    parts = [pack.read(name) for name in ("counts", "scores")]
    if parts[0] is None or parts[1] is None:
        raise UserError("the picks that were read have just been removed; ask again")
    return Scores(np.frombuffer(parts[0], np.uint32), np.frombuffer(parts[1], np.float32))


def _scores_of(file: str) -> NDArray[np.float32]:
    if not file:
        return np.zeros(0, np.float32)
    try:
        return coordinates.spots(file).score.astype(np.float32)
    except UserError:
        return np.zeros(0, np.float32)


def _place(here: Opened, file: Path | None, folders: dict[Path, Path | None]) -> str:
    """The file of picks, if it is there and may be shown; `folders` remembers what was found of folders."""
    if file is None:
        return ""
    try:
        if file.parent not in folders:
            folders[file.parent] = None
            folders[file.parent] = here.inside(str(file.parent))
        folder = folders[file.parent]
        whole = os.path.join(folder, file.name) if folder else ""
        if whole and os.path.islink(whole):
            return str(here.inside(str(file)))
        return whole if whole and os.path.isfile(whole) else ""
    except UserError:
        return ""


def _table_of(here: Opened, path: str, job: str, values: dict[str, Any]) -> str:
    """The table of micrographs that picks belong to: from the suffix file, else from the job's options, else its inputs."""
    if Path(path).name.startswith(coordinates.PREFIX):
        lines = here.inside(path).read_text(errors="replace").split()
        if lines and (here.root / lines[0]).is_file():
            return lines[0]
    named = next((str(values[name]) for name in _MICROGRAPHS if values.get(name)), "")
    if named and (here.root / named).is_file():
        return named
    graph = reading.graph(here)
    for node, user in graph.inputs:
        label = graph.nodes[node].label if node in graph.nodes else ""
        if user.rstrip("/") == job and label.startswith("MicrographGroupMetadata") and (here.root / node).is_file():
            return node
    return ""


def _micrographs(here: Opened, path: str, *, needed: bool) -> tuple[tuple[str, ...], tuple[float, ...]]:
    if not path:
        return (), ()
    try:
        seen = here.inside(path).stat()
        return _read_micrographs(str(here.inside(path)), seen.st_mtime_ns, seen.st_size)
    except UserError:
        if needed:
            raise
        return (), ()  # the list of coordinates names them, too


@lru_cache(maxsize=8)
def _read_micrographs(path: str, time_ns: int, size: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    table = micrographs.read_table(path)
    sizes = table.optics_column("micrograph_pixel_size_A")
    return tuple(str(name) for name in table["micrograph"]), tuple(float(value) for value in sizes)


def _values(here: Opened, job: str) -> dict[str, Any]:
    """The options of a job; none where it is of a type that is not ours."""
    if not job:
        return {}
    try:
        return as_plain(here.project.loaded(f"{job}/").job)
    except (UserError, OSError, KeyError):
        return {}


def _diameter(values: dict[str, Any]) -> float:
    """The diameter of the particles that a job's options say, else a usual one."""
    said = [float(values[name]) for name in _DIAMETERS if isinstance(values.get(name), (int, float)) and values[name] > 0]
    if said:
        return said[0]
    ends = [values.get(name) for name in ("min_diameter_A", "max_diameter_A")]
    numbers = [float(end) for end in ends if isinstance(end, (int, float)) and end > 0]
    return sum(numbers) / len(numbers) if numbers else USUAL_DIAMETER_A
