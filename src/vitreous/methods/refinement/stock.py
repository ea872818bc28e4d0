"""Particle images made ready for the 3D engine: checked, packed, with their CTFs, kept in memory when the budget allows."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.context import Context, UserError
from vitreous.maths import masks
from vitreous.maths.conventions import PADDING
from vitreous.maths.ctf import ctf_at, phase_at
from vitreous.methods.particles import ctf_to_model, faults, said_of_all
from vitreous.methods.refinement.heap import keep_freed
from vitreous.methods.refinement.packed import pack, pixels_of
from vitreous.methods.straight import Straightened, straightened
from vitreous.tables.table import Table

READ_AT_ONCE = 256  # images
MOST_TOLD = 20  # rows that are set aside


@dataclass(frozen=True)
class Batch:
    """Packed transforms of some rows: whole (unmasked) and masked, complex64 (n, P); ctf float32 (n, P)."""

    whole: NDArray[np.complex64]
    masked: NDArray[np.complex64]
    ctf: NDArray[np.float32]

    def upto(self, count: int) -> "Batch":
        """The first `count` pixels: a lower resolution."""
        return Batch(
            np.ascontiguousarray(self.whole[:, :count]),
            np.ascontiguousarray(self.masked[:, :count]),
            np.ascontiguousarray(self.ctf[:, :count]),
        )


@dataclass(frozen=True)
class Adjustment:
    """What images are divided by (brightness, (n,) of all rows) and their CTFs multiplied by (contrast, (n,))."""

    brightness: NDArray[np.float32]
    contrast: NDArray[np.float32]


class Stock:
    """The images of a table in one box and pixel size, as packed transforms; `bad` lists rows that cannot be used."""

    def __init__(
        self, source: ImageSource, particles: Table, *, pixel_size_A: float, diameter_A: float, context: Context,
        ctf: bool = True, zero_mask: bool = True, intact_first_peak: bool = False,
    ) -> None:  # fmt: skip
        keep_freed()
        self.source = straightened(source, particles, pixel_size_A)
        first = source.read(np.arange(1))
        self.box = int(first.shape[-1])
        self.pixel_size_A = pixel_size_A
        self.padding = PADDING  # of the transforms of maps that the images are compared with
        if first.shape[-1] != first.shape[-2]:
            raise UserError(f"The particle images are {first.shape[-1]} x {first.shape[-2]} pixels; they must be square.")
        self.context = context
        self.pixels = pixels_of(self.box)
        radius = min(diameter_A / pixel_size_A, self.box) / 2
        self.radius_px = radius
        self.zero_mask = zero_mask
        self.disc = masks.disc(self.box, radius, edge_px=5.0)
        self.params = ctf_to_model(particles, wanted=ctf)
        self.phase_flipped = said_of_all(particles, "ctf_phase_flipped")
        self.intact_first_peak = intact_first_peak
        self.adjustment: Adjustment | None = None
        groups = particles.get("optics_group", 1)
        self.group_names, self.groups = np.unique(groups, return_inverse=True)
        self.bad: dict[int, str] = {}
        self._told: set[int] = set()
        self.count = len(particles)
        self.own = context.team.share(self.count)
        self._held: Batch | None = None
        self._batch = 0
        need_GB = self.bytes_a_particle * len(self.own) / 1e9
        if need_GB < 0.5 * context.memory_GB:
            context.note(f"{len(self.own):,} images are kept in memory as transforms: {need_GB:.2f} GB")
            self._held = self._hold()
        else:
            context.note(
                f"{len(self.own):,} images as transforms take {need_GB:.2f} GB, more than half of the {context.memory_GB:.3g} GB "
                "allowed: they are read anew in each round"
            )
        self.settle()

    @property
    def bytes_a_particle(self) -> int:
        """Memory of one particle's packed transforms and CTF."""
        return 20 * len(self.pixels.index)

    def tell_batch(self, size: int, cells: int) -> None:
        """A line for the memory plan when it changes: images that are scored together, and what the scores of each take."""
        if size != self._batch:
            self._batch = size
            threads = max(1, self.context.threads)
            each = f" in each of {threads} threads" if threads > 1 else ""
            self.context.note(f"batches of {size} images{each}, {16e-9 * size * cells * threads:.2f} GB")

    def batch(self, rows: NDArray[np.int64], count: int | None = None) -> Batch:
        """The packed images of these rows, to their first `count` pixels: from memory, or read and transformed now."""
        at = rows - self.own.start
        if self._held is not None and len(rows) and at.min() >= 0 and at.max() < len(self.own):
            held = self._held
            made = Batch(held.whole[:, :count][at], held.masked[:, :count][at], held.ctf[:, :count][at])
            return self._adjusted(made, rows)
        made = self._make(rows)
        return self._adjusted(made if count is None else made.upto(count), rows)

    def mine(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows are this member's to read; alone, all."""
        inside: NDArray[np.bool_] = (rows >= self.own.start) & (rows < self.own.stop)
        return inside

    def settle(self) -> None:
        """Every member knows the bad rows that any has found."""
        for found in self.context.team.gather(dict(self.bad)):
            self.bad.update(found)

    def tell_bad(self, name: str) -> None:
        """A line for each row that was set aside since the last call, as one of the file `name`; for the first 20."""
        found = sorted((row, why) for row, why in self.bad.items() if row not in self._told)
        for row, why in found[:MOST_TOLD]:
            self.context.note(f"row {row + 1} of {name} is set aside: the image {why}")
        if len(found) > MOST_TOLD:
            self.context.note(f"{len(found) - MOST_TOLD} more rows of {name} are set aside")
        self._told |= {row for row, _ in found}

    def recorded_origins(self, origins: NDArray[np.float64]) -> NDArray[np.float64]:
        """Origins (count, 2) of all rows as files hold them: those of the images before their distortion was taken off."""
        return self.source.recorded(origins) if isinstance(self.source, Straightened) else origins

    def straight_rows(self, rows: Table) -> Table:
        """The table's rows with origins of the images without their distortion: recorded_origins' inverse."""
        names = ("origin_x_A", "origin_y_A")
        if not isinstance(self.source, Straightened) or not all(name in rows for name in names):
            return rows
        origins = self.source.straight(np.stack([np.asarray(rows[name], float) for name in names], axis=1))
        return rows.with_(**dict(zip(names, origins.T)))

    def masked_images(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Real images (n, box, box) as the scores see them: masked, cleared of NaN, divided by their brightness."""
        images = self._mask(self._read(rows))
        if self.adjustment is None:
            return images
        return images / torch.from_numpy(self.adjustment.brightness[rows])[:, None, None]

    def contrast(self, rows: NDArray[np.int64], kx: torch.Tensor, ky: torch.Tensor) -> torch.Tensor:
        """What the slices of these rows are multiplied by, (n, *kx.shape) float32 at frequencies in 1/Å: CTF and contrast."""
        values = self._ctf_at(rows, kx, ky)
        if self.adjustment is None:
            return values
        return values * torch.from_numpy(self.adjustment.contrast[rows]).view(-1, *[1] * kx.ndim)

    def without_ctf(self) -> "Stock":
        """The same images, seen as if they had no CTF."""
        other = copy.copy(self)
        other.params = None
        return other

    def _adjusted(self, made: Batch, rows: NDArray[np.int64]) -> Batch:
        ctf = made.ctf if self.params is not None else np.ones_like(made.ctf)
        if self.adjustment is None:
            return Batch(made.whole, made.masked, ctf)
        bright, contrast = (v[rows, None] for v in (self.adjustment.brightness, self.adjustment.contrast))
        return Batch(made.whole / bright, made.masked / bright, ctf * contrast)

    def chunks(self, rows: NDArray[np.int64], size: int = READ_AT_ONCE) -> list[NDArray[np.int64]]:
        """The rows in blocks of at most `size`."""
        return [rows[i : i + size] for i in range(0, len(rows), size)]

    def usable(self) -> NDArray[np.bool_]:
        """Which rows may be used: all but the bad ones."""
        good = np.ones(self.count, bool)
        good[list(self.bad)] = False
        return good

    def _hold(self) -> Batch:
        pixels, count, first = len(self.pixels.index), len(self.own), self.own.start
        held = Batch(
            np.empty((count, pixels), np.complex64),
            np.empty((count, pixels), np.complex64),
            np.empty((count, pixels), np.float32),
        )
        for rows in self.chunks(np.arange(count)):
            self.context.check()
            made = self._make(rows + first)
            held.whole[rows], held.masked[rows], held.ctf[rows] = made.whole, made.masked, made.ctf
        return held

    def _make(self, rows: NDArray[np.int64]) -> Batch:
        images = self._read(rows)
        whole = pack(images.numpy(), self.pixels)
        masked = pack(self._mask(images).numpy(), self.pixels)
        return Batch(whole, masked, self._ctf(rows))

    def _ctf(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        step = 1.0 / (self.box * self.pixel_size_A)
        k = torch.from_numpy(self.pixels.index.astype(np.float64)) * step
        values: NDArray[np.float32] = self._ctf_at(rows, k[:, 0], k[:, 1]).numpy()
        return values

    def _ctf_at(self, rows: NDArray[np.int64], kx: torch.Tensor, ky: torch.Tensor) -> torch.Tensor:
        if self.params is None:
            return torch.ones((len(rows), *kx.shape))
        params = self.params[torch.from_numpy(rows)]
        values = ctf_at(params, kx, ky)
        if self.intact_first_peak:
            values = torch.where(phase_at(params, kx, ky) < torch.pi / 2, torch.ones_like(values), values)
        return values.abs() if self.phase_flipped else values

    def _read(self, rows: NDArray[np.int64]) -> torch.Tensor:
        images = np.asarray(self.source.read(rows), np.float32)
        found = faults(images)
        if found:
            images = images.copy()
            images[list(found)] = 0.0
            self.bad |= {int(rows[at]): why for at, why in found.items()}
        return torch.from_numpy(images)

    def _mask(self, images: torch.Tensor) -> torch.Tensor:
        if not self.zero_mask:
            return images
        return masks.apply_soft(images, self.disc)
