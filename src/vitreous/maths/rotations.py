"""Rotations: Euler angles (rot, tilt, psi), matrices, quaternions, rotation vectors, distances modulo symmetry."""

import math
from typing import Any

import torch
from torch import Tensor


def _degrees(angle: Any) -> Tensor:
    tensor = torch.as_tensor(angle, dtype=None if hasattr(angle, "dtype") else torch.float64)
    return torch.deg2rad(tensor if tensor.is_floating_point() else tensor.to(torch.float64))


def from_euler(rot: Any, tilt: Any, psi: Any) -> Tensor:
    """A = Rz(psi) Ry(tilt) Rz(rot), coordinate rotations, from degrees that broadcast together; (..., 3, 3).

    The reference point r lands at (A r)_xy; the view direction is A's third row.
    """
    a, b, g = torch.broadcast_tensors(_degrees(rot), _degrees(tilt), _degrees(psi))
    ca, sa, cb, sb, cg, sg = a.cos(), a.sin(), b.cos(), b.sin(), g.cos(), g.sin()
    first = torch.stack([cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb], -1)
    second = torch.stack([-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb], -1)
    third = torch.stack([sb * ca, sb * sa, cb], -1)
    return torch.stack([first, second, third], -2)


def to_euler(matrices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(rot, tilt, psi) in degrees of matrices (..., 3, 3): tilt in [0, 180], the others in (-180, 180]; at the poles rot = 0."""
    tilt = torch.atan2(torch.hypot(matrices[..., 2, 0], matrices[..., 2, 1]), matrices[..., 2, 2])
    rot = torch.atan2(matrices[..., 2, 1], matrices[..., 2, 0])
    psi = torch.atan2(matrices[..., 1, 2], -matrices[..., 0, 2])
    pole = torch.hypot(matrices[..., 2, 0], matrices[..., 2, 1]) < 1e-6
    # At a pole only psi +- rot is defined. With rot = 0: A00 = cos(tilt) cos(psi), A01 = sin(psi), A11 = cos(psi).
    rot = torch.where(pole, torch.zeros_like(rot), rot)
    psi = torch.where(pole, torch.atan2(matrices[..., 0, 1], matrices[..., 1, 1]), psi)
    return torch.rad2deg(rot), torch.rad2deg(tilt), torch.rad2deg(psi)


def from_quaternion(quaternions: Tensor) -> Tensor:
    """Matrices (..., 3, 3) of quaternions (..., 4) = (w, x, y, z) of any length; the active rotation by 2 acos(w)."""
    w, x, y, z = torch.nn.functional.normalize(quaternions, dim=-1).unbind(-1)
    rows = [
        torch.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
        torch.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
        torch.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
    ]
    return torch.stack(rows, -2)


def to_quaternion(matrices: Tensor) -> Tensor:
    """Unit quaternions (..., 4) = (w, x, y, z), w >= 0, of matrices (..., 3, 3)."""
    m = matrices
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    squares = torch.stack([1 + trace, *(1 + 2 * m[..., i, i] - trace for i in range(3))], -1)  # 4 w^2, 4 x^2, ...
    wx, wy, wz = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    xy, xz, yz = m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0], m[..., 1, 2] + m[..., 2, 1]
    rows = torch.stack(
        [
            torch.stack([squares[..., 0], wx, wy, wz], -1),
            torch.stack([wx, squares[..., 1], xy, xz], -1),
            torch.stack([wy, xy, squares[..., 2], yz], -1),
            torch.stack([wz, xz, yz, squares[..., 3]], -1),
        ],
        -2,
    )
    best = squares.argmax(-1)[..., None, None].expand(*squares.shape[:-1], 1, 4)  # the row divided by the largest is stable
    q = torch.nn.functional.normalize(rows.gather(-2, best)[..., 0, :], dim=-1)
    return torch.where(q[..., :1] < 0, -q, q)


def about_axis(axis: Any, angle_deg: Any) -> Tensor:
    """Active rotation by angle_deg about axis (3,): matrices of the angle's shape + (3, 3), float64."""
    direction = torch.as_tensor(axis, dtype=torch.float64)
    angle = torch.as_tensor(angle_deg, dtype=torch.float64)
    vector = direction / direction.norm() * torch.deg2rad(angle)[..., None]
    return from_vector(vector)


def from_vector(vectors: Tensor) -> Tensor:
    """exp([v]x): active rotations about vectors (..., 3) by their length in radians; smooth at zero."""
    angle = vectors.norm(dim=-1, keepdim=True)
    half = torch.sinc(angle / (2 * math.pi)) / 2  # sin(angle/2) / angle
    return from_quaternion(torch.cat([torch.cos(angle / 2), vectors * half], -1))


def random_rotations(n: int, generator: torch.Generator | None = None) -> Tensor:
    """n rotations uniform over SO(3), (n, 3, 3) float64."""
    return from_quaternion(torch.randn(n, 4, generator=generator, dtype=torch.float64))


def distance_deg(first: Tensor, second: Tensor, operators: Tensor | None = None) -> Tensor:
    """Angle in degrees between rotations (..., 3, 3), the least over mates second @ R_j of operators (m, 3, 3)."""
    a, b = torch.broadcast_tensors(first.to(torch.float64), second.to(torch.float64))
    if operators is not None:
        a, b = a[..., None, :, :], b[..., None, :, :] @ operators.to(b)
    # Chord length, not acos of the trace, which loses half of the digits near zero.
    chord = (a - b).flatten(-2).norm(dim=-1) / math.sqrt(8)
    angle = torch.rad2deg(2 * torch.asin(chord.clamp(max=1.0)))
    return angle if operators is None else angle.amin(-1)


def mean_rotation(matrices: Tensor, weights: Tensor | None = None) -> Tensor:
    """The rotation (3, 3) nearest to the weighted mean of matrices (n, 3, 3)."""
    w = matrices.new_ones(matrices.shape[0]) if weights is None else weights.to(matrices)
    u, _, vh = torch.linalg.svd((matrices * w[:, None, None]).sum(0))
    sign = torch.ones(3, dtype=matrices.dtype)
    sign[2] = torch.linalg.det(u @ vh)
    return u @ torch.diag(sign) @ vh
