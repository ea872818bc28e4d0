"""Class averages against the specimen: Fourier ring correlation with true projections, and averages made by the truth.

The projection of a class is that of its own view (class_views.own_view), at the in-plane angle, shift and hand that agree
best with the average at COARSE_A.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from class_views import FLIP, Floats, Integers, frame, in_plane, own_view
from ribosome import contrast, projection
from specimens import DIAMETER_A
from vitreous.files import mrc
from vitreous.tables.table import Table

COARSE_A, STEP_DEG, FINE_DEG, MOST_SHIFT = 20.0, 4.0, 0.5, 0.2
PART = 12  # projections made at a time: what fits the caches
Complexes = NDArray[np.complex128]


@dataclass(frozen=True)
class Specimen:
    """The beads of bench/ribosome.py: places (p, 3) in Å, heights (p,), and the sampling of its images."""

    beads: Floats
    heights: Floats
    box: int
    pixel_A: float

    @classmethod
    def of(cls, folder: Path) -> "Specimen":
        """The specimen of a set of particles."""
        kept = np.load(folder / "specimen.npz")
        return cls(kept["beads"], kept["heights"], int(kept["box"]), float(kept["pixel_A"]))

    def seen(self, turns: Floats) -> NDArray[np.float32]:
        """Projections (n, box, box) without noise or CTF."""
        parts = np.split(turns, range(PART, len(turns), PART))
        return np.concatenate([self._projected(part) for part in parts])

    def _projected(self, turns: Floats) -> NDArray[np.float32]:
        still = np.zeros((len(turns), 2))
        return projection(self.beads, self.heights, turns, still, box=self.box, pixel_A=self.pixel_A)


def transformed(images: NDArray[np.floating[Any]]) -> Complexes:
    """Fourier transforms (n, box, box) with the origin of the images at pixel box // 2."""
    return np.asarray(np.fft.fft2(np.fft.ifftshift(images, axes=(-2, -1))), np.complex128)


def rings(box: int) -> Integers:
    """The shell (box, box) of each Fourier pixel: its distance from the origin, rounded."""
    at = np.fft.fftfreq(box, 1 / box)
    return np.asarray(np.rint(np.hypot(at[:, None], at)), int)


