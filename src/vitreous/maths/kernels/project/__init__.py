"""Central slices of a volume's transform by trilinear interpolation on a padded, gridding-corrected grid."""

import torch
from torch import Tensor

from vitreous.maths.conventions import PADDING
from vitreous.maths.fourier import VOLUME, wrapped
from vitreous.maths.grids import offsets
from vitreous.maths.kernels.choose import implementation


def gridding_correction(box: int, padded: int) -> Tensor:
    """The transform of the trilinear kernel along one axis, sinc(x/P)^2 at the N pixels of the box, (N,) float64."""
    return torch.sinc(offsets(box) / padded) ** 2


def prepare(volume: Tensor, padding: int = PADDING, *, correct: bool = True) -> Tensor:
    """The padded transform (P, P, P//2+1), P = padding N, of a volume (N, N, N); centred, unnormalised, DC at index 0.

    correct divides the map by the interpolation's own fall-off, so that slices have the right amplitude all over the box.
    float32 gives complex64, float64 gives complex128.
    """
    box = volume.shape[-1]
    if correct:
        line = gridding_correction(box, padding * box).to(volume)
        volume = volume / (line[:, None, None] * line[:, None] * line)
    return torch.fft.rfftn(wrapped(volume, [padding * box] * 3), dim=VOLUME)


def limit(box: int, r_max: float, *, padding: int = PADDING) -> float:
    """r_max, or less: what stays clear of the Nyquist line of the box and of the padded grid's edge."""
    return min(float(r_max), box / 2 - 1e-3, (padding * box) // 2 / padding - 1e-3)


def project(volume_ft: Tensor, rotations: Tensor, box: int, r_max: float, *, padding: int = PADDING) -> Tensor:
    """Slices (n, N, N//2+1) complex of a prepared volume at poses A (n, 3, 3); zero beyond r_max and at Nyquist.

    volume_ft: from prepare, with the same padding. box: N of the slices; index k of a slice is frequency padding * k of
    the volume, so a box smaller than the volume's gives the low frequencies. The slice at A is the centred, unnormalised
    transform of the image in which reference point r lands at (A r)_xy. Fast and reference agree to 1e-5 of the largest value.
    """
    r_max = limit(box, min(r_max, limit(volume_ft.shape[0] // padding, r_max, padding=padding)), padding=padding)
    if implementation("project", volume_ft, rotations) == "fast":
        from vitreous.maths.kernels.project import fast_cpu

        return fast_cpu.project(volume_ft, rotations, box, r_max=r_max, padding=padding)
    from vitreous.maths.kernels.project import reference

    return reference.project(volume_ft, rotations, box, r_max=r_max, padding=padding)
