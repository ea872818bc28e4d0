"""The end of a turn of 2D classification: sums of its blocks to new classes, noise, poses and resolution."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.context import Team
from vitreous.methods.refinement import maximisation
from vitreous.methods.refinement.expectation import BlockResult, Model
from vitreous.methods.refinement.maximisation import Collected
from vitreous.methods.refinement.problem2d import Problem
from vitreous.methods.refinement.schedule import Block, Turn, noise_left
from vitreous.methods.refinement.state import Poses, State, Sums

MORE_SHELLS = 10  # beyond the resolution of the best class are scored
RAMP = 0.75  # of the schedule, in which the last shell rises to Nyquist
LEAST_OFFSET_VARIANCE_A2 = 2.0


NOTHING = torch.zeros(0)
BY_ROW = ("classes", "psi_deg", "shift_px", "pmax", "log_likelihood", "significant", "norm", "scale", "by_class")


@dataclass
class Gathered:
    """The blocks of a turn: their sums added up by optics group and half, and the rows of results of each."""

    sums: dict[tuple[int, int], Collected] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    results: list[BlockResult] = field(default_factory=list)
    by_class: bool = False
    """Whether each image's posterior of every class is kept."""

    def add(self, block: Block, result: BlockResult) -> None:
        """One more block; its own sums are let go, of which a large set has more than memory holds."""
        key = (block.group, block.half)
        if key in self.sums:
            self.sums[key].add(result)
        else:
            self.sums[key] = Collected.start(result)
        result.modes, result.weight, result.mass, result.noise = [], NOTHING, NOTHING, NOTHING
        if not self.by_class:
            result.by_class = result.by_class[:, :0]
        self.blocks.append(block)
        self.results.append(result)

    def only(self, which: NDArray[np.int64]) -> "Gathered":
        """The sums of some of the classes; the rows of results stay as they are, of all classes."""
        return replace(self, sums={key: part.of(which) for key, part in self.sums.items()})

    def rows(self) -> tuple[NDArray[np.int64], BlockResult]:
        """All rows, and the results of all blocks as those of one."""
        joined: dict[str, Any] = {name: np.concatenate([getattr(result, name) for result in self.results]) for name in BY_ROW}
        square = sum(result.offset_square for result in self.results)
        return np.concatenate([block.rows for block in self.blocks]), replace(self.results[0], offset_square=square, **joined)


def exchanged(mine: Gathered, team: Team) -> Gathered:
    """What all members gathered: sums added up, rows of results put together in the order of the members. Alone, `mine`."""
    if team.size == 1:
        return mine
    counts = team.gather({key: part.count for key, part in mine.sums.items()})
    first = next(iter(mine.sums.values()), None)
    told = team.gather([(value.shape, value.dtype) for value in _values(first)] if first else [])
    shapes: list[tuple[torch.Size, torch.dtype]] = next((one for one in told if one), [])
    together = Gathered(blocks=[], results=[])
    for key in sorted({key for part in counts for key in part}):
        held = mine.sums.get(key)
        values = _values(held) if held else [torch.zeros(shape, dtype=dtype) for shape, dtype in shapes]
        *modes, weight, mass, noise = _summed(values, team)
        together.sums[key] = Collected(modes, weight, mass, noise, sum(part.get(key, 0) for part in counts))
    for rows, result in team.gather(mine.rows() if mine.blocks else (None, None)):
        if result is not None:
            together.blocks.append(Block(rows, 0, 0))
            together.results.append(result)
    return together


def _values(part: Collected) -> list[torch.Tensor]:
    """The tensors of the sums of one group and half."""
    return [*part.modes, part.weight, part.mass, part.noise]


def _summed(values: list[torch.Tensor], team: Team) -> list[torch.Tensor]:
    """Tensors added up over the members, in one exchange for each type of number."""
    made = list(values)
    for dtype in (torch.float32, torch.float64):
        at = [i for i, value in enumerate(values) if value.dtype == dtype]
        if at:
            flat = team.sum(torch.cat([values[i].flatten() for i in at]))
            for i, piece in zip(at, flat.split([values[i].numel() for i in at])):
                made[i] = piece.view(values[i].shape)
    return made


