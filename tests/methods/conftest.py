"""What tests of methods share: a specimen of Gaussians with exact volume, projections and Fourier values; a team of threads."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from vitreous.context import Team
from vitreous.maths import rotations, symmetry
from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.tables.table import Table


@dataclass(frozen=True)
class Blobs:
    """Gaussians at places (m, 3) px from the centre voxel, with widths and heights (m,)."""

    box: int
    places: NDArray[np.float64]
    widths: NDArray[np.float64]
    heights: NDArray[np.float64]

    def volume(self) -> NDArray[np.float32]:
        at = np.arange(self.box) - self.box // 2
        made = np.zeros((self.box,) * 3)
        for place, width, height in zip(self.places, self.widths, self.heights):
            x, y, z = (np.exp(-((at - c) ** 2) / (2 * width**2)) for c in place)
            made += height * z[:, None, None] * y[None, :, None] * x[None, None, :]
        return made.astype(np.float32)

    def images(self, turns: NDArray[np.float64], origins: NDArray[np.float64]) -> NDArray[np.float64]:
        """Projections (n, box, box); an image moved by its origin is centred."""
        at = np.arange(self.box) - self.box // 2
        seen = np.einsum("nij,cj->nci", turns, self.places)[..., :2] - origins[:, None]
        gx, gy = (np.exp(-((at - seen[..., i, None]) ** 2) / (2 * self.widths[:, None] ** 2)) for i in range(2))
        weight = self.heights * np.sqrt(2 * np.pi) * self.widths
        return np.einsum("ncy,ncx->nyx", gy * weight[None, :, None], gx)

    def slice(self, turn: NDArray[np.float64], index: NDArray[np.int32]) -> NDArray[np.complex128]:
        """The transform of one centred projection at frequencies (P, 2), exactly."""
        seen = self.places @ turn.T
        phase = np.exp(-2j * np.pi / self.box * (index @ seen[:, :2].T))
        square = (index.astype(float) ** 2).sum(1)[:, None]
        fall = np.exp(-2 * (np.pi * self.widths / self.box) ** 2 * square)
        return (phase * fall * self.heights * (np.sqrt(2 * np.pi) * self.widths) ** 3).sum(1)


@dataclass(frozen=True)
class Simulated:
    """Images (n, box, box) of a specimen with noise of variance 1, their table and the truth."""

    blobs: Blobs
    volume: NDArray[np.float32]
    images: NDArray[np.float32]
    table: Table
    turns: NDArray[np.float64]
    origins: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.images[indices]


def _blobs(box: int, seed: int, *, group: str = "C1", count: int = 24, reach: float = 0.26) -> Blobs:
    generator = np.random.default_rng(seed)
    operators = symmetry.operators(group).numpy()
    single = max(4, count // len(operators))
    places = generator.normal(size=(single, 3))
    places *= (reach * box * generator.random(single) ** (1 / 3) / np.linalg.norm(places, axis=1))[:, None]
    widths, heights = generator.uniform(1.0, 2.0, single), generator.uniform(0.5, 1.5, single)
    repeat = len(operators)
    return Blobs(box, np.concatenate([places @ o for o in operators]), np.tile(widths, repeat), np.tile(heights, repeat))


def _simulated(box: int, seed: int, count: int, *, group: str = "C1", snr: float = 0.1, pixel_size_A: float = 4.0) -> Simulated:
    generator = np.random.default_rng(seed + 1)
    blobs = _blobs(box, seed, group=group)
    turns = rotations.random_rotations(count, torch.Generator().manual_seed(seed)).numpy()
    origins = generator.normal(size=(count, 2))
    defocus = generator.uniform(8000, 20000, count)
    params = CtfParams.of(defocus, defocus - 300.0, defocus_angle_deg=generator.uniform(0, 180, count))
    transfer = ctf2d(params, box, pixel_size_A).numpy()
    clean = np.fft.irfft2(np.fft.rfft2(blobs.images(turns, origins)) * transfer, s=(box, box))
    scale = np.sqrt(snr / clean.var()) if snr > 0 else 1.0
    noise = generator.normal(size=clean.shape) if snr > 0 else 0.0
    optics = Table(
        {"optics_group": [1], "voltage_kV": [300.0], "cs_mm": [2.7], "amplitude_contrast": [0.1], "pixel_size_A": [pixel_size_A]}
    )
    columns = {"defocus_u_A": defocus, "defocus_v_A": defocus - 300.0, "defocus_angle_deg": params.defocus_angle_deg.numpy()}
    table = Table({**columns, "optics_group": np.ones(count, int)}, "particles", optics)
    images = (scale * clean + noise).astype(np.float32)
    return Simulated(blobs, (scale * blobs.volume()).astype(np.float32), images, table, turns, origins)


@pytest.fixture(scope="session")
def specimen() -> Callable[..., Blobs]:
    """specimen(box, seed, group=, count=, reach=): Gaussians without symmetry beyond the group's."""
    return _blobs


@pytest.fixture(scope="session")
def simulated() -> Callable[..., Simulated]:
    """simulated(box, seed, count, group=, snr=, pixel_size_A=): particles with CTF, shifts and noise."""
    return _simulated


class Meeting:
    """A place where threads exchange values: each sum and gathering is a round to which all bring something."""

    def __init__(self, size: int) -> None:
        self.size, self.summed = size, 0
        self._barrier = threading.Barrier(size, timeout=120)
        self._brought: list[Any] = [None] * size

    def collect(self, rank: int, value: Any) -> list[Any]:
        self._brought[rank] = value
        self._barrier.wait()
        found = list(self._brought)
        self._barrier.wait()
        return found

    def reduce(self, rank: int, values: Any) -> Any:
        copied = values.clone() if isinstance(values, torch.Tensor) else np.array(values)
        self.summed += 1
        return sum(self.collect(rank, copied)[1:], self.collect(rank, copied)[0])

    def team(self, rank: int) -> Team:
        return Team(
            rank,
            self.size,
            lambda values: self.reduce(rank, values),
            lambda value: self.collect(rank, value),
            lambda value: self.collect(rank, value)[0],
            lambda error: self._barrier.abort(),
        )


@pytest.fixture(scope="session")
def as_members() -> Callable[..., list[Any]]:
    """as_members(size, work): work(team) of every member at the same time; gives what each returned."""

    def run(size: int, work: Callable[[Team], Any]) -> list[Any]:
        meeting = Meeting(size)

        def one(rank: int) -> Any:
            try:
                return work(meeting.team(rank))
            except BaseException:
                meeting._barrier.abort()
                raise

        with ThreadPoolExecutor(size) as pool:
            return list(pool.map(one, range(size)))

    return run
