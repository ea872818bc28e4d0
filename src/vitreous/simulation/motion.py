"""Movement of a specimen while a movie is taken: a whole-frame path and a smooth local field, as RELION's motion files say it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import motion as motion_file
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
    found = motion_file.read(path)
    if len(found.shifts_px) < 2 or not found.pixel_size_A:
        raise UserError(f"{path} has the shifts of fewer than two frames, or no pixel size: choose another motion file")
    scale = -found.pixel_size_A / camera.pixel_size_A
    last = len(found.shifts_px) - 1
    places = np.linspace(0, last, camera.frames)
    course = np.stack([np.interp(places, np.arange(last + 1), found.shifts_px[:, i]) for i in range(2)], axis=1)
    local = np.zeros((2, 3, 6))
    if found.coefficients is not None:  # (axis, spatial term, power of z)
        stretch = last / max(camera.frames - 1, 1)
        local = scale * found.coefficients.reshape(2, 6, 3).transpose(0, 2, 1) * stretch ** np.array([1, 2, 3])[:, None]
    return Track(scale * (course - course[0]), local)


def write_track(path: Path, track: Track, *, movie: str, camera: Camera, microscope: Microscope, gain: str) -> None:
    """The truth of a movie's motion as the motion STAR file that a perfect motion correction would leave."""
    perfect = motion_file.Motion(
        movie=movie,
        gain=gain,
        shape=(camera.frames, camera.height, camera.width),
        pixel_size_A=camera.pixel_size_A,
        voltage_kV=microscope.voltage_kV,
        binning=1.0,
        dose_per_frame_e_A2=camera.dose_e_A2 / camera.frames,
        pre_exposure_e_A2=0.0,
        first_frame=1,
        shifts_px=-track.path_px + 0.0,
        coefficients=-track.local.transpose(0, 2, 1).reshape(2, 18) + 0.0,
        bad_px=np.zeros((0, 2), np.intp),
    )
    motion_file.write(path, perfect)
