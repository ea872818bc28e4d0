"""How a loop job goes on: resolution, changes, accuracy, sampling and time by iteration, and a sentence about the last."""

import json
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from vitreous.files import chain
from vitreous.web import class_history, class_rows, rounds
from vitreous.web.convergence_sheets import LoopStep, sheets
from vitreous.web.curve_shapes import CurveSheet
from vitreous.web.opened import Opened
from vitreous.web.rounds import Round

_NEWS = 3
"""As many rounds back the sentence looks."""


class Convergence(BaseModel):
    """All iterations, a sentence, and the sheets that show them. loop: whether the job has iterations at all."""

    loop: bool
    sentence: str
    converged: bool
    steps: list[LoopStep]
    sheets: list[CurveSheet]


def convergence(here: Opened, folder: Path) -> Convergence:
    """The iterations of a job's folder; empty for a job that has none."""
    there = rounds.rounds(folder)
    if not there:
        return Convergence(loop=False, sentence="", converged=False, steps=[], sheets=[])
    seconds = _seconds(folder, there)
    until = time.monotonic() + class_history.AT_ONCE_S
    steps: list[LoopStep] = []
    for before, one in zip([None, *there], there, strict=False):
        changed = class_history.changed_share(one, before, late=time.monotonic() > until) if before else None
        steps.append(_step(one, changed, seconds.get(one.number)))
    newest = there[-1].optimiser
    said = rounds.values(newest, "optimiser_general") if newest else {}
    converged = rounds.number(said, "rlnHasConverged") == 1 or rounds.last(folder) is not None
    return Convergence(loop=True, sentence=sentence(steps, converged), converged=converged, steps=steps, sheets=sheets(steps))


def _step(one: Round, changed: float | None, seconds: float | None) -> LoopStep:
    said = rounds.values(one.optimiser, "optimiser_general") if one.optimiser else {}
    general = rounds.values(one.model, "model_general") if one.model.is_file() else {}
    sampling = rounds.values(one.sampling, "sampling_general") if one.sampling.is_file() else {}
    shares = _shares(one)
    order = rounds.number(sampling, "rlnHealpixOrder") if sampling.get("rlnIs3DSampling") == "1" else None
    first = one.number == 0
    subset = rounds.number(said, "rlnSgdSubsetSize", unknown=1e12)
    return LoopStep(
        it=one.number,
        resolution_A=rounds.number(general, "rlnCurrentResolution"),
        changed_classes=changed if len(shares) > 1 else None,
        changed_angle_deg=None if first else rounds.number(said, "rlnChangesOptimalOrientations"),
        changed_shift_A=None if first else rounds.number(said, "rlnChangesOptimalOffsets"),
        accuracy_deg=rounds.number(said, "rlnOverallAccuracyRotations"),
        accuracy_A=rounds.number(said, "rlnOverallAccuracyTranslationsAngst"),
        psi_step_deg=rounds.number(sampling, "rlnPsiStep"),
        order=None if order is None else int(order),
        offset_step_A=rounds.number(sampling, "rlnOffsetStep"),
        particles=int(subset) if subset and subset > 0 else None,
        seconds=seconds,
        probability=None if first else rounds.number(general, "rlnAveragePmax"),
        shares=[round(float(value), 5) for value in shares] if len(shares) > 1 else [],
    )


def _shares(one: Round) -> NDArray[np.float64]:
    if not one.model.is_file():
        return np.zeros(0)
    table = class_rows.table_of(one)
    return np.nan_to_num(class_rows.floats(table, "rlnClassDistribution", len(table)))


def _seconds(folder: Path, there: list[Round]) -> dict[int, float]:
    """Time of each iteration: as our jobs noted it, else from when RELION wrote the files."""
    noted: dict[int, float] = {}
    try:
        lines = (folder / chain.LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for text in lines:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and "seconds" in line and "iteration" in line:
            noted[int(line["iteration"])] = float(line["seconds"])
    if noted:
        return noted
    times = [(one.number, one.optimiser.stat().st_mtime) for one in there if one.optimiser and one.optimiser.is_file()]
    spans = {it: at - before for (_, before), (it, at) in pairwise(times)}
    return spans if spans and min(spans.values()) > 0.5 else {}


def sentence(steps: list[LoopStep], converged: bool) -> str:
    """What the last iterations say, in plain words."""
    known = [step for step in steps if step.resolution_A is not None]
    if not known:
        return "The first iterations are under way."
    if len(known) == 1:
        return f"One iteration is on disk, number {known[0].it}: {known[0].resolution_A:.1f} Å."
    now = known[-1]
    before = known[max(0, len(known) - 1 - _NEWS)]
    span = f"the last {now.it - before.it} iterations" if now.it - before.it > 1 else "the last iteration"
    assert now.resolution_A is not None and before.resolution_A is not None
    if converged:
        return f"Converged at iteration {now.it}, {now.resolution_A:.2f} Å before post-processing."
    if before.resolution_A - now.resolution_A > 0.005 * before.resolution_A:
        return f"Still improving: {before.resolution_A:.1f} to {now.resolution_A:.1f} Å in {span}."
    if now.changed_classes is not None and now.changed_classes > 0.02:
        return f"The resolution has not changed in {span}, but {now.changed_classes:.0%} of the particles still change class."
    return f"Nothing changed in {span}: {now.resolution_A:.1f} Å."
