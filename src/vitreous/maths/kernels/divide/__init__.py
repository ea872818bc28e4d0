"""Accumulated slices divided by their weights, shell by shell regularised; in place, since the grids are large."""

import math

from torch import Tensor

from vitreous.maths.kernels.choose import implementation


def last_shell(r_max: float) -> int:
    """The shell that the radius r_max falls in."""
    return math.floor(r_max + 0.5)


def shell_means(weight: Tensor, *, padding: int, r_max: float) -> Tensor:
    """Mean weight within |k| <= r_max of shells 0 .. round(r_max) of the unpadded box; float64.

    weight: a padded half grid (P, P, P//2+1). A voxel belongs to the shell that its |k| / padding rounds to; the plane
    kx = 0 counts once, like the others.
    """
    if implementation("divide", weight) == "fast":
        from vitreous.maths.kernels.divide import fast_cpu

        return fast_cpu.shell_means(weight, padding=padding, r_max=r_max)
    from vitreous.maths.kernels.divide import reference

    return reference.shell_means(weight, padding=padding, r_max=r_max)


def divide(data: Tensor, weight: Tensor, *, padding: int, r_max: float, prior: Tensor, floor: Tensor) -> None:
    """data / max(weight + prior, floor) in place, zero where that is 0 and beyond r_max.

    prior and floor: one value for each shell (see shell_means), in the unit of the weights.
    """
    if not len(prior) == len(floor) == last_shell(r_max) + 1:
        raise ValueError(f"prior has {len(prior)} shells, floor {len(floor)}; up to {r_max:g} there are {last_shell(r_max) + 1}")
    if implementation("divide", data, weight) == "fast":
        from vitreous.maths.kernels.divide import fast_cpu

        fast_cpu.divide(data, weight, padding=padding, r_max=r_max, prior=prior, floor=floor)
        return
    from vitreous.maths.kernels.divide import reference

    reference.divide(data, weight, padding=padding, r_max=r_max, prior=prior, floor=floor)
