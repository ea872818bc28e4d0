"""Particle images as lists of Fourier pixels: each Friedel pair once, ordered by shell, so that a resolution is a prefix."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.fourier import rfft2


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
    transform = rfft2(torch.from_numpy(np.ascontiguousarray(images)))
    kx = torch.from_numpy(pixels.index[:, 0].astype(np.int64))
    ky = torch.from_numpy(pixels.index[:, 1].astype(np.int64) % pixels.box)
    packed: NDArray[np.complex64] = transform[:, ky, kx].numpy()
    return packed
