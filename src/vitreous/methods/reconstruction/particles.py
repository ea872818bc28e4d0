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
from vitreous.tables.table import Table


@dataclass(frozen=True)
class PosedParticles:
    """n images with what is known of each.

    rotations (n, 3, 3): A, point r of the map lands at (A r)_xy. shifts_A (n, 2): (x, y) that centre the image.
    ctf: n CTFs, or None for images without. half (n,): 1 or 2. beam_tilt_mrad (n, 2) or None.
    premultiplied: the images are already multiplied by their CTF.
    """

    source: ImageSource
    rotations: Tensor
    shifts_A: Tensor
    ctf: CtfParams | None
    pixel_size_A: float
    half: Tensor
    beam_tilt_mrad: Tensor | None = None
    premultiplied: bool = False

    def __len__(self) -> int:
        return len(self.source)


def random_halves(count: int, seed: int) -> Tensor:
    """Half-set numbers 1 and 2 in equal parts, in random order, (count,) int64."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    half = torch.ones(count, dtype=torch.int64)
    half[order[: count // 2]] = 2
    return half


def ctf_of(table: Table) -> CtfParams | None:
    """The CTFs of a table's rows; None if it has no defocus."""
    if "defocus_u_A" not in table:
        return None
    return CtfParams.of(
        table["defocus_u_A"].astype(float),
        table.get("defocus_v_A", 0.0).astype(float) if "defocus_v_A" in table else None,
        defocus_angle_deg=table.get("defocus_angle_deg", 0.0).astype(float),
        voltage_kV=table.optics_column("voltage_kV").astype(float),
        cs_mm=table.optics_column("cs_mm").astype(float),
        amplitude_contrast=table.optics_column("amplitude_contrast").astype(float),
        phase_shift_deg=table.get("phase_shift_deg", 0.0).astype(float),
        bfactor_A2=table.get("ctf_bfactor_A2", 0.0).astype(float),
        scale=table.get("ctf_scale", 1.0).astype(float),
    )


def from_table(table: Table, source: ImageSource, *, name: str, seed: int = 0) -> PosedParticles:
    """Posed particles of a particle table and its images; `name` is the file that error messages name.

    Half sets are the column's, else random by the seed.
    """
    if len(table) == 0:
        raise UserError(f"{name} holds no particles: nothing can be reconstructed from it")
    for column, label in (("rot_deg", "rlnAngleRot"), ("tilt_deg", "rlnAngleTilt"), ("psi_deg", "rlnAnglePsi")):
        if column not in table:
            raise UserError(f"{name} has no column {label}: give particles with poses, such as a refinement's run_data.star")
    sizes = np.unique(table.optics_column("pixel_size_A").astype(float).round(6))
    if len(sizes) > 1:
        raise UserError(f"{name} holds images of pixel sizes {', '.join(f'{s:g}' for s in sizes)} Å: give one size at a time")
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
    tilt = np.stack([_optional(table, c).astype(float) for c in ("beam_tilt_x_mrad", "beam_tilt_y_mrad")], 1)
    return PosedParticles(
        source=source,
        rotations=from_euler(*angles),
        shifts_A=torch.stack(shifts, 1),
        ctf=ctf_of(table),
        pixel_size_A=float(sizes[0]),
        half=half,
        beam_tilt_mrad=torch.as_tensor(tilt) if tilt.any() else None,
        premultiplied=bool(premultiplied[0]),
    )


def _optional(table: Table, name: str) -> NDArray[Any]:
    """An optics value spread over rows, 0 where the table has none."""
    if name in table or (table.optics is not None and name in table.optics):
        return table.optics_column(name)
    return np.zeros(len(table))
