"""Values at any places of a padded half transform, added by trilinear spreading: for slices that are bent or distorted."""

from torch import Tensor

from vitreous.maths.kernels.choose import implementation


def scatter(data: Tensor, weight: Tensor, points: Tensor, values: Tensor, weights: Tensor, *, reach: float) -> None:
    """Add values (n, p) complex and weights (n, p) real at points (n, p, 3) = (x, y, z) in grid steps, in place.

    data, weight are the accumulators of backproject (P, P, P//2+1). Points with x < 0 go to their Friedel mates; those
    further than `reach` steps from the origin, or than fits the grid, are left out. The plane kx = 0 gets one of two mates
    until backproject.complete_plane is called. Fast and reference agree to 1e-5 of the largest value.
    """
    padded = data.shape[0]
    reach = min(float(reach), padded // 2 - 1e-3)
    if implementation("scatter", data, weight, points, values, weights) == "fast":
        from vitreous.maths.kernels.scatter import fast_cpu

        fast_cpu.scatter(data, weight, points, values, weights, reach=reach)
        return
    from vitreous.maths.kernels.scatter import reference

    reference.scatter(data, weight, points, values, weights, reach=reach)
