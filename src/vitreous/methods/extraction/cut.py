"""Windows around coordinates, rounded to whole pixels with the remainder kept; and their scale changed in Fourier space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Images = NDArray[np.float32]


@dataclass(frozen=True)
class Cut:
    """Windows (n, y, x); of the coordinates that were asked for, which were taken; where their centres lie, what is left.

    centre_*_px is the pixel of the micrograph that is pixel box // 2 of the window. The particle sits at
    centre + rest, |rest| <= 0.5 pixels; the shift that centres the image is therefore -rest.
    """

    windows: Images
    taken: NDArray[np.intp]
    centre_x_px: NDArray[np.int64]
    centre_y_px: NDArray[np.int64]
    rest_x_px: NDArray[np.float64]
    rest_y_px: NDArray[np.float64]


def cut_windows(image: Images, x_px: NDArray[np.float64], y_px: NDArray[np.float64], *, box: int) -> Cut:
    """Square windows of side `box` (even) around points of an image (y, x); pixel centres have whole coordinates from 0.

    Beyond the image its outermost row or column is repeated. A window that lies wholly outside is not taken.
    """
    if box % 2 or box < 2:
        raise ValueError(f"the box of {box} pixels is odd; windows need an even one")
    rows, columns = image.shape
    cx, cy = np.floor(x_px + 0.5).astype(np.int64), np.floor(y_px + 0.5).astype(np.int64)
    half = box // 2
    inside = (cx + half > 0) & (cx - half < columns) & (cy + half > 0) & (cy - half < rows)
    taken = np.flatnonzero(inside)
    steps = np.arange(-half, half)
    windows = np.empty((len(taken), box, box), np.float32)
    for window, index in zip(windows, taken, strict=True):
        y = np.clip(cy[index] + steps, 0, rows - 1)
        x = np.clip(cx[index] + steps, 0, columns - 1)
        window[:] = image[y[:, None], x[None, :]]
    cx, cy = cx[taken], cy[taken]
    return Cut(windows, taken, cx, cy, x_px[taken] - cx, y_px[taken] - cy)


def rescale(images: Images, box: int) -> Images:
    """Images (n, N, N) brought to (n, box, box) by cropping or padding their Fourier transforms; N and box even.

    The mean grey value stays, and pixel N // 2 stays pixel box // 2. The new pixel size is the old one times N / box.
    The Nyquist line of the smaller box is kept, as other programs keep it (maths.fourier.resize2 leaves it out).
    """
    size = images.shape[-1]
    if size % 2 or box % 2:
        raise ValueError(f"images of {size} pixels cannot be brought to {box}: both sides must be even")
    if size == box:
        return images
    low = min(size, box) // 2
    transform = fft.rfft2(images)
    placed = np.zeros((len(images), box, box // 2 + 1), transform.dtype)
    placed[:, : low + 1, : low + 1] = transform[:, : low + 1, : low + 1]
    placed[:, box - low + 1 :, : low + 1] = transform[:, size - low + 1 :, : low + 1]
    scaled: Images = fft.irfft2(placed, s=(box, box))
    scaled *= np.float32((box / size) ** 2)
    return scaled
