"""Shifts of frames by correlation of each with the sum of the others.

A shift is what is applied to the frame: corrected(x) = frame(x - s), minus the movement of the specimen; (x, y) in pixels of
the original frame, relative to the first frame.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from vitreous.maths.parabola import vertex
from vitreous.methods.motion.smooth import smooth

Floats = NDArray[np.float64]
Transforms = NDArray[np.complex64]
FAINTEST_WEIGHT = 2e-3  # frequencies that weigh less are cut off
SMALLEST_CROP = 192  # samples a side, so that peaks are not too coarse
LOWEST_INDEX = 2.5  # frequencies below, in cycles a frame, are illumination
ROUNDS = 12  # of peaks; it ends when shifts settle
CLOSE_PX = 0.05  # change of the shifts that counts as settled
REFINEMENTS = 3  # Newton steps after the peaks
CLEAR_SIGMAS = 4.5  # height of a peak above noise
HALF_WINDOWS = (0, 2, 5)  # frames on either side summed until peaks are clear


@dataclass(frozen=True)
class Window:
    """The low frequencies that alignment uses, of frames (height, width), as half transforms (rows, columns // 2 + 1).

    kx (columns//2+1,) and ky (rows,) in cycles per original pixel; weight damps high frequencies and the few lowest.
    """

    shape: tuple[float, float]
    crop: tuple[int, int]
    kx: NDArray[np.float32]
    ky: NDArray[np.float32]
    weight: NDArray[np.float32]

    def cut(self, transform: Transforms) -> Transforms:
        """The window's part of a half transform of a whole frame."""
        rows, columns = self.crop
        half = rows // 2
        kept = transform[..., : columns // 2 + 1]
        return np.concatenate([kept[..., : rows - half, :], kept[..., kept.shape[-2] - half :, :]], axis=-2)

    def phases(self, shifts: Floats) -> tuple[Transforms, Transforms]:
        """Factors (n, rows, 1) and (n, 1, columns//2+1) that move frames by shifts (n, 2)."""
        y = np.exp(-2j * np.pi * shifts[:, 1:2] * self.ky).astype(np.complex64)
        x = np.exp(-2j * np.pi * shifts[:, 0:1] * self.kx).astype(np.complex64)
        return y[:, :, None], x[:, None, :]


def window(shape: tuple[int, int], bfactor_px2: float, *, samples: tuple[int, int] | None = None) -> Window:
    """The window for frames of this shape and a B-factor: as small as leaves out only what weighs under 0.002.

    samples: the pixels (y, x) of frames that were binned; shape stays that of the original frames.
    """
    reach = 0.5 if bfactor_px2 <= 0 else min(0.5, float(np.sqrt(-np.log(FAINTEST_WEIGHT) / (2 * bfactor_px2))))
    most = samples or shape
    crop = (_crop_size(shape[0], reach, most[0]), _crop_size(shape[1], reach, most[1]))
    return of_field(shape, crop, bfactor_px2)


def of_field(shape: tuple[float, float], crop: tuple[int, int], bfactor_px2: float) -> Window:
    """The window of `crop` samples of a field of view of shape (height, width) original pixels."""
    ky = np.fft.fftfreq(crop[0], 1 / crop[0]).astype(np.float32)
    kx = np.arange(crop[1] // 2 + 1, dtype=np.float32)
    lowest = kx[None, :] ** 2 + ky[:, None] ** 2 < LOWEST_INDEX**2
    ky, kx = ky / np.float32(shape[0]), kx / np.float32(shape[1])
    weight = np.exp(-2 * bfactor_px2 * (kx[None, :] ** 2 + ky[:, None] ** 2)).astype(np.float32)
    weight[lowest] = 0
    if crop[0] % 2 == 0:
        weight[crop[0] // 2] = 0
    if crop[1] % 2 == 0:
        weight[:, -1] = 0
    return Window(shape, crop, kx, ky, weight)


def _crop_size(length: int, reach: float, most: int) -> int:
    wanted = max(SMALLEST_CROP, int(np.ceil(2 * reach * length)))
    if wanted >= most:
        return most
    return min(2 * int(scipy.fft.next_fast_len((wanted + 1) // 2, real=True)), most)


def whitened(transforms: Transforms, seen: Window) -> Window:
    """The window with its weight divided by the mean power of the frames at each |k|: a correlation in units of noise."""
    power = np.zeros(seen.weight.shape, np.float64)
    for transform in transforms:
        power += transform.real**2 + transform.imag**2
    shape = np.array(seen.shape)
    radius = np.hypot((seen.ky * shape[0])[:, None], (seen.kx * shape[1])[None, :])
    ring = np.minimum(radius.astype(int), min(seen.crop) // 2)
    mean = np.bincount(ring.ravel(), power.ravel()) / np.maximum(np.bincount(ring.ravel()), 1)
    mean = np.maximum(mean / len(transforms), 1e-12 * max(float(mean.max()), 1e-30))
    return Window(seen.shape, seen.crop, seen.kx, seen.ky, (seen.weight / mean[ring]).astype(np.float32))


def whole_frames(transforms: Transforms, seen: Window, *, max_shift_px: float) -> Floats:
    """Shifts (n, 2) of frames, from their transforms in the window (n, rows, columns//2+1)."""
    count = len(transforms)
    shifts = np.zeros((count, 2))
    if count < 2:
        return shifts
    for half in HALF_WINDOWS:
        shifts, clear = _by_peaks(transforms, seen, half=half, max_shift_px=max_shift_px)
        if clear.mean() > 0.5:
            break
    for _ in range(REFINEMENTS):
        slope = slopes(transforms, seen, shifts)
        measured = shifts + newton(slope) * (count - 1) / count
        shifts = smooth(measured, _variance(slope))
        shifts -= shifts[0]
    return shifts


def _by_peaks(transforms: Transforms, seen: Window, *, half: int, max_shift_px: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Shifts by the highest peaks, in rounds, and which frames had a clear peak; the others follow their neighbours.

    A frame's peak says how far it is from the others, which move too: (n - 1) / n of the way meets them.
    """
    count = len(transforms)
    shifts = np.zeros((count, 2))
    for _ in range(ROUNDS):
        steps, heights = _peaks(transforms, seen, shifts, half=half, max_shift_px=max_shift_px)
        clear = heights > CLEAR_SIGMAS
        if not clear.any():
            return np.zeros((count, 2)), clear
        number = np.arange(count)
        wanted = shifts + steps * (count - 1) / count
        new = np.stack([np.interp(number, number[clear], wanted[clear, axis]) for axis in range(2)], axis=1)
        change = new - shifts
        shifts = new - new[0]
        if np.sqrt(np.mean((change - change.mean(0)) ** 2)) < CLOSE_PX:
            break
    return shifts, clear


def _peaks(transforms: Transforms, seen: Window, shifts: Floats, *, half: int, max_shift_px: float) -> tuple[Floats, Floats]:
    """Where each frame, shifted as so far, correlates best with the sum of the others: further shifts (n, 2).

    With half > 0 a frame is the sum of itself and as many on either side. Also the peaks' heights (n,) in standard deviations
    of the correlation.
    """
    moved_y, moved_x = seen.phases(shifts)
    moved = transforms * moved_y * moved_x
    total = moved.sum(0)
    rows, columns = seen.crop
    scale = np.array([seen.shape[1] / columns, seen.shape[0] / rows])
    reach = np.maximum(np.minimum(np.ceil(max_shift_px / scale).astype(int), [columns // 2 - 1, rows // 2 - 1]), 1)
    y, x = np.arange(-reach[1], reach[1] + 1), np.arange(-reach[0], reach[0] + 1)
    steps, heights = np.zeros_like(shifts), np.zeros(len(shifts))
    for index in range(len(moved)):
        frame = moved[max(index - half, 0) : index + half + 1].sum(0)
        product = (total - frame) * frame.conj() * seen.weight
        whole = scipy.fft.irfft2(product, s=seen.crop)
        correlation = whole[np.ix_(y, x)]
        row, column = np.unravel_index(int(np.argmax(correlation)), correlation.shape)
        dy, dx = _fraction(correlation[:, column], int(row)), _fraction(correlation[row], int(column))
        steps[index] = (x[column] + dx) * scale[0], (y[row] + dy) * scale[1]
        heights[index] = correlation[row, column] / max(float(whole.std()), 1e-30)
    return steps, heights


def _fraction(line: NDArray[np.float32], at: int) -> float:
    """What is to be added to the place of a line's highest sample; 0 at an end."""
    return float(vertex(*line[at - 1 : at + 2])) if 0 < at < len(line) - 1 else 0.0


@dataclass(frozen=True)
class Slopes:
    """Each frame's correlation with the sum of the others, to second order in a further shift of that frame.

    gradient (n, 2); curvature (n, 2, 2), positive at a maximum; scatter (n, 2): variance that noise gives the gradient.
    """

    gradient: Floats
    curvature: Floats
    scatter: Floats


def slopes(transforms: Transforms, seen: Window, shifts: Floats) -> Slopes:
    """The slopes at these shifts, exact for the trigonometric sum, with no interpolation between pixels."""
    moved_y, moved_x = seen.phases(shifts)
    moved = transforms * moved_y * moved_x
    total = moved.sum(0)
    weight = 2 * seen.weight
    weight[:, 0] = seen.weight[:, 0]
    x, y = (2 * np.pi * seen.kx).astype(np.float64), (2 * np.pi * seen.ky).astype(np.float64)
    count = len(moved)
    gradient, curvature, scatter = np.empty((count, 2)), np.empty((count, 2, 2)), np.empty((count, 2))
    for index, frame in enumerate(moved):
        others = total - frame
        product = others * frame.conj()
        product *= weight
        real, imaginary = product.real, product.imag
        columns, rows = real.sum(0, dtype=np.float64), real.sum(1, dtype=np.float64)
        gradient[index] = -(imaginary.sum(0, dtype=np.float64) @ x), -(imaginary.sum(1, dtype=np.float64) @ y)
        cross = float(y @ (real @ x.astype(np.float32)))
        curvature[index] = [[columns @ x**2, cross], [cross, rows @ y**2]]
        noise = frame - others / max(count - 1, 1)
        square = 0.5 * np.abs(weight * others * noise) ** 2
        scatter[index] = square.sum(0, dtype=np.float64) @ x**2, square.sum(1, dtype=np.float64) @ y**2
    return Slopes(gradient, curvature, scatter)


def newton(slope: Slopes, *, longest_px: float = 2.0) -> Floats:
    """Steps (n, 2) to the maxima; the curvature of a frame whose own is not that of a maximum is the mean one."""
    mean = positive(slope.curvature.mean(0))
    least_mean = np.linalg.eigvalsh(mean)[0]
    steps = np.zeros_like(slope.gradient)
    for index, (gradient, bend) in enumerate(zip(slope.gradient, slope.curvature)):
        used = bend if np.linalg.eigvalsh(bend)[0] > 0.1 * least_mean else mean
        steps[index] = np.linalg.solve(used, gradient)
    length = np.hypot(*steps.T)
    return steps * np.minimum(1, longest_px / np.maximum(length, 1e-12))[:, None]


def _variance(slope: Slopes) -> Floats:
    """Variance (n,) of the steps, in squared pixels, the mean of x and y."""
    bend = np.linalg.inv(positive(slope.curvature.mean(0)))
    return np.mean(slope.scatter @ (bend**2).T, axis=1)


def positive(matrix: Floats) -> Floats:
    """The nearest symmetric matrix with positive eigenvalues."""
    values, vectors = np.linalg.eigh(0.5 * (matrix + matrix.T))
    floor = max(1e-6 * float(np.abs(values).max()), 1e-30)
    return np.asarray((vectors * np.maximum(values, floor)) @ vectors.T, np.float64)
