"""The E step of 2D classification for one block of images: posterior over class, angle and shift, and its sums."""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.methods.refinement import polar, scores
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.prepare import Batch
from vitreous.methods.refinement.sampling import Plan
from vitreous.methods.refinement.turning import Columns, gathered, paired

KEEP = 0.999  # of the posterior of the coarse pass goes on to the fine one
LEAST = 1e-3  # posterior below which a cell adds nothing


@dataclass(frozen=True)
class Model:
    """References on one grid, with log priors (K,) of the classes, the spread of origins in px, and the phases of shifts."""

    grid: PolarGrid
    samples: torch.Tensor
    modes: scores.Modes
    log_shares: torch.Tensor
    offset_sigma_px: float
    phases: Columns

    @staticmethod
    def of(
        references: torch.Tensor, grid: PolarGrid, shares: torch.Tensor, *, offset_sigma_px: float, shifts_px: torch.Tensor
    ) -> "Model":
        """From references (K, N, N), their shares (K,) and the shifts (s, 2) to be tried."""
        samples = polar.sample_images(references, grid)
        log_shares = torch.log(shares.clamp_min(1e-30)).to(torch.float32)
        modes = scores.reference_modes(samples, grid)
        return Model(grid, samples, modes, log_shares, offset_sigma_px, phases_of(shifts_px, grid))


def phases_of(shifts_px: torch.Tensor, grid: PolarGrid) -> Columns:
    """Phases of shifts in the layout of scores.columns()."""
    return scores.columns(polar.shift_phases(shifts_px, grid).to(torch.complex64))


@dataclass(frozen=True)
class Pairs:
    """Columns of a score: image and shift of each, and the shifts (s, 2) in px."""

    image: torch.Tensor
    shift: torch.Tensor
    shifts_px: torch.Tensor

    @staticmethod
    def all(images: int, shifts_px: torch.Tensor) -> "Pairs":
        """Every image with every shift, images fastest."""
        count = len(shifts_px)
        return Pairs(torch.arange(images).repeat(count), torch.arange(count).repeat_interleave(images), shifts_px)

    def select(self, which: torch.Tensor) -> "Pairs":
        """Some of the columns."""
        return Pairs(self.image[which], self.shift[which], self.shifts_px)


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


@dataclass(frozen=True)
class Cells:
    """exp(log weight - top) of each (angle, class, column), their sum over angles (K, columns), and top (columns,)."""

    values: torch.Tensor
    by_class: torch.Tensor
    top: torch.Tensor

    @property
    def log_sum(self) -> torch.Tensor:
        """(columns,)"""
        return self.top + torch.log(self.by_class.sum(0))


def score(
    batch: Batch, model: Model, pairs: Pairs, *, log_prior: torch.Tensor, angle: torch.Tensor | None, space: scores.Workspace
) -> Cells:
    """All cells of the columns in `pairs`; log_prior (columns,). angle (images,): the only in-plane angle of each image."""
    grid = model.grid
    turned = paired(scores.columns(batch.score), model.phases, pairs.image, shift=pairs.shift, space=space)
    cells = scores.cross_terms(scores.modes(turned, grid, space), model.modes, grid, space)
    bias = model.log_shares[:, None] - scores.norm_terms(batch.norm, model.samples, grid)[:, pairs.image] + log_prior
    if angle is not None:
        chosen = angle[pairs.image]
        at = torch.arange(len(chosen))
        only = cells[chosen, :, at].clone()
        cells.fill_(-torch.inf)
        cells[chosen, :, at] = only
    top = (cells.amax(0) + bias).amax(0)
    cells += bias - top
    cells.exp_()
    return Cells(cells, cells.sum(0), top)


def coarser(batch: Batch, grid: PolarGrid, stride: int) -> Batch:
    """The same images on a grid with fewer shells and every stride-th angle."""
    cut = grid.shells + 1
    return replace(batch, score=batch.score[:, :cut, ::stride], norm=batch.norm[:, :cut].contiguous())


def promising(batch: Batch, model: Model, plan: Plan, *, residue: torch.Tensor, space: scores.Workspace) -> Pairs:
    """The first pass: the fine shifts round those coarse ones that hold 99.9 % of each image's posterior."""
    assert plan.coarse is not None
    count = len(batch.score)
    pairs = Pairs.all(count, plan.coarse_shifts_px)
    prior = _offset_prior(pairs, residue, model.offset_sigma_px)
    rough = coarser(batch, plan.coarse, plan.stride)
    log_sum = score(rough, model, pairs, log_prior=prior, angle=None, space=space).log_sum.view(-1, count)
    kept = _smallest_set(torch.softmax(log_sum, 0), KEEP)
    shift, image = torch.nonzero(kept, as_tuple=True)
    children = plan.children[shift]
    order = torch.argsort(image.repeat_interleave(children.shape[1]), stable=True)
    return Pairs(image.repeat_interleave(children.shape[1])[order], children.flatten()[order], plan.shifts_px)


