"""Accurate values of transforms at arbitrary frequencies: Kaiser-Bessel samples of images and of central slices of a volume.

Five grid points a side on a grid padded by 1.5 err by less than 1e-3 (rms, of what fills up to 0.7 of the box).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vitreous.maths.conventions import KAISER_PADDING, KAISER_WIDTH
from vitreous.maths.fourier import VOLUME, wrapped
from vitreous.maths.grids import offsets
from vitreous.maths.kernels.choose import implementation


@dataclass(frozen=True)
class Prepared:
    """Transforms ready to be sampled: the frequency (0, 0[, 0]) is at (P/2 + m, P/2 + m, m), m = margin, on the last axes.

    ft: images (n, P+2m, P/2+1+2m), or a volume (P+2m, P+2m, P/2+1+2m); box is the N they came from, P the padded box.
    The margin repeats the periodic transform, so that no read needs wrapping; |k| may reach N/2.
    """

    ft: Tensor
    box: int
    padded: int

    @property
    def ratio(self) -> float:
        """Grid steps a whole-number frequency."""
        return self.padded / self.box


MARGIN = KAISER_WIDTH // 2 + 1


def padded_box(box: int, padding: float = KAISER_PADDING) -> int:
    """The even size of the padded grid."""
    return 2 * math.ceil(padding * box / 2)


def shape_parameter(box: int, padded: int) -> float:
    """The kernel's beta (Beatty et al. 2005)."""
    pad = padded / box
    return math.pi * math.sqrt((KAISER_WIDTH / pad) ** 2 * (pad - 0.5) ** 2 - 0.8)


def kernel(distance: Tensor, beta: float) -> Tensor:
    """w(x) = I0(beta sqrt(1 - (2x/W)^2)) / W within |x| <= W/2, else 0; distance in grid steps."""
    inside = 1 - (2 * distance / KAISER_WIDTH) ** 2
    value = torch.special.i0(beta * inside.clamp(min=0).sqrt()) / KAISER_WIDTH
    return torch.where(inside >= 0, value, torch.zeros_like(value))


def correction(box: int, padded: int) -> Tensor:
    """The kernel's transform at the pixels of the box, (N,) float64; maps are divided by it before padding."""
    argument = shape_parameter(box, padded) ** 2 - (math.pi * KAISER_WIDTH * offsets(box) / padded) ** 2
    root = argument.abs().sqrt().clamp(min=1e-12)
    return torch.where(argument > 0, torch.sinh(root) / root, torch.sin(root) / root)


def prepare_images(images: Tensor, padding: float = KAISER_PADDING) -> Prepared:
    """Images (n, N, N), real, ready for sample2."""
    box = images.shape[-1]
    padded = padded_box(box, padding)
    line = correction(box, padded).to(images)
    wide = wrapped(images / (line[:, None] * line), (padded, padded))
    if len(images) == 0:  # some FFT libraries refuse an empty batch
        return Prepared(_with_margins(wide[..., : padded // 2 + 1].to(images.dtype.to_complex()), 2), box, padded)
    ft = torch.fft.rfft2(wide)
    return Prepared(_with_margins(ft, 2), box, padded)


def prepare_volume(volume: Tensor, padding: float = KAISER_PADDING) -> Prepared:
    """A volume (N, N, N), real, ready for sample3."""
    box = volume.shape[-1]
    padded = padded_box(box, padding)
    line = correction(box, padded).to(volume)
    ft = torch.fft.rfftn(wrapped(volume / (line[:, None, None] * line[:, None] * line), [padded] * 3), dim=VOLUME)
    return Prepared(_with_margins(ft, 3), box, padded)


def _with_margins(ft: Tensor, axes: int) -> Tensor:
    """Half transforms with frequencies rising along each axis and MARGIN more points at every end."""
    padded, half = ft.shape[-2], ft.shape[-1]
    rising = torch.arange(-padded // 2 - MARGIN, padded // 2 + MARGIN, device=ft.device)
    out = ft.new_empty(*ft.shape[:-axes], *[padded + 2 * MARGIN] * (axes - 1), half + 2 * MARGIN)
    out[..., MARGIN : MARGIN + half] = _rows(ft, rising % padded, axes)
    # Columns before 0 and beyond Nyquist are the conjugates of the mates at minus the frequency.
    before = torch.arange(MARGIN, 0, -1, device=ft.device)
    beyond = half - 1 - torch.arange(1, MARGIN + 1, device=ft.device)
    out[..., :MARGIN] = _rows(ft[..., before], -rising % padded, axes).conj()
    out[..., MARGIN + half :] = _rows(ft[..., beyond], -rising % padded, axes).conj()
    return out


def _rows(ft: Tensor, index: Tensor, axes: int) -> Tensor:
    for axis in range(-axes, -1):
        ft = ft.index_select(axis, index)
    return ft


def sample2(prepared: Prepared, kx: Tensor, ky: Tensor) -> Tensor:
    """Values (n, points) complex of n images at frequencies kx, ky (points,) in cycles a box, |k| <= N/2, the same for all.

    They are the centred, unnormalised transform: sum over pixels of f(x, y) exp(-2 pi i (kx x + ky y) / N), x from the centre.
    """
    if implementation("sample", prepared.ft) == "fast":
        from vitreous.maths.kernels.sample import fast_cpu

        return fast_cpu.sample2(prepared, kx, ky)
    from vitreous.maths.kernels.sample import reference

    return reference.sample2(prepared, kx, ky)


def sample3(prepared: Prepared, rotations: Tensor, kx: Tensor, ky: Tensor) -> Tensor:
    """Values (n, points) complex of central slices at poses A (n, 3, 3), at the slice's frequencies kx, ky (points,).

    They are the volume's centred transform at A^T (kx, ky, 0), cycles a box, |k| <= N/2.
    """
    if implementation("sample", prepared.ft, rotations) == "fast":
        from vitreous.maths.kernels.sample import fast_cpu

        return fast_cpu.sample3(prepared, rotations, kx, ky)
    from vitreous.maths.kernels.sample import reference

    return reference.sample3(prepared, rotations, kx, ky)
