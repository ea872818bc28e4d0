"""What a 3D refinement tells of what looks wrong: a reference of another pixel size, a half that fell in, images of noise."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from vitreous.maths import fourier, shells, sphere, symmetry
from vitreous.methods.refinement import resolution

Volume = NDArray[np.float32]
Floats = NDArray[np.float64]

COMPARED_BOX = 64  # maps are compared at this size at most
WIDEST, STEPS = 0.12, 25  # magnifications that are tried: 1 - WIDEST .. 1 + WIDEST
TOLERATED = 0.015  # of the pixel size: calibrations differ by as much
PILED_SHARE, PILED_TIMES = 0.25, 3.0  # of a half's images in one of 192 patches of views, and that much more than in the other
FINER = 1.25  # at a resolution so much finer than where halves are joined they must still agree


def magnification(found: Volume, reference: Volume, *, shell: int) -> tuple[float, float]:
    """The factor by which the reference must be enlarged to match a map best, and the gain in their correlation by it.

    Both (box, box, box); shells up to `shell` count. The maps must lie on each other but for the scale.
    """
    box = found.shape[0]
    small = min(box, COMPARED_BOX, max(24, 2 * (int(1.2 * shell) // 2 + 1)))
    one, two = (fourier.resize3(torch.from_numpy(v.astype(np.float32)), small).numpy() for v in (found, reference))
    flat = _flattened(one, shell)
    factors = np.linspace(1 - WIDEST, 1 + WIDEST, STEPS)
    scores = np.array([_correlation(flat, _flattened(_enlarged(two, factor), shell)) for factor in factors])
    at = int(np.clip(scores.argmax(), 1, STEPS - 2))
    low, middle, high = scores[at - 1 : at + 2]
    curve = low - 2 * middle + high
    offset = 0.0 if curve >= 0 else float(np.clip(0.5 * (low - high) / curve, -1, 1))
    return float(factors[at] + offset * (factors[1] - factors[0])), float(scores.max() - scores[STEPS // 2])


def _flattened(volume: Volume, shell: int) -> Volume:
    """The map with the same power in each shell from 2 to `shell` and none elsewhere, so that no envelope decides."""
    box = volume.shape[0]
    transform = fourier.rfft3(torch.from_numpy(volume))
    index = shells.shells3(box)
    power = shells.power(transform, ndim=3)
    gain = torch.zeros(int(index.max()) + 1)
    last = min(shell, len(power) - 1)
    gain[2 : last + 1] = power[2 : last + 1].clamp_min(1e-30).rsqrt().to(torch.float32)
    flat: Volume = fourier.irfft3(transform * gain[index], box).numpy()
    return flat


def _enlarged(volume: Volume, factor: float) -> Volume:
    centre = np.full(3, volume.shape[0] // 2, float)
    made: Volume = ndimage.affine_transform(volume, np.eye(3) / factor, centre - centre / factor, order=3)
    return made


def _correlation(one: Volume, two: Volume) -> float:
    return float((one * two).sum() / max(float(np.sqrt((one**2).sum() * (two**2).sum())), 1e-30))


def of_the_reference(found: Volume, reference: Volume, *, shell: int, voxel_size_A: float) -> list[str]:
    """A sentence when the images make a map that is larger or smaller than the reference."""
    factor, gain = magnification(found, reference, shell=shell)
    if abs(factor - 1) < TOLERATED or gain < 0.01:
        return []
    likely_A = voxel_size_A * factor
    how = "larger" if factor > 1 else "smaller"
    return [
        f"warning: the images make a map {100 * abs(factor - 1):.1f} % {how} than the reference: its voxel size is likely "
        f"{likely_A:.3f} Å rather than {voxel_size_A:.3f} Å, or the particles' pixel size is wrong by as much"
    ]


def of_the_views(rotations_of: Floats, half: NDArray[np.int64], group: str) -> list[str]:
    """A sentence when the views of one half are piled up where those of the other are not; rotations (n, 3, 3), half (n,)."""
    patches = sphere.directions(2, "C1").numpy()
    rot, tilt = np.radians(patches).T
    axes = np.stack([np.sin(tilt) * np.cos(rot), np.sin(tilt) * np.sin(rot), np.cos(tilt)], 1)
    operators = symmetry.operators(group).numpy()
    tops = []
    for number in (1, 2):
        views = rotations_of[half == number][:, 2]
        places = np.concatenate([(views @ operator @ axes.T).argmax(1) for operator in operators])
        tops.append(np.bincount(places, minlength=len(axes)).max() * 1.0 / max(len(views), 1))
    worse = int(tops[1] > tops[0])
    if tops[worse] < PILED_SHARE or tops[worse] < PILED_TIMES * tops[1 - worse]:
        return []
    return [
        f"warning: {100 * tops[worse]:.0f} % of half {worse + 1} look from one direction, and {100 * tops[1 - worse]:.0f} % of "
        "the other: that half has likely collapsed onto its own noise; remove junk particles, or low-pass the reference more"
    ]


def of_the_halves(fsc: Floats, *, joined_A: float, box: int, pixel_size_A: float) -> list[str]:
    """A sentence when the halves' maps part just beyond the resolution up to which they were joined."""
    if joined_A <= 0:
        return []
    shell = round(box * pixel_size_A / (joined_A / FINER))
    if shell + 1 >= len(fsc) or resolution.shell_at(fsc) >= shell:
        return []
    return [
        f"warning: the two halves do not agree beyond {joined_A:.0f} Å, where they are no longer joined: the particles may hold "
        "no signal that fits this reference, or one half has gone astray"
    ]
