"""Particle images as lists of Fourier pixels: each Friedel pair once, ordered by shell, so that a resolution is a prefix."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pixels:
    """Pixels of shells 1..reach of a box: index (P, 2) int32 (kx, ky), shell (P,), ends (reach + 1,): how many up to a shell."""

    box: int
    index: NDArray[np.int32]
    shell: NDArray[np.int64]
    ends: NDArray[np.int64]

    @property
    def reach(self) -> int:
        return len(self.ends) - 1

    def count(self, shell: int) -> int:
        """How many pixels lie on shells 1..shell."""
        return int(self.ends[min(shell, self.reach)])


def pixels_of(box: int) -> Pixels:
    """All pixels below Nyquist: round(|k|) < box / 2 (the Nyquist row and column have no partner and stay out)."""
    reach = (box + 1) // 2 - 1
    kx, ky = np.meshgrid(np.arange(reach + 1), np.arange(-reach, reach + 1), indexing="ij")
    shell = np.rint(np.hypot(kx, ky)).astype(np.int64)
    kept = (shell >= 1) & (shell <= reach) & ((kx > 0) | (ky > 0))
    kx, ky, shell = kx[kept], ky[kept], shell[kept]
    order = np.lexsort((kx, ky, shell))
    index = np.stack([kx, ky], axis=1)[order].astype(np.int32)
    ends = np.searchsorted(shell[order], np.arange(reach + 1), side="right")
    return Pixels(box, np.ascontiguousarray(index), shell[order], ends)


def pack(images: NDArray[np.float32], pixels: Pixels) -> NDArray[np.complex64]:
    """Centred, unnormalised transforms (n, P) of images (n, box, box) at the listed pixels."""
    transform = torch.fft.rfft2(torch.fft.ifftshift(torch.from_numpy(np.ascontiguousarray(images)), dim=(1, 2)))
    kx = torch.from_numpy(pixels.index[:, 0].astype(np.int64))
    ky = torch.from_numpy(pixels.index[:, 1].astype(np.int64) % pixels.box)
    packed: NDArray[np.complex64] = transform[:, ky, kx].numpy()
    return packed


def unpack(packed: NDArray[np.complex64], pixels: Pixels) -> NDArray[np.float32]:
    """Images (n, box, box) of packed transforms; pixels that are not listed are zero, so the mean is."""
    box = pixels.box
    full = torch.zeros((len(packed), box, box // 2 + 1), dtype=torch.complex64)
    kx = torch.from_numpy(pixels.index[:, 0].astype(np.int64))
    ky = torch.from_numpy(pixels.index[:, 1].astype(np.int64))
    values = torch.from_numpy(packed)
    full[:, ky % box, kx] = values
    axis = kx == 0
    full[:, (-ky[axis]) % box, 0] = values[:, axis].conj()
    images: NDArray[np.float32] = torch.fft.fftshift(torch.fft.irfft2(full, s=(box, box)), dim=(1, 2)).numpy()
    return images


def masked(images: NDArray[np.float32], disc: NDArray[np.float32]) -> NDArray[np.float32]:
    """Images with everything outside the soft disc replaced by the mean of what lies there (of each image)."""
    outside = 1.0 - disc
    level = (images * outside).sum(axis=(1, 2)) / max(float(outside.sum()), 1e-6)
    result: NDArray[np.float32] = (images * disc + level[:, None, None] * outside).astype(np.float32)
    return result


def shell_power(packed: NDArray[np.complex64], pixels: Pixels) -> NDArray[np.float64]:
    """Mean |F|^2 / 2 over images, by shell (reach + 1,); shell 0 repeats shell 1."""
    power = np.einsum("np,np->p", packed.real, packed.real) + np.einsum("np,np->p", packed.imag, packed.imag)
    total = np.bincount(pixels.shell, power, pixels.reach + 1)
    count = np.bincount(pixels.shell, minlength=pixels.reach + 1) * max(len(packed), 1)
    mean = total / np.maximum(count, 1) / 2.0
    mean[0] = mean[1]
    return mean
