"""Makes micrographs fit for picking: binned, freed of illumination and hot pixels, noise of the same strength everywhere."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

HOT = 5.0
"""Pixels beyond this many standard deviations are clipped."""


def bin_down(image: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Mean over squares of factor x factor pixels; rows and columns that do not fill a square are left out.

    Pixel i of the result has its centre at (i + 0.5) * factor - 0.5 in the image (y, x).
    """
    if factor == 1:
        return image
    rows, columns = (side // factor for side in image.shape)
    part = image[: rows * factor, : columns * factor]
    binned: NDArray[np.float32] = part.reshape(rows, factor, columns, factor).mean((1, 3), dtype=np.float32)
    return binned


def flatten(image: NDArray[np.float32], width_px: float) -> NDArray[np.float32]:
    """The image (y, x) less its smooth background, in units of the local noise; hot and dead pixels are clipped.

    width_px is the standard deviation of the Gaussian that makes the background. The noise is measured over twice that
    width, so that a dim corner, thick ice or carbon get the same noise as the rest.
    """
    rest = image - ndimage.gaussian_filter(image, width_px, mode="reflect")
    spread = 1.4826 * float(np.median(np.abs(rest)))
    if not spread > 0:
        return np.zeros_like(rest)
    capped = np.minimum(np.abs(rest), 4 * spread)
    local = ndimage.gaussian_filter(capped, 2 * width_px, mode="reflect") * np.sqrt(np.pi / 2)
    flat: NDArray[np.float32] = np.clip(rest / np.maximum(local, 1e-3 * spread), -HOT, HOT).astype(np.float32)
    return flat
