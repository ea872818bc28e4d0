"""The passes over memory of the E step, compiled: samples times phases by pairs, and posteriors gathered from cells."""

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


def gathered(
    values: torch.Tensor, kept: torch.Tensor, factor: torch.Tensor, *, least: float, space: Workspace
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Columns `kept` of cells (angles, K, columns) times factor; of each its top, its cell, how many exceed `least`."""
    out = space.get("posterior", (*values.shape[:2], len(kept)), values)
    flat = values.reshape(-1, values.shape[2])
    if values.device.type == "cpu":
        top, cell = torch.full((len(kept),), -1.0), torch.zeros(len(kept), dtype=torch.long)
        many = torch.zeros(len(kept), dtype=torch.long)
        results = (out.view(len(flat), -1).numpy(), top.numpy(), cell.numpy(), many.numpy())
        _gather(flat.numpy(), kept.numpy(), factor.numpy(), least, results[0], results[1], results[2], results[3])
        return out, top, cell, many
    torch.index_select(values, 2, kept, out=out)
    out *= factor
    top, cell = out.view(len(flat), -1).max(0)
    return out, top, cell, (out > least).sum((0, 1))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _gather(
    values: NDArray[Any],
    kept: NDArray[Any],
    factor: NDArray[Any],
    least: float,
    out: NDArray[Any],
    top: NDArray[Any],
    cell: NDArray[Any],
    many: NDArray[Any],
) -> None:
    for row in range(values.shape[0]):
        for column in range(kept.size):
            value = values[row, kept[column]] * factor[column]
            out[row, column] = value
            if value > least:
                many[column] += 1
                if value > top[column]:
                    top[column] = value
                    cell[column] = row
            elif value > top[column]:
                top[column] = value
                cell[column] = row
