"""The files of a 3D refinement as RELION 3.1 names and fills them: model, sampling and optimiser STARs of plain values.

Spectra come in the units of unnormalised transforms and are divided by N^4 on the way out, multiplied on the way in:
RELION's transforms are divided by the number of pixels.
"""

import os
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.files import mrc, star
from vitreous.files.star_blocks import StarFile, list_block, loop_block

Path = str | os.PathLike[str]
Curve = NDArray[np.float64]


@dataclass(frozen=True)
class MapModel:
    """One model.star: the file of each class's map, curves by shell (0..N/2) and the noise of each group of images.

    signal_to_noise, map_noise (1 / mean weight), for all classes or (classes, shells); fsc; noise (groups, shells);
    group_sizes particles in each group, whose signal is group_scales (None: 1) times the maps'. trust is T; padding that of
    the maps' transforms.
    """

    map_paths: Sequence[str]
    box: int
    pixel_size_A: float
    resolution_A: float
    reach: int
    signal_to_noise: Curve
    fsc: Curve
    map_noise: Curve
    noise: Curve
    group_names: Sequence[str]
    group_sizes: Sequence[int]
    sigma_origin_A: float
    mean_pmax: float
    log_likelihood: float
    directions: int
    local_sigma_deg: float = 0.0
    shares: Sequence[float] = (1.0,)
    group_scales: Sequence[float] | Curve | None = None
    accuracy_deg: float = 999.0
    accuracy_A: float = 999.0
    trust: float = 1.0
    resolutions_A: Sequence[float] = ()
    accuracies: Sequence[tuple[float, float]] = ()
    padding: int = 2

    def of(self, curve: Curve, number: int) -> Curve:
        """The curve of a class (from 0), continued to Nyquist: (classes, shells) hold one each, (shells,) one for all."""
        return _fitted(curve[number] if curve.ndim == 2 else curve, self.box // 2 + 1)


def _fitted(curve: Curve, length: int) -> Curve:
    """The curve cut or continued by its last value to `length` shells."""
    return np.concatenate([curve[:length], np.full(max(0, length - len(curve)), curve[-1])])


def write_model(path: Path, model: MapModel) -> None:
    """Write a model.star."""
    length = model.box // 2 + 1
    shell = np.arange(length)
    frequency = shell / (model.box * model.pixel_size_A)
    angstrom = np.where(shell > 0, 1.0 / np.maximum(frequency, 1e-12), 999.0)
    scale = float(model.box) ** 4
    blocks = [list_block("model_general", _general(model))]
    blocks.append(loop_block("model_classes", _classes(model)))
    classes = range(1, len(model.map_paths) + 1)
    for number in classes:
        map_noise, ratio = model.of(model.map_noise, number - 1) / scale, model.of(model.signal_to_noise, number - 1)
        curves = {
            "rlnSpectralIndex": shell,
            "rlnResolution": frequency,
            "rlnAngstromResolution": angstrom,
            "rlnSsnrMap": ratio,
            "rlnGoldStandardFsc": _fitted(model.fsc, length),
            "rlnFourierCompleteness": (ratio >= 1.0).astype(float),
            "rlnReferenceSigma2": map_noise,
            "rlnReferenceTau2": ratio * map_noise,
            "rlnSpectralOrientabilityContribution": np.zeros(length),
        }
        blocks.append(loop_block(f"model_class_{number}", curves))
    groups = len(model.group_names)
    columns = {
        "rlnGroupNumber": np.arange(1, groups + 1),
        "rlnGroupName": list(model.group_names),
        "rlnGroupNrParticles": np.asarray(model.group_sizes),
        "rlnGroupScaleCorrection": np.ones(groups) if model.group_scales is None else np.asarray(model.group_scales),
    }
    blocks.append(loop_block("model_groups", columns))
    for group in range(groups):
        spectrum = {
            "rlnSpectralIndex": shell,
            "rlnResolution": frequency,
            "rlnSigma2Noise": _fitted(model.noise[group], length) / scale,
        }
        blocks.append(loop_block(f"model_group_{group + 1}", spectrum))
    for number, share in zip(classes, model.shares):
        even = np.full(model.directions, share / max(model.directions, 1))
        blocks.append(loop_block(f"model_pdf_orient_class_{number}", {"rlnOrientationDistribution": even}))
    star.write(path, StarFile(blocks))


def _general(model: MapModel) -> dict[str, Any]:
    return {
        "rlnReferenceDimensionality": 3,
        "rlnDataDimensionality": 2,
        "rlnOriginalImageSize": model.box,
        "rlnCurrentResolution": f"{min(model.resolution_A, 999.0):.6f}",
        "rlnCurrentImageSize": min(model.box, 2 * model.reach),
        "rlnPaddingFactor": f"{model.padding:.6f}",
        "rlnIsHelix": 0,
        "rlnFourierSpaceInterpolator": 1,
        "rlnMinRadiusNnInterpolation": 10,
        "rlnPixelSize": f"{model.pixel_size_A:.6f}",
        "rlnNrClasses": len(model.map_paths),
        "rlnNrBodies": 1,
        "rlnNrGroups": len(model.group_names),
        "rlnTau2FudgeFactor": f"{model.trust:.6f}",
        "rlnNormCorrectionAverage": "1.000000",
        "rlnSigmaOffsetsAngst": f"{model.sigma_origin_A:.6f}",
        "rlnOrientationalPriorMode": 1 if model.local_sigma_deg > 0 else 0,
        "rlnSigmaPriorRotAngle": f"{model.local_sigma_deg:.6f}",
        "rlnSigmaPriorTiltAngle": f"{model.local_sigma_deg:.6f}",
        "rlnSigmaPriorPsiAngle": f"{model.local_sigma_deg:.6f}",
        "rlnLogLikelihood": f"{model.log_likelihood:.6e}",
        "rlnAveragePmax": f"{model.mean_pmax:.6f}",
    }


def _classes(model: MapModel) -> dict[str, Any]:
    count = len(model.map_paths)
    ratios = [model.of(model.signal_to_noise, number) for number in range(count)]
    accuracies = model.accuracies or [(model.accuracy_deg, model.accuracy_A)] * count
    return {
        "rlnReferenceImage": list(model.map_paths),
        "rlnClassDistribution": list(model.shares),
        "rlnAccuracyRotations": [turn for turn, _ in accuracies],
        "rlnAccuracyTranslationsAngst": [move for _, move in accuracies],
        "rlnEstimatedResolution": [min(one, 999.0) for one in model.resolutions_A or [model.resolution_A] * count],
        "rlnOverallFourierCompleteness": [float((ratio >= 1.0).mean()) for ratio in ratios],
    }


def read_model(path: Path) -> dict[str, Any]:
    """What a refinement needs to go on: fsc, signal_to_noise, noise (groups, shells), reach, resolution_A, sigma_origin_A,
    group_names and group_scales.

    local_sigma_deg is above zero where angles are searched about the last ones. Models of RELION 3.1 to 5 are read too.
    """
    file = star.read(path)
    general = file["model_general"]
    box = int(general["rlnOriginalImageSize"])
    curves = file["model_class_1"]
    block = "model_optics_group" if "model_optics_group_1" in file else "model_group"
    groups = int(general["rlnNrOpticsGroups" if block == "model_optics_group" else "rlnNrGroups"])
    noise = [np.asarray(file[f"{block}_{g + 1}"]["rlnSigma2Noise"], float) * float(box) ** 4 for g in range(groups)]
    return {
        "box": box,
        "reach": int(general["rlnCurrentImageSize"]) // 2,
        "resolution_A": float(general["rlnCurrentResolution"]),
        "sigma_origin_A": float(general["rlnSigmaOffsetsAngst"]),
        "fsc": np.asarray(curves["rlnGoldStandardFsc"], float),
        "signal_to_noise": np.asarray(curves["rlnSsnrMap"], float),
        "map_noise": np.asarray(curves["rlnReferenceSigma2"], float) * float(box) ** 4,
        "noise": np.stack(noise),
        "pixel_size_A": float(general["rlnPixelSize"]),
        "group_names": [str(name) for name in file["model_groups"]["rlnGroupName"]],
        "group_scales": np.asarray(file["model_groups"]["rlnGroupScaleCorrection"], float),
        "local_sigma_deg": float(general["rlnSigmaPriorRotAngle"]) if int(general["rlnOrientationalPriorMode"]) else 0.0,
    }


def write_sampling(path: Path, *, order: int, group: str, directions: Curve, offset_range_A: float, offset_step_A: float) -> None:
    """Write a sampling.star: HEALPix order before RELION's oversampling, directions (n, 2) = (rot, tilt)."""
    general = {
        "rlnIs3DSampling": 1,
        "rlnIs3DTranslationalSampling": 0,
        "rlnHealpixOrder": order,
        "rlnSymmetryGroup": group,
        "rlnTiltAngleLimit": "-91.000000",
        "rlnPsiStep": f"{60.0 / 2**order:.6f}",
        "rlnOffsetRange": f"{offset_range_A:.6f}",
        "rlnOffsetStep": f"{offset_step_A:.6f}",
        "rlnHelicalOffsetStep": "-1.000000",
        "rlnSamplingPerturbInstance": "0.000000",
        "rlnSamplingPerturbFactor": "0.500000",
    }
    loop = {"rlnAngleRot": directions[:, 0], "rlnAngleTilt": directions[:, 1]}
    star.write(path, StarFile([list_block("sampling_general", general), loop_block("sampling_directions", loop)]))


def write_maps(folder: pathlib.Path, root: str, maps: Mapping[str, Any], *, pixel_size_A: float) -> None:
    """Write maps by their names after the root ("half1_class001", ...): root_half1_class001.mrc, ..."""
    for name, volume in maps.items():
        mrc.write_volume(folder / f"{root}_{name}.mrc", volume, pixel_size_A=pixel_size_A)


def read_maps(folder: pathlib.Path, root: str, names: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Those of the named maps that are there."""
    paths = {name: folder / f"{root}_{name}.mrc" for name in names}
    return {name: mrc.read_volume(path)[0] for name, path in paths.items() if path.is_file()}
