"""Particles with poses, as reconstruction takes them: images by index, rotations, shifts, CTF, half sets."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vitreous.arrays.source import ImageSource
from vitreous.context import UserError
from vitreous.maths.ctf import CtfParams
from vitreous.maths.rotations import from_euler
from vitreous.methods.particles import ctf_of, pixel_size_of
from vitreous.methods.straight import IDEAL, Optics, optics_of
from vitreous.tables.table import Table


@dataclass(frozen=True)
class PosedParticles:
    """n images with what is known of each.

    rotations (n, 3, 3): A, point r of the map lands at (A r)_xy. shifts_A (n, 2): (x, y) that centre the image.
    ctf: n CTFs, or None for images without. half (n,): 1 or 2.
    premultiplied: the images are already multiplied by their CTF. optics: distortion and odd aberrations of groups, and
    member (n,) the group of each row, counted from 0; None: all of the first.
    """

    source: ImageSource
    rotations: Tensor
    shifts_A: Tensor
    ctf: CtfParams | None
    pixel_size_A: float
    half: Tensor
    premultiplied: bool = False
    optics: tuple[Optics, ...] = (IDEAL,)
    member: Tensor | None = None

    def __len__(self) -> int:
        return len(self.source)

    def group_of(self, rows: Tensor) -> Tensor:
        """The optics group of some rows, from 0."""
        return torch.zeros(len(rows), dtype=torch.int64) if self.member is None else self.member[rows]


def random_halves(count: int, seed: int) -> Tensor:
    """Half-set numbers 1 and 2 in equal parts, in random order, (count,) int64."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    half = torch.ones(count, dtype=torch.int64)
    half[order[: count // 2]] = 2
    return half


def from_table(table: Table, source: ImageSource, *, name: str, seed: int = 0) -> PosedParticles:
    """Posed particles of a particle table and its images; `name` is the file that error messages name.

    Half sets are the column's, else random by the seed.
    """
    size_A = pixel_size_of(table, name)
    for column, label in (("rot_deg", "rlnAngleRot"), ("tilt_deg", "rlnAngleTilt"), ("psi_deg", "rlnAnglePsi")):
        if column not in table:
            raise UserError(f"{name} has no column {label}: give particles with poses, such as a refinement's run_data.star")
    angles = [torch.as_tensor(table[c].astype(float)) for c in ("rot_deg", "tilt_deg", "psi_deg")]
    shifts = [torch.as_tensor(table.get(c, 0.0).astype(float)) for c in ("origin_x_A", "origin_y_A")]
    for values, what in ((torch.stack(angles, 1), "angles"), (torch.stack(shifts, 1), "shifts")):
        bad = torch.nonzero(~torch.isfinite(values).all(1))
        if len(bad):
            raise UserError(f"{name}, particle {int(bad[0]) + 1}: its {what} are not numbers; remove the row")
    half = torch.as_tensor(table["half"].astype(int)) if "half" in table else random_halves(len(table), seed)
    premultiplied = np.unique(_optional(table, "ctf_premultiplied").astype(bool))
    if len(premultiplied) > 1:
        raise UserError(f"{name} mixes images with and without premultiplied CTF: give one kind at a time")
    groups, member = optics_of(table)
    return PosedParticles(
        source=source,
        rotations=from_euler(*angles),
        shifts_A=torch.stack(shifts, 1),
        ctf=ctf_of(table),
        pixel_size_A=size_A,
        half=half,
        premultiplied=bool(premultiplied[0]),
        optics=tuple(groups),
        member=torch.from_numpy(member),
    )


def _optional(table: Table, name: str) -> NDArray[Any]:
    """An optics value spread over rows, 0 where the table has none."""
    if name in table or (table.optics is not None and name in table.optics):
        return table.optics_column(name)
    return np.zeros(len(table))
