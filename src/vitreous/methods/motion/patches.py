"""Local motion from patches: all patches and frames fitted together by the field of model.py, and kept only if it wins.

The correlation of each patch of each frame with the sum of the others is expanded about the field found so far, and the
coefficients that raise the sum most are solved for. How strongly rough fields are held back is chosen by leaving out each
patch in turn and asking whether the others foretell its motion; if no field does so better than none, there is none."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.methods.motion import align
from vitreous.methods.motion.align import Floats, Transforms, Window
from vitreous.methods.motion.model import PLACE_TERMS, TIME_TERMS, Basis, LocalMotion

TAPER = 0.15  # of a patch's side at each edge
SMALLEST_SAMPLES = 16  # a side, below which a patch cannot be aligned
ROUNDS = 3  # of expanding about the field found so far
HELD_BACK = np.logspace(-3, 4, 15)
LEAST_PATCHES = 4  # fewer cannot tell a field from noise


@dataclass(frozen=True)
class Patches:
    """Transforms (patches, frames, rows, columns//2+1) of windows of whole-frame aligned frames, and their centres.

    x, y (patches,): centres as fractions of the frame, -0.5 to 0.5.
    """

    transforms: NDArray[np.complex64]
    x: Floats
    y: Floats
    seen: Window


def cut(transforms: Transforms, seen: Window, shifts: Floats, *, patches: tuple[int, int], bfactor_px2: float) -> Patches:
    """Cut (y, x) patches out of frames that are given as low-frequency transforms, shifted by `shifts`.

    Patches share no pixels: what is foretold of one must not have been seen in another.
    """
    moved_y, moved_x = seen.phases(shifts)
    frames = scipy.fft.irfft2(transforms * moved_y * moved_x, s=seen.crop)
    sizes = [_patch_size(length, number) for length, number in zip(seen.crop, patches)]
    starts = [_starts(length, size, number) for length, size, number in zip(seen.crop, sizes, patches)]
    taper = np.outer(_taper(sizes[0]), _taper(sizes[1])).astype(np.float32)
    parts, x, y = [], [], []
    for top in starts[0]:
        for left in starts[1]:
            part = frames[:, top : top + sizes[0], left : left + sizes[1]]
            mean = (part * taper).sum((1, 2), keepdims=True) / taper.sum()
            parts.append(scipy.fft.rfft2((part - mean) * taper).astype(np.complex64))
            x.append((left + sizes[1] / 2) / seen.crop[1] - 0.5)
            y.append((top + sizes[0] / 2) / seen.crop[0] - 0.5)
    view = (sizes[0] * seen.shape[0] / seen.crop[0], sizes[1] * seen.shape[1] / seen.crop[1])
    window = align.of_field(view, (sizes[0], sizes[1]), bfactor_px2)
    stacked = np.stack(parts)
    return Patches(stacked, np.array(x), np.array(y), align.whitened(stacked.reshape(-1, *stacked.shape[2:]), window))


def _patch_size(length: int, number: int) -> int:
    size = 2 * int(length / number / 2) if number > 1 else length
    if size < SMALLEST_SAMPLES:
        raise UserError(f"{number} patches along one side of the movie are too small to be aligned; ask for fewer")
    return size


def _starts(length: int, size: int, number: int) -> list[int]:
    middles = (np.arange(number) + 0.5) * length / number
    return np.clip(np.round(middles - size / 2), 0, length - size).astype(int).tolist()


def _taper(size: int) -> Floats:
    edge = max(2, int(TAPER * size))
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.r_[ramp, np.ones(size - 2 * edge), ramp[::-1]]


def local_motion(cuts: Patches, z: Floats) -> LocalMotion:
    """The field of motion of patches at frames z (n,), or none where the patches do not speak for one."""
    if len(cuts.x) < LEAST_PATCHES or len(z) < 4:
        return LocalMotion.none()
    basis = Basis.of(cuts.x, cuts.y, z)
    design = np.einsum("pa,fb->pfab", basis.place, basis.time).reshape(len(cuts.x), len(z), -1)
    penalty = np.tile(basis.penalty.ravel(), 2)
    found = np.zeros(2 * PLACE_TERMS * TIME_TERMS)
    wins = False
    for _ in range(ROUNDS):
        matrices, vectors = _normal_equations(cuts, design, found)
        scale = float(np.mean(np.trace(matrices, axis1=1, axis2=2)) / len(found))
        if scale <= 0:
            return LocalMotion.none()
        gains = [_foretold(matrices, vectors, strength * scale * penalty) for strength in HELD_BACK]
        best = int(np.argmax([gain.sum() for gain in gains]))
        wins = _wins(gains[best])
        if not wins:
            return LocalMotion.none()
        total = matrices.sum(0) + np.diag(HELD_BACK[best] * scale * penalty)
        found = np.linalg.solve(total, vectors.sum(0))
    return basis.motion(found.reshape(2, PLACE_TERMS, TIME_TERMS))


def _normal_equations(cuts: Patches, design: Floats, found: Floats) -> tuple[Floats, Floats]:
    """For each patch M (36, 36) and v (36,): its correlation rises by v.c - c.M.c/2 with the field c.

    The curvature is the mean one of a patch's frames: a single frame's is too noisy to weigh it by.
    """
    half = len(found) // 2
    matrices, vectors = np.zeros((len(design), 2 * half, 2 * half)), np.zeros((len(design), 2 * half))
    for patch, rows in enumerate(design):
        shifts = np.stack([rows @ found[:half], rows @ found[half:]], axis=1)
        slope = align.slopes(cuts.transforms[patch], cuts.seen, shifts)
        bend = align.positive(slope.curvature.mean(0))
        gradient = slope.gradient - slope.gradient.mean(0)
        target = gradient + shifts @ bend
        overlap = rows.T @ rows
        for i in range(2):
            for j in range(2):
                matrices[patch, i * half : (i + 1) * half, j * half : (j + 1) * half] = bend[i, j] * overlap
            vectors[patch, i * half : (i + 1) * half] = rows.T @ target[:, i]
    return matrices, vectors


def _foretold(matrices: Floats, vectors: Floats, penalty: Floats) -> Floats:
    """For each patch, by how much the field found from all others raises its correlation."""
    total, right = matrices.sum(0) + np.diag(penalty), vectors.sum(0)
    gains = np.empty(len(matrices))
    for patch, (matrix, vector) in enumerate(zip(matrices, vectors)):
        field = np.linalg.solve(total - matrix, right - vector)
        gains[patch] = vector @ field - 0.5 * field @ matrix @ field
    return gains


def _wins(gains: Floats) -> bool:
    """Whether the foretold gain is more than its own standard error."""
    return bool(gains.sum() > np.sqrt(len(gains)) * gains.std())
