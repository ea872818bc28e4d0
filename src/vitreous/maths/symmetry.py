"""Point groups by name (Cn, Dn, T, O, I1..I4; I is I2): their operators and asymmetric units of view directions."""

import re
from functools import lru_cache

import torch
from torch import Tensor

from vitreous.maths.rotations import about_axis

Generator = tuple[int, tuple[float, float, float]]

_GOLD = (1 + 5**0.5) / 2
_UNIT = (1 + _GOLD**2) ** 0.5

_FIXED: dict[str, tuple[Generator, ...]] = {
    "T": ((3, (0, 0, 1)), (2, (0, (2 / 3) ** 0.5, (1 / 3) ** 0.5))),
    "O": ((3, (1, 1, 1)), (4, (0, 0, 1))),
    "I1": ((2, (1, 0, 0)), (5, (_GOLD / _UNIT, 0, -1 / _UNIT)), (2, (0, 0, 1))),
    "I2": ((2, (0, 0, 1)), (5, (1 / _UNIT, 0, _GOLD / _UNIT)), (2, (1, 0, 0))),
    "I3": ((2, (-1 / _UNIT, 0, _GOLD / _UNIT)), (5, (0, 0, 1))),
    "I4": ((2, (1 / _UNIT, 0, _GOLD / _UNIT)), (5, (0, 0, 1))),
}
_ORDERS = {"T": 12, "O": 24, "I1": 60, "I2": 60, "I3": 60, "I4": 60}
_GENERIC = torch.tensor([0.31, 0.17, 0.93], dtype=torch.float64)


def canonical(group: str) -> str:
    """The group's name as we write it ("c1" -> "C1", "I" -> "I2"); ValueError names what is wrong."""
    name = group.strip().upper()
    if name == "I":
        return "I2"
    if name in _FIXED:
        return name
    match = re.fullmatch(r"([CD])([1-9]\d*)", name)
    if match:
        return match[1] + match[2]
    raise ValueError(f"{group!r} is not a point group of rotations; known are C1, C2, ..., D1, D2, ..., T, O, I1, I2, I3, I4")


def order(group: str) -> int:
    """How many operators the group has."""
    name = canonical(group)
    if name in _ORDERS:
        return _ORDERS[name]
    return int(name[1:]) * (2 if name[0] == "D" else 1)


def operators(group: str) -> Tensor:
    """The group's rotations (n, 3, 3) float64, the identity first; poses A and A @ R_j give the same image."""
    return _operators(canonical(group)).clone()


@lru_cache(maxsize=32)
def _operators(name: str) -> Tensor:
    if name in _FIXED:
        return _closure(_FIXED[name], _ORDERS[name])
    fold = int(name[1:])
    turns = about_axis((0, 0, 1), torch.arange(fold, dtype=torch.float64) * (360 / fold))
    turns[0] = torch.eye(3, dtype=torch.float64)
    if name[0] == "C":
        return turns
    flip = torch.diag(torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64))
    return torch.cat([turns, turns @ flip])


def _closure(generators: tuple[Generator, ...], size: int) -> Tensor:
    found = torch.eye(3, dtype=torch.float64)[None]
    seeds = torch.stack([about_axis(axis, 360 / fold) for fold, axis in generators])
    while True:
        products = (found[:, None] @ seeds[None]).reshape(-1, 3, 3)
        grown = found
        for product in products:
            if float((grown - product).abs().amax((1, 2)).min()) > 1e-6:
                grown = torch.cat([grown, product[None]])
        if len(grown) == len(found):
            break
        found = grown
        if len(found) > size:
            break
    if len(found) != size:
        raise AssertionError(f"generators close to {len(found)} operators, not {size}")
    return found


def mates(directions: Tensor, group: str) -> Tensor:
    """Symmetry mates (n, m, 3) of view directions (n, 3): the third rows of A @ R_j."""
    return torch.einsum("ni,mij->nmj", directions.to(torch.float64), _operators(canonical(group)))


def in_asymmetric_unit(directions: Tensor, group: str) -> Tensor:
    """Which directions (n, 3) no symmetry mate brings nearer to one generic vector: one mate of each, (n,) bool.

    Directions that are their own mates (on an axis) are kept.
    """
    near = directions.to(torch.float64) @ _GENERIC
    return near >= (mates(directions, group) @ _GENERIC).amax(1) - 1e-9


def to_asymmetric_unit(rotations: Tensor, group: str) -> Tensor:
    """The equivalent poses (n, 3, 3) whose view directions lie in the asymmetric unit."""
    best = (mates(rotations[:, 2, :], group) @ _GENERIC).argmax(1)
    return rotations @ _operators(canonical(group))[best].to(rotations)