def ring_correlation(a: Complexes, b: Complexes) -> Floats:
    """Correlation (box // 2 + 1,) of two transforms in each shell; zero where one of them is."""
    box = a.shape[-1]
    shell = rings(box).ravel()

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(shell, values.ravel(), minlength=box)[: box // 2 + 1], float)

    power = np.sqrt(total(np.abs(a) ** 2) * total(np.abs(b) ** 2))
    return np.where(power > 0, total((a * b.conj()).real) / np.maximum(power, 1e-300), 0.0)


def resolution_A(curve: Floats, box: int, pixel_A: float, threshold: float = 0.5) -> float:
    """Where a curve first falls below the threshold, between shells; infinite where it never reaches it."""
    below = np.flatnonzero(curve[1:] < threshold)
    if not len(below):
        return 2 * pixel_A
    last = below[0]
    if last == 0:
        return float("inf")
    shell = last + (curve[last] - threshold) / (curve[last] - curve[last + 1])
    return float(box * pixel_A / shell)


def turned(axis: Floats, psi_deg: Floats, hand: int) -> Floats:
    """Turns (n, 3, 3) that see an axis (hand 0) or its opposite (1) at these in-plane angles."""
    psi, zero = np.radians(psi_deg), np.zeros(len(psi_deg))
    rows = [np.cos(psi), np.sin(psi), zero, -np.sin(psi), np.cos(psi), zero, zero, zero, zero + 1]
    return np.stack(rows, 1).reshape(-1, 3, 3) @ (FLIP @ frame(axis) if hand else frame(axis))


def best_shift(cross: Complexes, within_px: float) -> tuple[float, Floats]:
    """The highest correlation over shifts, and the shift (y, x) in px of the first image: whole pixels, then eighths."""
    box = cross.shape[-1]
    surface = np.fft.ifft2(cross).real
    at = np.fft.fftfreq(box, 1 / box)
    surface[np.hypot(at[:, None], at) > within_px] = -np.inf
    y, x = np.unravel_index(np.argmax(surface), surface.shape)
    fine = np.arange(-8, 9) / 8
    along = [np.exp(2j * np.pi * np.outer(at[i] + fine, at) / box) for i in (y, x)]
    sharp = (along[0] @ cross @ along[1].T).real / box**2
    i, j = np.unravel_index(np.argmax(sharp), sharp.shape)
    return float(sharp[i, j]), np.array([at[y] + fine[i], at[x] + fine[j]])


def cropped(transform: Complexes, box: int) -> Complexes:
    """The lowest frequencies of a transform as one of a smaller box."""
    kept = np.fft.fftfreq(box, 1 / box).astype(int)
    return np.asarray(transform[np.ix_(kept, kept)])


def closest(
    average: Complexes, specimen: Specimen, axis: Floats, tried: tuple[tuple[float, int], ...]
) -> tuple[float, int, Floats]:
    """Of in-plane angles in degrees and hands, those whose projection agrees best with an average, and its shift in px."""
    keep = rings(specimen.box) <= specimen.box * specimen.pixel_A / COARSE_A
    images = transformed(specimen.seen(np.concatenate([turned(axis, np.array([psi]), hand) for psi, hand in tried]))) * keep
    scores, shifts = zip(
        *(best_shift(average * image.conj() / np.linalg.norm(image), MOST_SHIFT * specimen.box) for image in images), strict=True
    )
    best = int(np.argmax(scores))
    return *tried[best], shifts[best]


def matched(average: Complexes, specimen: Specimen, axis: Floats) -> Complexes:
    """The transform of the projection along an axis, turned, moved and of the hand that agree best with the average."""
    box, at = specimen.box, np.fft.fftfreq(specimen.box)
    halves = max(1, int(COARSE_A / 3 / specimen.pixel_A))
    small = replace(specimen, box=2 * (box // halves // 2), pixel_A=specimen.pixel_A * halves)
    rough = tuple((psi, hand) for psi in np.arange(0, 360, STEP_DEG) for hand in (0, 1))
    psi, hand, _ = closest(cropped(average, small.box), small, axis, rough)
    psi, hand, shift = closest(
        average, specimen, axis, tuple((psi + more, hand) for more in np.arange(-STEP_DEG, STEP_DEG, FINE_DEG))
    )
    found = transformed(specimen.seen(turned(axis, np.array([psi]), hand)))[0]
    return np.asarray(found * np.exp(-2j * np.pi * (at[:, None] * shift[0] + at * shift[1])))


@dataclass(frozen=True)
class Compared:
    """Class averages beside true projections: FRC (k, shells), the classes' shares (k,), the projections (k, box, box)."""

    curves: Floats
    shares: Floats
    projections: Floats

    @property
    def mean(self) -> Floats:
        """The curves' mean (shells,) by share."""
        return np.asarray(self.shares @ self.curves)


def compared(averages: NDArray[np.floating[Any]], views: Floats, classes: Integers, specimen: Specimen) -> Compared:
    """Each average with the projection of its class's own view; empty classes correlate by 0."""
    shares = np.bincount(classes, minlength=len(averages)) / len(classes)
    found, projections = np.zeros((len(averages), specimen.box // 2 + 1)), np.zeros(averages.shape)
    for k in np.flatnonzero(shares):
        average = transformed(averages[k])
        projection = matched(average, specimen, own_view(views[classes == k]))
        found[k] = ring_correlation(average, projection)
        projections[k] = np.fft.fftshift(np.fft.ifft2(projection).real)
    return Compared(found, shares, projections)


def true_average(turns: Floats, truth: Table) -> Floats:
    """The average (box, box) of a class's images at their true in-plane angles and shifts, the CTF divided out as Wiener does."""
    psi, opposite = in_plane(turns, own_view(turns[:, 2]))
    rows, stacks = zip(*(str(name).split("@") for name in truth["image"]), strict=True)
    images, pixel_A = mrc.read_stack(stacks[0], np.array(rows, int) - 1)
    box = images.shape[-1]
    ctf = contrast(truth["defocus_u_A"], truth["defocus_angle_deg"], box=box, pixel_A=pixel_A)
    weighted = np.fft.irfft2(np.fft.rfft2(images) * ctf, s=(box, box))
    origins = np.stack([truth["origin_y_A"], truth["origin_x_A"]], 1) / pixel_A
    total, middle = np.zeros((box, box)), np.full(2, box // 2)
    for image, angle, origin, mirrored in zip(weighted, psi, origins, opposite, strict=True):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turn = turn @ np.diag([-1.0 if mirrored else 1.0, 1.0])
        total += affine_transform(image, turn, middle - turn @ middle - origin, order=3)
    at = np.arange(box) - box // 2
    disc = np.hypot(at[:, None], at) < (DIAMETER_A + 10) / pixel_A / 2
    return np.asarray(np.fft.irfft2(np.fft.rfft2(total) / ((ctf**2).sum(0) + 1), s=(box, box)) * disc)
