"""Cells of the E step, pair by pair: a pair is one class against one shifted image, its cells all in-plane angles.

Cells come as scores.quarter_terms(): sums of cosines and sines of even and odd modes, each (half // 2 + 1, pairs). With c, s,
C, S of row h, angle h has the value c + s + C + S, h + half c + s - C - S, half - h c - s - C + S and angles - h c - s + C - S.
"""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from vitreous.methods.refinement.scores import Quarters, quarters, unfolded

LEAST = -1e30  # below any cell
SMALLEST = -80.0  # exponents below count as this


@dataclass(frozen=True)
class Found:
    """The posterior of pairs as scores.folded_modes() takes it; and of each pair its sum, the most likely cell's probability
    and angle, and how many cells exceed the least that matters."""

    folded: Quarters
    total: torch.Tensor
    top: torch.Tensor
    angle: torch.Tensor
    many: torch.Tensor


def _all(parts: Quarters, half: int) -> torch.Tensor:
    """(angles, pairs)."""
    out = parts[0].new_empty((2 * half, parts[0].shape[1]))
    unfolded(parts, out)
    return out


def log_sums(parts: Quarters, half: int) -> torch.Tensor:
    """(pairs,): the logarithm of the sum of exp over all angles."""
    if parts[0].device.type == "cpu" and parts[0].dtype == torch.float32:
        count = parts[0].shape[1]
        top, total = torch.full((count,), -torch.inf), torch.zeros(count)
        _sums(tuple(part.numpy() for part in parts), half % 2 == 0, top.numpy(), total.numpy())
        return top + torch.log(total)
    return torch.logsumexp(_all(parts, half), 0)


def maxima(parts: Quarters, half: int) -> torch.Tensor:
    """(pairs,): the largest cell of each pair."""
    if parts[0].device.type == "cpu" and parts[0].dtype == torch.float32:
        top = torch.full((parts[0].shape[1],), LEAST)
        _maxima(tuple(part.numpy() for part in parts), top.numpy())
        return top
    return _all(parts, half).amax(0)


def posterior(parts: Quarters, half: int, log_factor: torch.Tensor, *, least: float) -> Found:
    """exp(cell + log_factor (pairs,)); overwrites the parts, and the result holds them."""
    if parts[0].device.type == "cpu" and parts[0].dtype == torch.float32:
        count = parts[0].shape[1]
        sums, many = torch.full((2, count), -1.0), torch.zeros((2, count), dtype=torch.long)
        sums[0] = 0
        _posterior(tuple(part.numpy() for part in parts), half, log_factor.numpy(), sums.numpy(), many.numpy(), least)
        return Found(parts, sums[0], sums[1], many[0], many[1])
    return _found(_all(parts, half).add_(log_factor).exp_(), least)


def _found(values: torch.Tensor, least: float) -> Found:
    top, angle = values.max(0)
    first, second = values.chunk(2)
    return Found(quarters(first + second, first - second), values.sum(0), top, angle, (values > least).sum(0))


def at_angles(parts: Quarters, half: int, angle: torch.Tensor) -> torch.Tensor:
    """(pairs,): the cell of each pair at its angle (pairs,)."""
    return torch.gather(_all(parts, half), 0, angle[None])[0]


def single(angle: torch.Tensor, probability: torch.Tensor, half: int) -> Found:
    """The posterior of pairs with one cell each."""
    values = probability.new_zeros((2 * half, len(angle)))
    return _found(values.scatter_(0, angle[None], probability[None]), 0.0)


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
def _sums(parts: Any, last_alone: bool, top: NDArray[Any], total: NDArray[Any]) -> None:
    even_cos, even_sin, odd_cos, odd_sin = parts
    rows = even_cos.shape[0]
    for h in range(rows):
        for p in range(top.size):
            c, s, oc, os = even_cos[h, p], even_sin[h, p], odd_cos[h, p], odd_sin[h, p]
            top[p] = max(top[p], max(c + s + abs(oc + os), c - s + abs(oc - os)))
    for h in range(rows):
        mates = np.float32(0.0 if h == 0 or (last_alone and h == rows - 1) else 1.0)
        for p in range(top.size):
            c, s, oc, os = even_cos[h, p] - top[p], even_sin[h, p], odd_cos[h, p], odd_sin[h, p]
            total[p] += _exp(c + s + oc + os) + _exp(c + s - oc - os) + mates * (_exp(c - s - oc + os) + _exp(c - s + oc - os))


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp", "nnan", "ninf"})
def _maxima(parts: Any, top: NDArray[Any]) -> None:
    even_cos, even_sin, odd_cos, odd_sin = parts
    for h in range(even_cos.shape[0]):
        for p in range(top.size):
            c, s, oc, os = even_cos[h, p], even_sin[h, p], odd_cos[h, p], odd_sin[h, p]
            top[p] = max(top[p], max(c + s + abs(oc + os), c - s + abs(oc - os)))


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz", "arcp"})
def _posterior(parts: Any, half: int, factor: NDArray[Any], sums: NDArray[Any], many: NDArray[Any], least: float) -> None:
    even_cos, even_sin, odd_cos, odd_sin = parts
    rows = even_cos.shape[0]
    for h in range(rows):
        alone = h == 0 or 2 * h == half
        for p in range(factor.size):
            c, s, oc, os = even_cos[h, p] + factor[p], even_sin[h, p], odd_cos[h, p], odd_sin[h, p]
            first, second, third, fourth = _exp(c + s + oc + os), _exp(c + s - oc - os), np.float32(0), np.float32(0)
            if not alone:
                third, fourth = _exp(c - s - oc + os), _exp(c - s + oc - os)
            even, odd, mate, odd_mate = first + second, first - second, third + fourth, third - fourth
            even_cos[h, p], even_sin[h, p] = even + mate, even - mate
            odd_cos[h, p], odd_sin[h, p] = odd - odd_mate, odd + odd_mate
            sums[0, p] += even + mate
            many[1, p] += (first > least) + (second > least) + (third > least) + (fourth > least)
            best = max(max(first, second), max(third, fourth))
            if best > sums[1, p]:
                sums[1, p] = best
                if best == first:
                    many[0, p] = h
                elif best == second:
                    many[0, p] = h + half
                else:
                    many[0, p] = half - h if best == third else 2 * half - h
