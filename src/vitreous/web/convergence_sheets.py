"""The sheets that show how a loop job goes on, one quantity each, with marks where the sampling became finer."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pydantic import BaseModel

from vitreous.web.curve_shapes import AxisData, CurveSheet, CurveThreshold, curve


class LoopStep(BaseModel):
    """What one iteration says of itself; None where a file does not know it."""

    it: int
    resolution_A: float | None
    changed_classes: float | None
    changed_angle_deg: float | None
    changed_shift_A: float | None
    accuracy_deg: float | None
    accuracy_A: float | None
    psi_step_deg: float | None
    order: int | None
    offset_step_A: float | None
    particles: int | None
    seconds: float | None
    probability: float | None
    shares: list[float]


@dataclass(frozen=True)
class _Shown:
    """A sheet: its word, title and unit, and the quantities that share its axis."""

    kind: str
    title: str
    unit: str
    parts: dict[str, Callable[[LoopStep], float | None]]
    best_on_top: bool = False


_SHOWN = (
    _Shown("resolution", "Resolution", "Å", {"resolution": lambda step: step.resolution_A}, best_on_top=True),
    _Shown("changed", "Particles that changed class", "%", {"changed class": lambda step: _percent(step.changed_classes)}),
    _Shown(
        "angles",
        "Angles",
        "°",
        {
            "change": lambda step: step.changed_angle_deg,
            "accuracy": lambda step: step.accuracy_deg,
            "sampling step": lambda step: step.psi_step_deg,
        },
    ),
    _Shown(
        "shifts",
        "Shifts",
        "Å",
        {
            "change": lambda step: step.changed_shift_A,
            "accuracy": lambda step: step.accuracy_A,
            "sampling step": lambda step: step.offset_step_A,
        },
    ),
    _Shown("probability", "Mean of the highest probability", "", {"probability": lambda step: step.probability}),
    _Shown("particles", "Particles used", "", {"particles": lambda step: step.particles}),
    _Shown("seconds", "Time for an iteration", "s", {"time": lambda step: step.seconds}),
)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def sheets(steps: list[LoopStep]) -> list[CurveSheet]:
    """The sheets for which there are values."""
    its = [step.it for step in steps]
    events = _finer(steps)
    made = []
    for shown in _SHOWN:
        columns = {name: [value(step) for step in steps] for name, value in shown.parts.items()}
        curves = [
            curve(name, its, [np.nan if value is None else value for value in column], unit_x="iteration", unit_y=shown.unit)
            for name, column in columns.items()
            if any(value is not None for value in column)
        ]
        if curves:
            y = AxisData(name=shown.title, unit=shown.unit, reversed=shown.best_on_top, low=None if shown.best_on_top else 0.0)
            made.append(
                CurveSheet(kind=shown.kind, title=shown.title, x=AxisData(name="Iteration"), y=y, curves=curves, events=events)
            )
    return made


def _finer(steps: list[LoopStep]) -> list[CurveThreshold]:
    """Where the sampling became finer."""
    return [
        CurveThreshold(axis="x", at=float(now.it), label=f"{now.psi_step_deg:.3g}°")
        for before, now in pairwise(steps)
        if before.psi_step_deg and now.psi_step_deg and now.psi_step_deg < before.psi_step_deg * 0.999
    ]
