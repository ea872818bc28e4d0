"""Even grids of view directions (HEALPix, nested order) and of rotations; all angles in degrees."""

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vitreous.maths.rotations import from_euler
from vitreous.maths.symmetry import in_asymmetric_unit

_RING = np.array([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4])  # ring of each base pixel's southern corner, in units of nside
_TURN = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7])  # its longitude, in units of 45 degrees


def step_deg(order: int) -> float:
    """The nominal angular step of an order: 60 / 2^order degrees (7.5 at order 3)."""
    return 60.0 / 2**order


def order_for(angle_deg: float) -> int:
    """The lowest order whose step is not above the angle."""
    return max(0, math.ceil(math.log2(60.0 / angle_deg) - 1e-9))


def count(order: int) -> int:
    """Directions of an order on the whole sphere: 12 * 4^order."""
    return 12 * 4**order


def _every_second_bit(values: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    out = np.zeros_like(values)
    for bit in range(order):
        out |= ((values >> (2 * bit)) & 1) << bit
    return out


@lru_cache(maxsize=4)
def healpix(order: int) -> Tensor:
    """Directions (12 * 4^order, 2) = (rot, tilt) in degrees, nested: pixel p has the children 4p .. 4p+3 at the next order."""
    side = 2**order
    pixel = np.arange(count(order), dtype=np.int64)
    face, inside = pixel // side**2, pixel % side**2
    x, y = _every_second_bit(inside, order), _every_second_bit(inside >> 1, order)
    ring = _RING[face] * side - x - y - 1
    north, south = ring < side, ring > 3 * side
    length = np.where(north, ring, np.where(south, 4 * side - ring, side))  # pixels in a quarter of the ring
    cap = length**2 / (3.0 * side**2)
    z = np.where(north, 1 - cap, np.where(south, cap - 1, (2 * side - ring) * (2.0 / (3 * side))))
    odd = np.where(north | south, 0, (ring - side) & 1)
    place = (_TURN[face] * length + x - y + 1 + odd) // 2
    rot = (place - (odd + 1) * 0.5) * (90.0 / length)
    rot = (rot + 180.0) % 360.0 - 180.0
    # 1 - z near the poles from the cap's own formula, so that small tilts keep their digits.
    tilt = np.where(
        north,
        2 * np.degrees(np.arcsin(np.sqrt(cap / 2))),
        np.where(south, 180 - 2 * np.degrees(np.arcsin(np.sqrt(cap / 2))), np.degrees(np.arccos(np.clip(z, -1, 1)))),
    )
    return torch.from_numpy(np.stack([rot, tilt], 1))


def vectors(rot_tilt: Tensor) -> Tensor:
    """Unit view vectors (n, 3) = (x, y, z) of directions (n, 2) in degrees."""
    rot, tilt = torch.deg2rad(rot_tilt.to(torch.float64)).unbind(-1)
    return torch.stack([tilt.sin() * rot.cos(), tilt.sin() * rot.sin(), tilt.cos()], -1)


def angles(view: Tensor) -> Tensor:
    """Directions (n, 2) = (rot, tilt) in degrees of view vectors (n, 3)."""
    rot = torch.atan2(view[..., 1], view[..., 0])
    return torch.rad2deg(torch.stack([rot, torch.atan2(torch.hypot(view[..., 0], view[..., 1]), view[..., 2])], -1))


def directions(order: int, group: str = "C1") -> Tensor:
    """HEALPix directions (n, 2) = (rot, tilt) in degrees that lie in the group's asymmetric unit."""
    return healpix(order)[kept(order, group)]


def kept(order: int, group: str) -> Tensor:
    """Nested pixel numbers of the order's directions in the asymmetric unit, rising."""
    return torch.nonzero(in_asymmetric_unit(vectors(healpix(order)), group))[:, 0]


def psi_angles(order: int) -> Tensor:
    """In-plane angles in degrees with the order's step, from 0, (360 / step,)."""
    n = round(360.0 / step_deg(order))
    return torch.arange(n, dtype=torch.float64) * (360.0 / n)


def rotations(order: int, group: str = "C1") -> Tensor:
    """An even grid of poses (directions * psi, 3, 3) over the asymmetric unit; psi runs fastest."""
    grid = directions(order, group)
    psi = psi_angles(order)
    return from_euler(grid[:, :1], grid[:, 1:], psi[None, :]).reshape(-1, 3, 3)
