"""Point-group symmetry put into the sums of insertion, once for all images: cubes as in slices.py, every voxel with its mates."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitreous.maths import symmetry
from vitreous.methods.refinement.slices import jit

NEAR = 1e-7  # a matrix element so near to -1, 0 or 1 is that, so that axes along the grid cost no interpolation


def symmetrise(
    data: NDArray[np.complex64], weights: NDArray[np.float32], group: str
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Sums of both cubes over a group's operators: at k the sum of what stands at R k, read trilinearly.

    The cubes are complete (slices.complete_plane) and given back new; for C1 as they are. What lies beyond the last whole
    shell of the cube becomes zero. Operators that turn the grid into itself (all of D2, D4 and O, twelve of I1 and I2) are
    exact; the others smooth as insertion does.
    """
    operators = symmetry.operators(group).numpy()
    if len(operators) == 1:
        return data, weights
    whole = np.rint(operators)
    operators = np.where(np.abs(operators - whole) < NEAR, whole, operators)
    exact = np.abs(operators - np.rint(operators)).max((1, 2)) == 0.0
    steps: list[tuple[Any, NDArray[Any]]] = [(add_exact, np.rint(others).astype(np.int64)) for others in chain(operators[exact])]
    if not exact.all():
        # Every operator is one of these times one that is exact, so that few are read between voxels.
        steps.append((add_between, representatives(operators, operators[exact])))
    spare = (np.zeros_like(data), np.zeros_like(weights)), (np.zeros_like(data), np.zeros_like(weights))
    now = data, weights
    for number, (add, others) in enumerate(steps):
        add(*now, *spare[number % 2], others)
        now = spare[number % 2]
    return now


def chain(operators: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Steps that sum over a group (n, 3, 3): of each the operators beside the identity; a sum over 24 takes six reads, not 23.

    Subgroups grow by one generator at a time, the one that makes the smallest; a step's operators stand for its cosets.
    """
    inside, steps = np.eye(3)[None], []
    while len(inside) < len(operators):
        grown = min((_closed(inside, operator) for operator in operators if not _holds(inside, operator)), key=len)
        steps.append(representatives(grown, inside))
        inside = grown
    return steps


def _holds(operators: NDArray[np.float64], one: NDArray[np.float64]) -> bool:
    return float(np.abs(operators - one).max((1, 2)).min()) < 1e-6


def _closed(inside: NDArray[np.float64], operator: NDArray[np.float64]) -> NDArray[np.float64]:
    """The group made by a group and one more operator."""
    found = list(inside)
    generators = [*inside, operator]
    at = 0
    while at < len(found):
        for generator in generators:
            product = found[at] @ generator
            if not _holds(np.array(found), product):
                found.append(product)
        at += 1
    return np.array(found)


def representatives(operators: NDArray[np.float64], inside: NDArray[np.float64]) -> NDArray[np.float64]:
    """One operator R of each coset H R of a subgroup H, `inside`, but that of H itself: their products are all the others."""
    kept: list[NDArray[np.float64]] = []
    covered = list(inside)
    for operator in operators:
        if not _holds(np.array(covered), operator):
            kept.append(operator)
            covered += list(inside @ operator)
    return np.array(kept).reshape(-1, 3, 3)


@jit
def add_exact(data, weights, summed, strength, operators):  # type: ignore[no-untyped-def]
    """Write to each voxel k its own value and those at R k, for whole-numbered R (m, 3, 3)."""
    half = (data.shape[0] - 1) // 2
    for z in range(-half, half + 1):
        for y in range(-half, half + 1):
            for x in range(half + 1):
                if z * z + y * y + x * x >= (half - 1) * (half - 1):
                    break
                value = data[z + half, y + half, x]
                power = weights[z + half, y + half, x]
                for m in range(operators.shape[0]):
                    r = operators[m]
                    at_x = r[0, 0] * x + r[0, 1] * y + r[0, 2] * z
                    at_y = r[1, 0] * x + r[1, 1] * y + r[1, 2] * z
                    at_z = r[2, 0] * x + r[2, 1] * y + r[2, 2] * z
                    if at_x < 0:
                        value += data[half - at_z, half - at_y, -at_x].conjugate()
                        power += weights[half - at_z, half - at_y, -at_x]
                    else:
                        value += data[at_z + half, at_y + half, at_x]
                        power += weights[at_z + half, at_y + half, at_x]
                summed[z + half, y + half, x] = value
                strength[z + half, y + half, x] = power


@jit
def add_between(data, weights, summed, strength, operators):  # type: ignore[no-untyped-def]
    """Write to each voxel k its own value and what stands at R k, for any R (m, 3, 3), read trilinearly."""
    half = (data.shape[0] - 1) // 2
    one = np.float32(1.0)
    for z in range(-half, half + 1):
        for y in range(-half, half + 1):
            for x in range(half + 1):
                if z * z + y * y + x * x >= (half - 1) * (half - 1):
                    break
                value = data[z + half, y + half, x]
                power = weights[z + half, y + half, x]
                for m in range(operators.shape[0]):
                    r = operators[m]
                    at_x = r[0, 0] * x + r[0, 1] * y + r[0, 2] * z
                    at_y = r[1, 0] * x + r[1, 1] * y + r[1, 2] * z
                    at_z = r[2, 0] * x + r[2, 1] * y + r[2, 2] * z
                    sign = np.float32(-1.0) if at_x < 0.0 else one
                    at_x, at_y, at_z = sign * at_x, sign * at_y, sign * at_z
                    x0, y0, z0 = int(np.floor(at_x)), int(np.floor(at_y)), int(np.floor(at_z))
                    fx, fy, fz = np.float32(at_x - x0), np.float32(at_y - y0), np.float32(at_z - z0)
                    y0, z0 = y0 + half, z0 + half
                    for dz in range(2):
                        for dy in range(2):
                            w = (fz if dz else one - fz) * (fy if dy else one - fy)
                            low, top = data[z0 + dz, y0 + dy, x0], data[z0 + dz, y0 + dy, x0 + 1]
                            read = w * ((one - fx) * low + fx * top)
                            value += read if sign > 0 else read.conjugate()
                            power += w * ((one - fx) * weights[z0 + dz, y0 + dy, x0] + fx * weights[z0 + dz, y0 + dy, x0 + 1])
                summed[z + half, y + half, x] = value
                strength[z + half, y + half, x] = power
