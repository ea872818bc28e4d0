"""The E step of one turn of 2D classification over all its images: in blocks, by threads and by the members of a team."""

import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.context import Context, UserError
from vitreous.maths.shells import shell_count
from vitreous.methods.refinement import ahead, expectation, prepare, scale2d, scores
from vitreous.methods.refinement.expectation import BlockResult, Model
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.problem2d import Problem, pixels, tell_bad, tell_batch
from vitreous.methods.refinement.sampling import Plan, plan_for
from vitreous.methods.refinement.schedule import Block, blocks_of, part_of
from vitreous.methods.refinement.settings import PlaneSearch
from vitreous.methods.refinement.state import State
from vitreous.methods.refinement.update2d import Gathered, exchanged

CELLS_BYTES = 8 << 20
COPIES = 5  # of the cells: both parities, the product of modes, the sum, the posterior
LEAST_BLOCK = 8
READ_AHEAD = 0.04  # of the memory, for each of the parts that are read or waiting
NORM_LIMITS = (0.2, 5.0)


def looked_at(
    setup: Problem,
    state: State,
    rows: NDArray[np.int64],
    *,
    name: str,
    context: Context,
    search: PlaneSearch | None = None,
    to_choose: bool = False,
) -> tuple[Gathered, Model]:
    """What all members find in these rows with the classes of `state`, and the classes as they were compared.

    name seeds the jitter of the shifts; search replaces that of the settings. to_choose among classes, each image's posterior
    of every class is kept, which of many images is much, and scores are as sharp as the truth: sharper ones would find
    single images, or noise, again and again.
    """
    jitter = torch.from_numpy(np.random.default_rng(context.seed_for(f"shifts {name}")).uniform(-0.5, 0.5, 2))
    plan = plan_for(search or setup.settings.search, state.box, state.shells, support_px=setup.support_px, jitter=jitter)
    models = _models(state, plan)
    size = context.team.agree(_block_size(setup, state, plan, context))
    blocks = part_of(list(blocks_of(rows, setup.images.group, size)), context.team.share(len(rows)))
    known = dict(setup.bad)
    images = max(size, min(context.reading.together, int(READ_AHEAD * context.memory_GB * 1e9 / (4 * state.box**2))))
    mine = Gathered(by_class=to_choose)
    _in_threads(setup, state, blocks, plan, models, context=context, together=images, into=mine, sharp=not to_choose)
    gathered = exchanged(mine, context.team)
    for found in context.team.gather(dict(setup.bad)):
        setup.bad.update(found)
    tell_bad(setup, len(known), context)
    if not gathered.blocks:
        raise UserError(f"not one of the {len(rows)} particle images of this turn can be used: extract them again")
    return gathered, models[0]


