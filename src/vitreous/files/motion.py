"""The STAR file that motion correction leaves beside each micrograph: shifts of frames, local motion, bad pixels."""

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import star
from vitreous.files.star_blocks import Block, StarFile, list_block, loop_block

VERSION = ("# version 30001", "")
COEFFICIENTS = 36


@dataclass(frozen=True)
class Motion:
    """The motion of one movie, in pixels of its frames.

    shape: frames in the movie, y, x. first_frame counts from 1. shifts_px (frames used, 2): x, y applied to each frame,
    relative to the first used. coefficients (2, 18): the local field of x, then y; None where there is none. bad_px (n, 2): x, y
    of pixels that were repaired.
    """

    movie: str
    gain: str
    shape: tuple[int, int, int]
    pixel_size_A: float
    voltage_kV: float
    binning: float
    dose_per_frame_e_A2: float
    pre_exposure_e_A2: float
    first_frame: int
    shifts_px: NDArray[np.float64]
    coefficients: NDArray[np.float64] | None
    bad_px: NDArray[np.intp]


def write(path: str | os.PathLike[str], motion: Motion) -> None:
    """Write the blocks general, global_shift and, where there is something to say, local_motion_model and hot_pixels."""
    count, height, width = motion.shape
    general = {
        "rlnImageSizeX": str(width),
        "rlnImageSizeY": str(height),
        "rlnImageSizeZ": str(count),
        "rlnMicrographMovieName": motion.movie,
        **({"rlnMicrographGainName": motion.gain} if motion.gain else {}),
        "rlnMicrographBinning": f"{motion.binning:.6f}",
        "rlnMicrographOriginalPixelSize": f"{motion.pixel_size_A:.6f}",
        "rlnMicrographDoseRate": f"{motion.dose_per_frame_e_A2:.6f}",
        "rlnMicrographPreExposure": f"{motion.pre_exposure_e_A2:.6f}",
        "rlnVoltage": f"{motion.voltage_kV:.6f}",
        "rlnMicrographStartFrame": str(motion.first_frame),
        "rlnMotionModelVersion": str(int(motion.coefficients is not None)),
    }
    shifts = {
        "rlnMicrographFrameNumber": motion.first_frame + np.arange(len(motion.shifts_px)),
        "rlnMicrographShiftX": motion.shifts_px[:, 0],
        "rlnMicrographShiftY": motion.shifts_px[:, 1],
    }
    blocks = [list_block("general", general, VERSION), loop_block("global_shift", shifts, VERSION)]
    if motion.coefficients is not None:
        model = {
            "rlnMotionModelCoeffsIdx": np.arange(COEFFICIENTS),
            "rlnMotionModelCoeff": motion.coefficients.reshape(COEFFICIENTS),
        }
        blocks.append(loop_block("local_motion_model", model, VERSION))
    if len(motion.bad_px):
        pixels = {
            "rlnCoordinateX": motion.bad_px[:, 0].astype(np.float64),
            "rlnCoordinateY": motion.bad_px[:, 1].astype(np.float64),
        }
        blocks.append(loop_block("hot_pixels", pixels, VERSION))
    star.write(path, StarFile(blocks))


def read(path: str | os.PathLike[str]) -> Motion:
    """The motion that `write`, or RELION, has written."""
    file = star.read(path)
    for name in ("general", "global_shift"):
        if name not in file:
            raise UserError(f"{path} has no block data_{name}: it is not the motion of a movie; correct the movie again")
    general, shifts = dict(next(iter(file["general"].rows()))), file["global_shift"]

    def number(label: str, otherwise: float = 0.0) -> float:
        return float(general.get(label, otherwise))

    coefficients = None
    if number("rlnMotionModelVersion") == 1 and "local_motion_model" in file:
        values = np.asarray(file["local_motion_model"]["rlnMotionModelCoeff"], np.float64)
        if len(values) != COEFFICIENTS:
            raise UserError(f"{path}: the local motion model has {len(values)} coefficients instead of {COEFFICIENTS}")
        coefficients = values.reshape(2, COEFFICIENTS // 2)
    return Motion(
        movie=str(general.get("rlnMicrographMovieName", "")),
        gain=str(general.get("rlnMicrographGainName", "")),
        shape=(int(number("rlnImageSizeZ")), int(number("rlnImageSizeY")), int(number("rlnImageSizeX"))),
        pixel_size_A=number("rlnMicrographOriginalPixelSize"),
        voltage_kV=number("rlnVoltage"),
        binning=number("rlnMicrographBinning", 1.0),
        dose_per_frame_e_A2=number("rlnMicrographDoseRate"),
        pre_exposure_e_A2=number("rlnMicrographPreExposure"),
        first_frame=int(number("rlnMicrographStartFrame", 1)),
        shifts_px=_columns(shifts, "rlnMicrographShiftX", "rlnMicrographShiftY"),
        coefficients=coefficients,
        bad_px=_bad(file),
    )


def _columns(block: Block, x: str, y: str) -> NDArray[np.float64]:
    return np.stack([np.asarray(block[x], np.float64), np.asarray(block[y], np.float64)], axis=1)


def _bad(file: StarFile) -> NDArray[np.intp]:
    if "hot_pixels" not in file or not len(file["hot_pixels"]):
        return np.zeros((0, 2), np.intp)
    return _columns(file["hot_pixels"], "rlnCoordinateX", "rlnCoordinateY").astype(np.intp)
