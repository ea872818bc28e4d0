"""How finely the classes of a 2D classification fix angles and shifts: the accuracies, from what a wrong pose would cost."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import j0

from vitreous.methods.refinement import polar, prepare
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.problem2d import Problem
from vitreous.methods.refinement.state import State

Floats = NDArray[np.float64]

TOLD_APART = -math.log(0.01)  # of log-likelihood: a pose this much worse is a hundred times less likely
TRIALS = 10  # images
MOST_DEG, MOST_PX = 30.0, 10.0
TOGETHER = 16  # classes at a time, which bounds the memory


def steps(least: float, most: float) -> Floats:
    """Errors to be tried, each a twentieth larger than the last."""
    return np.asarray(least * 1.05 ** np.arange(1 + math.ceil(math.log(most / least) / math.log(1.05))), np.float64)


def accuracies(setup: Problem, state: State) -> tuple[Floats, Floats]:
    """Of each class the angle (degrees) and the shift (px) by which a pose must be wrong to be told from the right one.

    Means over the first images, at most 30 degrees and 10 px; the CTF enters by its mean square round each circle.
    """
    shells = state.shells
    grid = PolarGrid(state.box, shells, polar.angles_for(shells, setup.support_px, state.box), setup.support_px)
    weight = _weights(setup, state, grid)
    turns, shifts = steps(0.05, MOST_DEG), steps(0.01, MOST_PX)
    modes = torch.arange(grid.angles // 2 + 1, dtype=torch.float64)
    by_turn = 2 - 2 * torch.cos(modes[:, None] * torch.from_numpy(np.radians(turns)))
    by_shift = torch.from_numpy(2 - 2 * j0(2 * math.pi / state.box * grid.radii.numpy()[:, None] * shifts))
    found = []
    for first in range(0, state.classes, TOGETHER):
        power = _mode_powers(polar.sample_images(state.references[first : first + TOGETHER], grid))
        turned = torch.einsum("nr,krt->knt", weight, power @ by_turn)
        moved = torch.einsum("nr,kr,rt->knt", weight, power.sum(2), by_shift)
        found.append((_first_told_apart(turned, turns, MOST_DEG), _first_told_apart(moved, shifts, MOST_PX)))
    angles, distances = zip(*found)
    return np.concatenate(angles), np.concatenate(distances)


def _weights(setup: Problem, state: State, grid: PolarGrid) -> torch.Tensor:
    """What the square of a difference round a circle is worth in log-likelihood, (images, shells + 1)."""
    rows = setup.usable(np.arange(min(len(setup.given.classes), 2 * TRIALS)))[:TRIALS]
    contrast = prepare.contrast(setup.images, rows, grid).square().mean(2).double()
    factors = setup.factors(rows, state.scales)
    if factors is not None:
        contrast *= torch.from_numpy(factors)[:, None] ** 2
    noise = state.sigma2[setup.images.group[rows], : grid.shells + 1] * setup.images.kept
    weight = contrast / noise * (grid.quadrature * grid.angles / 4)
    weight[:, 0] = 0
    return weight


def _mode_powers(samples: torch.Tensor) -> torch.Tensor:
    """Mean squares round the circle by angular mode from 0 on, both signs together: (K, shells + 1, modes) float64."""
    circle = torch.cat([samples, samples.conj()], 2)
    modes = torch.fft.fft(circle, norm="forward").abs().square().double()
    half = circle.shape[2] // 2
    power = modes[..., : half + 1].clone()
    power[..., 1:half] += modes[..., half + 1 :].flip(-1)
    return power


def _first_told_apart(lost: torch.Tensor, errors: Floats, most: float) -> Floats:
    """The first error that costs enough, of each class the mean over images; lost (K, images, errors)."""
    enough = (lost > TOLD_APART).numpy()
    at = np.where(enough.any(2), enough.argmax(2), len(errors) - 1)
    result: Floats = np.minimum(errors[at], most).mean(1)
    return result
