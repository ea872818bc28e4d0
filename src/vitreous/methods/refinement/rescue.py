"""Images whose pose fits far worse than the others': looked for again over all views and the whole range of shifts.

An image that a search has missed sits at a wrong origin, from where narrow searches never bring it back; its likelihood is
tens to hundreds below that of the right pose, so it is known by how little of the slice's power it holds.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.refinement import density, expectation3d, slices
from vitreous.methods.refinement.expectation3d import Search
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.stock import Stock

Floats = NDArray[np.float64]

FAR_BELOW = 2.5  # deviations below the median fit: one image in a hundred that is right
MOST = 0.25  # of the images of a half are searched again in one round, the worst first


@dataclass(frozen=True)
class Fit:
    """How each image (n,) meets the slice at its best pose: weighted cross term and norm of the slice, over the shells scored."""

    cross: Floats
    norm: Floats

    @property
    def excess(self) -> Floats:
        """Cross term less norm in deviations of noise: about 0 (n,) for an image at its right pose and a right map."""
        return (self.cross - self.norm) / np.sqrt(np.maximum(self.norm, 1e-12))


def fit_of(stock: Stock, rows: NDArray[np.int64], modes: Modes, *, volume: NDArray[np.float32], noise: Floats, reach: int) -> Fit:
    """The fit of these rows of this member at their best modes; noise (groups, shells) is sigma2."""
    count = stock.pixels.count(reach)
    cube = density.to_cube(volume, reach, stock.padding)
    best = modes.posterior().argmax(1)
    weights = (1.0 / noise[:, stock.pixels.shell[:count]]).astype(np.float32)
    terms = np.zeros((len(rows), 2))
    at = 0
    for part in stock.chunks(rows):
        batch = stock.batch(part, count)
        here = np.arange(at, at + len(part))
        which = (here, best[here])
        terms[here] = slices.match(
            batch.masked, batch.ctf, weights[stock.groups[part]], stock.pixels.index[:count], cube, np.float32(stock.padding),
            modes.rotations[which], modes.origins[which], stock.box,
        )  # fmt: skip
        at += len(part)
    return Fit(terms[:, 0], terms[:, 1])


def suspects(stock: Stock, excess: Floats) -> NDArray[np.bool_]:
    """Which of this member's images (n,) lie far below all members' median, by the spread of the middle half."""
    everyone = np.concatenate(stock.context.team.gather(excess))
    if len(everyone) < 8:
        return np.zeros(len(excess), bool)
    low, middle, high = np.quantile(everyone, [0.25, 0.5, 0.75])
    limit = middle - FAR_BELOW * max((high - low) / 1.349, 1.0)
    return excess < min(limit, float(np.quantile(everyone, MOST)))


def rescued(
    stock: Stock, rows: NDArray[np.int64], found: Modes, *, volume: NDArray[np.float32], noise: Floats, how: Search
) -> tuple[Modes, int]:
    """Modes with those of the suspects searched again, and how many came to rest elsewhere; how.keep modes a row, as before.

    how: the search that suspects are given, wide and fine; it must have an order.
    """
    found = expectation3d.spread([(np.arange(len(rows)), found)], len(rows), keep=how.keep)
    fit = fit_of(stock, rows, found, volume=volume, noise=noise, reach=how.reach)
    which = np.flatnonzero(suspects(stock, fit.excess))
    if not len(which):
        return found, 0
    wide = replace(how, keep=2 * how.keep)
    again = expectation3d.find(stock, rows[which], volume=volume, noise=noise, start=None, how=wide)
    before = found.select(which)
    joined = expectation3d.beside([before, again], how)
    moved = int((again.scores().max(1) > before.scores().max(1) + 1.0).sum())
    return expectation3d.spread([(np.arange(len(rows)), found), (which, joined)], len(rows), keep=how.keep), moved