def with_classes(
    setup: Problem, state: State, sums: Sums, *, centre: bool, iteration: int = 0, least_shells: int | None = None
) -> State:
    """The state with classes made of these sums, which are those after an iteration. least_shells: in which none vanishes."""
    mask, chosen = setup.images.mask, setup.settings.classification
    data, weight = sums.data.sum(0), sums.weight.sum(0)
    first = setup.least_shells if least_shells is None else least_shells
    left = noise_left(setup.schedule, iteration, len(setup.given.classes))
    ssnr = maximisation.signal_to_noise(
        data, weight, mask, regularisation=chosen.regularisation, first_shells=first, noise_left=left
    )
    references = maximisation.regularised(data, weight, ssnr)
    if centre:
        sums, references = maximisation.centred(sums, references * mask)
    tau2 = torch.where(weight > 0, ssnr / (chosen.regularisation * weight.clamp_min(1e-300)), torch.zeros_like(weight))
    mass = sums.mass.sum(0)
    shares = mass / mass.sum()
    return replace(state, references=references * mask, sums=sums, tau2=tau2, ssnr=ssnr, shares=shares)


def poses_after(setup: Problem, state: State, gathered: Gathered) -> Poses:
    """The poses with those of the rows that this turn looked at."""
    rows, found = gathered.rows()
    names = ("classes", "psi_deg", "pmax", "log_likelihood", "significant", "norm")
    joined = {name: getattr(found, name) for name in names}
    if setup.settings.search.align:
        joined["origin_px"] = np.rint(state.poses.origin_px[rows]) + found.shift_px
    else:
        del joined["psi_deg"]
    return state.poses.updated(rows, **joined)


def updated(setup: Problem, state: State, turn: Turn, gathered: Gathered, *, model: Model, poses: Poses) -> State:
    """The M step, with the poses as they are after it."""
    parts = gathered.sums
    sigma2 = state.sigma2.clone()
    for group in {group for group, _ in parts}:
        mine = [part for (g, _), part in parts.items() if g == group]
        found = maximisation.residual_noise(mine, model, state.sigma2[group], kept=setup.images.kept)
        sigma2[group] = (1 - turn.step) * state.sigma2[group] + turn.step * found
    halves = {half: [part for (_, h), part in parts.items() if h == half] for half in (0, 1)}
    fresh = maximisation.to_sums(halves, model.grid, state.classes)
    sums = (state.sums.blended(fresh, turn.step) if state.iteration else fresh).within(model.grid.shells)
    reseeded: tuple[int, ...] = ()
    if turn.revive:
        sums, reseeded = maximisation.revived(sums, state.ssnr)
    return _advanced(setup, replace(state, sigma2=sigma2, reseeded=reseeded, poses=poses), turn, gathered, sums)


def _advanced(setup: Problem, state: State, turn: Turn, gathered: Gathered, sums: Sums) -> State:
    """Spreads, contrasts and resolution for the next turn."""
    rows, found = gathered.rows()
    scales = state.scales
    if setup.settings.classification.correct_scale:
        groups = setup.groups
        scales = scales.updated(groups.of_row[rows], found.scale, step=turn.step, sizes=groups.sizes)
    variance = found.offset_square / (2 * len(rows))
    least = LEAST_OFFSET_VARIANCE_A2 / setup.images.pixel_size_A**2
    blend = (1 - turn.step) * state.offset_sigma_px**2 + turn.step * max(variance, least)
    centre = setup.settings.classification.centre_classes and setup.settings.search.align
    made = with_classes(setup, state, sums, iteration=turn.iteration, centre=centre)
    best = max(made.resolution_shell(k) for k in range(made.classes))
    first = setup.first_shells
    ramp = min(1.0, turn.iteration / (RAMP * setup.schedule[-1].iteration))
    cap = round(first + (setup.largest_shell - first) * ramp)
    shells = min(cap, max(first, best + MORE_SHELLS))
    return replace(
        made,
        iteration=turn.iteration,
        scales=scales,
        offset_sigma_px=math.sqrt(blend),
        mean_norm=float(state.poses.norm.mean()),
        shells=shells,
        log_likelihood=float(found.log_likelihood.sum()),
        mean_pmax=float(found.pmax.mean()),
    )
