"""A score between 0 and 1 for each 2D class average: does it look like a particle? Simple measures, nothing trained."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float64]
STRANGERS = 20  # images of nothing that each class is thought to hold besides: small classes fit their noise
FINEST = 10.0  # parts of the diameter: finer detail is left out of the signal of one image
MIDDLING = 7.5  # parts of the diameter that an average of score 1/2 shows
FAINT = 0.5  # signal of such an average against the best ones
LOUD_RIM = 0.3  # strength near the rim against that in the middle, beyond which an average loses
GRAINY = 0.2  # of that strength, which fine grain near the rim may have
RARE = 0.3  # of an even share of the particles, below which it loses


@dataclass(frozen=True)
class ClassMeasures:
    """What the score is made of, one value a class.

    detail: parts of the diameter that are resolved; signal: information about the class in one of its images, against the best
    classes of the set; rim: strength near the rim over that in the middle; grain: the same of what is finer than a twentieth of
    the diameter; share: of the particles, 1 for an even one.
    """

    detail: Floats
    signal: Floats
    rim: Floats
    grain: Floats
    share: Floats

    @property
    def score(self) -> Floats:
        """1 / (1 + exp(-sum)): each measure gives or takes, and no class comes to 1.

        Half: seven and a half parts of the diameter resolved, half of the best signal, a quiet rim. A share half as large as
        it may be takes as much as half the detail; a rim twice as loud, two and a half times that.
        """
        least = 1e-6
        sum_of = 2 * np.log(np.maximum(self.detail, least) / MIDDLING) + 1.5 * np.log(np.maximum(self.signal, least) / FAINT)
        sum_of -= 5 * np.log(np.clip(self.rim / LOUD_RIM, 1, 20))
        sum_of -= 4 * np.log(np.clip(self.grain / GRAINY, 1, 20))
        sum_of += 2 * np.log(np.clip(self.share / RARE, least, 1))
        found: Floats = np.where(self.share > 0, 1 / (1 + np.exp(-np.maximum(sum_of, -50))), 0.0)
        return found


def rim_and_grain(images: NDArray[np.float32], radius_px: float, *, smooth_px: float) -> tuple[Floats, Floats]:
    """Strength of each image near its rim over that in the middle: small for one whole, centred particle without noise.

    Root mean squares in the ring between 0.8 and 1 radius over that of the smoothed image in the circle of half the radius:
    of the smoothed images, less the lower quartile of grey values within the circle (the solvent), and of what smoothing took.
    """
    box = images.shape[-1]
    steps = np.arange(box) - box // 2
    r = np.hypot(steps[:, None], steps[None, :])
    rim, core, disc = (r > 0.8 * radius_px) & (r <= radius_px), r <= 0.5 * radius_px, r <= radius_px
    whole = images.astype(np.float64)
    smooth = ndimage.gaussian_filter(whole, (0, smooth_px, smooth_px))
    fine = np.sqrt(((whole - smooth)[:, rim] ** 2).mean(axis=1))
    smooth = smooth - np.percentile(smooth[:, disc], 25, axis=1)[:, None, None]
    inner = np.sqrt((smooth[:, core] ** 2).mean(axis=1))
    outer = np.sqrt((smooth[:, rim] ** 2).mean(axis=1))
    over = np.where(inner > 0, inner, 1)
    return np.where(inner > 0, outer / over, np.inf), np.where(inner > 0, fine / over, np.inf)


def information(ssnr: Floats, sizes: Floats, *, parts: Floats) -> Floats:
    """How much one image of a class tells of it: the sum over Fourier space of log(1 + SSNR an image), detail up to FINEST.

    ssnr (K, shells) of the averages, sizes (K,) their images, parts (shells,) how many of each shell's waves the diameter holds.
    """
    counted = (parts >= 1) & (parts <= FINEST)
    each = np.maximum(ssnr, 0) / (sizes[:, None] + STRANGERS)
    found: Floats = (np.log1p(each) * (parts * np.gradient(parts) * counted)).sum(1)
    return found


def spectrum_of(resolution_A: Floats, spacing_A: Floats) -> Floats:
    """SSNR (K, shells) of averages of which only the resolution is known: 1 there, falling with the fourth power."""
    known = np.where(np.isfinite(resolution_A) & (resolution_A > 0), resolution_A, np.inf)
    found: Floats = np.minimum((spacing_A / known[:, None]) ** 4, 1e4)
    return found


def measure_classes(
    images: NDArray[np.float32],
    pixel_size_A: float,
    *,
    resolution_A: Floats,
    sizes: Floats,
    diameter_A: float,
    ssnr: Floats | None = None,
) -> ClassMeasures:
    """The measures of class averages (n, y, x).

    resolution_A is each class's estimated resolution (inf: none), sizes how many particles it holds, diameter_A that of the
    particle mask (which ends within the box), ssnr (n, shells) the averages' spectral signal to noise. The best signal is the
    one that classes with a tenth of the particles exceed.
    """
    box = images.shape[-1]
    diameter_A = min(max(diameter_A, 4 * pixel_size_A), (box - 2) * pixel_size_A)
    finite = np.isfinite(resolution_A) & (resolution_A > 0)
    shells = np.arange(box // 2 + 1)
    spectra = spectrum_of(resolution_A, box * pixel_size_A / np.maximum(shells, 0.5)) if ssnr is None else ssnr
    parts = diameter_A / (box * pixel_size_A) * np.arange(spectra.shape[1])
    told = information(spectra, sizes, parts=parts) * (sizes > 0)
    order = np.argsort(-told)
    reached = np.cumsum(sizes[order]) >= 0.1 * sizes.sum()
    best = told[order[int(np.argmax(reached))]] if len(told) else 0.0
    smooth_px = max(1.0, diameter_A / 20 / pixel_size_A)
    rim, grain = rim_and_grain(images, diameter_A / 2 / pixel_size_A, smooth_px=smooth_px)
    return ClassMeasures(
        detail=np.where(finite, diameter_A / np.where(finite, resolution_A, 1), 0),
        signal=told / best if best > 0 else np.zeros(len(told)),
        rim=rim,
        grain=grain,
        share=sizes * len(sizes) / max(sizes.sum(), 1),
    )
