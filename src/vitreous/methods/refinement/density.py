"""Real-space maps <-> padded half transforms ("cubes", slices.py) with the correction for trilinear interpolation."""

import functools
import threading
import zlib
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.conventions import PADDING
from vitreous.maths.fourier import wrapped
from vitreous.maths.kernels.project import gridding_correction

HELD_BYTES = 300e6  # of cubes that are kept for the next who asks for them
_lock = threading.Lock()
_held: dict[tuple[int, int, int, int, int], NDArray[np.complex64]] = {}
jit: Any = numba.njit(cache=True, nogil=True, error_model="numpy")


def gridding(box: int, padding: int = PADDING) -> torch.Tensor:
    """What trilinear interpolation on the padded grid multiplies a map (box, box, box) by."""
    line = gridding_correction(box, padding * box)
    return (line[:, None, None] * line[:, None] * line).to(torch.float32)


def empty_cube(reach: int, padding: int = PADDING) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Zero data and weight cubes for shells up to `reach` of the unpadded box; padding 1 takes an eighth of the memory of 2."""
    half = padding * reach + 2
    shape = (2 * half + 1, 2 * half + 1, half + 2)
    return np.zeros(shape, np.complex64), np.zeros(shape, np.float32)


def to_cube(volume: NDArray[np.float32], reach: int, padding: int = PADDING) -> NDArray[np.complex64]:
    """The cube of a map (box, box, box) for projection up to shell `reach`, corrected for trilinear reading.

    A slice read from it is the unnormalised centred transform of the map's projection (sum along the view). The transform
    of a small cube goes axis by axis, so that neither rows of zeros nor frequencies beyond the cube are worked on. The last
    cubes are kept, by the map's content: they are read, never written to.
    """
    content = np.ascontiguousarray(volume, np.float32)
    key = (zlib.crc32(content.data), zlib.adler32(content.data), content.shape[0], reach, padding)
    with _lock:
        cube = _held.get(key)
    if cube is None:
        cube = _cube_of(content, reach, padding)
        with _lock:
            _held[key] = cube
            while sum(held.nbytes for held in _held.values()) > HELD_BYTES:
                _held.pop(next(iter(_held)))
    return cube


def _cube_of(volume: NDArray[np.float32], reach: int, padding: int) -> NDArray[np.complex64]:
    cube, _ = empty_cube(reach, padding)
    box, half = volume.shape[0], (cube.shape[0] - 1) // 2
    padded = padding * box
    fit = min(half, (padded - 1) // 2)  # of an even padded box the Nyquist line stays out
    made = torch.from_numpy(volume) / gridding(box, padding)
    inner = slice(half - fit, half + fit + 1)
    into = torch.from_numpy(cube)[inner, inner, : fit + 1]
    whole = 3 * fit > padded
    if whole:  # most of the transform is wanted: all axes at once are quicker
        made = torch.fft.rfftn(wrapped(made, (padded,) * 3))[:, :, : fit + 1]
    else:
        made = torch.fft.rfft(_padded(made, 2, padded), dim=2)[:, :, : fit + 1]
        made = torch.fft.fft(_padded(made, 1, padded), dim=1)
        made = torch.fft.fft(_padded(_rows(made, 1, fit, fit + 1), 0, padded), dim=0)
    for z in _parts(fit, padded):
        for y in _parts(fit, padded if whole else None):
            into[z[0], y[0]] = made[z[1], y[1]]
    return cube


def _parts(fit: int, length: int | None) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where -fit..fit rising lies in an axis of 2 fit + 1, and in one of this length with 0 first (None: in another rising)."""
    if length is None:
        return (slice(0, fit), slice(0, fit)), (slice(fit, None), slice(fit, None))
    return (slice(0, fit), slice(length - fit, length)), (slice(fit, 2 * fit + 1), slice(0, fit + 1))


