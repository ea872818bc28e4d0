"""The whole way from a micrograph and coordinates to particle images: cut, rescale, normalise, invert."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.context import QUIET, Context
from vitreous.methods.extraction.cut import Cut, Images, cut_windows, rescale
from vitreous.methods.extraction.normalise import Dust, normalise
from vitreous.methods.extraction.settings import Windows

BATCH = 64


@dataclass(frozen=True)
class Extracted:
    """Particle images (n, y, x), the rows of the coordinates they came from, centres and origins.

    origin_*_px is the shift, in pixels of the micrograph, that centres the image (minus what rounding left over).
    outside and empty hold the rows that were dropped: wholly beyond the micrograph; without any contrast around.
    """

    images: Images
    rows: NDArray[np.intp]
    x_px: NDArray[np.float64]
    y_px: NDArray[np.float64]
    origin_x_px: NDArray[np.float64]
    origin_y_px: NDArray[np.float64]
    outside: NDArray[np.intp]
    empty: NDArray[np.intp]


def _finish(cut: Cut, windows: Windows, context: Context) -> tuple[Images, NDArray[np.bool_]]:
    """Rescale, normalise and invert in batches, so that memory stays a few times that of the result."""
    box = windows.final_box_px
    images = np.empty((len(cut.windows), box, box), np.float32)
    good = np.ones(len(images), dtype=bool)
    dust = Dust(*(value if value > 0 else None for value in (windows.white_dust, windows.black_dust)))
    random = np.random.default_rng(context.seed_for("dust"))
    for start in range(0, len(images), BATCH):
        context.check()
        part = slice(start, start + BATCH)
        batch = rescale(cut.windows[part], box)
        if windows.normalise:
            batch, good[part] = normalise(batch, radius_px=windows.background_radius_px, dust=dust, random=random)
        images[part] = -batch if windows.invert else batch
    return images, good


def extract(
    image: Images, x_px: NDArray[np.float64], y_px: NDArray[np.float64], *, windows: Windows, context: Context = QUIET
) -> Extracted:
    """Particle images around points of a micrograph (y, x); coordinates in its pixels, 0-based, fractions allowed."""
    sentence = windows.wrong()
    if sentence:
        raise ValueError(sentence)
    cut = cut_windows(image, x_px, y_px, box=windows.box_px)
    images, good = _finish(cut, windows, context)
    kept = np.flatnonzero(good)
    return Extracted(
        images=images if len(kept) == len(images) else images[kept],
        rows=cut.taken[kept],
        x_px=cut.centre_x_px[kept].astype(np.float64),
        y_px=cut.centre_y_px[kept].astype(np.float64),
        origin_x_px=-cut.rest_x_px[kept],
        origin_y_px=-cut.rest_y_px[kept],
        outside=np.setdiff1d(np.arange(len(x_px)), cut.taken),
        empty=cut.taken[~good],
    )
