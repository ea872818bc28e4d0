"""A score between 0 and 1 for each 2D class average: does it look like a particle? Simple measures, no training."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClassMeasures:
    """What the score is made of, one value a class, each between 0 (bad) and 1 (good)."""

    detail: Floats
    rank: Floats
    compact: Floats
    occupied: Floats

    @property
    def score(self) -> Floats:
        """The product: one bad measure is enough to spoil a class."""
        return self.detail * self.rank * self.compact * self.occupied


def _ramp(values: Floats, low: float, high: float) -> Floats:
    """0 below low, 1 above high, smooth between; low may be the larger."""
    t = np.clip((values - low) / (high - low), 0, 1)
    result: Floats = t * t * (3 - 2 * t)
    return result


def edge_ratio(images: NDArray[np.float32], radius_px: float, *, smooth_px: float) -> Floats:
    """Strength of each image near its rim over that in the middle: small for one whole, centred particle.

    Root mean squares of the smoothed images, less the lower quartile of grey values within the circle (the solvent), in
    the ring between 0.8 and 1 radius and in the circle of half the radius.
    """
    box = images.shape[-1]
    steps = np.arange(box) - box // 2
    r = np.hypot(steps[:, None], steps[None, :])
    rim, core, disc = (r > 0.8 * radius_px) & (r <= radius_px), r <= 0.5 * radius_px, r <= radius_px
    smooth = ndimage.gaussian_filter(images.astype(np.float64), (0, smooth_px, smooth_px))
    smooth = smooth - np.percentile(smooth[:, disc], 25, axis=1)[:, None, None]
    inner = np.sqrt((smooth[:, core] ** 2).mean(axis=1))
    outer = np.sqrt((smooth[:, rim] ** 2).mean(axis=1))
    return np.where(inner > 0, outer / np.where(inner > 0, inner, 1), np.inf)


def measure_classes(
    images: NDArray[np.float32], pixel_size_A: float, *, resolution_A: Floats, distribution: Floats, diameter_A: float
) -> ClassMeasures:
    """The measures of class averages (n, y, x).

    resolution_A is each class's estimated resolution (inf: none), distribution its fraction of the particles,
    diameter_A that of the particle mask. detail: how many resolution elements the diameter holds; rank: the resolution
    against the best of the classes that hold at least a fifth of an even share; compact: the edge ratio; occupied: the
    share of particles against an even one.
    """
    finite = np.isfinite(resolution_A) & (resolution_A > 0)
    frequency = np.where(finite, 1 / np.where(finite, resolution_A, 1), 0)
    share = distribution * len(distribution)
    trusted = frequency[share >= 0.2]
    best = float(trusted.max(initial=0)) or float(frequency.max(initial=0)) or 1.0
    ratio = edge_ratio(images, diameter_A / 2 / pixel_size_A, smooth_px=max(1.0, 10 / pixel_size_A))
    return ClassMeasures(
        detail=_ramp(diameter_A * frequency, 3, 7),
        rank=_ramp(np.minimum(frequency / best, 1), 0.35, 0.8),
        compact=_ramp(ratio, 0.6, 0.25),
        occupied=_ramp(share, 0.0, 0.3),
    )
