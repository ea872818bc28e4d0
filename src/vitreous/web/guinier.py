"""A Guinier fit over a range that the user chose: a look at how far the B-factor depends on it; nothing is written."""

from pathlib import Path

import numpy as np
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.web import rounds
from vitreous.web.curve_shapes import CurveData, curve

_FITTED = ("rlnLogAmplitudesWeighted", "rlnLogAmplitudesMTFCorrected", "rlnLogAmplitudesOriginal")
_LEAST_POINTS = 3


class GuinierFit(BaseModel):
    """A straight line through the logarithms of amplitudes between two resolutions; the B-factor is four times its slope."""

    low_A: float
    high_A: float
    bfactor_A2: float
    correlation: float
    line: CurveData
    sentence: str


def fit(path: Path, low_A: float, high_A: float) -> GuinierFit:
    """The line of least squares through the FSC-weighted curve from low_A to high_A (the finer one)."""
    file = rounds.whole(path)
    if "guinier" not in file:
        raise UserError(f"{path.name} has no Guinier plot (data_guinier)")
    block = file["guinier"]
    label = next((one for one in _FITTED if one in block), None)
    if label is None:
        raise UserError(f"{path.name} has no logarithms of amplitudes in data_guinier")
    square, values = np.asarray(block["rlnResolutionSquared"], float), np.asarray(block[label], float)
    low_A, high_A = max(low_A, high_A), min(low_A, high_A)
    inside = (square >= 1 / low_A**2) & (square <= 1 / high_A**2) & (values > -90) & np.isfinite(values)
    if int(inside.sum()) < _LEAST_POINTS:
        raise UserError(f"between {low_A:.1f} and {high_A:.1f} Å there are fewer than {_LEAST_POINTS} points: widen the range")
    x, y = square[inside], values[inside]
    slope, start = np.polyfit(x, y, 1)
    return GuinierFit(
        low_A=low_A,
        high_A=high_A,
        bfactor_A2=round(float(4 * slope), 3),
        correlation=round(float(abs(np.corrcoef(x, y)[0, 1])), 4),
        line=curve("fitted line", x, slope * x + start, unit_x="1/Å²"),
        sentence=f"B-factor {4 * slope:.0f} Å² between {low_A:.1f} and {high_A:.1f} Å. A look only, nothing is written.",
    )
