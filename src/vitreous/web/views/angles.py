"""Directions of view and in-plane angles, shifts and defocus of particles: counts on the sphere, and how even they are."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from numpy.typing import NDArray
from pydantic import BaseModel

from vitreous.files import star
from vitreous.tables.table import Table
from vitreous.web import rounds, sphere
from vitreous.web.class_source import relative
from vitreous.web.curve_shapes import AxisData, CurveData, CurveSheet, histogram
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.problems import Missing
from vitreous.web.reading import job_name

router = APIRouter(tags=["angles"])
FORMULA = (
    "1 / mean(1 / S) over all directions of Fourier space, where S is the number of views within "
    f"{sphere.BAND_DEG:.0f}° of perpendicular to a direction, relative to the mean and at least {sphere.FLOOR}. "
    "Even views give 1."
)


class AnglesPage(BaseModel):
    """Counts by direction on a grid of equal cells: `bands` cells from the north, `edges` the cosines of tilt between bands.

    counts as the file lists the views; whole: with the mates by symmetry, None where they are the same or not known.
    """

    path: str
    iteration: int | None
    particles: int
    symmetry: str
    bands: list[int]
    edges: list[float]
    counts: list[int] | None
    whole: list[int] | None
    efficiency: float | None
    missing: float | None
    formula: str
    sentence: str
    histograms: list[CurveSheet]


@router.get("/angles/{n}")
def angles(
    here: ProjectHere,
    n: str,
    it: Annotated[int | None, Query(ge=0)] = None,
    path: str = "",
    index: Annotated[int | None, Query(ge=1, description="only particles of this class")] = None,
) -> AnglesPage:
    """Angles of the particles of a job (its last data file) or of a table of particles."""
    data, sampling, number = _where(here, n, it, path)
    columns = _columns(data, *rounds.stamp(data))
    chosen = np.ones(len(columns), bool)
    if index is not None and "class_number" in columns:
        chosen = columns["class_number"] == index
    mine = columns.select(chosen)
    said = rounds.values(sampling, "sampling_general") if sampling and sampling.is_file() else {}
    symmetry = str(said.get("rlnSymmetryGroup", "C1") or "C1")
    numbers, edges = sphere.bands()
    found = _spherical(mine, symmetry)
    if not said and found.counts is not None:
        found.sentence += " The table does not name a symmetry, so that views count as they are listed."
    return AnglesPage(
        path=relative(here, data),
        iteration=number,
        particles=len(mine),
        symmetry=symmetry,
        bands=list(numbers),
        edges=list(edges),
        counts=found.counts,
        whole=found.whole,
        efficiency=found.efficiency,
        missing=found.missing,
        formula=FORMULA,
        sentence=found.sentence,
        histograms=_histograms(mine),
    )


def _where(here: Opened, n: str, it: int | None, path: str) -> tuple[Path, Path | None, int | None]:
    """The table of particles, the file with the symmetry, and the iteration."""
    if path:
        data = here.inside(path)
        named = data.with_name(data.name.replace("_data.star", "_sampling.star"))
        return data, named if named != data else None, None
    folder = here.root / job_name(here, n)
    end = rounds.last(folder)
    if it is None and end is not None and end.data.is_file():
        sampling = end.sampling if end.sampling.is_file() else None
        there = rounds.rounds(folder)
        return end.data, sampling or (there[-1].sampling if there else None), None
    if it is None and not rounds.rounds(folder):
        for name in ("particles.star", "particles_ctf_refine.star", "shiny.star"):
            if (folder / name).is_file():
                return folder / name, None, None
        raise Missing("this job has no table of particles yet, or any more")
    one = rounds.chosen(folder, it)
    return one.data, one.sampling, one.number


_WANTED = (
    "rot_deg",
    "tilt_deg",
    "psi_deg",
    "origin_x_A",
    "origin_y_A",
    "defocus_u_A",
    "defocus_v_A",
    "pmax",
    "class_number",
)


@lru_cache(maxsize=4)
def _columns(path: Path, time_ns: int, size: int) -> Table:
    table = star.read_table(path, "particles", optics="optional")
    return Table({name: table[name] for name in _WANTED if name in table} or {"row": np.arange(len(table))})


class _Spherical(BaseModel):
    counts: list[int] | None = None
    whole: list[int] | None = None
    efficiency: float | None = None
    missing: float | None = None
    sentence: str = "This table has no directions of view."


def _spherical(table: Table, symmetry: str) -> _Spherical:
    if "rot_deg" not in table or "tilt_deg" not in table or not len(table):
        return _Spherical()
    if not table["tilt_deg"].any() and not table["rot_deg"].any():
        return _Spherical(sentence="A 2D classification knows no directions of view, only in-plane angles.")
    vectors = sphere.directions(table["rot_deg"].astype(np.float64), table["tilt_deg"].astype(np.float64))
    counts = sphere.counted(vectors)
    group = sphere.mates(symmetry)
    whole = counts if group is None or len(group) == 1 else sphere.counted_with_mates(vectors, group)
    value, missing = sphere.efficiency(whole)
    unknown = f" The mates of {symmetry} are not known here: the number is of the views as listed." if group is None else ""
    return _Spherical(
        counts=counts.tolist(),
        whole=None if whole is counts else whole.tolist(),
        efficiency=round(value, 3),
        missing=round(missing, 4),
        sentence=_sentence(value, missing, vectors) + unknown,
    )


def _sentence(value: float, missing: float, vectors: NDArray[np.float64]) -> str:
    """What the spread of views means, and what helps."""
    if value >= 0.8 and missing < 0.01:
        return f"Efficiency {value:.2f}: the views are spread evenly enough."
    spread = f"{missing:.0%} of directions are hardly sampled" if missing >= 0.01 else "no direction is missing"
    flat = float((np.abs(vectors[:, 2]) > 0.87).mean())
    side = float((np.abs(vectors[:, 2]) < 0.5).mean())
    if flat > 0.5:  # even views would give 0.13
        cure = "Top views prevail and side views are missing: tilt the stage, or rebalance the views."
    elif side > 0.9:
        cure = "Side views prevail: one belt of directions is seen again and again, which still samples all of Fourier space."
    else:
        cure = "Some views prevail: rebalance them, or collect more of the rare ones."
    return f"Efficiency {value:.2f}: {spread}. {cure}"


def _histograms(table: Table) -> list[CurveSheet]:
    made: list[tuple[str, str, CurveData]] = []
    if "psi_deg" in table:
        psi = (table["psi_deg"].astype(np.float64) + 180) % 360 - 180
        made.append(("psi", "In-plane angle", histogram("particles", psi, unit="°", low=-180, high=180, bins=36)))
    if "origin_x_A" in table and "origin_y_A" in table:
        away = np.hypot(table["origin_x_A"].astype(np.float64), table["origin_y_A"].astype(np.float64))
        made.append(("shift", "Shift", histogram("particles", away, unit="Å", low=0.0, bins=40)))
    if "defocus_u_A" in table and "defocus_v_A" in table:
        defocus = (table["defocus_u_A"].astype(np.float64) + table["defocus_v_A"].astype(np.float64)) / 2e4
        made.append(("defocus", "Defocus", histogram("particles", defocus, unit="µm", bins=40)))
    if "pmax" in table:
        sure = table["pmax"].astype(np.float64)
        made.append(("probability", "Highest probability", histogram("particles", sure, unit="", low=0.0, high=1.0, bins=40)))
    upward = AxisData(name="Particles", low=0.0)
    return [
        CurveSheet(kind=kind, title=title, x=AxisData(name=title, unit=counts.unit_x), y=upward, curves=[counts])
        for kind, title, counts in made
    ]
