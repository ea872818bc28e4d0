"""RELION's files of one iteration of 2D classification, run_itNNN_{data,model,sampling,optimiser}.star and _classes.mrcs.

Spectra here are those of unnormalised transforms; RELION divides its transforms by N^2, so its powers by N^4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import chain, mrc, optimiser, star
from vitreous.files.star_blocks import StarFile, list_block, loop_block
from vitreous.tables.table import Table

Real = NDArray[Any]


_CHANGES = {
    "angle_deg": "rlnChangesOptimalOrientations",
    "offset_A": "rlnChangesOptimalOffsets",
    "classes": "rlnChangesOptimalClasses",
}


@dataclass(frozen=True)
class Iteration2D:
    """Plain values of one iteration. references (K, N, N); tau2, ssnr, sigma2 by shell 0 .. N / 2, in rows.

    sigma2 is as RELION understands it, of masked images, a row an optics group; group_noise (groups,) is the row of each
    group of group_names, whose number (from 1) particles carry as group_number: RELION 3.1 keeps noise by micrograph.
    options are further lines of the optimiser, by RELION's labels; changes of poses since the iteration before: angle_deg,
    offset_A, classes.
    """

    iteration: int
    iterations: int
    references: Real
    pixel_size_A: float
    shares: Real
    ssnr: Real
    tau2: Real
    sigma2: Real
    group_names: Sequence[str]
    group_sizes: Real
    group_scales: Real
    group_noise: Real
    accuracy_deg: Real
    accuracy_A: Real
    offsets_A: Real
    particles: Table
    shells: int
    regularisation: float
    offset_sigma_A: float
    mean_norm: float
    log_likelihood: float
    mean_pmax: float
    psi_step_deg: float
    offset_range_A: float
    offset_step_A: float
    command: str
    seed: int
    options: dict[str, Any]
    changes: Mapping[str, float]


def write(folder: Path, values: Iteration2D) -> None:
    """Write the five files; the optimiser last, as the sign that the iteration is whole."""
    name = chain.start_of(folder, values.iteration)
    mrc.write_stack(f"{name}_classes.mrcs", values.references, pixel_size_A=values.pixel_size_A)
    star.write_table(f"{name}_data.star", values.particles)
    star.write(f"{name}_model.star", StarFile(_model(name, values)))
    star.write(f"{name}_sampling.star", StarFile([_sampling(values)]))
    optimiser.write(f"{name}_optimiser.star", _optimiser(folder, name, values), command=values.command)


def _frequencies(values: Iteration2D) -> dict[str, Real]:
    box = values.references.shape[-1]
    shell = np.arange(box // 2 + 1)
    frequency = shell / (box * values.pixel_size_A)
    return {
        "rlnSpectralIndex": shell,
        "rlnResolution": frequency,
        "rlnAngstromResolution": np.where(shell > 0, 1 / np.maximum(frequency, 1e-12), 999.0),
    }


def _resolutions_A(values: Iteration2D) -> Real:
    """Where the SSNR of each class first falls below one."""
    box = values.references.shape[-1]
    good = values.ssnr[:, 1:] >= 1
    count = np.where(good.all(1), good.shape[1], np.argmin(good, axis=1))
    return np.where(count > 0, box * values.pixel_size_A / np.maximum(count, 1), 999.0)


def _completeness(values: Iteration2D) -> Real:
    """The part of the scored pixels of each class's transform where the signal is above the noise."""
    shell = np.arange(values.shells + 1)
    share: Real = (values.ssnr[:, : values.shells + 1] >= 1) @ shell / shell.sum()
    return share


