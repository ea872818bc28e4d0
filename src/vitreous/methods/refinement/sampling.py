"""Which in-plane angles and shifts a pass of 2D classification tries, for the resolution it scores."""

import functools
import math
from dataclasses import dataclass

import torch

from vitreous.methods.refinement import polar
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.settings import PlaneSearch
from vitreous.methods.refinement.turning import Columns, phases_of

ONE_PASS = 30  # shifts, up to which a coarse pass does not pay
STEPS_A_PERIOD = 5.0  # of shifts, in a period of the last shell scored
ROUGH_DETAIL = 9.0  # half periods in the radius of the particle that the first pass goes to, if two thirds of the shells do
USUAL_CLASSES, LIKELY_COLUMNS = 30, 10  # what the first pass is reckoned to look at, and the shifts of the last


@dataclass(frozen=True)
class Plan:
    """The grid of the last pass with its shifts; and, where two passes pay, a coarser grid and the children of its shifts.

    coarse's angles are every stride-th of the fine grid's. children (coarse shifts, 4) index shifts_px.
    """

    fine: PolarGrid
    shifts_px: torch.Tensor
    coarse: PolarGrid | None
    stride: int
    coarse_shifts_px: torch.Tensor
    children: torch.Tensor

    @functools.cached_property
    def family_phases(self) -> tuple[Columns, Columns]:
        """On the fine grid: phases of the coarse shifts, and of the steps from each to its children."""
        steps = self.shifts_px[self.children[0]] - self.coarse_shifts_px[0]
        return phases_of(self.coarse_shifts_px, self.fine), phases_of(steps, self.fine)


def disc_of_shifts(reach_px: float, step_px: float) -> torch.Tensor:
    """Points (s, 2) of a square grid about 0 within a radius, float64; 0 alone for a radius below the step."""
    count = math.floor(reach_px / step_px + 1e-6)
    at = torch.arange(-count, count + 1, dtype=torch.float64) * step_px
    grid = torch.stack(torch.meshgrid(at, at, indexing="ij"), -1).view(-1, 2)
    return grid[grid.norm(dim=1) <= reach_px + 1e-6]


def plan_for(search: PlaneSearch, box: int, shells: int, *, support_px: float, jitter: torch.Tensor) -> Plan:
    """Angles and shifts for scoring up to `shells`; jitter (2,) in -0.5..0.5 moves the grid of shifts by parts of a step."""
    step = max(search.offset_step_px, box / (STEPS_A_PERIOD * shells))
    fine_shifts = disc_of_shifts(search.offset_range_px, step)
    rough_shells = max(6, shells // 2, min(2 * shells // 3, round(ROUGH_DETAIL * box / support_px)))
    angles = polar.angles_for(shells, support_px, box, coarsest_deg=search.angle_step_deg)
    none = torch.zeros((0, 2), dtype=torch.float64)
    if len(fine_shifts) <= ONE_PASS or rough_shells >= shells or not search.align:
        grid = PolarGrid(box, shells, angles, support_px)
        return Plan(grid, fine_shifts + jitter * step, None, 1, none, torch.zeros((0, 4), dtype=torch.long))
    least = polar.angles_for(rough_shells, support_px, box, coarsest_deg=2 * search.angle_step_deg)
    middles = disc_of_shifts(search.offset_range_px, 2 * step) + jitter * step

    def work(stride: int) -> float:
        """Of the angular transforms, of shells there and of pairs back, which go with the square of the angles."""
        first, last = len(middles) * (rough_shells + USUAL_CLASSES), LIKELY_COLUMNS * (shells + 2)
        return rough_angles(stride) ** 2 * (first + last * stride**2)

    def rough_angles(stride: int) -> int:
        return max(least, 4 * math.ceil(angles / stride / 4))

    stride = min(range(1, 5), key=work)
    fine = PolarGrid(box, shells, rough_angles(stride) * stride, support_px)
    coarse = PolarGrid(box, rough_shells, rough_angles(stride), support_px)
    corners = torch.tensor([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]], dtype=torch.float64) * step
    shifts = (middles[:, None, :] + corners).view(-1, 2)
    return Plan(fine, shifts, coarse, stride, middles, torch.arange(len(shifts)).view(-1, 4))
