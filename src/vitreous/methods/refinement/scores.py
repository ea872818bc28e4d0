"""Scores of images against references over every in-plane angle, as matrix products over angular modes; and the adjoint.

Layout: the long axis last. Modes are a list with one real tensor (2 [re, im], modes, shells from first_shell, columns) a
block of grid.blocks; cells are (angles, K, columns), columns running over shifts, then images (images fastest).
Functions of the angle are transformed as quarters, half the work: angle h < half with its mate half - h, see quarters().
"""

import functools
import math
from dataclasses import dataclass

import torch

from vitreous.methods.refinement.polar import PolarGrid

Modes = list[torch.Tensor]
Quarters = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Matrices:
    """The angular transforms of a grid as real matrices, block by block; pairs are for the quarter of cosines and of sines."""

    forward: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    real: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    inverse: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    back: tuple[torch.Tensor, ...]


@functools.lru_cache(maxsize=8)
def matrices(grid: PolarGrid, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Matrices:
    """forward: samples to modes; back: its inverse; real: a folded real function to modes; inverse: its inverse, folded."""
    forward, real, inverse = [], [], []
    back: list[torch.Tensor] = []
    h = torch.arange(grid.half, dtype=torch.float64)

    def made(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return first.to(dtype).to(device).contiguous(), second.to(dtype).to(device).contiguous()

    for block in grid.blocks:
        m = torch.tensor(block.modes, dtype=torch.float64)
        phase = 2 * math.pi / grid.angles * m[:, None] * h
        cos, sin = torch.cos(phase), torch.sin(phase)
        weight = torch.where(m == 0, 1.0, 2.0)[:, None] / grid.angles
        back.append(
            (weight * torch.cat((sin, cos) if block.odd else (cos, -sin)).view(2, *cos.shape))
            .flatten(0, 1)
            .T.to(dtype)
            .to(device)
            .contiguous()
        )
        cos, sin = cos[:, : grid.half // 2 + 1], sin[:, : grid.half // 2 + 1]
        forward.append(made(2 * cos, 2 * sin if block.odd else -2 * sin))
        real.append(made(cos, -sin))
        inverse.append(made((weight * cos).T, (-weight * sin).T))
    return Matrices(tuple(forward), tuple(real), tuple(inverse), tuple(back))


class Workspace:
    """Buffers by name that live between calls, so that no page is asked of the system twice. One for each thread."""

    def __init__(self) -> None:
        self._held: dict[str, torch.Tensor] = {}

    def get(self, name: str, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        """A buffer of this shape with unspecified contents; the next get of the same name may overwrite it."""
        count = math.prod(shape)
        held = self._held.get(name)
        if held is None or held.numel() < count or held.dtype != like.dtype or held.device != like.device:
            held = self._held[name] = torch.empty(count, dtype=like.dtype, device=like.device)
        return held[:count].view(shape)


def columns(samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples (n, shells + 1, half) complex -> real and imaginary parts (half, shells + 1, n), contiguous."""
    turned = torch.view_as_real(samples).permute(3, 2, 1, 0).contiguous()
    return turned[0], turned[1]


def shifted(
    samples: tuple[torch.Tensor, torch.Tensor], phases: tuple[torch.Tensor, torch.Tensor], space: Workspace
) -> tuple[torch.Tensor, torch.Tensor]:
    """columns(samples) of n images times columns(phases) of s shifts: (half, shells + 1, s * n), images fastest."""
    real, imag = (part[:, :, None, :] for part in samples)
    cos, sin = (part[:, :, :, None] for part in phases)
    shape = (real.shape[0], real.shape[1], cos.shape[2], real.shape[3])
    out_real, out_imag = (space.get(name, shape, real) for name in ("shifted re", "shifted im"))
    torch.mul(real, cos, out=out_real).addcmul_(imag, sin, value=-1)
    torch.mul(real, sin, out=out_imag).addcmul_(imag, cos)
    return out_real.flatten(2), out_imag.flatten(2)


def quarters(even: torch.Tensor, odd: torch.Tensor) -> Quarters:
    """Functions (half, ...) that meet even and odd modes, split for cosines and sines of each: four of (half // 2 + 1, ...).

    Row h holds the value at h plus or minus that at half - h; rows that are their own mates (0 and half / 2) the value.
    """
    rows = len(even) // 2 + 1
    mates = torch.remainder(-torch.arange(rows, device=even.device), len(even))
    alone = (mates == torch.arange(rows, device=even.device)).view(-1, *[1] * (even.ndim - 1))
    made = []
    for part, sign in ((even, 1), (even, -1), (odd, -1), (odd, 1)):
        mate = sign * part[mates]
        made.append(part[:rows] + torch.where(alone, torch.zeros_like(mate), mate))
    return made[0], made[1], made[2], made[3]


def modes(samples: tuple[torch.Tensor, torch.Tensor], grid: PolarGrid, space: Workspace, name: str = "modes") -> Modes:
    """Angular modes (unnormalised, over the full circle) of samples given by columns() or shifted()."""
    return quarter_modes(quarters(*samples), grid, space, name)


def quarter_modes(parts: Quarters, grid: PolarGrid, space: Workspace, name: str = "modes") -> Modes:
    """The same from quarters(real, imaginary)."""
    made: Modes = []
    like = parts[0]
    for i, (block, pair) in enumerate(zip(grid.blocks, matrices(grid, like.dtype, str(like.device)).forward)):
        cos, sin = (part[:, block.first_shell :] for part in parts[2 * block.odd : 2 * block.odd + 2])
        out = space.get(f"{name} {i}", (2, len(block.modes), *cos.shape[1:]), like)
        torch.mm(pair[0], cos.flatten(1), out=out[int(block.odd)].flatten(1))
        torch.mm(pair[1], sin.flatten(1), out=out[1 - int(block.odd)].flatten(1))
        made.append(out)
    return made


def reference_modes(samples: torch.Tensor, grid: PolarGrid) -> Modes:
    """Modes of references (K, shells + 1, half) complex, with the quadrature and the 1/2 of the half plane inside."""
    weight = (grid.quadrature[:, None] / 2).to(samples.real.dtype).to(samples.device)
    return modes(columns(samples * weight), grid, Workspace())


def cross_terms(images: Modes, references: Modes, grid: PolarGrid, space: Workspace) -> torch.Tensor:
    """Re sum over the half plane of conj(X) A turned by every angle: (angles, K, columns) real.

    Entry j is the reference A(theta - psi_j), psi_j = 2 pi j / angles, so that rlnAnglePsi = -psi_j.
    images: modes() of weighted, shifted images; references: reference_modes(). The result lives in `space`.
    """
    parts = quarter_terms(images, references, grid, space)
    cells = space.get("cells", (grid.angles, parts[0].shape[1]), parts[0])
    unfolded(parts, cells)
    return cells.view(grid.angles, references[0].shape[-1], images[0].shape[-1])


def unfolded(parts: Quarters, out: torch.Tensor) -> None:
    """Values at all angles (angles, ...) of the function whose cosines and sines of even and odd modes are given."""
    half = len(out) // 2
    inner = (half + 1) // 2
    even_cos, even_sin, odd_cos, odd_sin = parts
    rows = slice(0, half // 2 + 1)
    torch.add(even_cos + even_sin, odd_cos + odd_sin, out=out[:half][rows])
    torch.sub(even_cos + even_sin, odd_cos + odd_sin, out=out[half:][rows])
    if inner > 1:
        even = (even_cos[1:inner] - even_sin[1:inner]).flip(0)
        odd = (odd_sin[1:inner] - odd_cos[1:inner]).flip(0)
        torch.add(even, odd, out=out[half - inner + 1 : half])
        torch.sub(even, odd, out=out[2 * half - inner + 1 :])


def chosen(parts: Quarters, pairs: torch.Tensor) -> Quarters:
    """The same of some pairs."""
    even_cos, even_sin, odd_cos, odd_sin = (part[:, pairs] for part in parts)
    return even_cos, even_sin, odd_cos, odd_sin


def quarter_terms(
    images: Modes,
    references: Modes,
    grid: PolarGrid,
    space: Workspace,
    *,
    chosen: torch.Tensor | None = None,
    less: torch.Tensor | None = None,
) -> Quarters:
    """cross_terms as the sums of cosines and sines of even and of odd modes, each (half // 2 + 1, pairs), see unfolded().

    Pairs are all of (K, columns), or those whose flat index is in `chosen`. less (2, count, pairs): modes 2, 4, ... 2 count
    to be subtracted. The result lives in `space`.
    """
    like = images[0]
    every = references[0].shape[-1] * like.shape[-1]
    width = every if chosen is None else len(chosen)
    inverse = matrices(grid, like.dtype, str(like.device)).inverse
    parts = [space.get(f"quarter {i}", (grid.half // 2 + 1, width), like) for i in range(4)]
    begun = [False, False]
    for i, block in enumerate(grid.blocks):
        product, odd = _product(images[i], references[i], space), int(block.odd)
        if chosen is not None:
            product = torch.index_select(product, 1, chosen, out=space.get("chosen", (len(product), width), like))
        if less is not None and not odd:
            first, last = max(block.modes[0] // 2, 1), min(block.modes[-1] // 2, less.shape[1])
            if first <= last:
                rows = slice(first - block.modes[0] // 2, last + 1 - block.modes[0] // 2)
                product.view(2, -1, width)[:, rows] -= less[:, first - 1 : last]
        for matrix, out, part in zip(inverse[i], parts[2 * odd :], product.chunk(2)):
            torch.addmm(out, matrix, part, beta=int(begun[odd]), out=out)
        begun[odd] = True
    return parts[0], parts[1], parts[2], parts[3]


def _product(x: torch.Tensor, a: torch.Tensor, space: Workspace) -> torch.Tensor:
    """x conj(a) summed over shells: (2 * modes, K * columns)."""
    count = x.shape[1]
    out = space.get("product", (2, count, a.shape[-1], x.shape[-1]), x)
    real, imag = a[0].transpose(1, 2), a[1].transpose(1, 2)
    torch.bmm(real, x[0], out=out[0])
    out[0].baddbmm_(imag, x[1])
    torch.bmm(real, x[1], out=out[1])
    out[1].baddbmm_(imag, x[0], alpha=-1)
    return out.view(2 * count, -1)


def norm_terms(weights: torch.Tensor, samples: torch.Tensor, grid: PolarGrid) -> torch.Tensor:
    """1/2 sum over the half plane of C^2 / sigma^2 |A|^2 for weights that depend on the radius only: (K, n).

    weights (n, shells + 1) real, at the grid's radii; samples (K, shells + 1, half) complex.
    """
    return ring_powers(samples, grid).to(weights.dtype) @ weights.T


def ring_powers(samples: torch.Tensor, grid: PolarGrid) -> torch.Tensor:
    """What norm_terms multiplies by the weights: (K, shells + 1)."""
    square = samples.real.square() + samples.imag.square()
    return square.mean(-1) * (grid.quadrature * grid.angles / 4).to(square)


def even_modes(values: torch.Tensor, grid: PolarGrid, count: int) -> torch.Tensor:
    """Modes 2, 4, ... 2 count (unnormalised, over the full circle) of real values (half, ...) of period pi: (2, count, ...)."""
    theta = torch.arange(grid.half, dtype=torch.float64) * (2 * math.pi / grid.angles)
    phase = 2.0 * torch.arange(1, count + 1, dtype=torch.float64)[:, None] * theta
    matrix = torch.cat((2 * torch.cos(phase), -2 * torch.sin(phase))).to(values)
    return (matrix @ values.flatten(1)).view(2, count, *values.shape[1:])


def ring_modes(samples: torch.Tensor, grid: PolarGrid, count: int) -> torch.Tensor:
    """Of samples (K, shells + 1, half) complex what norm_modes takes: (2, count, shells + 1, K)."""
    square = (samples.real.square() + samples.imag.square()).permute(2, 1, 0)
    return even_modes(square * (grid.quadrature[:, None] / 4).to(square), grid, count)


def norm_modes(weights: torch.Tensor, rings: torch.Tensor, space: Workspace) -> torch.Tensor:
    """What norm_terms leaves out where weights depend on the angle, as modes 2, 4, ... over the angle: (2, count, K, n).

    weights: even_modes() of C^2 / sigma^2, (2, count, shells + 1, n); rings: ring_modes().
    """
    return _product(weights, rings, space).view(2, weights.shape[1], -1, weights.shape[-1])


def posterior_modes(posterior: torch.Tensor, grid: PolarGrid, space: Workspace) -> Modes:
    """Modes sum_j p_j exp(-i m psi_j) of cells (angles, K, columns): one (2, modes, K, columns) a block."""
    first, second = posterior[: grid.half].flatten(1), posterior[grid.half :].flatten(1)
    made = folded_modes(quarters(first + second, first - second), grid, space)
    return [part.view(*part.shape[:2], *posterior.shape[1:]) for part in made]


def folded_modes(parts: Quarters, grid: PolarGrid, space: Workspace) -> Modes:
    """The same of pairs given as quarters(p(h) + p(h + half), p(h) - p(h + half)): (2, modes, pairs) a block."""
    made: Modes = []
    like = parts[0]
    for i, (block, pair) in enumerate(zip(grid.blocks, matrices(grid, like.dtype, str(like.device)).real)):
        out = space.get(f"posterior {i}", (2, len(block.modes), like.shape[1]), like)
        for part, matrix, into in zip(parts[2 * block.odd :], pair, out):
            torch.mm(matrix, part, out=into)
        made.append(out)
    return made


def accumulate(sums: Modes, posterior: Modes, images: Modes) -> None:
    """The adjoint of cross_terms: add sum over columns of image modes times conj(posterior modes), in place.

    sums: one (2, modes, K, shells from first_shell) a block, from empty_sums().
    """
    for out, p, x in zip(sums, posterior, images):
        real, imag = x[0].transpose(1, 2), x[1].transpose(1, 2)
        out[0].baddbmm_(p[0], real).baddbmm_(p[1], imag)
        out[1].baddbmm_(p[0], imag).baddbmm_(p[1], real, alpha=-1)


def empty_sums(count: int, grid: PolarGrid, like: torch.Tensor) -> Modes:
    """Zeros for accumulate(), for `count` references."""
    return [like.new_zeros((2, len(b.modes), count, grid.shells + 1 - b.first_shell)) for b in grid.blocks]


def to_samples(sums: Modes, grid: PolarGrid) -> torch.Tensor:
    """Modes (2, modes, K, shells ...) back to samples (K, shells + 1, half) complex."""
    like = sums[0]
    parts = like.new_zeros((2, grid.half, like.shape[2], grid.shells + 1))
    for block, matrix, values in zip(grid.blocks, matrices(grid, like.dtype, str(like.device)).back, sums):
        made = matrix @ values.flatten(2).flatten(0, 1)
        parts[int(block.odd), :, :, block.first_shell :] += made.view(grid.half, like.shape[2], -1)
    return torch.complex(parts[0], parts[1]).permute(1, 2, 0).contiguous()
