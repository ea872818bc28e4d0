"""Sheets of curves out of a job's files: FSC, Guinier, spectra and signal to noise by class, B-factors by frame."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.files.curves import NO_RESOLUTION_A
from vitreous.files.star_blocks import Block, StarFile
from vitreous.web import rounds
from vitreous.web.curve_shapes import (
    AxisData,
    CurveData,
    CurveSheet,
    CurveThreshold,
    SheetNumber,
    curve,
    frequency_axis,
    fsc_curve,
)

_FSC = {
    "rlnFourierShellCorrelationCorrected": "corrected",
    "rlnFourierShellCorrelationMaskedMaps": "masked",
    "rlnFourierShellCorrelationUnmaskedMaps": "unmasked",
    "rlnCorrectedFourierShellCorrelationPhaseRandomizedMaskedMaps": "phases randomised",
    "rlnFourierShellCorrelation": "FSC",
}
_GUINIER = {
    "rlnLogAmplitudesOriginal": "as reconstructed",
    "rlnLogAmplitudesMTFCorrected": "detector corrected",
    "rlnLogAmplitudesWeighted": "weighted by FSC",
    "rlnLogAmplitudesSharpened": "sharpened",
}
MOST_CLASSES = 12
FIT_FROM = 0.01
"""1/d² in 1/Å² where fits usually begin: 10 Å. The files do not tell it; fits go as far as the curve does."""
_LINES = [CurveThreshold(axis="y", at=0.143, label="0.143"), CurveThreshold(axis="y", at=0.5, label="0.5")]


def of_postprocess(path: Path) -> list[CurveSheet]:
    """FSC and Guinier plot of a postprocess.star."""
    file = rounds.whole(path)
    said = rounds.values(path, "general")
    return [sheet for sheet in (_fsc(file, said), _guinier(file, said)) if sheet]


def _fsc(file: StarFile, said: rounds.Values) -> CurveSheet | None:
    if "fsc" not in file:
        return None
    block = file["fsc"]
    frequency = _frequency(block)
    curves = [fsc_curve(name, frequency, block[label]) for label, name in _FSC.items() if label in block]
    if not curves:
        return None
    figures = []
    final, began = rounds.number(said, "rlnFinalResolution"), rounds.number(said, "rlnRandomiseFrom")
    sentence = "The resolution is that of the last shell in which the corrected curve is above 0.143."
    if final:
        figures.append(SheetNumber(name="Resolution", value=final, unit="Å"))
        sentence = f"Resolution {final:.2f} Å: the last shell in which the corrected curve is above 0.143."
    if half := rounds.number(said, "vitreousResolutionAtHalf"):
        figures.append(SheetNumber(name="Map and model", value=half, unit="Å"))
        sentence = f"Map and model agree to {half:.2f} Å, where the curve in the mask falls below 0.5."
    if began:
        figures.append(SheetNumber(name="Phases randomised beyond", value=began, unit="Å"))
    return _fsc_sheet("fsc", "Fourier shell correlation", curves, sentence, figures)


def _fsc_sheet(kind: str, title: str, curves: list[CurveData], sentence: str, figures: list[SheetNumber]) -> CurveSheet:
    low = min((value for one in curves for value in one.y if value is not None), default=0.0)
    y = AxisData(name="Correlation", low=-0.2 if low < -0.05 else -0.05, high=1.02)
    return CurveSheet(
        kind=kind,
        title=title,
        x=frequency_axis(),
        y=y,
        curves=curves,
        thresholds=_LINES,
        figures=figures,
        sentence=sentence,
    )


def _guinier(file: StarFile, said: rounds.Values) -> CurveSheet | None:
    if "guinier" not in file:
        return None
    block = file["guinier"]
    square = np.asarray(block["rlnResolutionSquared"], np.float64)
    curves = []
    for label, name in _GUINIER.items():
        if label in block:
            values = np.asarray(block[label], np.float64)
            curves.append(curve(name, square, np.where(values < -90, np.nan, values), unit_x="1/Å²"))
    slope, intercept = rounds.number(said, "rlnFittedSlopeGuinierPlot"), rounds.number(said, "rlnFittedInterceptGuinierPlot")
    bfactor = rounds.number(said, "rlnBfactorUsedForSharpening", unknown=1e9)
    fit = rounds.number(said, "rlnCorrelationFitGuinierPlot")
    sentence = ""
    if slope is not None and intercept is not None:
        inside = square[(square >= FIT_FROM) & _has_values(block)]
        curves.append(curve("fitted line", inside, slope * inside + intercept, unit_x="1/Å²"))
    if bfactor is not None:
        sentence = f"B-factor {bfactor:.0f} Å²: four times the slope of the fitted line."
    figures = [SheetNumber(name="B-factor", value=bfactor, unit="Å²")] if bfactor is not None else []
    figures += [SheetNumber(name="Correlation of the fit", value=fit)] if fit is not None else []
    return CurveSheet(
        kind="guinier",
        title="Guinier plot",
        x=AxisData(name="1/d²", unit="1/Å²", low=0.0),
        y=AxisData(name="ln(amplitude)"),
        curves=curves,
        figures=figures,
        sentence=sentence,
    )


def _has_values(block: Block) -> NDArray[np.bool_]:
    """Where the weighted amplitudes have a logarithm."""
    label = "rlnLogAmplitudesWeighted"
    found: NDArray[np.bool_] = np.asarray(block[label], np.float64) > -90 if label in block else np.ones(len(block), np.bool_)
    return found


def of_model(path: Path, halves: tuple[Path, ...] = ()) -> list[CurveSheet]:
    """FSC of half maps, signal to noise and power of each class, and the noise of each group, out of a model file."""
    file = rounds.whole(path)
    classes = [block for block in file if block.name.startswith("model_class_") and "rlnResolution" in block]
    sheets = []
    gold = [
        fsc_curve(_class_name(block, len(classes)), _frequency(block), block["rlnGoldStandardFsc"])
        for block in classes[:MOST_CLASSES]
        if "rlnGoldStandardFsc" in block and np.any(np.nan_to_num(np.asarray(block["rlnGoldStandardFsc"], np.float64)) > 0)
    ]
    if gold:
        sentence = "Between the two half maps of this iteration, without the mask of post-processing."
        sheets.append(_fsc_sheet("fsc", "FSC of the half maps", gold, sentence, []))
    for kind, label, title, unit in (
        ("ssnr", "rlnSsnrMap", "Signal to noise by class", ""),
        ("tau2", "rlnReferenceTau2", "Power of the references", ""),
    ):
        sheets.extend(_by_class(classes, kind, label, title, unit))
    sheets.extend(_noise(file))
    return sheets


def _by_class(classes: list[Block], kind: str, label: str, title: str, unit: str) -> list[CurveSheet]:
    curves = [
        curve(_class_name(block, len(classes)), _frequency(block), _positive(block[label]), unit_x="1/Å", unit_y=unit)
        for block in classes[:MOST_CLASSES]
        if label in block
    ]
    if not curves:
        return []
    more = f"The first {MOST_CLASSES} of {len(classes)} classes." if len(classes) > MOST_CLASSES else ""
    lines = [CurveThreshold(axis="y", at=1.0, label="1")] if kind == "ssnr" else []
    y = AxisData(name="Signal to noise" if kind == "ssnr" else "Power", kind="log")
    return [CurveSheet(kind=kind, title=title, x=frequency_axis(), y=y, curves=curves, thresholds=lines, sentence=more)]


def _noise(file: StarFile) -> list[CurveSheet]:
    blocks = [block for block in file if block.name.startswith("model_optics_group_") and "rlnSigma2Noise" in block]
    word = "optics group" if blocks else "group"
    blocks = blocks or [block for block in file if block.name.startswith("model_group_") and "rlnSigma2Noise" in block]
    curves = [
        curve(f"{word} {block.name.rpartition('_')[2]}", _frequency(block), _positive(block["rlnSigma2Noise"]), unit_x="1/Å")
        for block in blocks[:MOST_CLASSES]
    ]
    if not curves:
        return []
    more = f"The first {MOST_CLASSES} of {len(blocks)} groups." if len(blocks) > MOST_CLASSES else ""
    y = AxisData(name="Noise power", kind="log")
    return [CurveSheet(kind="noise", title=f"Noise by {word}", x=frequency_axis(), y=y, curves=curves, sentence=more)]


def _class_name(block: Block, count: int) -> str:
    return f"class {block.name.rpartition('_')[2]}" if count > 1 else "half maps"


def _frequency(block: Block) -> NDArray[np.float64]:
    """Frequencies of the shells in 1/Å; RELION writes 1/999 for the first, which is 0."""
    found = np.asarray(block["rlnResolution"], np.float64)
    return np.where(found < 1 / NO_RESOLUTION_A * 1.01, 0.0, found) if len(found) > 1 and found[1] > 1.5 * found[0] else found


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """For a logarithmic axis: what is nothing beside the largest value is left out."""
    found = np.asarray(values, np.float64)
    return np.where(found > 1e-8 * np.nanmax(found, initial=0.0), found, np.nan)


def of_frames(path: Path) -> list[CurveSheet]:
    """B-factor and scale of each movie frame, from a polishing's bfactors.star."""
    for block in rounds.whole(path):
        frame = next((label for label in block.columns if "Frame" in label), None)
        if block.loop and frame and "rlnBfactorUsedForSharpening" in block:
            x = np.asarray(block[frame], np.float64)
            curves = [curve("B-factor", x, block["rlnBfactorUsedForSharpening"], unit_y="Å²")]
            right = None
            if "rlnFittedInterceptGuinierPlot" in block:
                scale = curve("ln(scale)", x, block["rlnFittedInterceptGuinierPlot"])
                curves.append(scale.model_copy(update={"right": True}))
                right = AxisData(name="ln(scale)")
            y = AxisData(name="B-factor", unit="Å²")
            return [
                CurveSheet(kind="frames", title="B-factor by frame", x=AxisData(name="Frame"), y=y, right=right, curves=curves)
            ]
    return []
