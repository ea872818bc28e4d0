"""Sheets of curves about finished maps: how often each local resolution occurs, and the FSC by direction."""

from pathlib import Path

import numpy as np

from vitreous.web import rounds
from vitreous.web.curve_shapes import AxisData, CurveSheet, CurveThreshold, SheetNumber, curve, frequency_axis, fsc_curve

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


_CONES = {
    "vitreousConeFscLowest": "worst direction",
    "vitreousConeFscMean": "mean",
    "vitreousConeFscHighest": "best direction",
}


def of_orientation(path: Path) -> list[CurveSheet]:
    """FSC by direction of an orientation job; nothing where only views were judged."""
    file, said = rounds.whole(path), rounds.values(path, "general")
    if "fsc" not in file:
        return []
    block = file["fsc"]
    frequency = np.asarray(block["rlnResolution"], np.float64)
    curves = [fsc_curve(name, frequency, block[label]) for label, name in _CONES.items()]
    names = {"Cones, least over greatest": "vitreousConeEvenness", "Sampling factor": "vitreousSamplingFactorFloored"}
    found = {name: rounds.number(said, label) for name, label in names.items()}
    best, worst = (rounds.number(said, f"vitreous{which}ConeA") or 0.0 for which in ("Best", "Worst"))
    return [
        CurveSheet(
            kind="directional",
            title="FSC by direction",
            x=frequency_axis(),
            y=AxisData(name="Correlation", low=-0.2, high=1.02),
            curves=curves,
            thresholds=[CurveThreshold(axis="y", at=0.143, label="0.143")],
            figures=[SheetNumber(name=name, value=round(value, 3)) for name, value in found.items() if value is not None],
            sentence=f"In cones of 20° the directions reach {best:.2f} to {worst:.2f} Å.",
        )
    ]
