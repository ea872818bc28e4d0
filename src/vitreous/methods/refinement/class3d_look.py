"""How poses are looked for in an iteration of 3D classification: over all views, around known poses, or not at all."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitreous.maths import symmetry
from vitreous.methods.refinement import around
from vitreous.methods.refinement.class3d_focus import Sphere
from vitreous.methods.refinement.expectation3d import Search
from vitreous.methods.refinement.local import ALONE, Modes
from vitreous.methods.refinement.poses3d import refuse_finer
from vitreous.methods.refinement.refine3d import group_of
from vitreous.methods.refinement.search import Shifts
from vitreous.methods.refinement.settings3d import ORDERS
from vitreous.methods.refinement.settings_class3d import Sampling

GLOBAL_SEARCHES = 2  # the first of them coarser
RESCUES = 3  # iterations after these in which images that fit badly are searched again
BESIDE = 2  # iterations in which climbs begin beside known poses too
KEPT = 4  # modes of an image


@dataclass(frozen=True)
class Near:
    """Searches around known poses: sigma_deg of the prior (0: none), mates (o, 3, 3) of a relaxed symmetry, the point group.

    beside: climbs begin beside the known poses too, and at the mates.
    """

    sigma_deg: float
    mates: NDArray[np.float64]
    group: str
    beside: bool

    def starts(self, known: Modes) -> Modes:
        """Where climbs begin."""
        if not self.beside or (self.sigma_deg <= 0 and len(self.mates) == 1):
            return known
        return around.starts(known, sigma_deg=self.sigma_deg, mates=self.mates)

    def held(self, found: Modes, known: Modes) -> Modes:
        """What was found with the prior taken in."""
        if self.sigma_deg <= 0:
            return found
        own = symmetry.operators(self.group).numpy()
        every = np.einsum("aij,bjk->abik", self.mates, own).reshape(-1, 3, 3)
        return around.held(found, known, sigma_deg=self.sigma_deg, mates=every)


@dataclass(frozen=True)
class How:
    """search (None: poses stay), the wide one for images that fit badly, what is near.

    sphere: what alone tells the classes apart, or None.
    """

    search: Search | None
    wide: Search | None
    near: Near
    sphere: Sphere | None = None


@dataclass(frozen=True)
class Looking:
    """What may be chosen of it, checked."""

    sampling: Sampling
    group: str
    sphere: Sphere | None = None

    def __post_init__(self) -> None:
        if self.sampling.align and not self.sampling.local:
            refuse_finer(self.sampling.step)

    def how(self, *, iteration: int, searches: int, reach: int, sigma_origin_px: float) -> How:
        """The looks of the iteration after `iteration`; searches: see State of class3d."""
        chosen = self.sampling
        mates = symmetry.operators(group_of(chosen.relax_symmetry)).numpy() if chosen.relax_symmetry else ALONE
        rescue = -RESCUES < searches <= 0
        near = Near(chosen.local_sigma_deg if chosen.local else 0.0, mates, self.group, iteration < BESIDE or rescue)
        if not chosen.align:
            return How(None, None, near, self.sphere)
        order = max(ORDERS[chosen.step] - (searches > 1), 1) if searches > 0 and not chosen.local else None
        shifts = Shifts.within(chosen.offset_range_px, 2.0 * chosen.offset_step_px, sigma_origin_px)
        search = Search(order, reach, self.group, shifts, keep=KEPT)
        wide = replace(search, order=ORDERS[chosen.step]) if rescue and not chosen.local else None
        return How(search, wide, near, self.sphere)
