"""Zernike polynomials in the files' order and scale: |k| in 1/Å, not scaled to a disc, not normalised."""

import math

import torch
from torch import Tensor


def zernike(n: int, m: int, kx: Tensor, ky: Tensor) -> Tensor:
    """Z_n^m = R_n^|m|(|k|) times cos(m theta), or sin(|m| theta) for m < 0; |k| in 1/Å, not scaled to a disc."""
    radius, theta = torch.hypot(kx, ky), torch.atan2(ky, kx)
    order = abs(m)
    radial = torch.zeros_like(radius)
    for s in range((n - order) // 2 + 1):
        top = (-1) ** s * math.factorial(n - s)
        bottom = math.factorial(s) * math.factorial((n + order) // 2 - s) * math.factorial((n - order) // 2 - s)
        radial = radial + (top / bottom) * radius ** (n - 2 * s)
    return radial * (torch.cos(order * theta) if m >= 0 else torch.sin(order * theta))


def odd_term(index: int) -> tuple[int, int]:
    """(n, m) of an antisymmetric coefficient: (1,-1) (1,1) (3,-3) (3,-1) (3,1) (3,3) ..."""
    k = math.floor((math.sqrt(1 + 4 * index) - 1) / 2)
    n = 2 * k + 1
    return n, 2 * (index - k * k - k) - n


def even_term(index: int) -> tuple[int, int]:
    """(n, m) of a symmetric coefficient: (0,0) (2,-2) (2,0) (2,2) (4,-4) (4,-2) (4,0) (4,2) (4,4) ..."""
    k = math.isqrt(index)
    return 2 * k, 2 * (index - k * k - k)


def even_basis(kx: Tensor, ky: Tensor, count: int) -> Tensor:
    """The first `count` symmetric polynomials (count, *points) at frequencies kx, ky of one shape."""
    return torch.stack([zernike(*even_term(index), kx, ky) for index in range(count)])
