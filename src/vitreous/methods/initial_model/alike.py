"""Whether two maps show one fold: the turn, the move and the hand that bring one nearest to the other, and their FSC then."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import rotations, sphere
from vitreous.maths.conventions import PADDING
from vitreous.methods.initial_model import axes
from vitreous.methods.refinement import density, resolution, slices

Volume = NDArray[np.float32]
POINTS = 500  # of Fourier space at which turned maps are compared
TRIED = 4  # best turns of the grid, of each hand, that are looked at closely
FINER = 7  # rounds of local search with falling steps
SAME_FOLD = 0.8  # mean FSC of low shells from which two maps are said to agree


@dataclass(frozen=True)
class Alike:
    """The map brought to the other's frame, their FSC by shell, its mean over the shells that were compared, and the hand."""

    brought: Volume
    curve: NDArray[np.float64]
    agreement: float
    mirrored: bool


def mirrored(volume: Volume) -> Volume:
    """The map of the other hand: z turned round about the centre voxel."""
    return np.ascontiguousarray(np.roll(volume[::-1], 1 - volume.shape[0] % 2, 0))


def compared(volume: Volume, other: Volume, *, shells: int, seed: int = 0) -> Alike:
    """Bring a map to another of the same box, either hand, by their correlation in shells 2..shells, all of equal weight."""
    aim, _ = axes.centred(other)
    points = _points(shells, seed)
    values = _values(points, _whitened(aim, shells))
    best: tuple[float, Alike] | None = None
    for hand in (False, True):
        here, _ = axes.centred(mirrored(volume) if hand else volume)
        cube = density.to_cube(_whitened(here, shells), min(shells + 3, (len(here) + 1) // 2 - 1))
        for turn in _turns(points, cube, values, seed):
            brought = _moved(axes.turned(here, turn, group="C1"), aim)
            curve = resolution.half_map_fsc(brought, aim)
            agreement = float(curve[2 : shells + 1].mean())
            if best is None or agreement > best[0]:
                best = agreement, Alike(brought, curve, agreement, hand)
    assert best is not None
    return best[1]


def _points(shells: int, seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(POINTS, 3))
    radii = 1.5 + (shells - 1.5) * np.sqrt(generator.random(POINTS))
    made: NDArray[np.float64] = points * (radii / np.linalg.norm(points, axis=1))[:, None]
    return made


def _whitened(volume: Volume, shells: int) -> Volume:
    """The map with the same power in every shell up to some, and none beyond."""
    box = volume.shape[0]
    transform = np.fft.rfftn(volume)
    at = np.fft.fftfreq(box, 1 / box)
    shell = np.rint(np.sqrt(at[:, None, None] ** 2 + at[:, None] ** 2 + np.arange(box // 2 + 1) ** 2)).astype(np.int64)
    power = np.bincount(shell.ravel(), (np.abs(transform) ** 2).ravel()) / np.bincount(shell.ravel())
    scale = np.where(np.arange(len(power)) <= shells + 1, 1.0 / np.sqrt(np.maximum(power, 1e-12 * power.max() + 1e-30)), 0.0)
    return np.fft.irfftn(transform * scale[shell], s=volume.shape, axes=(0, 1, 2)).astype(np.float32)


def _values(points: NDArray[np.float64], volume: Volume) -> NDArray[np.complex64]:
    """The map's transform about its centre voxel at points (p, 3) as x, y, z, scaled to unit length."""
    box = volume.shape[0]
    x, y, z = (np.exp(-2j * np.pi / box * points[:, axis, None] * (np.arange(box) - box // 2)) for axis in range(3))
    rows = (volume.reshape(-1, box) @ x.T).reshape(box, box, -1)
    made = np.einsum("zyp,py,pz->p", rows, y, z)
    return (made / np.linalg.norm(made)).astype(np.complex64)


def _turns(
    points: NDArray[np.float64], cube: NDArray[np.complex64], aim: NDArray[np.complex64], seed: int
) -> list[NDArray[np.float64]]:
    """The turns that match best, of a grid over all and then nearby."""
    where, psi = sphere.healpix(2), torch.arange(0, 360, 15, dtype=torch.float64)
    grid = rotations.from_euler(where[:, :1], where[:, 1:], psi[None]).reshape(-1, 3, 3).numpy()
    score = slices.turned_products(points, cube, np.float32(PADDING), grid, aim)
    generator = torch.Generator().manual_seed(seed)
    found = []
    for start in np.argsort(-score)[:TRIED]:
        turn, top, step = grid[start], float(score[start]), 8.0
        for _ in range(FINER):
            vectors = torch.randn(48, 3, generator=generator, dtype=torch.float64) * math.radians(step)
            near = rotations.from_vector(vectors).numpy() @ turn
            there = slices.turned_products(points, cube, np.float32(PADDING), near, aim)
            if there.max() > top:
                turn, top = near[there.argmax()], float(there.max())
            step *= 0.6
        found.append(turn)
    return found


def _moved(volume: Volume, aim: Volume) -> Volume:
    """The map moved to where it overlaps most with the other: the peak of their correlation, read between voxels."""
    box, transform = volume.shape[0], np.fft.rfftn(volume)
    overlap = np.fft.irfftn(transform.conj() * np.fft.rfftn(aim), s=volume.shape, axes=(0, 1, 2))
    peak = np.unravel_index(int(overlap.argmax()), volume.shape)
    move = []
    for axis in range(3):
        line = [float(overlap[tuple((p + (axis == b) * step) % box for b, p in enumerate(peak))]) for step in (-1, 0, 1)]
        bend = line[0] - 2 * line[1] + line[2]
        move.append(peak[axis] + (0.5 * (line[0] - line[2]) / bend if bend < 0 else 0.0))
    at, half = np.fft.fftfreq(box), np.arange(box // 2 + 1) / box
    phase = at[:, None, None] * move[0] + at[:, None] * move[1] + half * move[2]
    return np.fft.irfftn(transform * np.exp(-2j * np.pi * phase), s=volume.shape, axes=(0, 1, 2)).astype(np.float32)
