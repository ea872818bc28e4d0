"""Brings the background of particle images to mean 0 and standard deviation 1: dust, sloping background, scale."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]


@dataclass(frozen=True)
class Dust:
    """Beyond how many standard deviations of the background a pixel is dust; None: no pixel is."""

    white: float | None = None
    black: float | None = None


def outside(box: int, radius_px: float) -> NDArray[np.bool_]:
    """The background (box, box): pixels farther than the radius from pixel box // 2."""
    steps = np.arange(box) - box // 2
    mask: NDArray[np.bool_] = steps[:, None] ** 2 + steps[None, :] ** 2 > radius_px**2
    return mask


def remove_dust(images: Images, background: NDArray[np.bool_], dust: Dust, *, random: np.random.Generator) -> Images:
    """The images with dust replaced by noise of the background's mean and standard deviation; nothing else changes."""
    if dust.white is None and dust.black is None:
        return images
    ground = images[:, background].astype(np.float64)
    mean = ground.mean(axis=1)[:, None, None]
    spread = ground.std(axis=1)[:, None, None]
    bad = np.zeros(images.shape, dtype=bool)
    if dust.white is not None:
        bad |= images - mean > dust.white * spread
    if dust.black is not None:
        bad |= images - mean < -dust.black * spread
    noise = np.broadcast_to(mean, images.shape)[bad] + np.broadcast_to(spread, images.shape)[bad] * random.standard_normal(
        bad.sum()
    )
    cleaned = images.copy()
    cleaned[bad] = noise.astype(np.float32)
    return cleaned


def level(images: Images, background: NDArray[np.bool_]) -> Images:
    """The images less the plane that fits their background best in least squares."""
    box = images.shape[-1]
    y, x = (axis.astype(np.float64) - box // 2 for axis in np.indices((box, box)))
    basis = np.stack([np.ones((box, box)), x / box, y / box])
    solve = np.linalg.pinv(basis[:, background].T)
    planes = np.tensordot(images[:, background].astype(np.float64) @ solve.T, basis, axes=1)
    levelled: Images = (images - planes).astype(np.float32)
    return levelled


def normalise(
    images: Images, *, radius_px: float, dust: Dust | None = None, random: np.random.Generator | None = None
) -> tuple[Images, NDArray[np.bool_]]:
    """Images (n, box, box) with mean 0 and std 1 outside the circle, and which of them could be brought to that.

    Dust goes first, then a plane through the background is subtracted, then the background's mean and standard deviation
    are brought to 0 and 1. An image whose background is constant, or not finite, comes back as zeros, marked False.
    """
    background = outside(images.shape[-1], radius_px)
    if background.sum() < 8:
        raise ValueError(f"a circle of radius {radius_px:.1f} leaves no background in a box of {images.shape[-1]} pixels")
    if dust is not None:
        images = remove_dust(images, background, dust, random=random or np.random.default_rng(0))
    size = np.abs(images).max(axis=(1, 2), initial=0)
    good = np.isfinite(size)
    levelled = level(np.where(good[:, None, None], images, np.float32(0)), background)
    ground = levelled[:, background].astype(np.float64)
    mean, spread = ground.mean(axis=1), ground.std(axis=1)
    good = good & (spread > 1e-6 * np.where(good, size, 1))
    factor = np.where(good, 1 / np.where(spread > 0, spread, 1), 0)
    result: Images = ((levelled - mean[:, None, None]) * factor[:, None, None]).astype(np.float32)
    return result, good
