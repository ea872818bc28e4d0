"""Curves of maps in STAR and XML files: FSC and Guinier tables as RELION lays them out, and detectors' MTF."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vitreous.context import UserError
from vitreous.files import atomic, star
from vitreous.files.star_blocks import Block, loop_block

NO_RESOLUTION_A = 999.0
"""Resolution written for shell 0."""


def fsc_block(size_A: float, curves: Mapping[str, ArrayLike]) -> Block:
    """data_fsc: a row for each shell 0 .. n-1 with its frequency; curves is label -> values. size_A: box times voxel size."""
    count = len(np.asarray(next(iter(curves.values()))))
    shells = np.arange(count)
    resolution = np.full(count, NO_RESOLUTION_A)
    resolution[1:] = size_A / shells[1:]
    columns: dict[str, ArrayLike] = {
        "rlnSpectralIndex": shells,
        "rlnResolution": 1 / resolution,
        "rlnAngstromResolution": resolution,
    }
    return loop_block("fsc", {**columns, **curves})


def guinier_block(
    inverse_d2: ArrayLike, *, original: ArrayLike, weighted: ArrayLike, sharpened: ArrayLike, intercept: float
) -> Block:
    """data_guinier: logarithms of amplitudes against 1/d^2 in 1/Å2, and the fitted line's intercept."""
    columns = {
        "rlnResolutionSquared": np.asarray(inverse_d2),
        "rlnLogAmplitudesOriginal": np.asarray(original),
        "rlnLogAmplitudesWeighted": np.asarray(weighted),
        "rlnLogAmplitudesSharpened": np.asarray(sharpened),
        "rlnLogAmplitudesIntercept": np.full(len(np.asarray(inverse_d2)), intercept),
    }
    return loop_block("guinier", columns)


def histogram_block(name: str, label: str, values: ArrayLike, *, bins: int = 50) -> Block:
    """A row for each of even bins over the values' range: the bin's middle under `label`, and how many values it has."""
    counts, edges = np.histogram(np.asarray(values, np.float64), bins)
    return loop_block(name, {label: (edges[1:] + edges[:-1]) / 2, "vitreousCount": counts})


def read_mtf(path: str | Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies in 1/pixel of the detector, rising, and the MTF there."""
    for block in star.read(path):
        if block.loop and "rlnResolutionInversePixel" in block and "rlnMtfValue" in block:
            frequency = np.asarray(block["rlnResolutionInversePixel"], dtype=np.float64)
            value = np.asarray(block["rlnMtfValue"], dtype=np.float64)
            order = np.argsort(frequency, kind="stable")
            if len(order) >= 2:
                return frequency[order], value[order]
    raise UserError(f"{path} holds no MTF: it needs a table of rlnResolutionInversePixel and rlnMtfValue with two rows or more")


def write_fsc_xml(path: str | Path, *, frequency_1_A: ArrayLike, fsc: ArrayLike, title: str) -> None:
    """An FSC curve as the EMDB takes it."""
    root = ElementTree.Element("fsc", title=title, xaxis="Resolution (A-1)", yaxis="Correlation Coefficient")
    for x, y in zip(np.asarray(frequency_1_A), np.asarray(fsc)):
        point = ElementTree.SubElement(root, "coordinate")
        ElementTree.SubElement(point, "x").text = f"{x:.6f}"
        ElementTree.SubElement(point, "y").text = f"{y:.6f}"
    ElementTree.indent(root)
    atomic.write_text(path, ElementTree.tostring(root, encoding="unicode") + "\n")
