"""Transforms of batches of images at the points of a polar grid: a coarse grid by matrix products, Kaiser-Bessel from there.

Only the low frequencies that a grid asks for are made, as sums with cosines and sines on a quadrant of the padded grid,
(row cos or sin, column cos or sin) of frequencies >= 0; a point and its mirror across the y axis are read together.
"""

import functools
import math
from dataclasses import dataclass

import torch

from vitreous.maths.conventions import KAISER_WIDTH
from vitreous.maths.kernels.sample import correction, kernel, padded_box, shape_parameter
from vitreous.methods.refinement import planes_cpu
from vitreous.methods.refinement.polar import PolarGrid

Columns = tuple[torch.Tensor, torch.Tensor]
REACH = KAISER_WIDTH // 2
LANES = 16  # images are read in steps of as many as a vector register holds


def _steps(box: int, shells: int) -> int:
    """Frequencies 0, 1, ... of the padded grid that points up to `shells` read."""
    return math.ceil(shells * padded_box(box) / box) + REACH + 2


@functools.lru_cache(maxsize=16)
def waves(box: int, shells: int, pixels: int, device: str = "cpu", dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Cosines and sines at pixels 0, 1, ... from the centre, over the kernel's correction: (2, pixels, steps)."""
    padded = padded_box(box)
    at = torch.arange(pixels, dtype=torch.float64)
    turns = 2 * math.pi / padded * at[:, None] * torch.arange(_steps(box, shells))
    line = correction(box, padded).flip(0)[(box - 1) // 2 :]  # symmetric; from the centre to the left edge
    return (torch.stack((torch.cos(turns), torch.sin(turns))) / line[:pixels, None]).to(dtype).to(device)


def folded(images: torch.Tensor, reach: int | None = None) -> torch.Tensor:
    """Images (n, N, N) as sums and differences of the halves about the centre: (2 along x, 2 along y, m, n, m), y before n.

    Entry d of an axis is pixel c + d plus, or minus, pixel c - d; the centre (and, for even N, the edge) is there alone.
    m = reach + 1: pixels farther out along an axis are left out; by default none is.
    """
    count, most = len(images), images.shape[-1] // 2
    size = min(most, most if reach is None else reach) + 1
    if images.device.type == "cpu" and images.dtype == torch.float32:
        out = torch.empty((2, 2, size, count, size))
        planes_cpu.fold(images.contiguous().numpy(), out.numpy())
        return out
    return _fold_axis(_fold_axis(images)).transpose(0, 1).transpose(2, 3)[:, :, :size, :, :size].contiguous()


def _fold_axis(images: torch.Tensor) -> torch.Tensor:
    """The last axis folded, then the last two exchanged: twice does both; parities come first."""
    centre, box = images.shape[-1] // 2, images.shape[-1]
    right = torch.nn.functional.pad(images[..., centre + 1 :], (1, 2 * centre + 1 - box))
    left = torch.nn.functional.pad(images[..., :centre].flip(-1), (1, 0))
    middle = torch.zeros_like(left)
    middle[..., 0] = images[..., centre]
    return torch.stack((middle + right + left, right - left)).transpose(-1, -2)


def quadrants(images: torch.Tensor, shells: int, reach: int | None = None) -> torch.Tensor:
    """Sums of images (n, N, N) with waves along y and x: (2, steps, 2, steps, n), cosines and sines along y, then along x.

    n is rounded up to whole LANES with zeros. reach: pixels farther from the centre along an axis are zero.
    """
    count, steps = len(images), _steps(images.shape[-1], shells)
    parts = folded(images, reach)
    lines = waves(images.shape[-1], shells, parts.shape[-1], str(images.device), images.dtype)
    out = images.new_zeros((2, steps, 2, steps, -(-count // LANES) * LANES))
    for wave_x in (0, 1):
        along = (parts[wave_x].view(-1, parts.shape[-1]) @ lines[wave_x]).view(2, -1, count * steps)
        for wave_y in (0, 1):
            made = lines[wave_y].T @ along[wave_y]
            out[wave_y, :, wave_x, :, :count] = made.view(steps, count, steps).transpose(1, 2)
    return out


@dataclass(frozen=True)
class Reads:
    """For points of the first quadrant (p,): rows and columns (p, 5) to read, weights of cosines and of sines (p, 5) for y
    and x, and where the point and its mirror go in (half, shells + 1), flat, -1 for nowhere."""

    rows: torch.Tensor
    columns: torch.Tensor
    weights: torch.Tensor
    place: torch.Tensor
    mirror: torch.Tensor


@functools.lru_cache(maxsize=8)
def reads(grid: PolarGrid, device: str = "cpu") -> Reads:
    """What sampled() reads for a grid: of 512 px it takes 30 MB, and a run has many grids, two at a time."""
    quarter = grid.half // 2 + 1
    angle, shell = (t.flatten() for t in torch.meshgrid(torch.arange(quarter), torch.arange(grid.shells + 1), indexing="ij"))
    padded = padded_box(grid.box)
    beta = shape_parameter(grid.box, padded)
    taps = torch.arange(KAISER_WIDTH) - REACH
    index, weights = [], []
    for k in (grid.points[1], grid.points[0]):
        position = k[shell, angle] * (padded / grid.box)
        nearest = torch.floor(position + 0.5)[:, None] + taps
        value = kernel(nearest - position[:, None], beta)
        index.append(nearest.abs().long())
        weights += [value, value * torch.where(nearest < 0, -1.0, 1.0)]
    mirror = torch.where((angle == 0) | (2 * angle == grid.half), -1, (grid.half - angle) * (grid.shells + 1) + shell)
    made = (index[0], index[1], torch.stack(weights), angle * (grid.shells + 1) + shell, mirror)
    return Reads(*(t.to(device) for t in made))


def sampled(quadrant: torch.Tensor, grid: PolarGrid, count: int) -> Columns:
    """Real and imaginary parts (half, shells + 1, count) of the transforms at the grid's points, from quadrants()."""
    steps = quadrant.shape[1]
    if grid.half % 2 or steps < _steps(grid.box, grid.shells):
        raise ValueError(f"quadrants of {steps} steps cannot be read at {grid}")
    found = reads(grid, str(quadrant.device))
    shape = (grid.half, grid.shells + 1, count)
    if quadrant.device.type == "cpu" and quadrant.dtype == torch.float32:
        re, im = torch.empty(shape), torch.empty(shape)
        where = (found.rows.numpy(), found.columns.numpy(), _single(grid).numpy(), found.place.numpy(), found.mirror.numpy())
        planes_cpu.sample(quadrant.numpy(), where, re.view(-1, count).numpy(), im.view(-1, count).numpy())
        return re, im
    return _by_reference(quadrant[..., :count], found, shape)


def sample_images(images: torch.Tensor, grid: PolarGrid) -> torch.Tensor:
    """polar.sample_images() by these means: images (n, N, N) -> samples (n, shells + 1, half) complex."""
    return torch.complex(*sampled(quadrants(images, grid.shells), grid, len(images))).permute(2, 1, 0)


def spread_images(samples: torch.Tensor, grid: PolarGrid) -> torch.Tensor:
    """The inverse by quadrature: samples (n, shells + 1, half) complex -> images (n, N, N).

    Exact (to the gridding error) for an image within radius N / 2 whose transform ends at the last shell.
    """
    count, box = len(samples), grid.box
    weight = (grid.quadrature * (2 / box**2)).to(samples.real.dtype).to(samples.device)
    columns = (torch.view_as_real(samples).permute(3, 2, 1, 0) * weight[:, None]).contiguous()
    quadrant = _spread_reads(columns, reads(grid, str(samples.device)), _steps(box, grid.shells))
    lines = waves(box, grid.shells, box // 2 + 1, str(samples.device), columns.dtype)
    parts = columns.new_empty((2, 2, box // 2 + 1, count, box // 2 + 1))
    for wave_x in (0, 1):
        for wave_y in (0, 1):
            along = lines[wave_y] @ quadrant[wave_y, :, wave_x].flatten(1)
            parts[wave_x, wave_y] = along.view(box // 2 + 1, -1, count).transpose(1, 2) @ lines[wave_x].T
    return _unfolded(parts, box)


def _unfolded(parts: torch.Tensor, box: int) -> torch.Tensor:
    """Images (n, N, N) of even and odd parts (2 along x, 2 along y, m, n, m), as in folded()."""
    centre, after = box // 2, box - box // 2
    out = parts.new_empty((parts.shape[3], box, box))
    for sign_x, columns in ((1, slice(centre, None)), (-1, slice(0, centre))):
        line = parts[0] + sign_x * parts[1]
        line = line[..., :after] if sign_x > 0 else line[..., 1:].flip(-1)
        out[:, centre:, columns] = (line[0] + line[1])[:after].transpose(0, 1)
        out[:, :centre, columns] = (line[0] - line[1])[1:].flip(0).transpose(0, 1)
    return out


def _spread_reads(columns: torch.Tensor, found: Reads, steps: int) -> torch.Tensor:
    """The transpose of what sampled() does: (2, half, shells + 1, n) -> (2, steps, 2, steps, n)."""
    re, im = columns.flatten(1, 2)
    twin = (found.mirror >= 0)[:, None]
    re_twin, im_twin = (torch.where(twin, part[found.mirror], torch.zeros_like(part[:1])) for part in (re, im))
    re, im = re[found.place], im[found.place]
    values = torch.stack((re + re_twin, im_twin - im, -im - im_twin, re_twin - re)).view(2, 2, *re.shape)
    out = columns.new_zeros((2, steps, 2, steps, columns.shape[-1]))
    if columns.device.type == "cpu":
        where = (found.rows.numpy(), found.columns.numpy(), found.weights.numpy())
        planes_cpu.spread(values.numpy(), where, out.numpy())
        return out
    weights = found.weights.to(values.dtype)
    for wave_y in (0, 1):
        for wave_x in (0, 1):
            for j in range(KAISER_WIDTH):
                for i in range(KAISER_WIDTH):
                    weight = weights[wave_y, :, j] * weights[2 + wave_x, :, i]
                    place = found.rows[:, j] * steps + found.columns[:, i]
                    flat = torch.zeros_like(out[0, :, 0]).flatten(0, 1)
                    flat.index_add_(0, place, weight[:, None] * values[wave_y, wave_x])
                    out[wave_y, :, wave_x] += flat.view(steps, steps, -1)
    return out


@functools.lru_cache(maxsize=8)
def _single(grid: PolarGrid) -> torch.Tensor:
    return reads(grid).weights.float().contiguous()


def _by_reference(parts: torch.Tensor, found: Reads, shape: tuple[int, ...]) -> Columns:
    weights = found.weights.to(parts.dtype)
    total = parts.new_zeros((2, 2, len(found.place), parts.shape[-1]))
    for wave_y in (0, 1):
        for wave_x in (0, 1):
            for j in range(KAISER_WIDTH):
                for i in range(KAISER_WIDTH):
                    weight = weights[wave_y, :, j] * weights[2 + wave_x, :, i]
                    total[wave_y, wave_x] += weight[:, None] * parts[wave_y, found.rows[:, j], wave_x, found.columns[:, i]]
    re, im = parts.new_zeros(shape).flatten(0, 1), parts.new_zeros(shape).flatten(0, 1)
    re[found.place] = total[0, 0] - total[1, 1]
    im[found.place] = -total[1, 0] - total[0, 1]
    twin = found.mirror >= 0
    re[found.mirror[twin]] = (total[0, 0] + total[1, 1])[twin]
    im[found.mirror[twin]] = (total[0, 1] - total[1, 0])[twin]
    return re.view(shape), im.view(shape)