def _smallest_set(weights: torch.Tensor, share: float) -> torch.Tensor:
    """Mask of the fewest rows of (rows, n) that hold `share` of each column."""
    order = torch.argsort(weights, 0, descending=True)
    ranked = torch.gather(weights, 0, order)
    before = torch.cumsum(ranked, 0) - ranked
    mask = torch.zeros_like(weights, dtype=torch.bool)
    return mask.scatter_(0, order, before < share)


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
    count = len(batch.score)
    if fixed is not None:
        pairs = Pairs(torch.arange(count), torch.arange(count), fixed[0])
        fine = replace(fine, phases=phases_of(fixed[0], fine.grid))
    elif rough is not None:
        pairs = promising(batch, rough, plan, residue=residue, space=space)
    else:
        pairs = Pairs.all(count, plan.shifts_px)
    prior = _offset_prior(pairs, residue, fine.offset_sigma_px)
    cells = score(batch, fine, pairs, log_prior=prior, angle=None if fixed is None else fixed[1], space=space)
    column, total = _share_of_columns(cells.log_sum, pairs.image, count)
    kept = torch.nonzero(column > LEAST)[:, 0]
    mass = torch.zeros(count).index_add_(0, pairs.image[kept], column[kept])
    factor = column[kept] / mass[pairs.image[kept]] / cells.by_class[:, kept].sum(0)
    found = gathered(cells.values, kept, factor, least=LEAST, space=space)
    return _sums(batch, fine, pairs.select(kept), found=found, total=total, space=space, residue=residue)


def _share_of_columns(log_sum: torch.Tensor, image: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Posterior of each column within its image, and the log of the image's whole sum."""
    top = torch.full((count,), -torch.inf).scatter_reduce_(0, image, log_sum, "amax")
    weight = torch.exp(log_sum - top[image])
    total = torch.zeros(count).index_add_(0, image, weight)
    return weight / total[image], top + torch.log(total)


Found = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def _sums(
    batch: Batch,
    model: Model,
    pairs: Pairs,
    *,
    found: Found,
    total: torch.Tensor,
    space: scores.Workspace,
    residue: torch.Tensor,
) -> BlockResult:
    grid, posterior = model.grid, found[0]
    count = len(batch.whole)
    turned = paired(scores.columns(batch.whole), model.phases, pairs.image, shift=pairs.shift, space=space)
    modes = scores.empty_sums(posterior.shape[1], grid, posterior)
    scores.accumulate(modes, scores.posterior_modes(posterior, grid, space), scores.modes(turned, grid, space))
    by_class = posterior.sum(0)
    per_image = torch.zeros((len(by_class), count)).index_add_(1, pairs.image, by_class)
    whole = residue[pairs.image] + pairs.shifts_px[pairs.shift].to(torch.float32)
    winner, peak, significant = _best(found, pairs, count)
    classes = found[0].shape[1]
    cell = found[2][winner]
    psi = -(cell // classes).double() * (360.0 / grid.angles)
    return BlockResult(
        modes=modes,
        weight=per_image.double() @ batch.power.double(),
        mass=per_image.sum(1).double(),
        noise=batch.noise.double().sum(0),
        offset_square=float((by_class.sum(0) * whole.square().sum(1)).sum()),
        log_likelihood=total.double().numpy(),
        classes=(cell % classes).numpy(),
        psi_deg=((psi + 180.0) % 360.0 - 180.0).numpy(),
        shift_px=pairs.shifts_px[pairs.shift[winner]].double().numpy(),
        pmax=peak.double().numpy(),
        significant=significant.numpy(),
    )


def _best(found: Found, pairs: Pairs, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of each image: the column with the most likely cell, its probability, and how many cells matter."""
    _, top, _, many = found
    peak = torch.full((count,), -1.0).scatter_reduce_(0, pairs.image, top, "amax")
    winner = torch.zeros(count, dtype=torch.long)
    hit = torch.nonzero(top >= peak[pairs.image])[:, 0]
    winner[pairs.image[hit]] = hit
    return winner, peak, torch.zeros(count, dtype=torch.long).index_add_(0, pairs.image, many)
