"""The iterations of a classification or refinement as a table: from the model, optimiser and sampling files, ours or RELION's."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import chain
from vitreous.web.rounds import Round, number, rounds, values


class Iteration(BaseModel):
    """One iteration. None where its files do not tell. seconds: how long it took; angles and shifts as RELION words them."""

    iteration: int
    seconds: float | None = None
    resolution_A: float | None = None
    mean_pmax: float | None = None
    changed_classes: float | None = None
    changed_angles_deg: float | None = None
    changed_shifts_A: float | None = None
    accuracy_angles_deg: float | None = None
    accuracy_shifts_A: float | None = None
    step_deg: float | None = None
    shift_range_A: float | None = None
    box_px: int | None = None


def iterations(folder: Path) -> list[Iteration]:
    """All iterations of a job that lie on disk, rising."""
    took = _seconds(folder)
    return [_one(one, took.get(str(one.optimiser or ""))) for one in rounds(folder)]


def _seconds(folder: Path) -> dict[str, float]:
    """How long each iteration took, by its optimiser file, as our runs noted it; RELION's files tell nothing of it."""
    found: dict[str, float] = {}
    path = folder / chain.LOG
    for line in path.read_text(errors="replace").splitlines() if path.is_file() else ():
        with suppress(ValueError, TypeError, KeyError):
            said = json.loads(line)
            saved = chain.Saved(int(said["iteration"]), str(said.get("root", chain.ROOT)))
            found[f"{folder / saved.name}_optimiser.star"] = float(said["seconds"])
    return found


def _one(one: Round, took_s: float | None) -> Iteration:
    optimiser, model = _values(one.optimiser, "optimiser_general"), _values(one.model, "model_general")
    sampling = _values(one.sampling, "sampling_general")
    size = number(model, "rlnCurrentImageSize", unknown=1e9)
    return Iteration(
        iteration=one.number,
        seconds=took_s,
        resolution_A=number(model, "rlnCurrentResolution"),
        mean_pmax=number(model, "rlnAveragePmax"),
        changed_classes=_changed(optimiser, "rlnChangesOptimalClasses"),
        changed_angles_deg=_changed(optimiser, "rlnChangesOptimalOrientations"),
        changed_shifts_A=_changed(optimiser, "rlnChangesOptimalOffsets"),
        accuracy_angles_deg=number(optimiser, "rlnOverallAccuracyRotations"),
        accuracy_shifts_A=number(optimiser, "rlnOverallAccuracyTranslationsAngst"),
        step_deg=_step(sampling, is_2d=number(model, "rlnReferenceDimensionality") == 2),
        shift_range_A=number(sampling, "rlnOffsetRange"),
        box_px=int(size) if size else None,
    )


def _step(sampling: Mapping[str, Any], *, is_2d: bool) -> float | None:
    """The angular step: in plane in 2D, else that of the HEALPix grid, 60 degrees halved at each order."""
    order = number(sampling, "rlnHealpixOrder")
    return number(sampling, "rlnPsiStep") if is_2d or order is None else 60.0 / 2**order


def _values(path: Path | None, block: str) -> Mapping[str, Any]:
    """The values at the head of a file; none where it has been cleaned away or cannot be read."""
    with suppress(UserError):
        return values(path, block) if path else {}
    return {}


def _changed(said: Mapping[str, Any], label: str) -> float | None:
    """A change from one iteration to the next; none before there are two."""
    found = number(said, label)
    return found if found is not None and found >= 0 else None
