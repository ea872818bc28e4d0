"""What a sheet of curves is as data, and where a falling curve crosses a threshold. The page makes no number of its own."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

THRESHOLDS = (0.143, 0.5)


class CurveCrossing(BaseModel):
    """Where a curve falls below a threshold: the last shell above it, as resolution in Å."""

    threshold: float
    at: float
    value: float
    resolution_A: float


Style = Literal["line", "bars", "steps", "points"]


class CurveData(BaseModel):
    """A curve; a value that is not there is null."""

    name: str
    unit_x: str
    unit_y: str
    x: list[float]
    y: list[float | None]
    crossings: list[CurveCrossing] = Field(default_factory=list)
    right: bool = False
    style: Style = "line"


class AxisData(BaseModel):
    """An axis: its name with unit; kind resolution is in 1/Å, labelled with Å above."""

    name: str
    unit: str = ""
    kind: Literal["plain", "resolution", "log"] = "plain"
    low: float | None = None
    high: float | None = None
    reversed: bool = False


class CurveThreshold(BaseModel):
    """A line across a sheet."""

    axis: Literal["x", "y"]
    at: float
    label: str


class SheetNumber(BaseModel):
    """A number that belongs to a sheet."""

    name: str
    value: float
    unit: str = ""


class CurveSheet(BaseModel):
    """Curves that share their axes, with a sentence about them."""

    kind: str
    title: str
    x: AxisData
    y: AxisData
    right: AxisData | None = None
    curves: list[CurveData]
    thresholds: list[CurveThreshold] = Field(default_factory=list)
    events: list[CurveThreshold] = Field(default_factory=list)
    figures: list[SheetNumber] = Field(default_factory=list)
    sentence: str = ""


def numbers(values: Any) -> list[float | None]:
    """A column as JSON takes it."""
    found = np.asarray(values, np.float64)
    return [float(f"{value:.7g}") if np.isfinite(value) else None for value in found]


def crossing(frequency: NDArray[Any], values: NDArray[Any], threshold: float) -> CurveCrossing | None:
    """Where a curve first falls below: RELION's rule, the shell before the first one that is below. None: it never does."""
    below = np.flatnonzero((np.nan_to_num(values) < threshold) & (np.arange(len(values)) > 0))
    if not len(below) or below[0] < 2:
        return None
    at = int(below[0]) - 1
    return CurveCrossing(
        threshold=threshold, at=float(frequency[at]), value=float(values[at]), resolution_A=round(float(1 / frequency[at]), 4)
    )


def fsc_curve(name: str, frequency: NDArray[Any], values: Any, thresholds: Sequence[float] = THRESHOLDS) -> CurveData:
    """A Fourier shell correlation with its crossings."""
    found = np.asarray(values, np.float64)
    crossings = [one for threshold in thresholds if (one := crossing(frequency, found, threshold))]
    return CurveData(name=name, unit_x="1/Å", unit_y="", x=_plain(frequency), y=numbers(found), crossings=crossings)


def curve(name: str, x: Any, y: Any, *, unit_x: str = "", unit_y: str = "", style: Style = "line") -> CurveData:
    """A curve of two columns."""
    return CurveData(name=name, unit_x=unit_x, unit_y=unit_y, x=_plain(x), y=numbers(y), style=style)


def _plain(x: Any) -> list[float]:
    return [float(f"{value:.9g}") for value in np.asarray(x, np.float64)]


def frequency_axis() -> AxisData:
    """The axis of spatial frequencies."""
    return AxisData(name="Spatial frequency", unit="1/Å", kind="resolution", low=0.0)


def histogram(
    name: str, values: Any, *, unit: str, low: float | None = None, high: float | None = None, bins: int = 48
) -> CurveData:
    """Counts of values in even bins."""
    found = np.asarray(values, np.float64)
    found = found[np.isfinite(found)]
    first = float(found.min()) if low is None and len(found) else (low or 0.0)
    last = float(found.max()) if high is None and len(found) else (high or 1.0)
    if last <= first:
        first, last = first - 0.5, first + 0.5
    counts, edges = np.histogram(found, bins, (first, last))
    return curve(name, (edges[1:] + edges[:-1]) / 2, counts, unit_x=unit, style="bars")
