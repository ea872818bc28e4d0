"""Random starts: from images at random poses to a fold, by mini-batches whose every pose is weighed, on a coarse grid."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.context import Context
from vitreous.maths import rotations, sphere
from vitreous.methods.initial_model import soft
from vitreous.methods.initial_model.levels import Level, Volume
from vitreous.methods.refinement import gold_standard
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.search import shells_for
from vitreous.methods.refinement.settings3d import ORDERS, STEPS

FIRST_SHELLS = 3  # that a start begins with
BEYOND = 3  # shells past what a grid of directions can tell apart that help more than they harm
RISING = 0.7  # share of a start over which the resolution rises
TRUST = 2.5  # signal over noise a map is trusted to have, for each unit of T
NEW = 0.6  # weight of a mini-batch against the running sums
AT_RANDOM = 400  # images put at random poses to begin with
PASSES, IN_A_PASS = 4, 600  # of sharpening, and images of each at most

Told = Callable[[float], None]


@dataclass(frozen=True)
class Candidate:
    """Maps on the coarse grid, one a class, and their mean log-likelihood of images that took no part."""

    maps: tuple[Volume, ...]
    score: float


class Starts:
    """Random starts on a coarse level; rows take part, held_out judge. ratio: the level's box over the particles' own."""

    def __init__(
        self, level: Level, *, rows: NDArray[np.int64], held_out: NDArray[np.int64], ratio: float, group: str, context: Context
    ) -> None:
        self.level, self.rows, self.held_out, self.group, self.context = level, rows, held_out, group, context
        self.settings, self._ratio = level.settings.descent, ratio
        self.order = ORDERS[level.settings.poses.step]
        self.finer = min(self.order + 1, len(STEPS))
        most = round(level.box * level.pixel_size_A / self.settings.first_resolution_A)
        self.shells = max(FIRST_SHELLS, min(most, reach_of(self.order, level)))
        self.sharp_shells = max(self.shells, min(level.stock.pixels.reach, reach_of(self.finer, level)))

    def run(self, number: int, told: Told) -> Candidate:
        """One start, by its number."""
        chosen = self.settings
        generator = np.random.default_rng(self.context.seed_for(f"start {number}"))
        batches = max(10, chosen.mini_batches // chosen.starts)
        sums = [self._random_sums(generator) for _ in range(chosen.classes)]
        maps = self._maps(sums, FIRST_SHELLS)
        queue = generator.permutation(self.rows)
        for batch in range(batches):
            share = batch / batches
            shells = round(FIRST_SHELLS + (self.shells - FIRST_SHELLS) * min(1.0, share / RISING))
            size = min(len(self.rows), round(chosen.first_batch + (self._largest - chosen.first_batch) * share))
            if len(queue) < size:
                queue = generator.permutation(self.rows)
            rows, queue = np.sort(queue[:size]), queue[size:]
            made = self._pass(rows, maps, self.order, shells)
            weight = 1.0 if batch == 0 else NEW
            sums = [_mixed(one, new, weight, len(rows)) for one, new in zip(sums, made.sums)]
            maps = self._maps(sums, shells)
            told((batch + 1) / batches)
        return self._judged(maps)

    def sharpened(self, maps: tuple[Volume, ...], number: int, told: Told, *, group: str | None = None) -> Candidate:
        """The maps after some passes with finer steps and rising resolution; group: another than the starts'."""
        generator = np.random.default_rng(self.context.seed_for(f"sharpening {number}"))
        rise = self.sharp_shells - self.shells
        plan = [self.shells + round(rise * min(1.0, (i + 1) / (PASSES - 1))) for i in range(PASSES)]
        for i, shells in enumerate(plan):
            rows = np.sort(generator.permutation(self.rows)[:IN_A_PASS])
            made = self._pass(rows, maps, self.finer, shells, group)
            maps = self._maps([_mixed(s, s, 1.0, len(rows)) for s in made.sums], shells)
            told((i + 1) / len(plan))
        return self._judged(maps, group)

    def likelihoods(self, maps: tuple[Volume, ...], group: str | None = None) -> NDArray[np.float64]:
        """Log-likelihood of this member's held-out images under maps, at the starts' resolution."""
        level = self.level
        grid = level.grid(self.order, self.shells, group or self.group, self._ratio)
        return soft.log_likelihoods(level.stock, self.held_out, volumes=maps, noise=level.noise, grid=grid, held=level.held)

    def _judged(self, maps: tuple[Volume, ...], group: str | None = None) -> Candidate:
        team = self.context.team
        return Candidate(maps, sum(team.gather(float(self.likelihoods(maps, group).sum()))) / len(self.held_out))

    def _pass(
        self, rows: NDArray[np.int64], maps: tuple[Volume, ...], order: int, shells: int, group: str | None = None
    ) -> soft.Pass:
        level = self.level
        grid = level.grid(order, shells, group or self.group, self._ratio)
        return soft.gather(level.stock, rows, volumes=maps, noise=level.noise, grid=grid, held=level.held)

    def _maps(self, sums: list[gold_standard.Sums], shells: int) -> tuple[Volume, ...]:
        ratio = self.level.trusted(shells, TRUST * self.settings.regularisation)
        return tuple(self.level.map_of(one, ratio) for one in sums)

    @property
    def _largest(self) -> int:
        chosen = self.settings
        return min(max(chosen.last_batch, chosen.first_batch), max(chosen.first_batch, len(self.rows) // 3))

    def _random_sums(self, generator: np.random.Generator) -> gold_standard.Sums:
        """Sums of images put at random poses, per image."""
        rows, stock = np.sort(generator.permutation(self.rows)[:AT_RANDOM]), self.level.stock
        torch_generator = torch.Generator().manual_seed(int(generator.integers(2**31)))
        turns = rotations.random_rotations(len(rows), torch_generator).numpy()[:, None]
        modes = Modes(turns, np.zeros((len(rows), 1, 2)), np.zeros((len(rows), 1)), np.zeros((len(rows), 1, 5, 5)))
        inverse = (1.0 / self.level.noise).astype(np.float32)
        mine = np.flatnonzero(stock.mine(rows))
        made = gold_standard.back_project(stock, rows[mine], modes.select(mine), inverse_noise=inverse, group=self.group)
        return _mixed(made, gold_standard.added(made, self.context.team), 1.0, len(rows))


def reach_of(order: int, level: Level) -> int:
    """Shells up to which a grid of directions is used."""
    return shells_for(sphere.step_deg(order), level.stock.radius_px, level.box) + BEYOND


def _mixed(old: gold_standard.Sums, new: gold_standard.Sums, weight: float, count: int) -> gold_standard.Sums:
    """Running sums per image: old and new weighed."""
    keep, take = np.float32(1.0 - weight), np.float32(weight / count)
    return gold_standard.Sums(keep * old.data + take * new.data, keep * old.weights + take * new.weights)
