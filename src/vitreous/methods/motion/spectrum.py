"""The power spectrum of a movie for the CTF fit: amplitudes of short sums added up, in a small square picture."""

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.ctf.spectrum import FINEST_FIT_PIXEL_A, Spectrum, resample

BOX = 512  # largest side of the picture


def frames_in_sum(dose_per_frame_e_A2: float, spectrum_dose_e_A2: float) -> int:
    """How many frames make a short sum of about this exposure; at least one."""
    if dose_per_frame_e_A2 <= 0 or spectrum_dose_e_A2 <= 0:
        return 1
    return max(1, int(round(spectrum_dose_e_A2 / dose_per_frame_e_A2)))


def picture(amplitude: NDArray[np.float32], shape: tuple[int, int], pixel_size_A: float) -> Spectrum:
    """The centred square spectrum of amplitudes on a half transform (y, x//2+1) of images (height, width).

    It is made square first (the short side's number of pixels over the same frequencies), cut to 1.4 Å pixels if the
    image's are finer, and brought to at most 512 pixels.
    """
    height, width = shape
    half = width // 2
    whole = np.empty(shape, np.float32)
    rows = np.roll(amplitude, height // 2, axis=0)
    whole[:, half:] = rows[:, : width - half]
    mirrored = np.roll(np.roll(amplitude[::-1], 1, axis=0), height // 2, axis=0)
    whole[:, :half] = mirrored[:, half:0:-1]
    whole[height // 2, half] = whole[height // 2, half + 1 : half + 3].max()
    side = min(height, width) // 2 * 2
    if whole.shape != (side, side):
        whole = resample(whole, side)
    if pixel_size_A < FINEST_FIT_PIXEL_A:
        inner = int(np.ceil(side * pixel_size_A / FINEST_FIT_PIXEL_A))
        inner += inner % 2
        start = side // 2 - inner // 2
        whole = whole[start : start + inner, start : start + inner]
        pixel_size_A *= side / inner
    if whole.shape[0] > BOX:
        whole = resample(whole, BOX)
    return Spectrum(np.ascontiguousarray(whole), pixel_size_A)
