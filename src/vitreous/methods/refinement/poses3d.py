"""How the poses of a round are looked for: which search, from where, and what holds them near."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.maths import symmetry
from vitreous.methods.refinement import around, expectation3d, rescue
from vitreous.methods.refinement.expectation3d import Search
from vitreous.methods.refinement.local import ALONE, Modes
from vitreous.methods.refinement.search import Shifts
from vitreous.methods.refinement.settings3d import ORDERS, Sampling
from vitreous.methods.refinement.state3d import State, Volume
from vitreous.methods.refinement.stock import Stock

LOOKS = 2  # local rounds that begin with a wider look: at images that fit badly, beside known poses and at relaxed mates
FINEST = "1.8 degrees"  # of a search over all views
LOCAL_STEPS = 2.0  # deviations of the prior in angular steps, where a fine step makes the search local


def refuse_finer(step: str) -> None:
    """A UserError where all views would be searched in steps that take days."""
    if ORDERS[step] > ORDERS[FINEST]:
        raise UserError(
            f"a search over all views in steps of {step} takes too long and is not needed: poses are refined without "
            f"a step after it. Choose {FINEST} or a coarser step, or local searches"
        )


@dataclass(frozen=True)
class Looking:
    """The search of a refinement under a point group; relaxed: the group whose mates are tried as well, or C1."""

    sampling: Sampling
    group: str
    relaxed: str

    def __post_init__(self) -> None:
        if not self.starts_local:
            refuse_finer(self.sampling.step)

    @property
    def order(self) -> int:
        """HEALPix order of the global search."""
        return ORDERS[self.sampling.step]

    @property
    def starts_local(self) -> bool:
        """Whether the poses of the table are where the first round begins."""
        return self.sampling.local or self.order >= ORDERS[self.sampling.local_from]

    @property
    def sigma_deg(self) -> float:
        """Deviation of the first search about the table's poses."""
        return self.sampling.sigma_angles_deg if self.sampling.local else LOCAL_STEPS * float(self.sampling.step.split()[0])

    def how(self, state: State) -> Search:
        """The search of the next round."""
        order = {"coarse": max(self.order - 1, 1), "global": self.order}.get(state.stage)
        radius = self.sampling.offset_range_px
        if state.modes is not None:
            radius = min(radius, max(2.0 * self.sampling.offset_step_px, 2.0 * state.convergence.move_px))
        keep = 6 if order is not None else 3
        return Search(order, state.reach, self.group, self._shifts(radius, state), keep=keep)

    def find(self, stock: Stock, rows: NDArray[np.int64], state: State, *, volume: Volume, how: Search) -> tuple[Modes, int]:
        """Modes of some rows against a map, and how many that fitted badly a second, wider look brought elsewhere."""
        known = None if state.modes is None else state.modes.select(rows)
        start = self._starts(known, state)
        found = expectation3d.find(stock, rows, volume=volume, noise=state.noise, start=start, how=how)
        if known is not None and self.sampling.local:
            found = around.held(found, known, sigma_deg=self.sampling.sigma_angles_deg, mates=self._mates())
        early = state.stage == "local" and state.local_rounds < LOOKS
        if state.stage == "global" or (early and not self.starts_local):
            finer = min(self.order + int(state.stage == "local"), ORDERS[FINEST])
            wide = replace(how, order=finer, shifts=self._shifts(self.sampling.offset_range_px, state))
            return rescue.rescued(stock, rows, found, volume=volume, noise=state.noise, how=wide)
        return found, 0

    def _shifts(self, radius_px: float, state: State) -> Shifts:
        return Shifts.within(radius_px, 2.0 * self.sampling.offset_step_px, state.sigma_origin_px)

    def _mates(self) -> NDArray[np.float64]:
        own, more = (symmetry.operators(name).numpy() for name in (self.group, self.relaxed))
        return np.einsum("aij,bjk->abik", more, own).reshape(-1, 3, 3)

    def _starts(self, known: Modes | None, state: State) -> Modes | None:
        """Where climbs begin: the modes so far, and in the first local rounds places beside them and at relaxed mates."""
        if known is None or state.stage != "local" or state.local_rounds >= LOOKS:
            return known
        mates = ALONE if self.relaxed == "C1" else symmetry.operators(self.relaxed).numpy()
        sigma = self.sigma_deg if self.starts_local else 0.0
        if sigma == 0.0 and len(mates) == 1:
            return known
        return around.starts(known, sigma_deg=sigma, mates=mates)
