"""Movement of a specimen while a movie is taken: a whole-frame path and a smooth local field, as RELION's motion files say it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import star
from vitreous.files.star_blocks import StarFile, list_block, loop_block
from vitreous.simulation.settings import Camera, Microscope, Motion

Array = NDArray[np.float64]
SETTLING_E_A2 = 5.0  # the fast movement of the first frames dies out with this dose


@dataclass(frozen=True)
class Track:
    """Where the specimen goes, in pixels of the frame.

    path_px (frames, 2): whole-frame displacement x, y at the middle of each frame, 0 at the first. local (2, 3, 6): for x and y
    the coefficients of z, z2, z3 (z = frame - first) of each spatial term (1, x, x2, y, y2, xy; x, y = pixel / size - 0.5).
    A displacement is the movement of the specimen; the shifts that motion files hold undo it and have the other sign.
    """

    path_px: Array
    local: Array

    def __len__(self) -> int:
        return len(self.path_px)

    def local_terms_px(self, frame: float) -> Array:
        """(2, 6) coefficients of the local displacement at a frame."""
        return np.asarray(np.einsum("dpt,p->dt", self.local, np.array([frame, frame**2, frame**3])))

    def at(self, frame: int, x: Array, y: Array) -> Array:
        """The whole displacement (..., 2) in pixels of places x, y given from -0.5 to 0.5."""
        terms = np.stack([np.ones_like(x), x, x**2, y, y**2, x * y], axis=-1)
        return np.asarray(self.path_px[frame] + terms @ self.local_terms_px(frame).T)

    def blur_px(self, frame: int) -> Array:
        """(2,) the path travelled during a frame."""
        if len(self) < 2:
            return np.zeros(2)
        return np.asarray(np.gradient(self.path_px, axis=0)[frame])


def random_track(motion: Motion, camera: Camera, generator: np.random.Generator) -> Track:
    """A fast start that dies out, then a slow drift with jitter; the local field opens like a dome, with the same course."""
    dose = (np.arange(camera.frames) + 0.5) * camera.dose_e_A2 / camera.frames
    course = 1 - np.exp(-dose / SETTLING_E_A2)
    toward, drift = generator.normal(size=2), generator.normal(size=2)
    length_px = motion.drift_A / camera.pixel_size_A
    path = 0.6 * length_px * course[:, None] * toward / np.linalg.norm(toward)
    path = path + 0.4 * length_px * (dose / 40.0)[:, None] * drift
    path = path + np.cumsum(generator.normal(0, 0.01 * length_px, path.shape), axis=0)
    z = np.arange(camera.frames, dtype=np.float64)
    powers = np.stack([z, z**2, z**3], axis=1)
    fitted = np.linalg.lstsq(powers, course - course[0], rcond=None)[0] if camera.frames > 3 else np.zeros(3)
    dome = generator.normal(0, 1) * np.array([[0, 1, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0]])
    spatial = dome + generator.normal(0, 0.4, (2, 6)) * np.array([0, 1, 1.4, 1, 1.4, 1.4])
    spatial *= 1.3 * motion.local_A / camera.pixel_size_A
    return Track(path - path[0], np.einsum("p,dt->dpt", fitted, spatial))


def read_track(path: Path, camera: Camera) -> Track:
    """A track out of a motion STAR file of RELION's, stretched to the camera's frames and its pixel size.

    Shifts are scaled by the ratio of pixel sizes; if the file has another number of frames its course is resampled.
    """
    try:
        general = star.read_list(path, "general")
        file = star.read(path)
        shifts = file["global_shift"]
        found = np.stack([np.asarray(shifts[f"rlnMicrographShift{axis}"], np.float64) for axis in "XY"], axis=1)
        scale = float(general["rlnMicrographOriginalPixelSize"]) / camera.pixel_size_A
    except KeyError as error:
        raise UserError(f"{path} is not a motion STAR file: it has no {error.args[0]}") from error
    places = np.linspace(0, len(found) - 1, camera.frames)
    path_px = -scale * np.stack([np.interp(places, np.arange(len(found)), found[:, i]) for i in range(2)], axis=1)
    stretch = (len(found) - 1) / max(camera.frames - 1, 1)
    local = np.zeros((2, 3, 6))
    if "local_motion_model" in file:
        coefficients = np.asarray(file["local_motion_model"]["rlnMotionModelCoeff"], np.float64)
        if len(coefficients) == 36:  # (axis, spatial term, power of z)
            local = -scale * coefficients.reshape(2, 6, 3).transpose(0, 2, 1) * stretch ** np.array([1, 2, 3])[:, None]
    return Track(path_px - path_px[0], local)


def write_track(path: Path, track: Track, *, movie: str, camera: Camera, microscope: Microscope, gain: str) -> None:
    """The truth of a movie's motion as the motion STAR file that a perfect motion correction would leave."""
    general = {
        "rlnImageSizeX": camera.width,
        "rlnImageSizeY": camera.height,
        "rlnImageSizeZ": camera.frames,
        "rlnMicrographMovieName": movie,
        "rlnMicrographGainName": gain,
        "rlnMicrographBinning": 1.0,
        "rlnMicrographOriginalPixelSize": camera.pixel_size_A,
        "rlnMicrographDoseRate": camera.dose_e_A2 / camera.frames,
        "rlnMicrographPreExposure": 0.0,
        "rlnVoltage": microscope.voltage_kV,
        "rlnMicrographStartFrame": 1,
        "rlnMotionModelVersion": 1,
    }
    undo = -track.path_px + 0.0
    shifts = {
        "rlnMicrographFrameNumber": np.arange(1, len(track) + 1),
        "rlnMicrographShiftX": undo[:, 0],
        "rlnMicrographShiftY": undo[:, 1],
    }
    coefficients = -track.local.transpose(0, 2, 1).ravel() + 0.0
    model = {"rlnMotionModelCoeffsIdx": np.arange(36), "rlnMotionModelCoeff": coefficients}
    blocks = [list_block("general", general), loop_block("global_shift", shifts), loop_block("local_motion_model", model)]
    star.write(path, StarFile(blocks))
