"""2D classification: one expectation-maximisation over classes, in-plane angles and shifts, a step at a time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import torch

from vitreous.arrays.source import ImageSource
from vitreous.context import QUIET, Context
from vitreous.methods.refinement import first2d
from vitreous.methods.refinement.problem2d import Problem, problem
from vitreous.methods.refinement.schedule import following, rows_of
from vitreous.methods.refinement.settings import Class2DSettings
from vitreous.methods.refinement.state import NOWHERE, State
from vitreous.methods.refinement.turn2d import looked_at
from vitreous.methods.refinement.update2d import poses_after, updated
from vitreous.tables.table import Table


def step(setup: Problem, state: State, context: Context = QUIET) -> State:
    """The next turn of the schedule: one full pass, or one mini-batch."""
    turn = following(setup.schedule, state.iteration)
    rows = setup.usable(rows_of(setup.schedule, turn, len(setup.given.classes), context.seed_for))
    asked = replace(state, shares=torch.full_like(state.shares, 1 / state.classes)) if turn.even else state
    gathered, model = looked_at(setup, asked, rows, name=str(turn.iteration), context=context)
    poses = poses_after(setup, state, gathered)
    made = None
    if context.team.is_first:
        made = replace(updated(setup, state, turn, gathered, model=model, poses=poses), poses=NOWHERE)
    agreed = cast(State, context.team.agree(made))
    return replace(agreed, poses=poses)


def done(setup: Problem, state: State) -> bool:
    """Whether the schedule is at its end."""
    return state.iteration >= setup.schedule[-1].iteration


def classify2d(
    source: ImageSource, particles: Table, settings: Class2DSettings | None = None, context: Context = QUIET
) -> Iterator[State]:
    """2D classes of particle images: yields the State at the start and after every turn."""
    setup = problem(source, particles, settings or Class2DSettings(), context)
    state = first2d.begin(setup, context)
    yield state
    while not done(setup, state):
        state = step(setup, state, context)
        note = f"iteration {state.iteration}, {state.shells} shells"
        context.progress(state.iteration, setup.schedule[-1].iteration, note)
        yield state