def _model(name: str, values: Iteration2D) -> list[Any]:
    box, classes = values.references.shape[-1], len(values.references)
    scale = float(box) ** 4
    resolutions = _resolutions_A(values)
    general = {
        "rlnReferenceDimensionality": 2,
        "rlnDataDimensionality": 2,
        "rlnOriginalImageSize": box,
        "rlnCurrentResolution": f"{resolutions.min():.6f}",
        "rlnCurrentImageSize": min(box, 2 * values.shells + 2),
        "rlnPaddingFactor": "2.000000",
        "rlnIsHelix": 0,
        "rlnFourierSpaceInterpolator": 1,
        "rlnMinRadiusNnInterpolation": 10,
        "rlnPixelSize": f"{values.pixel_size_A:.6f}",
        "rlnNrClasses": classes,
        "rlnNrBodies": 1,
        "rlnNrGroups": len(values.group_names),
        "rlnTau2FudgeFactor": f"{values.regularisation:.6f}",
        "rlnNormCorrectionAverage": f"{values.mean_norm:.9f}",
        "rlnSigmaOffsetsAngst": f"{values.offset_sigma_A:.9f}",
        "rlnOrientationalPriorMode": 0,
        "rlnSigmaPriorRotAngle": "0.000000",
        "rlnSigmaPriorTiltAngle": "0.000000",
        "rlnSigmaPriorPsiAngle": "0.000000",
        "rlnLogLikelihood": f"{values.log_likelihood:.6e}",
        "rlnAveragePmax": f"{values.mean_pmax:.6f}",
    }
    table = {
        "rlnReferenceImage": [f"{i + 1:06d}@{name}_classes.mrcs" for i in range(classes)],
        "rlnClassDistribution": values.shares,
        "rlnAccuracyRotations": values.accuracy_deg,
        "rlnAccuracyTranslationsAngst": values.accuracy_A,
        "rlnEstimatedResolution": resolutions,
        "rlnOverallFourierCompleteness": _completeness(values),
        "rlnClassPriorOffsetX": values.offsets_A[:, 0],
        "rlnClassPriorOffsetY": values.offsets_A[:, 1],
    }
    blocks = [list_block("model_general", general), loop_block("model_classes", table)]
    return blocks + _class_spectra(values, scale) + _groups(values, scale)


def _class_spectra(values: Iteration2D, scale: float) -> list[Any]:
    made = []
    for k, (ssnr, tau2) in enumerate(zip(values.ssnr, values.tau2)):
        noise = np.divide(values.regularisation * tau2, ssnr, out=np.zeros_like(tau2), where=ssnr > 0)
        columns = {
            **_frequencies(values),
            "rlnSsnrMap": ssnr,
            "rlnGoldStandardFsc": np.zeros_like(ssnr),
            "rlnFourierCompleteness": (ssnr >= 1).astype(float),
            "rlnReferenceSigma2": noise / scale,
            "rlnReferenceTau2": tau2 / scale,
            "rlnSpectralOrientabilityContribution": np.zeros_like(ssnr),
        }
        made.append(loop_block(f"model_class_{k + 1}", columns))
    return made


def _groups(values: Iteration2D, scale: float) -> list[Any]:
    count = len(values.group_names)
    table = {
        "rlnGroupNumber": np.arange(1, count + 1),
        "rlnGroupName": list(values.group_names),
        "rlnGroupNrParticles": np.asarray(values.group_sizes),
        "rlnGroupScaleCorrection": np.asarray(values.group_scales),
    }
    frequency = _frequencies(values)
    del frequency["rlnAngstromResolution"]
    noise = [
        loop_block(f"model_group_{i + 1}", {**frequency, "rlnSigma2Noise": values.sigma2[row] / scale})
        for i, row in enumerate(values.group_noise)
    ]
    return [loop_block("model_groups", table), *noise]


def _sampling(values: Iteration2D) -> Any:
    steps = {
        "rlnPsiStep": f"{values.psi_step_deg:.6f}",
        "rlnOffsetRange": f"{values.offset_range_A:.6f}",
        "rlnOffsetStep": f"{values.offset_step_A:.6f}",
    }
    lines = {
        "rlnIs3DSampling": 0,
        "rlnIs3DTranslationalSampling": 0,
        **steps,
        "rlnHelicalOffsetStep": "-1.00000",
        "rlnSamplingPerturbInstance": "0.000000",
        "rlnSamplingPerturbFactor": "0.500000",
        "rlnHealpixOrderOriginal": 2,
        **{f"{label}Original": value for label, value in steps.items()},
    }
    return list_block("sampling_general", lines)


