"""The first classes of 2D classification: more than are wanted, each from one image; those that explain the images stay.

Averages of images at random angles are all alike, and the likelihood has many local maxima that mix views and hands near
them. Three times as many classes as are wanted, begun from single images, cover the views; after some rounds with fewer of
them, those are kept without which the likelihood of the images falls most.
"""

from dataclasses import replace
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.context import Context, UserError
from vitreous.methods.refinement import maximisation, planes, prepare
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.problem2d import Problem, pixels, tell_bad
from vitreous.methods.refinement.sampling import plan_for
from vitreous.methods.refinement.schedule import first_batch
from vitreous.methods.refinement.state import State, Sums
from vitreous.methods.refinement.turn2d import looked_at
from vitreous.methods.refinement.update2d import Gathered, with_classes

SEEDS = 3  # as many classes as are wanted, at first
MOST_PIXELS = 20_000_000  # of all first classes together
ROUNDS = (2, 2, 2, 2, 1)  # as many classes as are wanted are left by each round
STEP = 0.7  # of the running sums, in rounds that take a part of the images
UNLIKE = 1e-3  # of its best class's posterior is what an image has in none of the others
STEPS_TO_EDGE = 3  # of the shifts in the first round, whose classes are single images
TOGETHER = 64
ALONE = 500  # images of which a class is made that is the only one


def grown(setup: Problem, blank: State, rows: NDArray[np.int64], context: Context) -> State:
    """`blank` with as many classes as its shares, from images of these rows: all members, each with its part of the images."""
    wanted = blank.classes
    begun = _singles(setup, blank, rows, context) if context.team.is_first else None
    state, own, bad = cast("tuple[State, NDArray[np.int64], dict[int, str]]", context.team.agree(begun))
    setup.bad.update(bad)
    if wanted == 1:
        return state
    size = first_batch(len(rows), wanted)
    for number, multiple in enumerate(ROUNDS):
        taken = np.take(rows, np.arange(number * size, (number + 1) * size), mode="wrap")
        search = setup.settings.search
        if number == 0:
            search = replace(search, offset_step_px=max(search.offset_step_px, search.offset_range_px / STEPS_TO_EDGE))
        gathered, model = looked_at(
            setup,
            state,
            setup.usable(np.unique(taken)),
            name=f"of round {number} of the first classes",
            context=context,
            search=search,
            to_choose=True,
        )
        made = None
        if context.team.is_first:
            kept = _kept(gathered, own if number == 0 else None, min(state.classes, multiple * wanted))
            step = 1.0 if number == 0 or size >= len(rows) else STEP
            made = _after(setup, state, gathered.only(kept), kept=kept, grid=model.grid, step=step)
        state = cast(State, context.team.agree(made))
    return state


