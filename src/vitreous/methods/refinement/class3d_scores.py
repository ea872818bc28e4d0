"""Expectation of 3D classification: poses of every image in every class, and the posterior of the classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from vitreous.context import Team
from vitreous.maths.conventions import PADDING
from vitreous.methods.refinement import class3d_focus, density, expectation3d, rescue, slices
from vitreous.methods.refinement.class3d_focus import Sphere
from vitreous.methods.refinement.class3d_look import How
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.stock import Stock

Volume = NDArray[np.float32]
Columns = tuple[NDArray[np.int64], NDArray[np.int64]]


class Known(Protocol):
    """What is asked of a state: noise, poses of all rows (one Modes a class, or none), shares, how far is scored."""

    @property
    def noise(self) -> NDArray[np.float64]: ...
    @property
    def modes(self) -> tuple[Modes, ...]: ...
    @property
    def shares(self) -> NDArray[np.float64] | None: ...
    @property
    def reach(self) -> int: ...


@dataclass(frozen=True)
class Turn:
    """What was found of some rows: modes (one a class), shares (n, K) of the classes, and what is left of the images.

    left (groups, shells): sums of |X - C A|^2 under the likeliest class at its best pose. evidence: sum of the images'
    log-likelihoods, classes and poses marginalised, up to a constant.
    """

    rows: NDArray[np.int64]
    modes: tuple[Modes, ...]
    shares: NDArray[np.float64]
    left: NDArray[np.float64]
    evidence: float = 0.0

    def select(self, which: NDArray[np.int64]) -> "Turn":
        """The same of some of the images; what is left, and the evidence, stay those of all."""
        modes = tuple(one.select(which) for one in self.modes)
        return replace(self, rows=self.rows[which], modes=modes, shares=self.shares[which])


def turn(stock: Stock, rows: NDArray[np.int64], *, maps: Sequence[Volume], state: Known, how: How) -> Turn:
    """Poses of these rows against each map, and their shares. Classes that share one map (the same object) are searched once."""
    if how.search is None:
        known = [one.select(rows) for one in state.modes[: len(maps)]]
        made = turn_at(stock, rows, maps=maps, state=state, modes=known, sphere=how.sphere)
        return replace(made, left=_left(stock, made, maps, state))
    found: list[Modes] = []
    for number, volume in enumerate(maps):
        before = [k for k in range(number) if maps[k] is volume]
        if before:
            found.append(found[before[0]])
        else:
            found.append(_found(stock, rows, volume, state, state.modes[number].select(rows) if state.modes else None, how))
    posterior, evidence = weighed(_masses(stock, rows, found, maps, state, how.sphere), priors(stock, state, len(maps)))
    made = Turn(rows, tuple(found), posterior, np.zeros_like(state.noise), evidence)
    return replace(made, left=_left(stock, made, maps, state))


def _found(stock: Stock, rows: NDArray[np.int64], volume: Volume, state: Known, known: Modes | None, how: How) -> Modes:
    """Modes of rows against one map, known ones climbed from."""
    assert how.search is not None
    start = None if known is None else how.near.starts(known)
    modes = expectation3d.find(stock, rows, volume=volume, noise=state.noise, start=start, how=how.search)
    if known is not None:
        modes = how.near.held(modes, known)
    if how.wide is None:
        return modes
    return rescue.rescued(stock, rows, modes, volume=volume, noise=state.noise, how=how.wide)[0]


def turn_at(
    stock: Stock, rows: NDArray[np.int64], *, maps: Sequence[Volume], state: Known, modes: Sequence[Modes],
    sphere: Sphere | None = None,
) -> Turn:  # fmt: skip
    """The same at poses that stay: the heaviest of each image's modes (one Modes of these rows a class). `left` is not made."""
    count = stock.pixels.count(state.reach)
    weights = (1.0 / state.noise[:, stock.pixels.shell[:count]]).astype(np.float32)
    cubes = [density.to_cube(volume, stock.pixels.reach) for volume in maps]
    found = [heaviest(one) for one in modes]
    at = 0
    for part in stock.chunks(rows):
        stock.context.check()
        batch = stock.batch(part).upto(count)
        here = slice(at, at + len(part))
        for one, cube in zip(found, cubes):
            terms = slices.match(
                batch.masked, batch.ctf, weights[stock.groups[part]], stock.pixels.index[:count], cube, np.float32(PADDING),
                one.rotations[here, 0], one.origins[here, 0], stock.box,
            )  # fmt: skip
            one.log_likelihood[here, 0] = terms[:, 0] - 0.5 * terms[:, 1]
        at += len(part)
    posterior, evidence = weighed(_masses(stock, rows, found, maps, state, sphere), priors(stock, state, len(maps)))
    return Turn(rows, tuple(found), posterior, np.zeros_like(state.noise), evidence)


