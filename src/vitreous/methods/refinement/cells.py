"""Cells of the E step, pair by pair: a pair is one class against one shifted image, its cells all in-plane angles.

Cells come as halves (even, odd), each (half, pairs): angle h has the value even + odd, angle h + half even - odd.
"""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

Halves = tuple[torch.Tensor, torch.Tensor]
SMALLEST = -80.0  # exponents below count as this


@dataclass(frozen=True)
class Found:
    """The posterior of pairs: its halves p(h) + p(h + half) and p(h) - p(h + half), each (half, pairs); and of each pair
    the most likely cell's probability and angle, and how many cells exceed the least that matters."""

    folded: Halves
    top: torch.Tensor
    angle: torch.Tensor
    many: torch.Tensor


def log_sums(halves: Halves) -> torch.Tensor:
    """(pairs,): the logarithm of the sum of exp over all angles."""
    even, odd = halves
    if even.device.type == "cpu" and even.dtype == torch.float32:
        top = torch.full((even.shape[1],), -torch.inf)
        total = torch.zeros(even.shape[1])
        _sums(even.numpy(), odd.numpy(), top.numpy(), total.numpy())
        return top + torch.log(total)
    return torch.logsumexp(torch.cat((even + odd, even - odd)), 0)


def posterior(halves: Halves, log_factor: torch.Tensor, *, least: float) -> Found:
    """exp(cell + log_factor (pairs,)); overwrites the halves, and the result holds them."""
    even, odd = halves
    if even.device.type == "cpu" and even.dtype == torch.float32:
        count = even.shape[1]
        top, many = torch.full((count,), -1.0), torch.zeros(count, dtype=torch.long)
        found = Found(halves, top, torch.zeros_like(many), many)
        results = (found.top.numpy(), found.angle.numpy(), found.many.numpy())
        _posterior(even.numpy(), odd.numpy(), log_factor.numpy(), results[0], results[1], results[2], least)
        return found
    values = torch.cat((even + odd, even - odd)).add_(log_factor).exp_()
    top, angle = values.max(0)
    first, second = values.chunk(2)
    return Found((first + second, first - second), top, angle, (values > least).sum(0))


def at_angles(halves: Halves, angle: torch.Tensor) -> torch.Tensor:
    """(pairs,): the cell of each pair at its angle (pairs,)."""
    even, odd = halves
    row, pair = angle % len(even), torch.arange(len(angle), device=angle.device)
    return even[row, pair] + torch.where(angle < len(even), 1.0, -1.0) * odd[row, pair]


def single(angle: torch.Tensor, probability: torch.Tensor, half: int) -> Found:
    """The posterior of pairs with one cell each."""
    even, pair = probability.new_zeros((half, len(angle))), torch.arange(len(angle), device=angle.device)
    odd = even.clone()
    even[angle % half, pair] = probability
    odd[angle % half, pair] = torch.where(angle < half, probability, -probability)
    return Found((even, odd), probability, angle, torch.ones_like(angle))


def _from_bits(context: Any, bits: Any) -> Any:
    """The float32 with these bits."""

    def code(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.bitcast(given[0], target.get_value_type(types.float32))

    return types.float32(types.int32), code


_as_float: Any = intrinsic(_from_bits)


@numba.njit(inline="always", fastmath=True)
def _exp(x: Any) -> Any:
    """exp of x <= 0 in float32, to 3e-7: a power of two times Cephes's polynomial, which compiles to vectors."""
    x = max(x, np.float32(SMALLEST))
    whole = np.int32(x * np.float32(1.4426950408889634) - np.float32(0.5))
    r = (x - whole * np.float32(0.693359375)) + whole * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4) * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1)
    return p * _as_float(np.int32((whole + np.int32(127)) << np.int32(23)))


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def _sums(even: NDArray[Any], odd: NDArray[Any], top: NDArray[Any], total: NDArray[Any]) -> None:
    for h in range(even.shape[0]):
        for p in range(top.size):
            top[p] = max(top[p], even[h, p] + abs(odd[h, p]))
    for h in range(even.shape[0]):
        for p in range(top.size):
            centre = even[h, p] - top[p]
            total[p] += _exp(centre + odd[h, p]) + _exp(centre - odd[h, p])


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def _posterior(
    even: NDArray[Any],
    odd: NDArray[Any],
    factor: NDArray[Any],
    top: NDArray[Any],
    angle: NDArray[Any],
    many: NDArray[Any],
    least: float,
) -> None:
    half = even.shape[0]
    for h in range(half):
        for p in range(top.size):
            centre = even[h, p] + factor[p]
            first, second = _exp(centre + odd[h, p]), _exp(centre - odd[h, p])
            even[h, p] = first + second
            odd[h, p] = first - second
            many[p] += (first > least) + (second > least)
            best = max(first, second)
            if best > top[p]:
                top[p] = best
                angle[p] = h if first >= second else h + half
