"""The corrected sum: frames weighted by exposure, shifted, bent along the local motion, and added."""

import numpy as np
import scipy.fft
import torch
from numba import njit
from numpy.typing import NDArray

from vitreous.maths.dose import critical_dose
from vitreous.maths.fourier import crop2

Frame = NDArray[np.float32]
Half = NDArray[np.complex64]


def dose_filters(
    shape: tuple[int, int], pixel_size_A: float, *, start_e_A2: float, dose_e_A2: float, count: int, voltage_kV: float
) -> tuple[Frame, Frame]:
    """The weight of the first frame and the factor from each frame to the next, on half transforms (y, x//2+1).

    start_e_A2: exposure at the end of the first frame. Divided by the root of the sum of squares over `count` frames, so
    that the noise of the sum is as flat as that of one frame; at zero frequency frames count alike.
    """
    ky = np.fft.fftfreq(shape[0], pixel_size_A)
    kx = np.fft.rfftfreq(shape[1], pixel_size_A)
    k = np.sqrt(ky[:, None] ** 2 + kx[None, :] ** 2).astype(np.float32)
    k[0, 0] = 1e-9
    half_rate = 0.5 / critical_dose(torch.from_numpy(k), voltage_kV).numpy()
    step = np.exp(-dose_e_A2 * half_rate)
    squares = step.astype(np.float64) ** 2
    spread = np.where(squares < 1 - 1e-9, (1 - squares**count) / np.maximum(1 - squares, 1e-9), count)
    first = np.exp(-start_e_A2 * half_rate.astype(np.float64))
    norm = np.where(first > 1e-30, 1 / np.sqrt(spread), 0)
    return norm.astype(np.float32), step.astype(np.float32)


def spline_filter(shape: tuple[int, int]) -> tuple[Frame, Frame]:
    """Factors (y,) and (x//2+1,) that turn a periodic image's transform into that of its cubic B-spline coefficients."""
    y = 3 / (2 + np.cos(2 * np.pi * np.fft.fftfreq(shape[0])))
    x = 3 / (2 + np.cos(2 * np.pi * np.fft.rfftfreq(shape[1])))
    return y.astype(np.float32), x.astype(np.float32)


@njit(cache=True, nogil=True, fastmath=True)
def moved(out: Half, transform: Half, factor_y: Half, factor_x: Half) -> None:
    """out = transform * factor_y[:, None] * factor_x[None, :], on (y, x//2+1)."""
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            out[row, column] = transform[row, column] * factor_y[row] * factor_x[column]


@njit(cache=True, nogil=True, fastmath=True)
def add_weighted(total: Half, transform: Half, weight: Frame) -> None:
    """total += weight * transform, on (y, x//2+1)."""
    for row in range(total.shape[0]):
        for column in range(total.shape[1]):
            total[row, column] += weight[row, column] * transform[row, column]


@njit(cache=True, nogil=True, fastmath=True)
def add_bent(total: Frame, coefficients: Frame, field: NDArray[np.float64], scale: float) -> None:
    """Add an image, given by cubic B-spline coefficients, moved along a smooth field: total(x) += image(x - s(x)).

    field (2, 6): s_x and s_y in original pixels as polynomials 1, x, x^2, y, y^2, xy of places -0.5..0.5; `scale` brings
    them to pixels of the image. The image goes on periodically beyond its edges.
    """
    height, width = total.shape
    wx, wy = np.empty(4, np.float32), np.empty(4, np.float32)
    for row in range(height):
        y = row / height - 0.5
        x0 = np.float32((field[0, 0] + field[0, 3] * y + field[0, 4] * y * y) * scale)
        x1, x2 = np.float32((field[0, 1] + field[0, 5] * y) * scale), np.float32(field[0, 2] * scale)
        y0 = np.float32((field[1, 0] + field[1, 3] * y + field[1, 4] * y * y) * scale)
        y1, y2 = np.float32((field[1, 1] + field[1, 5] * y) * scale), np.float32(field[1, 2] * scale)
        for column in range(width):
            x = np.float32(column) / np.float32(width) - np.float32(0.5)
            step_x, step_y = -(x0 + x * (x1 + x * x2)), -(y0 + x * (y1 + x * y2))
            whole_x, whole_y = np.floor(step_x), np.floor(step_y)
            _cubic(step_x - whole_x, wx)
            _cubic(step_y - whole_y, wy)
            left, top = column + int(whole_x) - 1, row + int(whole_y) - 1
            value = np.float32(0.0)
            if left >= 0 and top >= 0 and left + 3 < width and top + 3 < height:
                for tap in range(4):
                    value += wy[tap] * (
                        wx[0] * coefficients[top + tap, left]
                        + wx[1] * coefficients[top + tap, left + 1]
                        + wx[2] * coefficients[top + tap, left + 2]
                        + wx[3] * coefficients[top + tap, left + 3]
                    )
            else:
                for tap in range(4):
                    for across in range(4):
                        value += wy[tap] * wx[across] * coefficients[(top + tap) % height, (left + across) % width]
            total[row, column] += value


@njit(cache=True, nogil=True, fastmath=True, inline="always")
def _cubic(part: np.float32, weights: Frame) -> None:
    """The four cubic B-spline weights at a fraction of a pixel."""
    rest = np.float32(1.0) - part
    sixth = np.float32(1.0 / 6.0)
    weights[0] = sixth * rest * rest * rest
    weights[3] = sixth * part * part * part
    weights[1] = sixth * (np.float32(4.0) + part * part * (np.float32(3.0) * part - np.float32(6.0)))
    weights[2] = sixth * (np.float32(4.0) + rest * rest * (np.float32(3.0) * rest - np.float32(6.0)))


def crop_half(transform: Half, shape: tuple[int, int], crop: tuple[int, int]) -> Half:
    """The low frequencies of a half transform of an image (height, width), scaled to keep the image's values.

    The half frequencies of an even crop, which are ambiguous, are set to zero.
    """
    if shape == crop:
        return transform
    scale = float(crop[0] * crop[1] / (shape[0] * shape[1]))
    return (crop2(torch.from_numpy(transform), crop) * scale).numpy()


def back(transform: Half, shape: tuple[int, int], threads: int = 1) -> Frame:
    """The image (y, x) of a half transform."""
    return scipy.fft.irfft2(transform, s=shape, workers=threads)