def _block_size(setup: Problem, state: State, plan: Plan, context: Context) -> int:
    """Images that go through the E step together: their cells fit the cache where they can, and memory in any case."""
    shifts = len(plan.coarse_shifts_px) or len(plan.shifts_px)
    cells = 4 * plan.fine.angles * state.classes * shifts
    held = COPIES * cells * max(1, context.threads)
    most = int(context.memory_GB * 1e9 / held)
    if most < 1:
        raise UserError(
            f"{state.classes} classes at {plan.fine.angles} angles and {shifts} shifts need {held / 1e9:.1f} GB for one image "
            f"a thread, more than the {context.memory_GB:g} GB allowed: raise --memory-gb, or choose "
            "fewer threads, classes or shifts"
        )
    first = 4 * (plan.coarse or plan.fine).angles * state.classes * shifts
    size = min(most, max(LEAST_BLOCK, min(256, CELLS_BYTES // first // 16 * 16)))
    tell_batch(setup, size, size * held / 1e9, context)
    return size


def _models(state: State, plan: Plan) -> tuple[Model, Model | None]:
    def model(grid: PolarGrid, shifts_px: torch.Tensor) -> Model:
        return Model.of(state.references, grid, state.shares, offset_sigma_px=state.offset_sigma_px, shifts_px=shifts_px)

    rough = model(plan.coarse, plan.coarse_shifts_px) if plan.coarse else None
    return model(plan.fine, plan.shifts_px), rough


def _in_threads(
    setup: Problem,
    state: State,
    blocks: Sequence[Block],
    plan: Plan,
    models: tuple[Model, Model | None],
    *,
    context: Context,
    together: int,
    into: Gathered,
    sharp: bool,
) -> None:
    """Every block's result, taken in order, worked out by context.threads threads of one core each; one more reads ahead."""
    local = threading.local()

    def work(given: tuple[Block, NDArray[np.float32]]) -> tuple[Block, BlockResult] | None:
        context.check()
        if not hasattr(local, "space"):
            local.space = scores.Workspace()
            torch.set_num_threads(1)
        return _expect(setup, state, given, plan, models, space=local.space, sharp=sharp)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(max(1, context.threads)) as pool:
            given = ahead.with_images(setup.images.source, blocks, together=together)
            for done_block in ahead.in_order(pool, work, given, most=2 * max(1, context.threads)):
                if done_block:
                    into.add(*done_block)
    finally:
        torch.set_num_threads(before)


def _expect(
    setup: Problem,
    state: State,
    given: tuple[Block, NDArray[np.float32]],
    plan: Plan,
    models: tuple[Model, Model | None],
    *,
    space: scores.Workspace,
    sharp: bool,
) -> tuple[Block, BlockResult] | None:
    """The block, given with its images, less its bad ones, with its result; None if nothing is left of it."""
    block, raw = given
    read = pixels(setup, block.rows, state.poses, state.mean_norm, raw=raw)
    if not len(read.rows):
        return None
    block = replace(block, rows=read.rows)
    grid = models[0].grid
    factors = setup.factors(block.rows, state.scales)
    batch = prepare.on_grid(
        setup.images,
        read.whole,
        read.masked,
        rows=block.rows,
        sigma2=state.sigma2[block.group],
        grid=grid,
        factors=factors,
        sharp=sharp,
    )
    origin = state.poses.origin_px[block.rows]
    residue = np.rint(origin)
    fixed = None
    if not setup.settings.search.align:
        turns_of = np.rint(-state.poses.psi_deg[block.rows] * grid.angles / 360).astype(np.int64) % grid.angles
        fixed = torch.from_numpy(origin - residue), torch.from_numpy(turns_of)
    result = expectation.expect(
        batch, models, plan, residue=torch.from_numpy(residue.astype(np.float32)), fixed=fixed, space=space
    )
    if factors is not None:
        result.scale = scale2d.measured(batch, models[0], result, ssnr=state.ssnr, factors=factors)
    result.norm = _norms(setup, state, block, batch=batch, result=result, grid=grid)
    return block, result


def _norms(
    setup: Problem, state: State, block: Block, *, batch: prepare.Batch, result: BlockResult, grid: PolarGrid
) -> NDArray[np.float64]:
    """Each image's noise against the model's: the root of chi squared a degree of freedom, at the pose's likelihood.

    The likelihood is the logarithm of a sum over cells; less the logarithm of their number it is that of an average cell.
    Beyond the shells scored, corners and all, chi squared is the power there over what the model has.
    """
    box, scored = state.box, grid.shells + 1
    variance = state.sigma2[block.group] * setup.images.kept
    points = grid.quadrature * grid.angles
    power = batch.noise.double() * points
    count = shell_count(box, 2)[scored:]
    corners = box**2 - float(shell_count(box, 2).sum())
    mean = (float((count * variance[scored:]).sum()) + corners * float(variance[-1])) / (float(count.sum()) + corners)
    rest = (batch.square.double() - power.sum(1)).clamp_min(0.0) / (2 * mean)
    square = ((power / (2 * variance[:scored]))[:, 1:].sum(1) + rest).numpy()
    gained = np.maximum(result.log_likelihood - math.log(grid.angles), 0.0)
    ratio = np.sqrt(np.maximum(square - 2 * gained, 0.0) / (box**2 - 1))
    return np.clip(state.poses.norm[block.rows] / state.mean_norm * ratio, *NORM_LIMITS)
