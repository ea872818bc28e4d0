"""The accuracies of classes: an error of that size costs a hundredfold in likelihood, by sums over transforms."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from vitreous.arrays.source import InMemory
from vitreous.context import Context
from vitreous.methods.refinement import accuracy2d, first2d, problem2d
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.settings import Class2DSettings, Classification, CtfUse
from vitreous.methods.refinement.state import State
from vitreous.tables.table import Table

BOX, SHELLS = 32, 10


def begun(classes: torch.Tensor) -> tuple[problem2d.Problem, State]:
    optics = {"optics_group": [1], "pixel_size_A": [5.0], "voltage_kV": [300.0], "cs_mm": [2.7], "amplitude_contrast": [0.1]}
    table = Table({"optics_group": np.ones(12, int)}, "particles", Table(optics, "optics"))
    noise = np.random.default_rng(2).standard_normal((12, BOX, BOX))
    chosen = Classification(classes=len(classes), particle_diameter_A=140, correct_scale=False)
    setup = problem2d.problem(
        InMemory(noise), table, Class2DSettings(ctf=CtfUse(correct_ctf=False), classification=chosen), Context(seed=1)
    )
    return setup, replace(first2d.begin(setup), references=classes.float(), shells=SHELLS)


def test_an_error_of_the_accuracy_costs_a_hundredfold(
    blobs: Callable[..., torch.Tensor], direct: Callable[..., torch.Tensor]
) -> None:
    setup, state = begun(blobs(2, BOX, 3, reach=0.2) * 2.0)
    angles, shifts = accuracy2d.accuracies(setup, state)
    grid = PolarGrid(BOX, SHELLS, 128)
    kx, ky = grid.points
    weight = torch.zeros(SHELLS + 1, dtype=torch.float64)
    weight[1:] = 1 / (state.sigma2[0, 1 : SHELLS + 1] * setup.images.kept)
    for k, (angle, shift) in enumerate(zip(np.radians(angles), shifts)):
        reference = state.references[k : k + 1].double()
        here = direct(reference, kx, ky)[0]
        turned = direct(reference, kx * math.cos(angle) - ky * math.sin(angle), kx * math.sin(angle) + ky * math.cos(angle))[0]
        moved = [here * torch.exp(-2j * math.pi / BOX * shift * part) for part in (kx, ky)]
        costs = [float(((here - one).abs().square().sum(1) * grid.quadrature * weight).sum()) / 2 for one in (turned, *moved)]
        assert 0.9 < costs[0] / accuracy2d.TOLD_APART < 1.15
        assert 0.9 < (costs[1] + costs[2]) / 2 / accuracy2d.TOLD_APART < 1.15


def test_a_class_of_nothing_fixes_nothing_and_a_stronger_one_more(blobs: Callable[..., torch.Tensor]) -> None:
    shape = blobs(1, BOX, 3, reach=0.2)
    angles, shifts = accuracy2d.accuracies(*begun(torch.cat([0 * shape, shape, 3 * shape])))
    assert (angles[0], shifts[0]) == (accuracy2d.MOST_DEG, accuracy2d.MOST_PX)
    assert angles[2] < 0.5 * angles[1] and shifts[2] < 0.5 * shifts[1]