def _singles(
    setup: Problem, blank: State, rows: NDArray[np.int64], context: Context
) -> tuple[State, NDArray[np.int64], dict[int, str]]:
    """`blank` with classes of one image each, the images' rows, and all that are known to be bad; one class of many images."""
    most = max(blank.classes, min(SEEDS * blank.classes, MOST_PIXELS // blank.box**2)) if blank.classes > 1 else ALONE
    shells = setup.first_shells
    plan = plan_for(setup.settings.search, blank.box, shells, support_px=setup.support_px, jitter=torch.zeros(2))
    known, used = len(setup.bad), []
    made = Sums.empty(0, blank.box)
    for part in np.array_split(rows[:most], -(-min(most, len(rows)) // TOGETHER)):
        context.check()
        read = pixels(setup, part, blank.poses, 1.0)
        for group in np.unique(setup.images.group[read.rows]):
            at = np.flatnonzero(setup.images.group[read.rows] == group)
            made = made.joined(_sums(setup, blank, read.rows[at], whole=read.whole[at], masked=read.masked[at], grid=plan.fine))
            used.append(read.rows[at])
    tell_bad(setup, known, context)
    if not used:
        raise UserError("not one of the images that classes were to begin with can be used: extract the particles again")
    own = np.concatenate(used)
    if len(own) < blank.classes:
        again = np.resize(np.arange(len(own)), blank.classes)
        made, own = made.of(again), own[again]
    if blank.classes == 1:
        made = Sums(*(part.sum(1, keepdim=True) for part in (made.data, made.weight, made.mass)))
    classes = made.mass.shape[1]
    wide = replace(blank, references=torch.zeros((classes, blank.box, blank.box)))
    begun = with_classes(setup, wide, made, centre=False, least_shells=shells if classes > 1 else None)
    return _even(begun), own, dict(setup.bad)


def _sums(
    setup: Problem, blank: State, rows: NDArray[np.int64], *, whole: torch.Tensor, masked: torch.Tensor, grid: PolarGrid
) -> Sums:
    """Sums of one class for each of these images, which are of one optics group; the first half's and the second's by turns."""
    sigma2 = blank.sigma2[setup.images.group[rows[0]]]
    batch = prepare.on_grid(setup.images, whole, masked, rows=rows, sigma2=sigma2, grid=grid)
    samples = batch.whole
    turns = np.rint(blank.poses.psi_deg[rows] * grid.angles / 360).astype(int)
    if blank.classes == 1 and setup.settings.search.align:
        turns = rows * 7919 % grid.angles  # any angles will do that have nothing to do with the images
    if turns.any():
        circle = torch.cat([samples, samples.conj()], 2)
        samples = torch.stack([torch.roll(one, turn, 1)[:, : grid.half] for one, turn in zip(circle, turns.tolist())])
    made = Sums.empty(len(rows), blank.box)
    data = planes.spread_images(samples.contiguous(), grid)
    for half in (0, 1):
        mine = torch.arange(half, len(rows), 2)
        made.data[half, mine] = data[mine]
        made.weight[half, mine, : grid.shells + 1] = batch.power[mine].double()
        made.mass[half, mine] = 1.0
    return made


def _even(state: State) -> State:
    classes = state.classes
    return replace(state, shares=torch.full((classes,), 1 / classes, dtype=torch.float64))


def _kept(gathered: Gathered, own: NDArray[np.int64] | None, keep: int) -> NDArray[np.int64]:
    """The classes that explain the images best. own: the image that each began with, which is no evidence for it."""
    rows, found = gathered.rows()
    explained = found.by_class
    if own is not None:
        explained = np.where(rows[:, None] == own, np.float32(0), explained)
    return best_subset(explained, keep)


def _after(setup: Problem, state: State, gathered: Gathered, *, kept: NDArray[np.int64], grid: PolarGrid, step: float) -> State:
    """The state with the classes that were kept, and their new sums."""
    halves = {half: [part for (_, h), part in gathered.sums.items() if h == half] for half in (0, 1)}
    fresh = maximisation.to_sums(halves, grid, len(kept))
    sums = state.sums.of(kept).blended(fresh, step).within(grid.shells)
    centre = setup.settings.classification.centre_classes and setup.settings.search.align
    return _even(with_classes(setup, state, sums, centre=centre))


def best_subset(explained: NDArray[np.float32], keep: int) -> NDArray[np.int64]:
    """`keep` of the columns of explained (images, classes), each image's posterior of every class, in their order.

    One class after another is given up, that without which the likelihood of the images falls least; an image that has
    none of its classes any more costs the logarithm of UNLIKE, however much it was like one.
    """
    best = explained.max(1, keepdims=True)
    part = np.divide(explained, best, out=np.zeros(explained.shape, np.float64), where=best > 0)
    left = list(range(part.shape[1]))
    total = part.sum(1)
    while len(left) > keep:
        without = np.maximum(total[:, None] - part[:, left], 0.0)
        loss = np.log((total + UNLIKE)[:, None] / (without + UNLIKE)).sum(0)
        gone = left.pop(int(np.argmin(np.round(loss, 3))))
        total = np.maximum(total - part[:, gone], 0.0)
    return np.array(left)
