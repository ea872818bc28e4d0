"""The E step of 2D classification for one block of images: posterior over class, angle and shift, and its sums."""

import functools
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.methods.refinement import cells, planes, scores
from vitreous.methods.refinement.pairs import Pairs
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.prepare import MOST_MODES, Batch
from vitreous.methods.refinement.sampling import Plan
from vitreous.methods.refinement.turning import Columns, paired, paired_families, phases_of

KEEP = 0.999  # of the posterior of the coarse pass goes on to the fine one
LEAST = 1e-3  # of the posterior: pairs with less than this part of the best one's add nothing


@dataclass(frozen=True)
class Model:
    """References on one grid, with log priors (K,) of the classes, the spread of origins in px, and the phases of shifts."""

    grid: PolarGrid
    samples: torch.Tensor
    modes: scores.Modes
    log_shares: torch.Tensor
    offset_sigma_px: float
    phases: Columns

    @functools.cached_property
    def rings(self) -> torch.Tensor:
        """scores.ring_powers()."""
        return scores.ring_powers(self.samples, self.grid)

    @functools.cached_property
    def ring_modes(self) -> torch.Tensor:
        """scores.ring_modes(), as many as may be asked for."""
        return scores.ring_modes(self.samples, self.grid, MOST_MODES).contiguous()

    @staticmethod
    def of(
        references: torch.Tensor, grid: PolarGrid, shares: torch.Tensor, *, offset_sigma_px: float, shifts_px: torch.Tensor
    ) -> "Model":
        """From references (K, N, N), their shares (K,) and the shifts (s, 2) to be tried."""
        samples = planes.sample_images(references, grid)
        log_shares = torch.log(shares.clamp_min(1e-30)).to(torch.float32)
        modes = scores.reference_modes(samples, grid)
        return Model(grid, samples, modes, log_shares, offset_sigma_px, phases_of(shifts_px, grid))


@dataclass
class BlockResult:
    """What a block of n images adds: modes (block layout of scores), weight (K, shells + 1), mass (K,), and rows of results."""

    modes: scores.Modes
    weight: torch.Tensor
    mass: torch.Tensor
    noise: torch.Tensor
    offset_square: float
    classes: NDArray[np.int64]
    psi_deg: NDArray[np.float64]
    shift_px: NDArray[np.float64]
    pmax: NDArray[np.float64]
    log_likelihood: NDArray[np.float64]
    significant: NDArray[np.int64]
    norm: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    scale: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    by_class: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    """(n, K) posterior of each class."""


@dataclass(frozen=True)
class Scored:
    """Cells of pairs as in cells, to which bias (pairs,) is to be added; and of each pair its class, column, and the log
    of the sum over angles, bias and all. angle (pairs,): the only angle there is."""

    parts: scores.Quarters
    bias: torch.Tensor
    klass: torch.Tensor
    column: torch.Tensor
    log_sum: torch.Tensor
    angle: torch.Tensor | None = None


def score(
    batch: Batch, model: Model, pairs: Pairs, *, log_prior: torch.Tensor, angle: torch.Tensor | None, space: scores.Workspace
) -> Scored:
    """All cells of `pairs`; log_prior (columns,). angle (images,): the only in-plane angle of each image."""
    grid = model.grid
    if pairs.families is not None:
        turned = paired_families(batch.score_columns, pairs.families, space)
    else:
        turned = paired(batch.score_columns, model.phases, pairs.image, shift=pairs.shift, space=space)
    klass, column = pairs.split(len(model.log_shares))
    image = pairs.image[column]
    modes, less = scores.quarter_modes(turned, grid, space), None
    if batch.around.shape[1]:
        rings = model.ring_modes[:, : batch.around.shape[1]]
        less = scores.norm_modes(batch.around, rings, space).flatten(2)[..., klass * len(batch) + image]
    parts = scores.quarter_terms(modes, model.modes, grid, space, chosen=pairs.chosen, less=less)
    norm = model.rings @ batch.norm.T
    bias = model.log_shares[klass] - norm[klass, image] + log_prior[column]
    if angle is None:
        return Scored(parts, bias, klass, column, cells.log_sums(parts, grid.half) + bias)
    return Scored(parts, bias, klass, column, cells.at_angles(parts, grid.half, angle[image]) + bias, angle[image])


