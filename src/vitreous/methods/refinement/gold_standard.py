"""Two halves that never see each other beyond a low resolution: how particles are split, and maps out of their sums."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.context import Team
from vitreous.maths.conventions import PADDING, WEIGHT_FLOOR
from vitreous.methods.refinement import density, mates, slices
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.resolution import Curve
from vitreous.methods.refinement.stock import Stock
from vitreous.tables.table import Table

POOLED_MICROGRAPHS = 0.1  # of the particles; halves of whole micrographs may differ by so much


def split(particles: Table, seed: int) -> NDArray[np.int64]:
    """Half set, 1 or 2, of each row: the table's own when it has one, else whole micrographs, else particles by lot.

    Micrographs are dealt out, largest first, to the smaller half; when the halves then differ by more than a tenth
    (one or two micrographs, say) particles are drawn one by one.
    """
    if "half" in particles and set(np.unique(particles["half"]).tolist()) == {1, 2}:
        return np.asarray(particles["half"], np.int64)
    generator = np.random.default_rng(seed)
    count = len(particles)
    if "micrograph" in particles:
        rows_of = list(particles.split_by("micrograph").values())
        order = sorted(generator.permutation(len(rows_of)).tolist(), key=lambda i: -len(rows_of[i]))
        half, sizes = np.ones(count, np.int64), [0, 0]
        for i in order:
            smaller = int(sizes[1] < sizes[0])
            half[rows_of[i]] = smaller + 1
            sizes[smaller] += len(rows_of[i])
        if abs(sizes[0] - sizes[1]) <= POOLED_MICROGRAPHS * count:
            return half
    return generator.permutation(np.arange(count) % 2) + 1


@dataclass(frozen=True)
class Sums:
    """What insertion leaves: data complex64 and weights float32, cubes as in slices.py, of a padded box."""

    data: NDArray[np.complex64]
    weights: NDArray[np.float32]
    padding: int = PADDING

    @property
    def shells(self) -> NDArray[np.int16]:
        """Shell of the unpadded box by squared radius in voxels."""
        return density.shell_of_square((self.weights.shape[0] - 1) // 2, self.padding)

    def shell_means(self) -> Curve:
        """Mean weight by shell of the unpadded box, over the voxels of the shell."""
        shells = self.shells
        total, count = np.zeros(int(shells[-1]) + 1), np.zeros(int(shells[-1]) + 1)
        density.shell_sums(self.weights, shells, total, count)
        return total / np.maximum(count, 1)


def back_project(
    stock: Stock,
    rows: NDArray[np.int64],
    modes: Modes,
    *,
    inverse_noise: NDArray[np.float32],
    group: str,
    share: NDArray[np.float64] | None = None,
    reach: int | None = None,
) -> Sums:
    """Insert rows at their modes, weighted by posterior, CTF and 1/sigma2 (groups, shells), and at all symmetry mates.

    share (n,) multiplies an image's weight: its part in this map where there are several. reach: shells above it stay out.
    """
    reach = stock.pixels.reach if reach is None else min(reach, stock.pixels.reach)
    count = stock.pixels.count(reach)
    data, weights = density.empty_cube(reach, stock.padding)
    per_pixel = inverse_noise[:, stock.pixels.shell[:count]]
    posterior = modes.posterior() if share is None else modes.posterior() * share[:, None]
    at = 0
    for part in stock.chunks(rows):
        stock.context.check()
        batch = stock.batch(part, count)
        strength = batch.ctf * per_pixel[stock.groups[part]]
        image = batch.whole * strength
        strength *= batch.ctf
        here = slice(at, at + len(part))
        slices.insert_modes(
            data, weights, image, strength, (stock.pixels.index[:count], np.float32(stock.padding), stock.box), posterior[here],
            modes.rotations[here], modes.origins[here],
        )  # fmt: skip
        at += len(part)
    slices.complete_plane(data, weights)
    return Sums(*mates.symmetrise(data, weights, group), stock.padding)


def added(sums: Sums, team: Team) -> Sums:
    """The sums of all members' images."""
    return Sums(team.sum(sums.data), team.sum(sums.weights), sums.padding)


def join_low(sums: Sequence[Sums], shell: int, *, in_place: bool = False) -> tuple[Sums, Sums]:
    """The halves with their sums put together in shells 0..shell, so that they keep one orientation and one hand.

    in_place: the sums that are given become the joined ones, which spares the memory of two more.
    """
    first, second = sums
    shells = first.shells
    data, weights = (first.data, second.data), (first.weights, second.weights)
    if not in_place:
        data, weights = (data[0].copy(), data[1].copy()), (weights[0].copy(), weights[1].copy())
    density.share_low(first.data, second.data, shells, shell, data)
    density.share_low(first.weights, second.weights, shells, shell, weights)
    return Sums(data[0], weights[0], first.padding), Sums(data[1], weights[1], second.padding)


def merged(sums: Sequence[Sums], joined_upto: int) -> Sums:
    """The sums of both halves, written over those of the first; shells 0..joined_upto are together already (-1: none)."""
    first, second = sums
    density.add_beyond(first.data, second.data, first.shells, joined_upto)
    density.add_beyond(first.weights, second.weights, first.shells, joined_upto)
    return first


def together(sums: Sequence[Sums]) -> Sums:
    """The sums of both halves."""
    return Sums(sums[0].data + sums[1].data, sums[0].weights + sums[1].weights, sums[0].padding)


def unfiltered(sums: Sums, box: int) -> NDArray[np.float32]:
    """The map of the sums without a prior: weights no lower than a thousandth of their shell's mean."""
    return _map(sums, WEIGHT_FLOOR * sums.shell_means(), box, floor=True)


def filtered(sums: Sums, signal_to_noise: Curve, box: int) -> NDArray[np.float32]:
    """The map with the prior: data / (weight + mean weight of the shell / SSNR of the shell), the Wiener filter."""
    mean = sums.shell_means()
    ratio = np.concatenate([signal_to_noise, np.full(max(0, len(mean) - len(signal_to_noise)), signal_to_noise[-1])])
    return _map(sums, mean / np.maximum(ratio[: len(mean)], 1e-6), box, floor=False)


def _map(sums: Sums, extra: Curve, box: int, *, floor: bool) -> NDArray[np.float32]:
    cube = np.zeros_like(sums.data)
    density.divided(sums.data, sums.weights, sums.shells, extra[: (box + 1) // 2].astype(np.float32), floor, cube)
    return density.from_cube(cube, box, sums.padding)
