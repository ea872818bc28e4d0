"""The one number by which a finished job is known: resolution, particles, classes, micrographs; read from the ends of files."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import glance

_TAIL_BYTES = 4096
_SUMMED = (
    re.compile(r"(?:refined \d+ particles|initial model of .*?),? to (?P<A>[\d.]+) Å"),
    re.compile(r"^resolution (?P<A>[\d.]+) Å", re.M),
    re.compile(r"^map and model agree to (?P<A>[\d.]+) Å", re.M),
    re.compile(r"in (?P<classes>\d+) classes of"),
    re.compile(r"with (?P<particles>\d+) of \d+ particles"),
    re.compile(r"^(?P<particles>\d+) particles (?:on|of) ", re.M),
    re.compile(r"^(?P<micrographs>\d+) micrographs, ", re.M),
    re.compile(r"^(?P<movies>\d+) movies", re.M),
    re.compile(r"FINAL RESOLUTION: *(?P<A>[\d.]+)"),
    re.compile(r"Final resolution \(without masking\) is: *(?P<A>[\d.]+)"),
)


def tail(path: Path, *, most: int = _TAIL_BYTES) -> str:
    """The last lines of a log; empty where there is none."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - most))
            return stream.read().decode(errors="replace").replace("\r", "\n")
    except OSError:
        return ""


def resolution(value: float) -> str:
    """A resolution with its unit, as it is written everywhere: 2.9 Å, 12 Å."""
    return f"{value:.0f} Å" if value >= 10 else f"{value:.1f} Å"


def counted(count: int, unit: str) -> str:
    """A count with its unit: 1,452 particles, 1 movie."""
    return f"{count:,} {unit[:-1] if count == 1 and unit.endswith('s') and unit != 'classes' else unit}"


def key_of(label: str, folder: Path, outputs: Sequence[str], root: Path) -> str:
    """The number by which a job that has ended is known; empty where there is none."""
    said = tail(folder / "run.out", most=2048)
    for pattern in _SUMMED:
        found = pattern.search(said)
        if found and (text := _in_words(next(iter(found.groupdict().items())))):
            return text
    for beginning, look in _LOOKS:
        if label.startswith(beginning):
            try:
                return look(root, outputs)
            except (OSError, UserError, ValueError):
                return ""
    return ""


def _in_words(found: tuple[str, str]) -> str:
    name, text = found
    try:
        return resolution(float(text)) if name == "A" else counted(int(text), name)
    except ValueError:
        return ""


def _rows(kind: str, unit: str, *ends: str) -> Callable[[Path, Sequence[str]], str]:
    """A look at how many rows the first output of these names has."""

    def look(root: Path, outputs: Sequence[str]) -> str:
        for end in ends:
            name = next((out for out in outputs if out.endswith(end) and (root / out).is_file()), "")
            if name:
                unit_of = "particles" if "particle" in end or end in ("data.star", "shiny.star") else unit
                rows = glance.table(root / name, "particles" if unit_of == "particles" else kind).rows
                return counted(rows, unit_of) if rows else ""
        return ""

    return look


def _final(root: Path, outputs: Sequence[str]) -> str:
    """The final resolution of a post-processing."""
    name = next((out for out in outputs if out.endswith("postprocess.star")), "")
    value = glance.values(root / name, "general").get("rlnFinalResolution") if name else None
    return resolution(float(value)) if value else ""


def _model(*labels: str) -> Callable[[Path, Sequence[str]], str]:
    """A look at the head of the model file of a refinement or classification."""

    def look(root: Path, outputs: Sequence[str]) -> str:
        name = next((out for out in outputs if out.endswith("model.star")), "")
        if not name:
            stem = next((out for out in outputs if out.endswith(("data.star", "optimiser.star"))), "")
            name = re.sub(r"(data|optimiser)\.star$", "model.star", stem)
        said = glance.values(root / name, "model_general") if name else {}
        for label in labels:
            if label in said:
                value = float(said[label])
                return counted(int(value), "classes") if label == "rlnNrClasses" else resolution(value)
        return ""

    return look


_LOOKS: tuple[tuple[str, Callable[[Path, Sequence[str]], str]], ...] = (
    ("relion.postprocess", _final),
    ("relion.refine3d", _model("rlnCurrentResolution")),
    ("relion.initialmodel", _model("rlnCurrentResolution")),
    ("relion.class", _model("rlnNrClasses")),
    ("relion.import", _rows("movies", "movies", "movies.star", "micrographs.star")),
    ("relion.motioncorr", _rows("micrographs", "micrographs", "corrected_micrographs.star")),
    ("relion.ctffind", _rows("micrographs", "micrographs", "micrographs_ctf.star")),
    ("relion.autopick", _rows("coordinate_files", "micrographs", "autopick.star")),
    ("relion.manualpick", _rows("coordinate_files", "micrographs", "manualpick.star")),
    ("relion.select", _rows("micrographs", "micrographs", "particles.star", "micrographs.star", "micrographs_selected.star")),
    ("relion.", _rows("micrographs", "micrographs", "shiny.star", "particles.star", "particles_ctf_refine.star")),
)
