"""The whole way from a micrograph and coordinates to particle images: cut, rescale, normalise, invert."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.context import QUIET, Context
from vitreous.methods.extraction.cut import Cut, Images, cut_windows, rescale
from vitreous.methods.extraction.normalise import Dust, normalise
from vitreous.methods.extraction.settings import Windows

BATCH = 64  # windows worked on together, where memory allows
BYTES_A_PIXEL = 48  # of a window that is rescaled and normalised


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


def _finish(cut: Cut, windows: Windows, random: np.random.Generator) -> tuple[Images, NDArray[np.bool_]]:
    """The windows of one batch rescaled, normalised and inverted; and which of them had any contrast."""
    dust = Dust(*(value if value > 0 else None for value in (windows.white_dust, windows.black_dust)))
    images, good = rescale(cut.windows, windows.final_box_px), np.ones(len(cut.windows), dtype=bool)
    if windows.normalise and len(images):
        images, good = normalise(images, radius_px=windows.background_radius_px, dust=dust, random=random)
    return (-images if windows.invert else images), good


def batch_size(windows: Windows, memory_GB: float) -> int:
    """How many windows are worked on together, so that huge ones stay inside half of the memory; one at least."""
    side = max(windows.box_px, windows.final_box_px)
    return max(1, min(BATCH, int(0.5e9 * memory_GB / (BYTES_A_PIXEL * side**2))))


def extract(
    image: Images,
    x_px: NDArray[np.float64],
    y_px: NDArray[np.float64],
    *,
    windows: Windows,
    context: Context = QUIET,
    keep: Callable[[Images], object] | None = None,
) -> Extracted:
    """Particle images around points of a micrograph (y, x); coordinates in its pixels, 0-based, fractions allowed.

    The work goes in batches, which context.memory_GB bounds. keep takes the images of each batch as they are made (to a
    file, say), and the result then holds none; without it the result holds all.
    """
    sentence = windows.wrong()
    if sentence:
        raise ValueError(sentence)
    random = np.random.default_rng(context.seed_for("dust"))
    images = [np.empty((0, windows.final_box_px, windows.final_box_px), np.float32)]
    places, taken, empty = [], [], []
    step = batch_size(windows, context.memory_GB)
    for start in range(0, max(len(x_px), 1), step):
        context.check()
        part = slice(start, start + step)
        cut = cut_windows(image, x_px[part], y_px[part], box=windows.box_px)
        done, good = _finish(cut, windows, random)
        done = done if good.all() else done[good]
        if keep is None:
            images.append(done)
        elif len(done):
            keep(done)
        taken.append(start + cut.taken[good])
        empty.append(start + cut.taken[~good])
        places.append(np.stack([cut.centre_x_px, cut.centre_y_px, -cut.rest_x_px, -cut.rest_y_px])[:, good])
    x, y, origin_x, origin_y = np.concatenate(places, axis=1)
    rows, dropped = np.concatenate(taken), np.concatenate(empty)
    outside = np.setdiff1d(np.arange(len(x_px)), np.concatenate([rows, dropped]))
    return Extracted(np.concatenate(images), rows, x, y, origin_x, origin_y, outside, dropped)
