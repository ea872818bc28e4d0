"""Iteration 0 of 2D classification: noise from the images, classes from random shares of them."""

import math
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.context import QUIET, Context, UserError
from vitreous.maths.fourier import rfft2
from vitreous.maths.shells import power
from vitreous.methods.refinement import maximisation, prepare, scores
from vitreous.methods.refinement.maximisation import Collected
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.problem2d import Problem, pixels, tell_bad
from vitreous.methods.refinement.sampling import plan_for
from vitreous.methods.refinement.scale2d import Scales
from vitreous.methods.refinement.state import Poses, State, Sums
from vitreous.methods.refinement.update2d import with_classes

NOISE_FROM = 1000
FIRST_OFFSET_SIGMA_A = 10.0


def begin(setup: Problem, context: Context = QUIET) -> State:
    """Iteration 0: noise from the images, classes as averages of equal shares of them at random angles; the first member's."""
    made = _begun(setup, context) if context.team.is_first else None
    state, bad = context.team.agree((made, dict(setup.bad)))
    setup.bad.update(bad)
    return cast(State, state)


def _begun(setup: Problem, context: Context) -> State:
    images, classes = setup.images, setup.settings.classification.classes
    count = len(setup.given.classes)
    generator = np.random.default_rng(context.seed_for("first classes"))
    sample = np.sort(generator.permutation(count)[: max(NOISE_FROM, 20 * classes)])
    sigma2 = _first_noise(setup, sample)
    sample = setup.usable(sample)
    tell_bad(setup, 0, context)
    shells = setup.first_shells
    plan = plan_for(setup.settings.search, images.box, shells, support_px=setup.support_px, jitter=torch.zeros(2))
    blank = State(
        iteration=0,
        references=torch.zeros((classes, images.box, images.box)),
        sums=Sums.empty(classes, images.box),
        sigma2=sigma2,
        tau2=torch.zeros((classes, images.box // 2 + 1), dtype=torch.float64),
        ssnr=torch.zeros((classes, images.box // 2 + 1), dtype=torch.float64),
        shares=torch.full((classes,), 1.0 / classes, dtype=torch.float64),
        offset_sigma_px=FIRST_OFFSET_SIGMA_A / images.pixel_size_A,
        mean_norm=1.0,
        shells=shells,
        poses=setup.given,
        scales=Scales.ones(len(setup.groups.names)),
    )
    sums = _random_sums(setup, blank, sample, plan.fine, generator, context)
    return replace(with_classes(setup, blank, sums, iteration=0, centre=False), shells=shells)


def _first_noise(setup: Problem, sample: NDArray[np.int64]) -> torch.Tensor:
    """sigma2 (groups, shells): mean power of images less power of their mean."""
    images = setup.images
    groups = int(images.group.max()) + 1
    shells = images.box // 2 + 1
    found = torch.zeros((groups, shells), dtype=torch.float64)
    for group in range(groups):
        rows = sample[images.group[sample] == group]
        if not len(rows):
            rows = np.flatnonzero(images.group == group)[:NOISE_FROM]
        read = pixels(setup, rows, Poses.empty(len(images.group)), 1.0)
        if not len(read.rows):
            continue
        ft = rfft2(read.masked.double())
        spectrum = power(ft, ndim=2).mean(0) - (power(ft.mean(0)[None], ndim=2)[0] if len(read.rows) > 10 else 0.0)
        found[group] = spectrum / (2 * images.kept)
    known = found.sum(1) > 0
    if not known.any():
        raise UserError(f"not one of {len(sample)} particle images can be used{_first_fault(setup)}: extract them again")
    found[~known] = found[known].mean(0)
    typical = found[:, 1:].mean()
    for shell in range(1, shells):
        below = found[:, shell] <= 1e-6 * typical
        found[below, shell] = found[below, shell - 1] if shell > 1 else typical
    found[:, 0] = found[:, 1]
    return found


def _first_fault(setup: Problem) -> str:
    row = min(setup.bad, default=None)
    return "" if row is None else f"; that of row {row + 1} {setup.bad[row]}"


def _random_sums(
    setup: Problem, state: State, sample: NDArray[np.int64], grid: PolarGrid, generator: np.random.Generator, context: Context
) -> Sums:
    """Sums of images given to classes in equal numbers and to angles at random."""
    space = scores.Workspace()
    parts: dict[int, list[Collected]] = {}
    order = generator.permutation(len(sample))
    for half in (0, 1):
        for group in np.unique(setup.images.group[sample]):
            mine = order[half::2]
            mine = mine[setup.images.group[sample[mine]] == group]
            for rows in np.array_split(mine, max(1, math.ceil(len(mine) / 64))):
                if len(rows) == 0:
                    continue
                context.check()
                read = pixels(setup, sample[rows], state.poses, 1.0)
                batch = prepare.on_grid(
                    setup.images, read.whole, read.masked, rows=sample[rows], sigma2=state.sigma2[group], grid=grid
                )
                posterior = torch.zeros((grid.angles, state.classes, len(rows)))
                angle = torch.from_numpy(generator.integers(grid.angles, size=len(rows)))
                posterior[angle, torch.from_numpy(rows) % state.classes, torch.arange(len(rows))] = 1.0
                modes = scores.empty_sums(state.classes, grid, posterior)
                turned = scores.modes(scores.columns(batch.whole), grid, space)
                scores.accumulate(modes, scores.posterior_modes(posterior, grid, space), turned)
                by_class = posterior.sum(0).double()
                found = Collected(modes, by_class @ batch.power.double(), by_class.sum(1), batch.noise.double().sum(0), len(rows))
                parts.setdefault(half, []).append(found)
    return maximisation.to_sums(parts, grid, state.classes)