def coarser(batch: Batch, grid: PolarGrid, stride: int) -> Batch:
    """The same images on a grid with fewer shells and every stride-th angle."""
    cut = grid.shells + 1
    real, imag = (part[::stride, :cut].contiguous() for part in batch.score_columns)
    return replace(
        batch, score_columns=(real, imag), norm=batch.norm[:, :cut].contiguous(), around=batch.around[:, :, :cut].contiguous()
    )


def promising(batch: Batch, model: Model, plan: Plan, *, residue: torch.Tensor, space: scores.Workspace) -> Pairs:
    """The first pass: the fine shifts round those coarse pairs of class and shift that hold 99.9 % of each image's posterior."""
    assert plan.coarse is not None
    count = len(batch)
    pairs = Pairs.all(count, plan.coarse_shifts_px)
    prior = _offset_prior(pairs, residue, model.offset_sigma_px)
    scored = score(coarser(batch, plan.coarse, plan.stride), model, pairs, log_prior=prior, angle=None, space=space)
    log_sum = scored.log_sum.view(-1, count)
    klass, image = scored.klass.view(-1, count), pairs.image[scored.column].view(-1, count)
    shift = pairs.shift[scored.column].view(-1, count)
    kept = _smallest_set(torch.softmax(log_sum, 0), KEEP)
    return Pairs.children(klass[kept], image[kept], shift[kept], plan)


def _smallest_set(weights: torch.Tensor, share: float) -> torch.Tensor:
    """Mask of the fewest rows of (rows, n) that hold `share` of each column."""
    ranked, order = torch.sort(weights.T, 1, descending=True)
    before = torch.cumsum(ranked, 1) - ranked
    mask = torch.zeros_like(ranked, dtype=torch.bool)
    return mask.scatter_(1, order, before < share).T


def _offset_prior(pairs: Pairs, residue: torch.Tensor, sigma_px: float) -> torch.Tensor:
    """Log of the Gaussian prior of the whole origin: residue (n, 2), what the image was moved by before, and the shift."""
    whole = residue[pairs.image] + pairs.shifts_px[pairs.shift].to(torch.float32)
    return -whole.square().sum(1) / (2 * sigma_px**2)


def expect(
    batch: Batch,
    models: tuple[Model, Model | None],
    plan: Plan,
    *,
    residue: torch.Tensor,
    fixed: tuple[torch.Tensor, torch.Tensor] | None,
    space: scores.Workspace,
) -> BlockResult:
    """Posterior of a block and its sums. models: for the last pass and the first (None: one pass).

    residue (n, 2): whole pixels the images were moved by. fixed: (shift (n, 2), angle index (n,)) when poses are given.
    """
    fine, rough = models
    count = len(batch)
    if fixed is not None:
        each = torch.arange(count, device=residue.device)
        pairs = Pairs(each, each, fixed[0])
        fine = replace(fine, phases=phases_of(fixed[0], fine.grid))
    elif rough is not None:
        pairs = promising(batch, rough, plan, residue=residue, space=space)
    else:
        pairs = Pairs.all(count, plan.shifts_px)
    prior = _offset_prior(pairs, residue, fine.offset_sigma_px)
    scored = score(batch, fine, pairs, log_prior=prior, angle=None if fixed is None else fixed[1], space=space)
    kept, found, total = _posterior(scored, pairs.image[scored.column], count, half=fine.grid.half, space=space)
    columns, at = torch.unique(scored.column[kept], return_inverse=True)
    held = Pairs(pairs.image[columns], pairs.shift[columns], pairs.shifts_px, scored.klass[kept] * len(columns) + at)
    return _sums(batch, fine, held, found=found, total=total, space=space, residue=residue)


