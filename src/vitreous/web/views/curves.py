"""Curves of a job: FSC with its crossings, Guinier, spectra, convergence, B-factors by frame; from our files and RELION's."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.web import convergence as converging
from vitreous.web import curve_sheets, map_sheets, rounds
from vitreous.web.class_source import relative
from vitreous.web.convergence import Convergence
from vitreous.web.curve_shapes import CurveSheet
from vitreous.web.guinier import GuinierFit, fit
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.reading import job_name
from vitreous.web.telling.kinds import CURVES

router = APIRouter(tags=["curves"])


class CurvesPage(BaseModel):
    """The sheets of a job, or of a file; `file`: where they were read."""

    file: str
    iteration: int | None
    iterations: list[int]
    sheets: list[CurveSheet]


@router.get("/curves/{n}")
def curves(
    here: ProjectHere,
    n: str,
    kind: Annotated[str, Query(max_length=20, description="fsc, guinier, ssnr, tau2, noise, frames; empty: all")] = "",
    it: Annotated[int | None, Query(ge=0)] = None,
    path: str = "",
) -> CurvesPage:
    """What a job has of curves; path: of this file instead."""
    folder = here.inside(path) if path else here.root / job_name(here, n)
    if folder.is_file() and folder.suffix == ".star" and it is None:
        found = CurvesPage(file=relative(here, folder), iteration=None, iterations=[], sheets=_of_file(folder))
    else:
        found = _of_folder(here, folder if folder.is_dir() else folder.parent, it)
    kept = [sheet for sheet in found.sheets if not kind or sheet.kind == kind]
    return found.model_copy(update={"sheets": kept})


def _of_file(path: Path) -> list[CurveSheet]:
    file = rounds.head(path)
    if "histogram" in file:
        return map_sheets.of_local_resolution(path)
    if "cones" in file or "views" in file:
        return map_sheets.of_orientation(path)
    if "fsc" in file or "guinier" in file:
        return curve_sheets.of_postprocess(path)
    if "model_general" in file:
        return curve_sheets.of_model(path)
    if "optimiser_general" in file:
        return curve_sheets.of_model(path.with_name(path.name.replace("_optimiser.star", "_model.star")))
    sheets = curve_sheets.of_frames(path)
    if not sheets:
        raise UserError(f"{path.name} holds no curves that are known: neither FSC, nor a model, nor B-factors by frame")
    return sheets


def _of_folder(here: Opened, folder: Path, it: int | None) -> CurvesPage:
    for name in ("postprocess.star", "bfactors.star", *CURVES):
        if it is None and (folder / name).is_file():
            return CurvesPage(file=relative(here, folder / name), iteration=None, iterations=[], sheets=_of_file(folder / name))
    there = rounds.rounds(folder)
    numbers = [one.number for one in there]
    end = rounds.last(folder)
    one = end if end and it is None else rounds.chosen(folder, it) if there else None
    if one is None:
        return CurvesPage(file="", iteration=None, iterations=[], sheets=[])
    sheets = curve_sheets.of_model(one.model)
    return CurvesPage(
        file=relative(here, one.model), iteration=None if one is end else one.number, iterations=numbers, sheets=sheets
    )


@router.get("/guinier")
def guinier(
    here: ProjectHere,
    path: str,
    low: Annotated[float, Query(gt=0, le=1000, description="Å, the coarse end")],
    high: Annotated[float, Query(gt=0, le=1000, description="Å, the fine end")],
) -> GuinierFit:
    """A Guinier fit of a postprocess.star over another range."""
    return fit(here.inside(path), low, high)


@router.get("/convergence/{n}")
def convergence(here: ProjectHere, n: str) -> Convergence:
    """How a loop job goes on, iteration by iteration; `loop` is false for jobs without iterations."""
    return converging.convergence(here, here.root / job_name(here, n))
