"""Maps made ready for a screen: their numbers, coarser copies in 8 bits, slices and projections; the last few stay in memory."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from vitreous.context import UserError
from vitreous.files import mrc

KEPT_BYTES = 400 << 20
"""Maps in memory, all together; the newest stays, however large."""
AXES = {"z": 0, "y": 1, "x": 2}
BINS = 256
REACH_SD = 30.0
"""Eight bits cover the map from 4 deviations below its mean to this many above, and not more than it holds."""

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Numbers:
    """What is known of a map's values; low and high are those of byte 0 and byte 255."""

    mean: float
    sd: float
    minimum: float
    maximum: float
    low: float
    high: float


@dataclass(frozen=True)
class Volume:
    """A map as (z, y, x) float32, with its voxel size in Å (1 where the file does not know it) and its place in Å."""

    values: Floats
    voxel_A: float
    voxel_known: bool
    origin_A: tuple[float, float, float]

    @cached_property
    def numbers(self) -> Numbers:
        """Mean, deviation and range."""
        flat = self.values.reshape(-1)
        mean = float(flat.mean(dtype=np.float64))
        sd = float(np.sqrt(max(0.0, float(np.dot(flat, flat)) / flat.size - mean**2))) if flat.size else 0.0
        lowest, highest = float(flat.min()), float(flat.max())
        if not np.isfinite([mean, sd, lowest, highest]).all():
            raise UserError("the map holds values that are no numbers (NaN or infinite), so that it cannot be drawn")
        low, high = max(lowest, mean - 4 * sd), min(highest, mean + REACH_SD * sd)
        return Numbers(mean, sd, lowest, highest, low, high if high > low else low + 1.0)

    @cached_property
    def full(self) -> Bytes:
        """All voxels in 8 bits."""
        return as_bytes(self.values, self.numbers)

    @cached_property
    def histogram(self) -> list[int]:
        """Voxels for each byte value; values beyond the 8 bits' range are in the first and last."""
        planes = sum(np.bincount(plane.reshape(-1), minlength=BINS) for plane in self.full)
        return [int(count) for count in np.asarray(planes)]

    def level(self, edge: int, *, low_pass_A: float = 0.0) -> tuple[Bytes, int]:
        """The map with no edge longer than `edge` voxels, by averaging cubes of f voxels; and f. edge 0: as it is."""
        factor = 1 if edge <= 0 else -(-max(self.values.shape) // edge)
        filtered = low_pass_A > 2 * self.voxel_A * factor
        if factor == 1 and not filtered:
            return self.full, 1
        values = self.values if factor == 1 else binned(self.values, factor)
        if filtered:
            values = low_passed(values, low_pass_A / (self.voxel_A * factor))
        return as_bytes(values, self.numbers), factor

    def slice(self, axis: str, k: int) -> Floats:
        """Plane k across an axis: (y, x) for z, (z, x) for y, (z, y) for x."""
        along = AXES[axis]
        if not 0 <= k < self.values.shape[along]:
            raise UserError(f"the map has planes 0 to {self.values.shape[along] - 1} along {axis}; there is no plane {k}")
        return np.asarray(self.values.take(k, axis=along))

    def projection(self, axis: str) -> Floats:
        """The sum along an axis, with rows and columns as in slice."""
        return np.asarray(self.values.sum(axis=AXES[axis], dtype=np.float32))


def as_bytes(values: Floats, numbers: Numbers) -> Bytes:
    """Values as 0 to 255 between low and high, slab by slab so that no second copy of a large map is made."""
    out = np.empty(values.shape, np.uint8)
    scale = np.float32(255.0 / (numbers.high - numbers.low))
    shift = np.float32(0.5) - np.float32(numbers.low) * scale
    plane = np.empty(values.shape[1:], np.float32)
    for k in range(len(values)):
        np.multiply(values[k], scale, out=plane)
        plane += shift
        np.clip(plane, 0, 255, out=plane)
        out[k] = plane
    return out


def binned(values: Floats, factor: int) -> Floats:
    """Means of cubes of factor^3 voxels; cubes at the far faces hold fewer voxels where the edge does not divide."""
    for axis in (0, 1, 2):
        size = values.shape[axis]
        starts = np.arange(0, size, factor)
        counts = np.minimum(factor, size - starts).astype(np.float32)
        shape = [1, 1, 1]
        shape[axis] = len(counts)
        if size % factor == 0:
            parts = [values[(slice(None),) * axis + (slice(i, None, factor),)] for i in range(factor)]
            summed = parts[0].copy()
            for part in parts[1:]:
                summed += part
        else:
            summed = np.add.reduceat(values, starts, axis=axis)
        values = summed / counts.reshape(shape)
    return np.ascontiguousarray(values, np.float32)


def low_passed(values: Floats, cutoff_px: float) -> Floats:
    """A map without what is finer than cutoff_px voxels, with a raised cosine of two shells."""
    frequencies = np.meshgrid(
        *[np.fft.fftfreq(n) for n in values.shape[:2]], np.fft.rfftfreq(values.shape[2]), indexing="ij", sparse=True
    )
    k = np.sqrt(sum(part**2 for part in frequencies))
    width = 2.0 / max(values.shape)
    weight = 0.5 + 0.5 * np.cos(np.pi * np.clip((k - 1 / cutoff_px) / width + 0.5, 0, 1))
    return np.asarray(fft.irfftn(fft.rfftn(values) * weight, values.shape, axes=(0, 1, 2)), np.float32)


def centre_of_mass(volume: Volume, at_A: tuple[float, float, float], *, radius_A: float, level: float) -> NDArray[Any] | None:
    """The centre (x, y, z), in Å from the first voxel, of density above a level in a sphere that moves there until it rests.

    None where nothing in the sphere is above the level.
    """
    here = np.array(at_A[::-1], np.float64) / volume.voxel_A
    reach = radius_A / volume.voxel_A
    shape = np.array(volume.values.shape)
    for _ in range(30):
        first = np.clip(np.floor(here - reach), 0, shape).astype(int)
        stop = np.clip(np.ceil(here + reach) + 1, 0, shape).astype(int)
        part = volume.values[tuple(slice(a, b) for a, b in zip(first, stop))].astype(np.float64)
        places = np.meshgrid(*[np.arange(a, b) for a, b in zip(first, stop)], indexing="ij", sparse=True)
        inside = sum((p - c) ** 2 for p, c in zip(places, here)) <= reach**2
        weight = np.where(inside & (part > level), part - level, 0.0)
        total = weight.sum()
        if total <= 0:
            return None
        there = np.array([float((weight * p).sum() / total) for p in places])
        if np.abs(there - here).max() < 0.02:
            return there[::-1] * volume.voxel_A
        here = there
    return here[::-1] * volume.voxel_A


_kept: "OrderedDict[tuple[str, int, int], Volume]" = OrderedDict()
_door = threading.Lock()
_reading = threading.Lock()


def mark(path: Path) -> tuple[str, int, int]:
    """What tells one state of a file from another: path, time, size."""
    stat = path.stat()
    return str(path), stat.st_mtime_ns, stat.st_size


def volume(path: Path) -> Volume:
    """The map of a file, from memory where it is there and unchanged."""
    key = mark(path)
    with _door:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    with _reading:  # two requests for one map do not read it twice
        with _door:
            if key in _kept:
                return _kept[key]
        found = _read(path)
        with _door:
            _kept[key] = found
            while sum(_bytes(held) for held in _kept.values()) > KEPT_BYTES and len(_kept) > 1:
                _kept.popitem(last=False)
    return found


def _bytes(held: Volume) -> int:
    """Memory of a map with its copy in 8 bits."""
    return held.values.nbytes * 5 // 4


def _read(path: Path) -> Volume:
    header = mrc.read_header(path)
    values, voxel_A = mrc.read_volume(path)
    if values.ndim != 3 or min(values.shape) < 2:
        raise UserError(f"{path.name} is no map: it holds one plane")
    start_A = tuple(n * (voxel_A or 1.0) for n in header.start)
    origin = header.origin_A if any(header.origin_A) else start_A
    return Volume(values, voxel_A if voxel_A > 0 else 1.0, voxel_A > 0, (origin[0], origin[1], origin[2]))