def from_cube(cube: NDArray[np.complex64], box: int, padding: int = PADDING) -> NDArray[np.float32]:
    """The map (box, box, box) of a cube made by insertion, corrected for trilinear insertion; to_cube's inverse in scale."""
    padded, half = padding * box, (cube.shape[0] - 1) // 2
    fit = min(half, (padded - 1) // 2)
    inner = slice(half - fit, half + fit + 1)
    made = torch.from_numpy(cube)[inner, inner, : fit + 1]
    before, after = box // 2, box - box // 2
    made = _rows(torch.fft.ifft(_padded(made, 0, padded), dim=0), 0, before, after)
    made = _rows(torch.fft.ifft(_padded(made, 1, padded), dim=1), 1, before, after)
    made = _rows(torch.fft.irfft(made, n=padded, dim=2), 2, before, after)
    volume: NDArray[np.float32] = (made / gridding(box, padding)).numpy()
    return volume


def _padded(values: torch.Tensor, axis: int, length: int) -> torch.Tensor:
    """Zeros of this length along an axis with the values in: their middle (n // 2) at place 0, what is before it at the end."""
    count = values.shape[axis]
    middle = count // 2
    shape = list(values.shape)
    shape[axis] = length
    out = values.new_zeros(shape)
    out.narrow(axis, 0, count - middle).copy_(values.narrow(axis, middle, count - middle))
    if middle:
        out.narrow(axis, length - middle, middle).copy_(values.narrow(axis, 0, middle))
    return out


def _rows(values: torch.Tensor, axis: int, before: int, after: int) -> torch.Tensor:
    """Places -before .. after - 1 of a periodic axis, rising."""
    length = values.shape[axis]
    return torch.cat((values.narrow(axis, length - before, before), values.narrow(axis, 0, after)), axis)


@functools.lru_cache(maxsize=2)
def cube_shells(cube_side: int, padding: int = PADDING) -> NDArray[np.int16]:
    """Shell of the unpadded box (rounded radius / padding) of each voxel of a cube with this side; not to be written to."""
    half = (cube_side - 1) // 2
    square = np.arange(-half, half + 1) ** 2
    table = shell_of_square(half, padding)
    shells = table[square[:, None, None] + square[None, :, None] + (np.arange(half + 2) ** 2)[None, None, :]]
    shells.flags.writeable = False
    return shells


@functools.lru_cache(maxsize=4)
def shell_of_square(half: int, padding: int = PADDING) -> NDArray[np.int16]:
    """Shell of the unpadded box by squared radius in voxels, up to a cube's corner."""
    square = np.arange(2 * half**2 + (half + 1) ** 2 + 1, dtype=np.float64)
    table: NDArray[np.int16] = np.rint(np.sqrt(square) / padding).astype(np.int16)
    return table


@jit
def shell_sums(weights, shells, sums, counts):  # type: ignore[no-untyped-def]
    """Add the weights of a cube, and how many voxels there are, to sums and counts of their shells, by shell_of_square."""
    half = (weights.shape[0] - 1) // 2
    for z in range(-half, half + 1):
        for y in range(-half, half + 1):
            for x in range(half + 2):
                shell = shells[z * z + y * y + x * x]
                sums[shell] += weights[z + half, y + half, x]
                counts[shell] += 1


@jit
def divided(data, weights, shells, extra, floor, out):  # type: ignore[no-untyped-def]
    """Write data / max(weights, extra of the shell) (floor) or data / (weights + extra) into zeros `out`, in shells of extra."""
    half = (data.shape[0] - 1) // 2
    for z in range(-half, half + 1):
        for y in range(-half, half + 1):
            for x in range(half + 2):
                shell = shells[z * z + y * y + x * x]
                if shell >= extra.shape[0]:
                    break
                weight = weights[z + half, y + half, x]
                below = max(weight, extra[shell]) if floor else weight + extra[shell]
                if below > 0:
                    out[z + half, y + half, x] = data[z + half, y + half, x] / below


@jit
def share_low(first, second, shells, last, joined):  # type: ignore[no-untyped-def]
    """Write the sum of two cubes into both of `joined` (2, ...), which hold copies of them, in shells 0..last."""
    half = (first.shape[0] - 1) // 2
    for z in range(-half, half + 1):
        for y in range(-half, half + 1):
            for x in range(half + 2):
                if shells[z * z + y * y + x * x] > last:
                    break
                total = first[z + half, y + half, x] + second[z + half, y + half, x]
                joined[0][z + half, y + half, x] = total
                joined[1][z + half, y + half, x] = total


@jit
def add_beyond(first, second, shells, last):  # type: ignore[no-untyped-def]
    """Add the second cube to the first in shells after `last`, in place."""
    half = (first.shape[0] - 1) // 2
    for z in range(-half, half + 1):
        for y in range(-half, half + 1):
            for x in range(half + 2):
                if shells[z * z + y * y + x * x] > last:
                    first[z + half, y + half, x] += second[z + half, y + half, x]
