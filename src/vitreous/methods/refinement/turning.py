"""Images moved by shifts: polar samples times phases, column by column, compiled, and split for the angular transform."""

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.scores import Quarters, Workspace, quarters

Columns = tuple[torch.Tensor, torch.Tensor]


def paired(samples: Columns, phases: Columns, image: torch.Tensor, *, shift: torch.Tensor, space: Workspace) -> Quarters:
    """scores.quarters() of columns: images (half, shells + 1, n) times phases of shifts (half, shells + 1, s), by pairs.

    The result, four of (half // 2 + 1, shells + 1, columns), lives in `space`.
    """
    real = samples[0]
    if real.device.type == "cpu" and real.dtype == torch.float32:
        shape = (len(real) // 2 + 1, real.shape[1], len(image))
        parts = tuple(space.get(f"paired {i}", shape, real) for i in range(4))
        given = tuple(part.numpy() for part in (*samples, *phases))
        made = tuple(part.numpy() for part in parts)
        count, shifts = real.shape[2], phases[0].shape[2]
        if (
            len(image) == count * shifts
            and bool((image[:count] == torch.arange(count)).all())
            and bool((shift[:count] == 0).all())
        ):
            _multiply_all(given, made)
        else:
            _multiply(given, made, image.numpy(), shift.numpy())
        return parts[0], parts[1], parts[2], parts[3]
    c, d = (part[..., shift] for part in phases)
    x, y = samples[0][..., image], samples[1][..., image]
    return quarters(x * c - y * d, x * d + y * c)


def phases_of(shifts_px: torch.Tensor, grid: PolarGrid) -> Columns:
    """Phases of shifts (s, 2) in the layout of scores.columns(): cos and sin (half, shells + 1, s) float32."""
    kx, ky = (k.T[:, :, None] for k in grid.points)
    x, y = shifts_px.to(torch.float64).T / -grid.box
    turns = kx * x + ky * y
    angle = ((turns - torch.round(turns)) * (2 * math.pi)).to(torch.float32)
    return torch.cos(angle), torch.sin(angle)


@dataclass(frozen=True)
class Families:
    """Columns that are children of one shift: image and shift (f,) of each family, phases of the shifts and of the children."""

    image: torch.Tensor
    shift: torch.Tensor
    middles: Columns
    corners: Columns


def paired_families(samples: Columns, families: Families, space: Workspace) -> Quarters:
    """paired() of all children: (half // 2 + 1, shells + 1, children * families), families fastest."""
    real, (c, d), (e, f) = samples[0], families.middles, families.corners
    width, children = len(families.image), e.shape[2]
    if real.device.type == "cpu" and real.dtype == torch.float32:
        shape = (len(real) // 2 + 1, real.shape[1], children * width)
        parts = tuple(space.get(f"paired {i}", shape, real) for i in range(4))
        given = tuple(part.numpy() for part in (*samples, c, d, e, f))
        _multiply_families(given, tuple(part.numpy() for part in parts), families.image.numpy(), families.shift.numpy())
        return parts[0], parts[1], parts[2], parts[3]
    x, y = (part[..., families.image] for part in samples)
    c, d = c[..., families.shift], d[..., families.shift]
    x, y = (x * c - y * d)[:, :, None], (x * d + y * c)[:, :, None]
    e, f = e[..., None], f[..., None]
    return quarters((x * e - y * f).flatten(2), (x * f + y * e).flatten(2))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _multiply_families(given: Any, made: Any, image: NDArray[Any], shift: NDArray[Any]) -> None:
    re, im, cos, sin, child_cos, child_sin = given
    even_cos, even_sin, odd_cos, odd_sin = made
    half, width = re.shape[0], image.size
    base = np.empty((4, width), np.float32)
    for h in range(even_cos.shape[0]):
        mate = (half - h) % half
        own = np.float32(0.0 if mate == h else 1.0)
        for r in range(re.shape[1]):
            for f in range(width):
                n, s = image[f], shift[f]
                x, y, c, d = re[h, r, n], im[h, r, n], cos[h, r, s], sin[h, r, s]
                base[0, f], base[1, f] = x * c - y * d, x * d + y * c
                x, y, c, d = re[mate, r, n], im[mate, r, n], cos[mate, r, s], sin[mate, r, s]
                base[2, f], base[3, f] = own * (x * c - y * d), own * (x * d + y * c)
            for child in range(child_cos.shape[2]):
                c, d = child_cos[h, r, child], child_sin[h, r, child]
                e, g = child_cos[mate, r, child], child_sin[mate, r, child]
                first = child * width
                for f in range(width):
                    even, odd = base[0, f] * c - base[1, f] * d, base[0, f] * d + base[1, f] * c
                    even_mate, odd_mate = base[2, f] * e - base[3, f] * g, base[2, f] * g + base[3, f] * e
                    even_cos[h, r, first + f] = even + even_mate
                    even_sin[h, r, first + f] = even - even_mate
                    odd_cos[h, r, first + f] = odd - odd_mate
                    odd_sin[h, r, first + f] = odd + odd_mate


@numba.njit(cache=True, nogil=True, fastmath=True)
def _multiply(given: Any, made: Any, image: NDArray[Any], shift: NDArray[Any]) -> None:
    re, im, cos, sin = given
    even_cos, even_sin, odd_cos, odd_sin = made
    half = re.shape[0]
    for h in range(even_cos.shape[0]):
        mate = (half - h) % half
        own = np.float32(0.0 if mate == h else 1.0)
        for r in range(re.shape[1]):
            for column in range(image.size):
                n, s = image[column], shift[column]
                x, y, c, d = re[h, r, n], im[h, r, n], cos[h, r, s], sin[h, r, s]
                even, odd = x * c - y * d, x * d + y * c
                x, y, c, d = re[mate, r, n], im[mate, r, n], cos[mate, r, s], sin[mate, r, s]
                even_mate, odd_mate = own * (x * c - y * d), own * (x * d + y * c)
                even_cos[h, r, column] = even + even_mate
                even_sin[h, r, column] = even - even_mate
                odd_cos[h, r, column] = odd - odd_mate
                odd_sin[h, r, column] = odd + odd_mate


@numba.njit(cache=True, nogil=True, fastmath=True)
def _multiply_all(given: Any, made: Any) -> None:
    """Every image with every shift, images fastest."""
    re, im, cos, sin = given
    even_cos, even_sin, odd_cos, odd_sin = made
    half, count = re.shape[0], re.shape[2]
    for h in range(even_cos.shape[0]):
        mate = (half - h) % half
        own = np.float32(0.0 if mate == h else 1.0)
        for r in range(re.shape[1]):
            x, y, u, v = re[h, r], im[h, r], re[mate, r], im[mate, r]
            for s in range(cos.shape[2]):
                c, d, e, f = cos[h, r, s], sin[h, r, s], own * cos[mate, r, s], own * sin[mate, r, s]
                first = s * count
                for n in range(count):
                    even, odd = x[n] * c - y[n] * d, x[n] * d + y[n] * c
                    even_mate, odd_mate = u[n] * e - v[n] * f, u[n] * f + v[n] * e
                    even_cos[h, r, first + n] = even + even_mate
                    even_sin[h, r, first + n] = even - even_mate
                    odd_cos[h, r, first + n] = odd - odd_mate
                    odd_sin[h, r, first + n] = odd + odd_mate
