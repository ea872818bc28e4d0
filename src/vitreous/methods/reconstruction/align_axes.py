"""A map brought to the standard axes of its point group, centre and all; and the map and poses of the other hand."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vitreous.context import QUIET, Context, UserError
from vitreous.maths import symmetry
from vitreous.maths.fourier import irfft3, rfft3
from vitreous.maths.grids import indices3
from vitreous.maths.parabola import vertex
from vitreous.maths.rotations import distance_deg
from vitreous.methods.initial_model import axes
from vitreous.methods.refinement import resolution

Volume = NDArray[np.float32]
ROUNDS = 3
"""Times that the turn and the centre are found, each with the other known better."""
SETTLED_DEG, SETTLED_PX = 0.05, 0.02
LEAST_AGREEMENT = 0.5
"""Agreement with its mates below which a map is doubted to have the symmetry."""
MIRROR = torch.diag(torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64))
BEHIND = torch.diag(torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64))


@dataclass(frozen=True)
class Aligned:
    """volume (N, N, N) with its axes and centre in place; symmetric: the same averaged over its mates.

    turn (3, 3) and move_px (x, y, z): first the map is moved, then turned actively. agreement: 1 for a symmetric map.
    curve: FSC of both maps by shell.
    """

    volume: Volume
    symmetric: Volume
    turn: NDArray[np.float64]
    move_px: NDArray[np.float64]
    agreement: float
    curve: NDArray[np.float64]


def align_axes(
    volume: Volume, *, group: str, voxel_size_A: float, finest_A: float, keep_centre: bool = False, context: Context = QUIET
) -> Aligned:
    """Find the axes of a map (N, N, N) by detail coarser than finest_A, and bring them to the group's standard ones.

    The centre starts at the density's middle and is found from the mates; keep_centre leaves it at voxel N//2.
    """
    box = volume.shape[0]
    if symmetry.order(group) == 1:
        raise UserError("C1 has no axes to align: name the point group, such as D2")
    shells = max(3, min(int(box * voxel_size_A / finest_A), (box + 1) // 2 - 3))
    middle, first = (volume, np.zeros(3)) if keep_centre else axes.centred(volume)
    move, turn, agreement = np.asarray(first, float), np.eye(3), 0.0
    for _ in range(ROUNDS):
        context.check()
        before = turn, move
        turn, agreement = axes.find(middle, group=group, shells=shells, seed=context.seed_for("axes") % 2**31)
        # Any mate of the turn does as well: the nearest to the last is taken, so that the rounds can be compared.
        mates = symmetry.operators(group).numpy() @ turn
        turn = mates[np.argmax(np.einsum("mij,ij->m", mates, before[0]))]
        if not keep_centre:
            off = off_centre(axes.turned(middle, turn, group="C1"), group=group, shells=shells)
            move = move - turn.T @ off
            middle = moved(volume, move)
        turned_by = float(distance_deg(torch.from_numpy(turn), torch.from_numpy(before[0])))
        if turned_by < SETTLED_DEG and np.linalg.norm(move - before[1]) < SETTLED_PX:
            break
    whole = axes.turned(middle, turn, group="C1")
    symmetric = axes.turned(middle, turn, group=group)
    return Aligned(whole, symmetric, turn, move, agreement, resolution.half_map_fsc(whole, symmetric))


def off_centre(volume: Volume, *, group: str, shells: int) -> NDArray[np.float64]:
    """Where the group's axes meet in a map whose axes stand right, (x, y, z) voxels from N//2; 0 along a single axis.

    A map whose centre is s agrees with itself turned by R when that is moved by s - R s: the peak of their correlation.
    """
    operators = symmetry.operators(group).numpy()[1:]
    ft = _coarse(volume, shells)
    rows, moves = [], []
    for operator in operators[: min(len(operators), 6)]:
        mate = _coarse(axes.turned(volume, operator, group="C1"), shells)
        rows.append(np.eye(3) - operator)
        moves.append(_peak(irfft3(ft * mate.conj(), volume.shape[0])))
    found: NDArray[np.float64] = np.linalg.lstsq(np.concatenate(rows), np.concatenate(moves), rcond=1e-6)[0]
    return found


def _coarse(volume: Volume, shells: int) -> Tensor:
    """The half transform up to a shell."""
    ft = rfft3(torch.from_numpy(np.ascontiguousarray(volume)))
    kx, ky, kz = indices3(volume.shape[0])
    return ft * ((kx**2 + ky**2 + kz**2) <= shells**2)


def _peak(correlation: Tensor) -> NDArray[np.float64]:
    """The place (x, y, z) of the highest value in voxels from the centre, between voxels by parabolas."""
    values = correlation.numpy()
    box = values.shape[0]
    at = np.array(np.unravel_index(values.argmax(), values.shape))
    place = []
    for axis in (2, 1, 0):
        line = [values[tuple((at + step * (np.arange(3) == axis)) % box)] for step in (-1, 0, 1)]
        place.append(at[axis] - box // 2 + float(vertex(*line)))
    return np.array(place)


def moved(volume: Volume, move_px: NDArray[np.float64]) -> Volume:
    """The map moved by (x, y, z) voxels, also parts of voxels, towards rising indices."""
    box = volume.shape[0]
    ft = rfft3(torch.from_numpy(np.ascontiguousarray(volume)))
    phase = sum(k * float(step) for k, step in zip(indices3(box), move_px)) * (-2 * np.pi / box)
    turned: Volume = irfft3(ft * torch.polar(torch.ones_like(phase), phase).to(ft.dtype), box).numpy()
    return turned


def other_hand(volume: Volume) -> Volume:
    """The mirror image of a map (..., N): x turned round about voxel N//2."""
    return np.ascontiguousarray(np.roll(volume[..., ::-1], 1 - volume.shape[-1] % 2, -1))


def poses_of_other_hand(rotations: Tensor) -> Tensor:
    """The poses (n, 3, 3) at which the mirrored map shows the same projections; origins stay."""
    return BEHIND @ rotations.to(torch.float64) @ MIRROR


def poses_of_aligned(rotations: Tensor, origins_A: Tensor, aligned: Aligned, *, voxel_size_A: float) -> tuple[Tensor, Tensor]:
    """Poses (n, 3, 3) and origins (n, 2) in Å at which the aligned map shows the same projections as the map did before.

    The map is moved by m, then turned by Q: its point r comes from Q^T r - m, so A' = A Q^T, and the image moves by A m.
    """
    turn = torch.from_numpy(aligned.turn)
    poses = rotations.to(torch.float64)
    along = poses @ torch.from_numpy(aligned.move_px * voxel_size_A)
    return poses @ turn.T, origins_A.to(torch.float64) + along[:, :2]
