"""The camera: sensitivity of its pixels, defects, and counting electrons."""

from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vitreous.files import mrc
from vitreous.files.atomic import write_text
from vitreous.simulation.settings import Camera

_PIECE = 30.0  # a Poisson number of a larger mean is a sum of such


@dataclass(frozen=True)
class Sensor:
    """sensitivity (y, x): counts for each electron, 0 where dead; hot (y, x): counts that come by themselves in a frame."""

    sensitivity: NDArray[np.float32]
    hot: NDArray[np.float32]
    dead_columns: tuple[int, ...]

    @property
    def gain(self) -> NDArray[np.float32]:
        """What a frame is multiplied with; 0 where the pixel is dead."""
        return np.divide(1, self.sensitivity, out=np.zeros_like(self.sensitivity), where=self.sensitivity > 0)


def make_sensor(camera: Camera, seed: int) -> Sensor:
    """A sensor of pixels that differ by themselves, by column, by tile of 128 columns and slowly over the field."""
    rng = np.random.default_rng(seed)
    shape = (camera.height, camera.width)
    slow = ndimage.zoom(rng.normal(size=(4, 4)), (shape[0] / 4, shape[1] / 4), order=3, mode="nearest", grid_mode=True)
    tiles = np.repeat(rng.normal(size=shape[1] // 128 + 1), 128)[: shape[1]]
    pattern = 0.7 * rng.normal(size=shape) + 0.3 * rng.normal(size=shape[1]) + 0.4 * tiles + 0.5 * slow
    sensitivity = np.clip(1 + camera.gain_spread * pattern, 0.3, 1.7)
    sensitivity /= sensitivity.mean()
    dead = tuple(sorted(int(c) for c in rng.choice(shape[1], camera.dead_lines, replace=False)))
    sensitivity[:, dead] = 0
    hot = np.zeros(shape, np.float32)
    per_frame = camera.dose_e_A2 * camera.pixel_size_A**2 / camera.frames
    for _ in range(camera.hot_pixels):
        hot[rng.integers(shape[0]), rng.integers(shape[1])] = (5 + per_frame) * rng.uniform(3, 15)
    return Sensor(sensitivity.astype(np.float32), hot, dead)


def write_sensor(folder: Path, sensor: Sensor, camera: Camera) -> None:
    """gain.mrc, in the order of rows of the frames as read, and defects.txt: x y width height of each dead block.

    Frames are multiplied with the gain; for EER it is the sensitivity instead, by which they are divided.
    """
    gain = sensor.sensitivity if camera.format == "eer" else sensor.gain
    mrc.write_image(folder / "gain.mrc", gain, pixel_size_A=camera.pixel_size_A)
    write_text(folder / "defects.txt", "".join(f"{x} 0 1 {camera.height}\n" for x in sensor.dead_columns))


@numba.njit(nogil=True)
def _mixed(state: np.uint64) -> np.uint64:
    """One step of the splitmix64 generator: a well-mixed 64-bit number of any counter."""
    z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(cache=True, nogil=True)
def _count(mean: NDArray[np.float32], seed: int, out: NDArray[np.uint16]) -> None:
    """A Poisson number for each mean, by inversion; the numbers depend on seed and place only."""
    golden = np.uint64(0x9E3779B97F4A7C15)
    for i in range(mean.size):
        state = _mixed(np.uint64(seed) + golden * np.uint64(i + 1))
        left, total = float(mean.flat[i]), 0
        while left > 0:
            part = min(left, _PIECE)
            left -= part
            state += golden
            uniform = (_mixed(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
            number, term = 0, np.exp(-part)
            reached = term
            while uniform > reached and number < 250:
                number += 1
                term *= part / number
                reached += term
            total += number
        out.flat[i] = min(total, 65535)


def count_electrons(mean: NDArray[np.float32], seed: int) -> NDArray[np.uint16]:
    """Counts (y, x) for expected counts; the same seed gives the same counts."""
    out = np.empty(mean.shape, np.uint16)
    _count(np.ascontiguousarray(mean, np.float32), seed, out)
    return out


def expected_counts(contrast: NDArray[np.float32], sensor: Sensor, camera: Camera) -> NDArray[np.float32]:
    """Mean counts of a frame: dose x area x sensitivity x (1 - contrast), and what hot pixels add."""
    electrons = np.float32(camera.dose_e_A2 / camera.frames * camera.pixel_size_A**2)
    return np.asarray(electrons * sensor.sensitivity * np.maximum(1 - contrast, 0) + sensor.hot, np.float32)


def electrons_of(mean: NDArray[np.float32], seed: int) -> NDArray[np.int64]:
    """Where single electrons of an EER frame land: (n, 2) y and x in quarters of a pixel, in rising order of pixels.

    A pixel reports one electron a frame at most, as the real camera does; the place within it is random.
    """
    counts = count_electrons(mean, seed)
    y, x = np.nonzero(counts)
    quarters = np.random.default_rng(seed).integers(0, 4, (2, len(y)))
    return np.stack([4 * y + quarters[0], 4 * x + quarters[1]], axis=1)