def _optimiser(folder: Path, name: str, values: Iteration2D) -> dict[str, Any]:
    return {
        "rlnOutputRootName": name.rpartition("_it")[0],
        "rlnModelStarFile": f"{name}_model.star",
        "rlnExperimentalDataStarFile": f"{name}_data.star",
        "rlnOrientSamplingStarFile": f"{name}_sampling.star",
        "rlnCurrentIteration": values.iteration,
        "rlnNumberOfIterations": values.iterations,
        "rlnRandomSeed": values.seed % 2**31,
        "rlnDoCorrectNorm": 1,
        "rlnBestResolutionThusFar": f"{1 / _resolutions_A(values).min():.6f}",
        "rlnOverallAccuracyRotations": f"{values.accuracy_deg.min():.6f}",
        "rlnOverallAccuracyTranslationsAngst": f"{values.accuracy_A.min():.6f}",
        **{_CHANGES[name]: f"{value:.6f}" for name, value in values.changes.items()},
        **values.options,
    }


@dataclass(frozen=True)
class Restored2D:
    """What was read back, in the units of unnormalised transforms; noise_by_group: a row of sigma2 for each group of
    group_names, as RELION 3.1 has it; else for each optics group."""

    references: Real
    shares: Real
    ssnr: Real
    tau2: Real
    sigma2: Real
    noise_by_group: bool
    group_names: Sequence[str]
    group_scales: Real
    particles: Table
    shells: int
    offset_sigma_A: float
    mean_norm: float
    log_likelihood: float
    mean_pmax: float


def read(folder: Path, iteration: int) -> Restored2D:
    """Read an iteration back, ours or RELION's."""
    name = chain.start_of(folder, iteration)
    model = Path(optimiser.read(f"{name}_optimiser.star")["rlnModelStarFile"])
    if not model.is_file():
        model = Path(f"{name}_model.star")
    file = star.read(model)
    if "model_general" not in file:
        raise UserError(f"{model} is no model of a classification: the block data_model_general is missing")
    general = file["model_general"].values
    classes, groups = int(general["rlnNrClasses"]), int(general["rlnNrGroups"])
    scale = float(general["rlnOriginalImageSize"]) ** 4

    def spectra(block: str, count: int, label: str) -> Real:
        return np.stack([np.asarray(file[f"{block}_{i + 1}"][label], float) for i in range(count)])

    noise = "model_optics_group" if "model_optics_group_1" in file else "model_group"
    count = groups if noise == "model_group" else int(general["rlnNrOpticsGroups"])
    return Restored2D(
        references=mrc.read_stack(model.with_name(model.name.replace("_model.star", "_classes.mrcs")))[0],
        shares=np.asarray(file["model_classes"]["rlnClassDistribution"], float),
        ssnr=spectra("model_class", classes, "rlnSsnrMap"),
        tau2=spectra("model_class", classes, "rlnReferenceTau2") * scale,
        sigma2=spectra(noise, count, "rlnSigma2Noise") * scale,
        noise_by_group=noise == "model_group",
        group_names=[str(name) for name in file["model_groups"]["rlnGroupName"]] if "model_groups" in file else [],
        group_scales=np.asarray(file["model_groups"]["rlnGroupScaleCorrection"] if "model_groups" in file else [], float),
        particles=star.read_table(f"{name}_data.star", "particles"),
        shells=int(general["rlnCurrentImageSize"]) // 2 - 1,
        offset_sigma_A=float(general["rlnSigmaOffsetsAngst"]),
        mean_norm=float(general["rlnNormCorrectionAverage"]),
        log_likelihood=float(general["rlnLogLikelihood"]),
        mean_pmax=float(general["rlnAveragePmax"]),
    )
