"""Centred half transforms of images and volumes; crop, pad and shift. Forward unnormalised, backward divides by N^d."""

import math
from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from vitreous.maths.grids import indices2

IMAGE = (-2, -1)
VOLUME = (-3, -2, -1)


def rfft2(images: Tensor) -> Tensor:
    """Half transforms (..., Y, X//2+1) of images (..., Y, X), phase relative to pixel (Y//2, X//2)."""
    if images.numel() == 0:  # some FFT libraries refuse an empty batch
        return images.new_zeros((*images.shape[:-1], images.shape[-1] // 2 + 1), dtype=images.dtype.to_complex())
    return torch.fft.rfft2(torch.fft.ifftshift(images, dim=IMAGE))


def irfft2(ft: Tensor, box: int | Sequence[int]) -> Tensor:
    """Images (..., Y, X) of centred half transforms; box is N, or (Y, X)."""
    if ft.numel() == 0:
        return ft.new_zeros((*ft.shape[:-2], *_shape(box, 2)), dtype=ft.dtype.to_real())
    return torch.fft.fftshift(torch.fft.irfft2(ft, s=_shape(box, 2)), dim=IMAGE)


def rfft3(volumes: Tensor) -> Tensor:
    """Half transforms (..., Z, Y, X//2+1) of volumes (..., Z, Y, X), phase relative to voxel N//2."""
    return torch.fft.rfftn(torch.fft.ifftshift(volumes, dim=VOLUME), dim=VOLUME)


def irfft3(ft: Tensor, box: int | Sequence[int]) -> Tensor:
    """Volumes (..., Z, Y, X) of centred half transforms; box is N, or (Z, Y, X)."""
    return torch.fft.fftshift(torch.fft.irfftn(ft, s=_shape(box, 3), dim=VOLUME), dim=VOLUME)


def _shape(box: int | Sequence[int], dimensions: int) -> list[int]:
    return [box] * dimensions if isinstance(box, int) else [int(n) for n in box]


def crop2(ft: Tensor, box: int | Sequence[int]) -> Tensor:
    """The low frequencies of half transforms (..., Y, X//2+1) as half transforms of a smaller box (N, or (Y, X)).

    Values are kept (multiply by the ratio of pixel numbers to keep the image's mean); the new Nyquist lines are zero.
    The original width must be even or the new one smaller. resize2 does the whole step on images.
    """
    return _resize(ft, _shape(box, 2))


def pad2(ft: Tensor, box: int | Sequence[int]) -> Tensor:
    """Half transforms in a larger box, zeros outside; the old Nyquist lines of an even box, which are ambiguous, are zero."""
    return _resize(ft, _shape(box, 2))


def fit3(ft: Tensor, box: int, *, old: int) -> Tensor:
    """Half transforms (..., N, N, N//2+1) of cubes of `old` voxels a side, cropped or padded to those of another box.

    Values are kept (multiply by the ratio of voxel numbers to keep the mean). resize3 does the whole step on volumes.
    """
    return _resize(ft, [box] * 3, old)


def _resize(ft: Tensor, shape: list[int], width: int | None = None) -> Tensor:
    """Copy the frequencies that both boxes hold without doubt: |k| < half of the smaller size, on every axis.

    width is the old box's, which the half transform leaves open; by default it is odd where the next axis is.
    """
    axes = len(shape)
    old = list(ft.shape[-axes:])
    width = 2 * old[-1] - 2 + old[-2] % 2 if width is None else width
    halves = [*shape[:-1], shape[-1] // 2 + 1]
    if old == halves and width == shape[-1]:
        return ft
    out = ft.new_zeros([*ft.shape[:-axes], *halves])
    columns = (min(shape[-1], width) + 1) // 2
    slices: list[tuple[slice, ...]] = [()]
    for new, was in zip(shape[:-1], old[:-1]):
        low = (min(new, was) + 1) // 2  # frequencies 0 .. low-1 and -(low-1) .. -1
        parts = [slice(0, low), *([slice(-(low - 1), None)] if low > 1 else [])]
        slices = [(*s, part) for s in slices for part in parts]
    for part in slices:
        where = (*[slice(None)] * (ft.ndim - axes), *part, slice(0, columns))
        out[where] = ft[where]
    return out


def resize2(images: Tensor, box: int | Sequence[int]) -> Tensor:
    """Images resampled to another number of pixels by cropping or padding their transforms; centre and mean are kept."""
    shape = _shape(box, 2)
    factor = math.prod(shape) / math.prod(images.shape[-2:])
    return irfft2(_resize(rfft2(images), shape, images.shape[-1]) * factor, shape)


def resize3(volumes: Tensor, box: int | Sequence[int]) -> Tensor:
    """As resize2, for volumes."""
    shape = _shape(box, 3)
    factor = math.prod(shape) / math.prod(volumes.shape[-3:])
    return irfft3(_resize(rfft3(volumes), shape, volumes.shape[-1]) * factor, shape)


def window(array: Tensor, shape: Sequence[int], *, fill: float = 0.0) -> Tensor:
    """The last len(shape) axes cut or filled up about their centres N//2 in real space; the centre stays the centre."""
    axes = len(shape)
    old = array.shape[-axes:]
    out = array.new_full((*array.shape[:-axes], *shape), fill)
    source, target = [], []
    for was, new in zip(old, shape):
        start = was // 2 - new // 2
        source.append(slice(max(start, 0), min(start + new, was)))
        target.append(slice(max(-start, 0), max(-start, 0) + min(start + new, was) - max(start, 0)))
    whole = [slice(None)] * (array.ndim - axes)
    out[(*whole, *target)] = array[(*whole, *source)]
    return out


def wrapped(array: Tensor, shape: Sequence[int]) -> Tensor:
    """ifftshift(window(array, shape)) in one pass, for shapes not smaller than the array: padded, the centre at index 0."""
    axes = len(shape)
    out = array.new_zeros((*array.shape[:-axes], *shape))
    whole = [slice(None)] * (array.ndim - axes)
    parts = []
    for n in array.shape[-axes:]:
        half = n // 2
        parts.append([(slice(half, n), slice(0, n - half)), (slice(0, half), slice(-half, None))][: 2 if half else 1])
    for chosen in product(*parts):
        out[(*whole, *(target for _, target in chosen))] = array[(*whole, *(source for source, _ in chosen))]
    return out


def unwrapped(array: Tensor, shape: Sequence[int]) -> Tensor:
    """window(fftshift(array), shape) in one pass, for shapes not larger than the array: the inverse of wrapped."""
    axes = len(shape)
    out = array.new_empty((*array.shape[:-axes], *shape))
    whole = [slice(None)] * (array.ndim - axes)
    parts = []
    for n in shape:
        half = n // 2
        parts.append([(slice(half, n), slice(0, n - half)), (slice(0, half), slice(-half, None))][: 2 if half else 1])
    for chosen in product(*parts):
        out[(*whole, *(target for target, _ in chosen))] = array[(*whole, *(source for _, source in chosen))]
    return out


def shift2(ft: Tensor, shifts_px: Tensor, box: int) -> Tensor:
    """Half transforms (n, N, N//2+1) of square images moved by shifts (n, 2) = (x, y) pixels towards rising indices."""
    kx, ky = indices2(box)
    real = torch.float64 if ft.dtype == torch.complex128 else torch.float32
    step = (shifts_px.to(torch.float64) * (-2 * math.pi / box)).to(ft.device)
    along_x = torch.polar(torch.ones((), dtype=real), (step[:, :1] * kx.to(ft.device)).to(real))  # (n, N//2+1)
    along_y = torch.polar(torch.ones((), dtype=real), (step[:, 1:] * ky[:, 0].to(ft.device)).to(real))  # (n, N)
    return ft * along_y[:, :, None] * along_x[:, None, :]
