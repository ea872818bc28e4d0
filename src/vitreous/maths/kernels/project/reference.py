"""Central slices by trilinear interpolation: the definition, in plain torch."""

import torch
from torch import Tensor

from vitreous.maths.grids import indices2


def slice_points(rotations: Tensor, box: int, *, r_max: float, padding: int) -> tuple[Tensor, Tensor]:
    """Where the slices' points lie: (n, points, 3) = (x, y, z) on the padded grid, and their places in the flat half plane."""
    kx, ky = (k.expand(box, box // 2 + 1).reshape(-1) for k in indices2(box))
    inside = torch.nonzero(kx**2 + ky**2 <= r_max**2)[:, 0]
    plane = torch.stack([kx[inside], ky[inside]], 1).to(rotations)
    return padding * torch.einsum("pi,nij->npj", plane, rotations[:, :2, :]), inside.to(rotations.device)


def corners(points: Tensor, padded: int) -> tuple[Tensor, Tensor, Tensor]:
    """For points (n, p, 3): flat indices (8, n, p) of the voxels around, their weights, and where x < 0 was mirrored."""
    flipped = points[..., 0] < 0
    points = torch.where(flipped[..., None], -points, points)
    low = points.detach().floor()
    part = points - low
    start = low.to(torch.int64)
    indices, weights = [], []
    for z in (0, 1):
        for y in (0, 1):
            for x in (0, 1):
                column, row, plane = start[..., 0] + x, (start[..., 1] + y) % padded, (start[..., 2] + z) % padded
                indices.append((plane * padded + row) * (padded // 2 + 1) + column)
                along = (part[..., axis] if bit else 1 - part[..., axis] for axis, bit in enumerate((x, y, z)))
                first, second, third = along
                weights.append(first * second * third)
    return torch.stack(indices), torch.stack(weights), flipped


def project(volume_ft: Tensor, rotations: Tensor, box: int, *, r_max: float, padding: int) -> Tensor:
    """Slices (n, N, N//2+1); see the kernel's public function."""
    points, inside = slice_points(rotations.to(volume_ft.real.dtype), box, r_max=r_max, padding=padding)
    indices, weights, flipped = corners(points, volume_ft.shape[0])
    values = (volume_ft.reshape(-1)[indices] * weights).sum(0)
    values = torch.where(flipped, values.conj().resolve_conj(), values)
    flat = volume_ft.new_zeros(len(rotations), box * (box // 2 + 1))
    return flat.index_copy(1, inside, values).reshape(len(rotations), box, box // 2 + 1)
