"""What one iteration of 2D classification hands to the next; immutable."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.fourier import irfft2, rfft2
from vitreous.maths.shells import shells2
from vitreous.methods.refinement.scale2d import Scales


@dataclass(frozen=True)
class Poses:
    """What is known of each particle: class from 0 (-1: not yet seen), in-plane angle, origin (x, y) in px, and how well."""

    classes: NDArray[np.int64]
    psi_deg: NDArray[np.float64]
    origin_px: NDArray[np.float64]
    pmax: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    significant: NDArray[np.int64]
    norm: NDArray[np.float64]

    @staticmethod
    def empty(count: int) -> "Poses":
        """Nothing known."""
        zeros = np.zeros(count)
        return Poses(
            classes=np.full(count, -1),
            psi_deg=zeros,
            origin_px=np.zeros((count, 2)),
            pmax=zeros,
            log_likelihood=zeros,
            significant=np.zeros(count, np.int64),
            norm=np.ones(count),
        )

    def updated(self, rows: NDArray[np.int64], **values: NDArray[Any]) -> "Poses":
        """The same with new values in some rows."""
        changed = {}
        for name, value in values.items():
            column = getattr(self, name).copy()
            column[rows] = value
            changed[name] = column
        return replace(self, **changed)


NOWHERE = Poses.empty(0)  # every member works out the poses of all itself: of a million images they are much to send


@dataclass(frozen=True)
class Sums:
    """Running sums of the M step in two halves of the images: data (2, K, N, N) real-space images of the weighted sums,
    weight (2, K, shells) of C^2 / sigma^2, mass (2, K) of posterior; all float64 but data float32."""

    data: torch.Tensor
    weight: torch.Tensor
    mass: torch.Tensor

    @staticmethod
    def empty(classes: int, box: int) -> "Sums":
        """Zeros; shells are 0 .. box / 2."""
        return Sums(
            torch.zeros((2, classes, box, box)),
            torch.zeros((2, classes, box // 2 + 1), dtype=torch.float64),
            torch.zeros((2, classes), dtype=torch.float64),
        )

    def of(self, which: NDArray[np.int64]) -> "Sums":
        """Those of some of the classes."""
        return Sums(self.data[:, which], self.weight[:, which], self.mass[:, which])

    def joined(self, other: "Sums") -> "Sums":
        """These classes and then those."""
        pairs = ((self.data, other.data), (self.weight, other.weight), (self.mass, other.mass))
        return Sums(*(torch.cat(pair, 1) for pair in pairs))

    def blended(self, new: "Sums", step: float) -> "Sums":
        """(1 - step) of these and step of the new."""
        pairs = ((self.data, new.data), (self.weight, new.weight), (self.mass, new.mass))
        return Sums(*((1 - step) * a + step * b for a, b in pairs))

    def within(self, shells: int) -> "Sums":
        """Nothing beyond a shell: a weight that only fades would in the end stand under data that rounding holds up."""
        box, weight = self.data.shape[-1], self.weight.clone()
        weight[:, :, shells + 1 :] = 0
        kept = shells2(box) <= shells
        return Sums(irfft2(rfft2(self.data) * kept, box), weight, self.mass)


@dataclass(frozen=True)
class State:
    """A 2D classification between two iterations. Spectra run over shells 0 .. box / 2 of unnormalised transforms.

    references (K, N, N) masked, float32; sigma2 (groups, shells) variance of one component of the noise of an unmasked
    image; tau2, ssnr (K, shells); shares (K,) sum to 1; offset_sigma_px spread of the origins; shells last one scored.
    """

    iteration: int
    references: torch.Tensor
    sums: Sums
    sigma2: torch.Tensor
    tau2: torch.Tensor
    ssnr: torch.Tensor
    shares: torch.Tensor
    offset_sigma_px: float
    mean_norm: float
    shells: int
    poses: Poses
    log_likelihood: float = 0.0
    mean_pmax: float = 0.0
    reseeded: tuple[int, ...] = ()
    scales: Scales = field(default_factory=lambda: Scales.ones(1))

    @property
    def box(self) -> int:
        """Side of the images in pixels."""
        return int(self.references.shape[-1])

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.references)

    def resolution_shell(self, which: int) -> int:
        """The last shell before the signal of a class falls below its noise (0: not even the first)."""
        below = torch.nonzero(self.ssnr[which, 1:] < 1)
        return int(below[0, 0]) if len(below) else self.box // 2
