"""Scores of images against references over every in-plane angle, as matrix products over angular modes; and the adjoint.

Layout: the long axis last. Modes are a list with one real tensor (2 [re, im], modes, shells from first_shell, columns) a
block of grid.blocks; cells are (angles, K, columns), columns running over shifts, then images (images fastest).
"""

import functools
import math
from dataclasses import dataclass

import torch

from vitreous.methods.refinement.polar import PolarGrid

Modes = list[torch.Tensor]


@dataclass(frozen=True)
class Matrices:
    """The angular transforms of a grid as real matrices, block by block."""

    forward: tuple[torch.Tensor, ...]
    real: tuple[torch.Tensor, ...]
    inverse: tuple[torch.Tensor, ...]
    back: tuple[torch.Tensor, ...]


@functools.lru_cache(maxsize=32)
def matrices(grid: PolarGrid, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Matrices:
    """forward: samples to modes; back: its inverse; real: a folded real function to modes; inverse: its inverse, folded."""
    forward, real, inverse, back = [], [], [], []
    h = torch.arange(grid.half, dtype=torch.float64)
    for block in grid.blocks:
        m = torch.tensor(block.modes, dtype=torch.float64)
        phase = 2 * math.pi / grid.angles * m[:, None] * h
        cos, sin = torch.cos(phase), torch.sin(phase)
        forward.append(2 * torch.cat((sin, cos) if block.odd else (cos, -sin)))
        real.append(torch.cat((cos, -sin)))
        weight = torch.where(m == 0, 1.0, 2.0)[:, None] / grid.angles
        inverse.append((weight * torch.stack((cos, -sin))).flatten(0, 1).T)
        back.append((weight * torch.stack((sin, cos) if block.odd else (cos, -sin))).flatten(0, 1).T)
    made = ([t.to(dtype).to(device).contiguous() for t in part] for part in (forward, real, inverse, back))
    return Matrices(*(tuple(part) for part in made))


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


def modes(samples: tuple[torch.Tensor, torch.Tensor], grid: PolarGrid, space: Workspace, name: str = "modes") -> Modes:
    """Angular modes (unnormalised, over the full circle) of samples given by columns() or shifted()."""
    real, imag = samples
    made: Modes = []
    for i, (block, matrix) in enumerate(zip(grid.blocks, matrices(grid, real.dtype, str(real.device)).forward)):
        part = (imag if block.odd else real)[:, block.first_shell :]
        shape = (2, len(block.modes), *part.shape[1:])
        out = space.get(f"{name} {i}", shape, real)
        torch.mm(matrix, part.flatten(1), out=out.view(matrix.shape[0], -1))
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
    even, odd = half_terms(images, references, grid, space)
    cells = space.get("cells", (grid.angles, even.shape[1]), even)
    torch.add(even, odd, out=cells[: grid.half])
    torch.sub(even, odd, out=cells[grid.half :])
    return cells.view(grid.angles, references[0].shape[-1], images[0].shape[-1])


def half_terms(
    images: Modes, references: Modes, grid: PolarGrid, space: Workspace, *, chosen: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """cross_terms as sums of even and of odd modes, each (half, pairs): even + odd, then even - odd half a turn on.

    Pairs are all of (K, columns), or those whose flat index is in `chosen`. The result lives in `space`.
    """
    like = images[0]
    every = references[0].shape[-1] * like.shape[-1]
    width = every if chosen is None else len(chosen)
    inverse = matrices(grid, like.dtype, str(like.device)).inverse
    halves = tuple(space.get(f"half {odd}", (grid.half, width), like) for odd in (False, True))
    begun = [False, False]
    for i, block in enumerate(grid.blocks):
        product, odd = _product(images[i], references[i], space), int(block.odd)
        if chosen is not None:
            product = torch.index_select(product, 1, chosen, out=space.get("chosen", (len(product), width), like))
        torch.addmm(halves[odd], inverse[i], product, beta=int(begun[odd]), out=halves[odd])
        begun[odd] = True
    return halves[0], halves[1]


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
    power = samples.abs().square().mean(-1) * (grid.quadrature * grid.angles / 4).to(weights.dtype).to(weights.device)
    return power @ weights.T


def posterior_modes(posterior: torch.Tensor, grid: PolarGrid, space: Workspace) -> Modes:
    """Modes sum_j p_j exp(-i m psi_j) of cells (angles, K, columns): one (2, modes, K, columns) a block."""
    first, second = posterior[: grid.half].flatten(1), posterior[grid.half :].flatten(1)
    made = folded_modes((first + second, first - second), grid, space)
    return [part.view(*part.shape[:2], *posterior.shape[1:]) for part in made]


def folded_modes(folded: tuple[torch.Tensor, torch.Tensor], grid: PolarGrid, space: Workspace) -> Modes:
    """The same of pairs given as p(h) + p(h + half) and p(h) - p(h + half), each (half, pairs): (2, modes, pairs) a block."""
    made: Modes = []
    transforms = matrices(grid, folded[0].dtype, str(folded[0].device)).real
    for i, (block, matrix) in enumerate(zip(grid.blocks, transforms)):
        part = folded[int(block.odd)]
        out = space.get(f"posterior {i}", (2, len(block.modes), part.shape[1]), part)
        torch.mm(matrix, part, out=out.view(matrix.shape[0], -1))
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
