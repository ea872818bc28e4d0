"""Sheets of curves about finished maps: how often each local resolution occurs."""

from pathlib import Path

import numpy as np

from vitreous.web import rounds
from vitreous.web.curve_shapes import AxisData, CurveSheet, SheetNumber, curve

_TAIL = 0.1
"""The share of voxels that the sentence calls the best and the worst."""


def of_local_resolution(path: Path) -> list[CurveSheet]:
    """The histogram of a local resolution job."""
    block = rounds.whole(path)["histogram"]
    middles, counts = (np.asarray(block[label], np.float64) for label in ("rlnAngstromResolution", "vitreousCount"))
    share = np.cumsum(counts) / max(float(counts.sum()), 1.0)
    best, median, worst = (float(middles[np.searchsorted(share, part)]) for part in (_TAIL, 0.5, 1 - _TAIL))
    what = "the mask" if "rlnMaskName" in rounds.values(path, "general") else "the points"
    figures = [SheetNumber(name="Median", value=round(median, 3), unit="Å")]
    sentence = f"Half of {what} is better than {median:.1f} Å; 10 % is better than {best:.1f} Å, 10 % worse than {worst:.1f} Å."
    counted = curve("voxels" if what == "the mask" else "points", middles, counts, unit_x="Å", style="bars")
    return [
        CurveSheet(
            kind="local_resolution",
            title="Local resolution",
            x=AxisData(name="Resolution", unit="Å"),
            y=AxisData(name=f"{counted.name.capitalize()}", low=0.0),
            curves=[counted],
            figures=figures,
            sentence=sentence,
        )
    ]
