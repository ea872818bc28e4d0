"""Images moved by shifts: polar samples times phases, column by column, compiled."""

from typing import Any

import numba
import torch
from numpy.typing import NDArray

from vitreous.methods.refinement.scores import Workspace

Columns = tuple[torch.Tensor, torch.Tensor]


def paired(samples: Columns, phases: Columns, image: torch.Tensor, *, shift: torch.Tensor, space: Workspace) -> Columns:
    """scores.columns() of images (half, shells + 1, n) and of shifts (half, shells + 1, s): pairs (half, shells + 1, columns)."""
    real, imag = samples
    shape = (*real.shape[:2], len(image))
    out = space.get("paired re", shape, real), space.get("paired im", shape, real)
    if real.device.type == "cpu":
        arrays = [t.numpy().reshape(-1, t.shape[-1]) for t in (real, imag, *phases, *out)]
        re, im, cos, sin, out_re, out_im = arrays
        _multiply(re, im, cos, sin, out_re, out_im, image.numpy(), shift.numpy())
        return out
    c, d = (part[..., shift] for part in phases)
    x, y = real[..., image], imag[..., image]
    return x * c - y * d, x * d + y * c


@numba.njit(cache=True, nogil=True, fastmath=True)
def _multiply(
    re: NDArray[Any],
    im: NDArray[Any],
    cos: NDArray[Any],
    sin: NDArray[Any],
    out_re: NDArray[Any],
    out_im: NDArray[Any],
    image: NDArray[Any],
    shift: NDArray[Any],
) -> None:
    for row in range(re.shape[0]):
        for column in range(image.size):
            n, s = image[column], shift[column]
            x, y, c, d = re[row, n], im[row, n], cos[row, s], sin[row, s]
            out_re[row, column] = x * c - y * d
            out_im[row, column] = x * d + y * c
