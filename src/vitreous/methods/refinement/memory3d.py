"""The memory that a refinement's maps will take, told before it begins, and refused where the budget is too small."""

import math

from vitreous.context import Context, UserError
from vitreous.maths.conventions import PADDING

# Of one voxel of a padded half transform: sums of two halves, one map under way; measured at the last round's peak. Without
# padding the maps themselves, of which there are as many, weigh more beside it.
BYTES_A_VOXEL = {1: 180.0, 2: 100.0}
LEAST_GB = 1.0  # is always allowed


def maps_GB(box: int, padding: int = PADDING) -> float:
    """Memory of the sums and maps of a box in the last round, when all shells are summed."""
    half = padding * ((box + 1) // 2 - 1) + 2
    return BYTES_A_VOXEL[padding] * (2 * half + 1) ** 2 * (half + 2) / 1e9


def largest_box(memory_GB: float, padding: int = PADDING) -> int:
    """The largest even box whose maps fit."""
    box = 2 * int((memory_GB * 1e9 / BYTES_A_VOXEL[padding] / (padding**3 / 2)) ** (1 / 3) / 2)
    while box > 16 and maps_GB(box, padding) > memory_GB:
        box -= 2
    return box


def plan(box: int, context: Context, *, padding: int = PADDING) -> None:
    """Tell what the maps will take; a UserError where that is more than is allowed."""
    need_GB, allowed_GB = maps_GB(box, padding), max(context.memory_GB, LEAST_GB)
    if need_GB > allowed_GB:
        least_GB = maps_GB(box, 1)
        unpadded = f", or skip the padding (--skip-padding), which takes {least_GB:.1f} GB" if least_GB <= allowed_GB else ""
        raise UserError(
            f"Maps of {box} voxels a side take {need_GB:.1f} GB, and {allowed_GB:.3g} GB are allowed: set the memory "
            f"(--memory-gb) to {math.ceil(need_GB)}, or bin the particles to {largest_box(allowed_GB, padding)} pixels or "
            f"less{unpadded}."
        )
    context.note(f"sums and maps of {box} voxels a side: up to {need_GB:.2f} GB, in the last round")
