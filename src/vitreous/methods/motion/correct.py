"""A movie corrected for motion, from its frames to the weighted sum: the whole method on one page."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from vitreous.context import QUIET, Context, UserError
from vitreous.methods.ctf.spectrum import Spectrum
from vitreous.methods.motion import align, average, patches, spectrum
from vitreous.methods.motion.defects import Repair, hot_and_dead
from vitreous.methods.motion.model import LocalMotion
from vitreous.methods.motion.settings import Alignment, Exposure, SavedSums

Floats = NDArray[np.float64]
Frame = NDArray[np.float32]
Half = NDArray[np.complex64]
EARLY_DOSE_E_A2 = 4.0  # where early motion ends
SHARE_OF_MEMORY = 0.4  # that kept transforms may take


@dataclass(frozen=True)
class Detector:
    """What is known of the camera: a gain that frames are multiplied by (0 marks a bad pixel), and bad pixels; both (y, x)."""

    gain: Frame | None = None
    bad: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Corrected:
    """A corrected movie.

    average (y, x): dose-weighted if asked; unweighted and spectrum only if asked. shifts_px (frames, 2): x, y applied to each
    frame used, in original pixels, relative to the first. bad_px (n, 2): x, y of repaired pixels that no gain or list named.
    pixel_size_A is the sum's; total, early and late motion are path lengths in Å (early: up to 4 e/Å2).
    """

    average: Frame
    unweighted: Frame | None
    spectrum: Spectrum | None
    shifts_px: Floats
    local: LocalMotion
    bad_px: NDArray[np.intp]
    pixel_size_A: float
    motion_A: tuple[float, float, float]


def correct(
    frames: NDArray[np.generic],
    pixel_size_A: float,
    *,
    voltage_kV: float,
    alignment: Alignment,
    exposure: Exposure,
    sums: SavedSums,
    detector: Detector = Detector(),
    context: Context = QUIET,
) -> Corrected:
    """Align, weight and sum the frames (n, y, x) of a movie, as recorded; n counts the frames to use only.

    exposure.first_frame says how many frames came before these.
    """
    total, bad = _inspected(frames, exposure, detector)
    known = np.zeros(total.shape, bool) if detector.bad is None else detector.bad.copy()
    if detector.gain is not None:
        known |= detector.gain == 0
    if known.mean() > 0.5:
        raise UserError("the gain reference and the list of defects mark more than half of the pixels as bad; look at both")
    source = _Source(frames, detector.gain, Repair.of(bad | known), alignment.bin_factor, context)
    seen = align.window(source.used_shape, alignment.bfactor_px2, samples=source.small_shape)
    small = np.stack([seen.cut(transform) for transform in source.transforms()])
    shifts, local = _motion(small, seen, alignment)
    context.check()
    average_, unweighted, amplitude = _summed(
        source, shifts, local, pixel_size_A=pixel_size_A, voltage_kV=voltage_kV, exposure=exposure, sums=sums
    )
    pixel_A = pixel_size_A * alignment.bin_factor
    picture = spectrum.picture(amplitude, source.small_shape, pixel_A) if amplitude is not None else None
    rows, columns = np.nonzero(bad & ~known)
    motion = path_lengths(shifts * pixel_size_A, exposure)
    return Corrected(average_, unweighted, picture, shifts, local, np.stack([columns, rows], axis=1), pixel_A, motion)


def _inspected(frames: NDArray[np.generic], exposure: Exposure, detector: Detector) -> tuple[Frame, NDArray[np.bool_]]:
    """The sum of the frames and its bad pixels; refuses what cannot be a movie."""
    if frames.ndim != 3 or not len(frames):
        raise UserError("the movie has no frames to use; check the first and last frame asked for")
    if detector.gain is not None and detector.gain.shape != frames.shape[1:]:
        raise UserError(
            f"the gain reference has {detector.gain.shape[1]} x {detector.gain.shape[0]} pixels and the movie "
            f"{frames.shape[2]} x {frames.shape[1]}; give the gain of this camera mode, or turn it by 90 degrees"
        )
    total = np.zeros(frames.shape[1:], np.float32)
    for index, frame in enumerate(frames):
        if not np.any(frame != frame[0, 0]):
            raise UserError(
                f"all pixels of frame {exposure.first_frame + index} have the value {frame[0, 0]}; leave that frame out "
                "by the first and last frame, or the movie"
            )
        total += frame
    if detector.gain is not None:
        total *= detector.gain
    bad = hot_and_dead(total)
    if bad.mean() > 0.5:
        raise UserError("more than half of the movie's pixels are not numbers or stand far out; the movie is damaged")
    return total, bad


class _Source:
    """The repaired, gain-corrected and binned transforms of the frames, kept if memory allows, else made again."""

    def __init__(
        self, frames: NDArray[np.generic], gain: Frame | None, repair: Repair, bin_factor: float, context: Context
    ) -> None:
        self.frames, self.gain, self.repair, self.context = frames, gain, repair, context
        self.shape = (int(frames.shape[1]), int(frames.shape[2]))
        self.small_shape, self.used_shape = _binned_shape(self.shape, bin_factor)
        needed_GB = len(frames) * self.small_shape[0] * (self.small_shape[1] // 2 + 1) * 8 / 1e9
        self.kept: list[Half] | None = [] if needed_GB < SHARE_OF_MEMORY * context.memory_GB else None

    def transforms(self) -> Iterator[Half]:
        """Half transforms (y, x//2+1) of the frames, in order."""
        if self.kept:
            yield from self.kept
            return
        for index in range(len(self.frames)):
            self.context.check()
            transform = self._transform(index)
            if self.kept is not None:
                self.kept.append(transform)
            yield transform

    def _transform(self, index: int) -> Half:
        frame = self.frames[index].astype(np.float32)
        if self.gain is not None:
            frame *= self.gain
        self.repair.fill(frame, np.random.default_rng([self.context.seed, index]))
        if self.used_shape != self.shape:
            frame = frame[: self.used_shape[0], : self.used_shape[1]]
        transform = scipy.fft.rfft2(frame, workers=self.context.threads)
        return average.crop_half(transform, self.used_shape, self.small_shape)


def _binned_shape(shape: tuple[int, int], bin_factor: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """The even shape after binning, and the part of the frame (from its first pixel) that becomes it."""
    if bin_factor == 1:
        return shape, shape
    small = tuple(int(length / bin_factor) // 2 * 2 for length in shape)
    used = tuple(min(length, int(round(part * bin_factor))) for length, part in zip(shape, small))
    return (small[0], small[1]), (used[0], used[1])


def _motion(small: Half, seen: align.Window, alignment: Alignment) -> tuple[Floats, LocalMotion]:
    """Whole-frame shifts and the local field, of frames or of the groups that are aligned instead."""
    count = len(small)
    group = alignment.group_frames
    if count // group < 3 or group == 1:
        grouped, times = small, np.arange(count, dtype=np.float64)
    else:
        edges = [*range(0, count // group * group, group), count]
        edges = [*edges[: count // group], count]
        grouped = np.stack([small[a:b].sum(0) for a, b in itertools.pairwise(edges)])
        times = np.array([(a + b - 1) / 2 for a, b in itertools.pairwise(edges)])
    weighted = align.whitened(grouped, seen)
    found = align.whole_frames(grouped, weighted, max_shift_px=alignment.max_shift_px)
    local = LocalMotion.none()
    if alignment.patches_x * alignment.patches_y > 1:
        cuts = patches.cut(
            grouped,
            weighted,
            found,
            patches=(alignment.patches_y, alignment.patches_x),
            bfactor_px2=alignment.bfactor_px2,
        )
        local = patches.local_motion(cuts, times)
    return _at_frames(found, times, count), local


def _at_frames(shifts: Floats, times: Floats, count: int) -> Floats:
    """Shifts at every frame, linear between those at `times` and straight on beyond them; zero at the first frame."""
    frames = np.arange(count, dtype=np.float64)
    if len(times) == count:
        return shifts - shifts[0]
    out = np.stack([np.interp(frames, times, shifts[:, axis]) for axis in range(2)], axis=1)
    if len(times) > 1:
        before, after = frames < times[0], frames > times[-1]
        out[before] = shifts[0] + (frames[before] - times[0])[:, None] * (shifts[1] - shifts[0]) / (times[1] - times[0])
        slope = (shifts[-1] - shifts[-2]) / (times[-1] - times[-2])
        out[after] = shifts[-1] + (frames[after] - times[-1])[:, None] * slope
    return out - out[0]


def _summed(
    source: _Source,
    shifts: Floats,
    local: LocalMotion,
    *,
    pixel_size_A: float,
    voltage_kV: float,
    exposure: Exposure,
    sums: SavedSums,
) -> tuple[Frame, Frame | None, Frame | None]:
    """The sum, the sum without dose weights, and the added amplitudes of short sums; the last two only if asked."""
    shape, count = source.small_shape, len(source.frames)
    scale = shape[1] / source.used_shape[1]
    wanted = [exposure.dose_weighting] if not sums.save_unweighted else [exposure.dose_weighting, False]
    adders = [_Adder(shape, local, scale, source.context.threads) for _ in dict.fromkeys(wanted)]
    weight = step = None
    if exposure.dose_weighting:
        weight, step = average.dose_filters(
            shape,
            pixel_size_A / scale,
            start_e_A2=exposure.pre_exposure_e_A2 + exposure.first_frame * exposure.dose_per_frame_e_A2,
            dose_e_A2=exposure.dose_per_frame_e_A2,
            count=count,
            voltage_kV=voltage_kV,
        )
    short = spectrum.frames_in_sum(exposure.dose_per_frame_e_A2, sums.spectrum_dose_e_A2)
    short_sum = np.zeros((shape[0], shape[1] // 2 + 1), np.complex64)
    amplitude = np.zeros(short_sum.shape, np.float32) if sums.save_spectrum else None
    ky = np.fft.fftfreq(shape[0], 1 / scale)
    kx = np.fft.rfftfreq(shape[1], 1 / scale)
    for index, transform in enumerate(source.transforms()):
        factor_y = np.exp(-2j * np.pi * shifts[index, 1] * ky).astype(np.complex64)
        factor_x = np.exp(-2j * np.pi * shifts[index, 0] * kx).astype(np.complex64)
        shifted = np.empty_like(transform)
        average.moved(shifted, transform, factor_y, factor_x)
        for adder, weighted in zip(adders, dict.fromkeys(wanted)):
            adder.add(shifted, weight if weighted else None, index)
        if weight is not None and step is not None:
            weight *= step
        if amplitude is not None:
            short_sum += shifted
            if (index + 1) % short == 0 or (index + 1 == count and count < short):
                amplitude += np.abs(short_sum) / np.float32(shape[0] * shape[1])
                short_sum[:] = 0
    results = [adder.result() for adder in adders]
    return results[0], results[1] if len(results) > 1 else None, amplitude


class _Adder:
    """Adds shifted frames: in Fourier space, or bent along the local motion in real space."""

    def __init__(self, shape: tuple[int, int], local: LocalMotion, scale: float, threads: int) -> None:
        self.shape, self.local, self.scale, self.threads = shape, local, scale, threads
        self.bends = local.moves
        self.fourier = np.zeros((shape[0], shape[1] // 2 + 1), np.complex64)
        self.real = np.zeros(shape if self.bends else (1, 1), np.float32)
        filter_y, filter_x = average.spline_filter(shape)
        self.filter_y, self.filter_x = filter_y.astype(np.complex64), filter_x.astype(np.complex64)

    def add(self, shifted: Half, weight: Frame | None, index: int) -> None:
        """Add a frame's half transform, weighted if a weight is given."""
        part = shifted
        if weight is not None:
            part = np.zeros_like(shifted)
            average.add_weighted(part, shifted, weight)
        if not self.bends or index == 0:
            self.fourier += part
            return
        spline = np.empty_like(part)
        average.moved(spline, part, self.filter_y, self.filter_x)
        image = average.back(spline, self.shape, self.threads)
        average.add_bent(self.real, image, self.local.in_frame(float(index)), self.scale)

    def result(self) -> Frame:
        """The sum (y, x)."""
        whole = average.back(self.fourier, self.shape, self.threads)
        return (whole + self.real if self.bends else whole).astype(np.float32)


def path_lengths(shifts_A: Floats, exposure: Exposure) -> tuple[float, float, float]:
    """Length of the track (Å): all of it, up to 4 e/Å2, and after."""
    steps = np.hypot(*np.diff(shifts_A, axis=0).T) if len(shifts_A) > 1 else np.zeros(0)
    frames = exposure.first_frame + 1 + np.arange(len(steps))
    dose = exposure.pre_exposure_e_A2 + frames * exposure.dose_per_frame_e_A2
    early = float(steps[dose <= EARLY_DOSE_E_A2].sum())
    return float(steps.sum()), early, float(steps.sum()) - early
