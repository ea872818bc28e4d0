"""Small pictures of many images in one answer: brought to a common size, low-passed by choice, 8 bits a pixel with its scale."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_AT_ONCE = 32
_TAILS_PERCENT = (0.5, 99.8)
_DARKER = 0.2  # room below, so that solvent is dark grey and what lies below it still shows


@dataclass(frozen=True)
class Pose:
    """How images are brought into the orientation of their class: in-plane angle, and shift in pixels."""

    psi_deg: NDArray[np.float64]
    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]


def shrunk(images: Floats, side: int, *, lowpass_px: float = 0.0) -> Floats:
    """Images cut to a side in Fourier space, so that none is distorted; lowpass_px: period in pixels of what is left, 0: all."""
    count, box = images.shape[0], images.shape[-1]
    side = min(side, box)
    if side == box and lowpass_px <= 2:
        return images
    made = np.empty((count, side, side), np.float32)
    keep = _window(box, side, lowpass_px)
    half = side // 2
    for start in range(0, count, _AT_ONCE):
        spectra = scipy.fft.rfft2(images[start : start + _AT_ONCE], workers=2)
        cut = np.concatenate([spectra[:, : (side + 1) // 2, : half + 1], spectra[:, box - half :, : half + 1]], axis=1)
        made[start : start + _AT_ONCE] = scipy.fft.irfft2(cut * keep, s=(side, side), workers=2)
    made *= (side / box) ** 2
    return made


def _window(box: int, side: int, lowpass_px: float) -> Floats:
    """A soft edge at the low-pass, in the order of a transform of the smaller side."""
    if lowpass_px <= 2:
        return np.ones((side, side // 2 + 1), np.float32)
    y = np.fft.fftfreq(side)[:, None] * side / box
    x = np.fft.rfftfreq(side)[None] * side / box
    away = np.hypot(x, y) * lowpass_px
    return (0.5 * (1 - np.tanh((away - 1) * 8))).astype(np.float32)


def turned(images: Floats, pose: Pose) -> Floats:
    """Images shifted and turned as they lie under their class average (RELION's origins and psi)."""
    made = np.empty_like(images)
    middle = images.shape[-1] // 2
    for k, image in enumerate(images):
        psi = np.deg2rad(pose.psi_deg[k])
        turn = np.array([[np.cos(psi), -np.sin(psi)], [np.sin(psi), np.cos(psi)]])  # of (y, x): from the output to the input
        at = turn @ np.array([-middle, -middle]) + middle - np.array([pose.y_px[k], pose.x_px[k]])
        made[k] = scipy.ndimage.affine_transform(image, turn, at, order=1, mode="nearest", prefilter=False)
    return made


def packed(images: Floats, indices: Sequence[int], *, pixel_A: float, toned_by: Floats | None = None) -> bytes:
    """The answer: the length of its head (4 bytes), the head as JSON, the pixels.

    low and high are the values of the bytes 0 and 255 of each image; common are values for black and white that suit
    all, or the images `toned_by`.
    """
    finite = np.nan_to_num(images, posinf=0.0, neginf=0.0)
    count = len(finite)
    flat = finite.reshape(count, finite.shape[-1] ** 2)
    low, high = (flat.min(1), flat.max(1)) if count else (np.zeros(0), np.zeros(0))
    span = np.where(high > low, high - low, 1.0)
    pixels = ((finite - low[:, None, None]) * (255 / span)[:, None, None] + 0.5).astype(np.uint8)
    head = {
        "indices": list(indices),
        "size": int(images.shape[-1]),
        "low": [round(float(value), 6) for value in low],
        "high": [round(float(value), 6) for value in low + span],
        "common": _common(finite if toned_by is None else toned_by),
        "pixel_A": round(pixel_A, 4),
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    return len(text).to_bytes(4, "little") + text + pixels.tobytes()


def _common(images: Floats) -> list[float]:
    """Black and white for all: nearly the whole range of what lies in the middle circles, without the few extreme pixels."""
    if not images.size:
        return [0.0, 1.0]
    side = images.shape[-1]
    away = np.hypot(*np.ogrid[-side / 2 + 0.5 : side / 2, -side / 2 + 0.5 : side / 2])
    values: NDArray[Any] = images[:, away < 0.45 * side][:, ::3]
    alive = values.std(1) > 0
    low, high = np.percentile(values[alive] if alive.any() else values, _TAILS_PERCENT)
    low -= _DARKER * (high - low)
    return [float(low), float(high)] if high > low else [float(low) - 0.5, float(low) + 0.5]
