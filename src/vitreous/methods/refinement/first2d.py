"""Iteration 0 of 2D classification: noise from the images, and the first classes."""

from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.context import QUIET, Context, UserError
from vitreous.maths.fourier import rfft2
from vitreous.maths.shells import power
from vitreous.methods.refinement import seeds2d
from vitreous.methods.refinement.problem2d import Problem, pixels, tell_bad
from vitreous.methods.refinement.scale2d import Scales
from vitreous.methods.refinement.state import Poses, State, Sums

NOISE_FROM = 1000
PIXELS_TOGETHER = 1 << 22  # of images whose spectra are taken together
FIRST_OFFSET_SIGMA_A = 10.0


def begin(setup: Problem, context: Context = QUIET) -> State:
    """Iteration 0: noise from the images, and the classes of seeds2d, all equally likely."""
    count = len(setup.given.classes)
    order = np.random.default_rng(context.seed_for("first classes")).permutation(count)
    blank = _blank(setup, order, context) if context.team.is_first else None
    state, bad = cast("tuple[State, dict[int, str]]", context.team.agree((blank, dict(setup.bad))))
    setup.bad.update(bad)
    return seeds2d.grown(setup, state, order[~np.isin(order, list(setup.bad))], context)


def _blank(setup: Problem, order: NDArray[np.int64], context: Context) -> State:
    """What is known before there are classes."""
    images, classes = setup.images, setup.settings.classification.classes
    sigma2 = _first_noise(setup, np.sort(order[: max(NOISE_FROM, 20 * classes)]))
    tell_bad(setup, 0, context)
    return State(
        iteration=0,
        references=torch.zeros((classes, images.box, images.box)),
        sums=Sums.empty(classes, images.box),
        sigma2=sigma2,
        tau2=torch.zeros((classes, images.box // 2 + 1), dtype=torch.float64),
        ssnr=torch.zeros((classes, images.box // 2 + 1), dtype=torch.float64),
        shares=torch.full((classes,), 1.0 / classes, dtype=torch.float64),
        offset_sigma_px=FIRST_OFFSET_SIGMA_A / images.pixel_size_A,
        mean_norm=1.0,
        shells=setup.first_shells,
        poses=setup.given,
        scales=Scales.ones(len(setup.groups.names)),
    )


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
        found[group] = _scatter(setup, rows) / (2 * images.kept)
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


def _scatter(setup: Problem, rows: NDArray[np.int64]) -> torch.Tensor:
    """Mean power (shells,) of the masked images of these rows, less that of their mean; zeros where none can be used."""
    box, count, nowhere = setup.images.box, 0, Poses.empty(len(setup.images.group))
    total = torch.zeros(box // 2 + 1, dtype=torch.float64)
    mean = torch.zeros((box, box), dtype=torch.float64)
    for part in np.array_split(rows, max(1, len(rows) * box**2 // PIXELS_TOGETHER)):
        read = pixels(setup, part, nowhere, 1.0)
        if not len(read.rows):
            continue
        count += len(read.rows)
        total += power(rfft2(read.masked.double()), ndim=2).sum(0)
        mean += read.masked.sum(0, dtype=torch.float64)
    less = power(rfft2(mean[None] / max(count, 1)), ndim=2)[0] if count > 10 else torch.zeros_like(total)
    return total / max(count, 1) - less


def _first_fault(setup: Problem) -> str:
    row = min(setup.bad, default=None)
    return "" if row is None else f"; that of row {row + 1} {setup.bad[row]}"