def _posterior(
    scored: Scored, image: torch.Tensor, count: int, *, half: int, space: scores.Workspace
) -> tuple[torch.Tensor, cells.Found, torch.Tensor]:
    """Which pairs hold nearly all of each image's posterior, their posterior, and the log of each image's sum (count,)."""
    share, total = _shares(scored.log_sum, image, count)
    kept = torch.nonzero(share > LEAST * _largest(share, image, count)[image])[:, 0]
    mass = share.new_zeros(count).index_add_(0, image[kept], share[kept])
    factor = scored.bias[kept] - total[image[kept]] - torch.log(mass)[image[kept]]
    if scored.angle is not None:
        only = torch.exp(scored.log_sum[kept] - scored.bias[kept] + factor)
        return kept, cells.single(scored.angle[kept], only, half), total
    shape = (len(scored.parts[0]), len(kept))
    a, b, c, d = (
        torch.index_select(part, 1, kept, out=space.get(f"kept {i}", shape, part)) for i, part in enumerate(scored.parts)
    )
    return kept, cells.posterior((a, b, c, d), half, factor, least=LEAST), total


def _largest(values: torch.Tensor, image: torch.Tensor, count: int) -> torch.Tensor:
    return values.new_full((count,), -torch.inf).scatter_reduce_(0, image, values, "amax")


def _shares(log_sum: torch.Tensor, image: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Posterior of each pair within its image, and the log of the image's whole sum."""
    top = _largest(log_sum, image, count)
    weight = torch.exp(log_sum - top[image])
    total = weight.new_zeros(count).index_add_(0, image, weight)
    return weight / total[image], top + torch.log(total)


def _sums(
    batch: Batch,
    model: Model,
    pairs: Pairs,
    *,
    found: cells.Found,
    total: torch.Tensor,
    space: scores.Workspace,
    residue: torch.Tensor,
) -> BlockResult:
    grid, count, classes = model.grid, len(batch), len(model.log_shares)
    klass, column = pairs.split(classes)
    image = pairs.image[column]
    turned = paired(batch.whole_columns, model.phases, pairs.image, shift=pairs.shift, space=space)
    posterior = _spread(scores.folded_modes(found.folded, grid, space), pairs, classes, space)
    modes = scores.empty_sums(classes, grid, posterior[0])
    scores.accumulate(modes, posterior, scores.quarter_modes(turned, grid, space))
    weight = found.total
    per_image = weight.new_zeros(classes * count).index_add_(0, klass * count + image, weight).view(classes, count)
    whole = residue[image] + pairs.shifts_px[pairs.shift[column]].to(torch.float32)
    winner = _winners(found.top, image, count)
    psi = -found.angle[winner].double() * (360.0 / grid.angles)
    return BlockResult(
        modes=modes,
        weight=per_image.double() @ batch.power.double(),
        mass=per_image.sum(1).double(),
        noise=batch.noise.double().sum(0),
        offset_square=float((weight * whole.square().sum(1)).sum()),
        log_likelihood=total.double().cpu().numpy(),
        classes=klass[winner].cpu().numpy(),
        psi_deg=((psi + 180.0) % 360.0 - 180.0).cpu().numpy(),
        shift_px=pairs.shifts_px[pairs.shift[column[winner]]].double().cpu().numpy(),
        pmax=found.top[winner].double().cpu().numpy(),
        significant=found.many.new_zeros(count).index_add_(0, image, found.many).cpu().numpy(),
        by_class=per_image.T.contiguous().cpu().numpy(),
    )


def _spread(modes: scores.Modes, pairs: Pairs, classes: int, space: scores.Workspace) -> scores.Modes:
    """Modes of pairs (2, modes, pairs) as (2, modes, K, columns), zeros where there is no pair."""
    assert pairs.chosen is not None
    made: scores.Modes = []
    for i, part in enumerate(modes):
        out = space.get(f"spread {i}", (part.shape[0], part.shape[1], classes * len(pairs.image)), part).zero_()
        out.index_copy_(2, pairs.chosen, part)
        made.append(out.view(*part.shape[:2], classes, -1))
    return made


def _winners(top: torch.Tensor, image: torch.Tensor, count: int) -> torch.Tensor:
    """Of each image: the pair with the most likely cell."""
    hit = torch.nonzero(top >= _largest(top, image, count)[image])[:, 0]
    winner = torch.zeros(count, dtype=torch.long, device=image.device)
    winner[image[hit]] = hit
    return winner
