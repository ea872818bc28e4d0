"""Images moved by shifts: polar samples times phases, column by column, compiled, and split for the angular transform."""

from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray

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