def heaviest(modes: Modes) -> Modes:
    """One mode an image, the heaviest, in arrays of its own; its information is left out, as if it were alike in all classes."""
    at = best(modes)
    turned, origins = (np.ascontiguousarray(field[at][:, None]) for field in (modes.rotations, modes.origins))
    return Modes(turned, origins, modes.log_likelihood[at][:, None].copy(), np.tile(np.eye(5), (len(turned), 1, 1, 1)))


def priors(stock: Stock, state: Known, classes: int) -> NDArray[np.float64]:
    """Shares (K,) that the classes have of all usable images; equal before they are known."""
    if state.shares is None:
        return np.full(classes, 1.0 / classes)
    mean: NDArray[np.float64] = state.shares[stock.usable()].mean(0)
    return mean


def _masses(
    stock: Stock, rows: NDArray[np.int64], found: Sequence[Modes], maps: Sequence[Volume], state: Known, sphere: Sphere | None
) -> NDArray[np.float64]:
    """Log of the mass (n, K) of each class, or of what is inside the sphere's circle."""
    if sphere is None or len(maps) == 1:
        return np.stack([modes.log_mass() for modes in found], axis=1)
    cubes = [density.to_cube(volume, stock.pixels.reach) for volume in maps]
    inside = [
        class3d_focus.scores(stock, rows, one, cube=cube, noise=state.noise, reach=state.reach, sphere=sphere)
        for one, cube in zip(found, cubes)
    ]
    return np.stack(inside, axis=1)


def weighed(mass: NDArray[np.float64], prior: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Posterior (n, K) of the classes from the log of their mass (n, K) and their prior shares; the sum of the log-evidence."""
    mass = mass + np.log(np.maximum(prior, 1e-6))
    return special.softmax(mass, axis=1), float(special.logsumexp(mass, axis=1).sum())


def joined(turns: Sequence[Turn]) -> Turn:
    """Several turns as one, in the order of their rows."""
    order = np.argsort(np.concatenate([one.rows for one in turns]), kind="stable")
    count = len(turns[0].modes)
    whole = Turn(
        np.concatenate([one.rows for one in turns]),
        tuple(expectation3d.stack([one.modes[k] for one in turns]) for k in range(count)),
        np.concatenate([one.shares for one in turns]),
        np.sum([one.left for one in turns], axis=0),
        sum(one.evidence for one in turns),
    )
    return whole.select(order)


def _left(stock: Stock, made: Turn, maps: Sequence[Volume], state: Known) -> NDArray[np.float64]:
    kind, left = made.shares.argmax(1), np.zeros_like(state.noise)
    for number, modes in enumerate(made.modes):
        mine = np.flatnonzero(kind == number)
        if len(mine):
            left += expectation3d.residual_sums(stock, made.rows[mine], modes.select(mine), volume=maps[number])
    return left


def best(modes: Modes) -> Columns:
    """Index of the heaviest mode of each image: (rows, modes), to be used on any of the fields."""
    weight = modes.posterior()
    return np.arange(len(weight)), weight.argmax(1)


def origin_spread(turns: Sequence[Turn], team: Team) -> float:
    """Root mean square of the origins (px, one axis) of the images in their likeliest class, over all members."""
    total = count = 0.0
    for one in turns:
        kind = one.shares.argmax(1)
        count += 2.0 * len(kind)
        for number, modes in enumerate(one.modes):
            total += float((modes.origins[best(modes)][kind == number] ** 2).sum())
    total, count = team.sum(np.array([total, count])).tolist()
    return float(np.sqrt(total / max(count, 1.0)))


def on_grey_scale(
    stock: Stock, maps: tuple[Volume, ...], state: Known, how: expectation3d.Search | None, *, sample: int = 400
) -> tuple[Volume, ...]:
    """The maps brought to the images' grey scale: least squares at the best poses of a sample of images, twice."""
    usable = np.flatnonzero(stock.usable())
    rows = np.random.default_rng(stock.context.seed_for("grey scale")).permutation(usable)[:sample]
    mine = np.sort(rows[stock.mine(rows)])
    made: list[Volume] = []
    for number, volume in enumerate(maps):
        before = [k for k in range(number) if maps[k] is volume]
        if before:
            made.append(made[before[0]])
            continue
        start = state.modes[number].select(mine) if state.modes else None
        scaled = volume
        if start is None:
            factor = expectation3d.power_scale(stock, rows, volume=volume, noise=state.noise, reach=state.reach)
            scaled = (volume * factor).astype(np.float32)
        for _ in range(2):
            modes = start
            if how is not None:
                few = replace(how, keep=2)
                modes = expectation3d.find(stock, mine, volume=scaled, noise=state.noise, start=start, how=few)
            assert modes is not None
            factor = expectation3d.fitted_scale(stock, mine, modes, volume=scaled, noise=state.noise, reach=state.reach)
            scaled = (scaled * factor).astype(np.float32)
        made.append(scaled)
    return tuple(made)
