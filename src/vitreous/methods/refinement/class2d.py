"""2D classification: one expectation-maximisation over classes, in-plane angles and shifts, a step at a time."""

import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.context import QUIET, Context, UserError
from vitreous.maths import masks
from vitreous.maths.fourier import rfft2
from vitreous.maths.shells import power, shell_count
from vitreous.methods.particles import ctf_of, pixel_size_of
from vitreous.methods.refinement import expectation, maximisation, prepare, scores
from vitreous.methods.refinement.expectation import BlockResult, Model
from vitreous.methods.refinement.maximisation import Collected
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.prepare import Images
from vitreous.methods.refinement.sampling import Plan, plan_for
from vitreous.methods.refinement.schedule import Turn, turns
from vitreous.methods.refinement.settings import Class2DSettings
from vitreous.methods.refinement.state import Poses, State, Sums
from vitreous.tables.table import Table

FIRST_SHELLS = 6.0
MORE_SHELLS = 10
RAMP = 0.75
CELLS_BYTES = 8 << 20
NOISE_FROM = 1000
FIRST_OFFSET_SIGMA_A = 10.0
LEAST_OFFSET_VARIANCE_A2 = 2.0
NORM_LIMITS = (0.2, 5.0)


@dataclass(frozen=True)
class Problem:
    """Images, choices and their schedule: what every step needs and none changes."""

    images: Images
    settings: Class2DSettings
    schedule: Sequence[Turn]
    given: Poses

    @property
    def radius_px(self) -> float:
        """Radius of the particle."""
        return _radius_px(self.settings, self.images.box, self.images.pixel_size_A)

    @property
    def largest_shell(self) -> int:
        """The last shell that may be scored."""
        box, limit = self.images.box, self.settings.classification.resolution_limit_A
        nyquist = (box - 1) // 2
        return nyquist if limit <= 0 else max(3, min(nyquist, round(box * self.images.pixel_size_A / limit)))


def _radius_px(settings: Class2DSettings, box: int, pixel_size_A: float) -> float:
    return min(settings.classification.particle_diameter_A / pixel_size_A / 2, box / 2 - 1)


def problem(source: ImageSource, particles: Table, settings: Class2DSettings, context: Context = QUIET) -> Problem:
    """Check the input and set it out. particles: one row an image, with CTF columns and optics."""
    count = len(particles)
    pixel = pixel_size_of(particles)
    if len(source) != count:
        raise UserError(f"{len(source)} images for {count} rows of the particle table")
    box = int(source.read(np.array([0], np.int64)).shape[-1])
    if box < 16:
        raise UserError(f"images of {box} pixels are too small to classify; 32 is a sensible least box")
    chosen = settings.classification
    if chosen.use_em == chosen.use_mini_batches:
        raise UserError("choose one of expectation-maximisation (use_em) and mini-batches (use_mini_batches)")
    ctf = ctf_of(particles) if settings.ctf.correct_ctf else None
    if settings.ctf.correct_ctf and ctf is None:
        raise UserError("the particles have no defocus: find the CTF first, or switch the CTF correction off")
    groups = particles.get("optics_group", 1)
    radius = _radius_px(settings, box, pixel)
    edge = min(5.0, box / 2 - radius)
    images = Images(
        source=source,
        ctf=ctf,
        group=np.unique(groups, return_inverse=True)[1].astype(np.int64),
        pixel_size_A=pixel,
        mask=masks.disc(box, radius, max(edge, 1.0)).float(),
        with_zeros=chosen.mask_with_zeros,
        intact_first_peak=settings.ctf.ignore_ctf_until_first_peak,
        seed=context.seed_for("outside the mask"),
    )
    return Problem(images, settings, turns(chosen, count), _given(particles, pixel))


def _given(particles: Table, pixel_size_A: float) -> Poses:
    """Poses of the input; zeros where it has none."""
    empty = Poses.empty(len(particles))
    origin = np.stack([particles.get("origin_x_A", 0.0), particles.get("origin_y_A", 0.0)], 1).astype(float) / pixel_size_A
    return replace(empty, psi_deg=particles.get("psi_deg", 0.0).astype(float), origin_px=origin)


def begin(setup: Problem, context: Context = QUIET) -> State:
    """Iteration 0: noise from the images, classes as averages of equal shares of them at random angles."""
    images, classes = setup.images, setup.settings.classification.classes
    count = len(setup.given.classes)
    generator = np.random.default_rng(context.seed_for("first classes"))
    sample = np.sort(generator.permutation(count)[: max(NOISE_FROM, 20 * classes)])
    sigma2 = _first_noise(setup, sample)
    shells = begin_shells(setup)
    plan = plan_for(setup.settings.search, images.box, shells, support_px=_support(setup), jitter=torch.zeros(2))
    blank = State(
        iteration=0,
        references=torch.zeros((classes, images.box, images.box)),
        sums=Sums.empty(classes, images.box),
        sigma2=sigma2,
        tau2=torch.zeros((classes, images.box // 2 + 1), dtype=torch.float64),
        ssnr=torch.zeros((classes, images.box // 2 + 1), dtype=torch.float64),
        shares=torch.full((classes,), 1.0 / classes, dtype=torch.float64),
        offset_sigma_px=FIRST_OFFSET_SIGMA_A / images.pixel_size_A,
        mean_norm=1.0,
        shells=shells,
        poses=setup.given,
    )
    sums = _random_sums(setup, blank, sample, plan.fine, generator, context)
    return replace(_with_classes(setup, blank, sums, centre=False), shells=shells)


def _support(setup: Problem) -> float:
    """Radius within which references are not zero."""
    return min(setup.radius_px + 4.0, setup.images.box / 2)


def _first_noise(setup: Problem, sample: NDArray[np.int64]) -> torch.Tensor:
    """sigma2 (groups, shells): mean power of images less power of their mean."""
    images = setup.images
    groups = int(images.group.max()) + 1
    shells = images.box // 2 + 1
    found = torch.zeros((groups, shells), dtype=torch.float64)
    for group in range(groups):
        rows = sample[images.group[sample] == group]
        if not len(rows):
            rows = np.flatnonzero(images.group == group)[:NOISE_FROM]
        _, masked = _pixels(setup, rows, Poses.empty(len(images.group)), 1.0)
        ft = rfft2(masked.double())
        spectrum = power(ft, ndim=2).mean(0) - (power(ft.mean(0)[None], ndim=2)[0] if len(rows) > 10 else 0.0)
        found[group] = spectrum / (2 * images.kept)
    if not torch.isfinite(found).all():
        raise UserError("some particle images hold values that are not numbers (NaN): extract them again")
    typical = found[:, 1:].mean()
    if not typical > 0:
        raise UserError("the particle images are empty (all pixels alike): extract them again")
    for shell in range(1, shells):
        below = found[:, shell] <= 1e-6 * typical
        found[below, shell] = found[below, shell - 1] if shell > 1 else typical
    found[:, 0] = found[:, 1]
    return found


def _pixels(setup: Problem, rows: NDArray[np.int64], poses: Poses, mean_norm: float) -> tuple[torch.Tensor, torch.Tensor]:
    images = setup.images
    raw = np.asarray(images.source.read(rows), np.float32)
    origins = np.rint(poses.origin_px[rows]).astype(np.int64)
    return prepare.pixels(images, raw, rows, origins=origins, scale=mean_norm / poses.norm[rows])


def _random_sums(
    setup: Problem, state: State, sample: NDArray[np.int64], grid: PolarGrid, generator: np.random.Generator, context: Context
) -> Sums:
    """Sums of images given to classes in equal numbers and to angles at random."""
    space = scores.Workspace()
    parts: dict[int, list[Collected]] = {}
    order = generator.permutation(len(sample))
    for half in (0, 1):
        for group in np.unique(setup.images.group[sample]):
            mine = order[half::2]
            mine = mine[setup.images.group[sample[mine]] == group]
            for rows in np.array_split(mine, max(1, math.ceil(len(mine) / 64))):
                if len(rows) == 0:
                    continue
                context.check()
                whole, masked = _pixels(setup, sample[rows], state.poses, 1.0)
                batch = prepare.on_grid(setup.images, whole, masked, rows=sample[rows], sigma2=state.sigma2[group], grid=grid)
                posterior = torch.zeros((grid.angles, state.classes, len(rows)))
                angle = torch.from_numpy(generator.integers(grid.angles, size=len(rows)))
                posterior[angle, torch.from_numpy(rows) % state.classes, torch.arange(len(rows))] = 1.0
                modes = scores.empty_sums(state.classes, grid, posterior)
                turned = scores.modes(scores.columns(batch.whole), grid, space)
                scores.accumulate(modes, scores.posterior_modes(posterior, grid, space), turned)
                by_class = posterior.sum(0).double()
                found = Collected(modes, by_class @ batch.power.double(), by_class.sum(1), batch.noise.double().sum(0), len(rows))
                parts.setdefault(half, []).append(found)
    return maximisation.to_sums(parts, grid, state.classes)


def _with_classes(setup: Problem, state: State, sums: Sums, *, centre: bool) -> State:
    """The state with classes made of these sums."""
    mask, chosen = setup.images.mask, setup.settings.classification
    data, weight = sums.data.sum(0), sums.weight.sum(0)
    first = begin_shells(setup)
    ssnr = maximisation.signal_to_noise(data, weight, mask, regularisation=chosen.regularisation, first_shells=first)
    references = maximisation.regularised(data, weight, ssnr)
    if centre:
        sums, references = maximisation.centred(sums, references * mask)
    tau2 = torch.where(weight > 0, ssnr / (chosen.regularisation * weight.clamp_min(1e-300)), torch.zeros_like(weight))
    mass = sums.mass.sum(0)
    shares = mass / mass.sum()
    return replace(state, references=references * mask, sums=sums, tau2=tau2, ssnr=ssnr, shares=shares)


def step(setup: Problem, state: State, context: Context = QUIET) -> State:
    """The next turn of the schedule: one full pass, or one mini-batch."""
    turn = setup.schedule[state.iteration]
    rows = _rows(setup, state.iteration, turn, context)
    jitter = torch.from_numpy(np.random.default_rng(context.seed_for(f"shifts {turn.iteration}")).uniform(-0.5, 0.5, 2))
    plan = plan_for(setup.settings.search, state.box, state.shells, support_px=_support(setup), jitter=jitter)
    models = _models(state, plan)
    blocks = list(_blocks(setup, rows, models[0].grid, len(plan.coarse_shifts_px) or len(plan.shifts_px), state.classes))
    results = _in_threads(setup, state, blocks, plan, models, context)
    return _updated(setup, state, turn, blocks, results, models[0])


def _models(state: State, plan: Plan) -> tuple[Model, Model | None]:
    def model(grid: PolarGrid, shifts_px: torch.Tensor) -> Model:
        return Model.of(state.references, grid, state.shares, offset_sigma_px=state.offset_sigma_px, shifts_px=shifts_px)

    rough = model(plan.coarse, plan.coarse_shifts_px) if plan.coarse else None
    return model(plan.fine, plan.shifts_px), rough


def _rows(setup: Problem, iteration: int, turn: Turn, context: Context) -> NDArray[np.int64]:
    """The images of a turn: the next stretch of one random order after another, so that all are seen equally often."""
    count = len(setup.given.classes)
    if turn.images >= count:
        return np.arange(count)
    start = sum(earlier.images for earlier in setup.schedule[:iteration])
    chosen = np.zeros(0, np.int64)
    while len(chosen) < turn.images:
        epoch, place = divmod(start + len(chosen), count)
        order = np.random.default_rng(context.seed_for(f"order {epoch}")).permutation(count)
        chosen = np.concatenate([chosen, order[place : place + turn.images - len(chosen)]])
    return np.unique(chosen)


@dataclass(frozen=True)
class Block:
    """Images that go through the E step together: all of one optics group, all counted to one half."""

    rows: NDArray[np.int64]
    group: int
    half: int


def _blocks(setup: Problem, rows: NDArray[np.int64], grid: PolarGrid, shifts: int, classes: int) -> Iterator[Block]:
    size = max(8, min(256, CELLS_BYTES // (4 * grid.angles * classes * shifts)))
    number = 0
    for group in np.unique(setup.images.group[rows]):
        mine = rows[setup.images.group[rows] == group]
        parts = max(2, math.ceil(len(mine) / size))  # two at least: neither half may be without images
        for part in np.array_split(mine, min(parts, len(mine))):
            yield Block(part, int(group), number % 2)
            number += 1


def _in_threads(
    setup: Problem,
    state: State,
    blocks: Sequence[Block],
    plan: Plan,
    models: tuple[Model, Model | None],
    context: Context,
) -> list[BlockResult]:
    """Every block's result in order, worked out by context.threads threads of one core each."""
    local = threading.local()

    def work(block: Block) -> BlockResult:
        context.check()
        if not hasattr(local, "space"):
            local.space = scores.Workspace()
            torch.set_num_threads(1)
        return _expect(setup, state, block, plan, models, local.space)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(max(1, context.threads)) as pool:
            return list(pool.map(work, blocks))
    finally:
        torch.set_num_threads(before)


def _expect(
    setup: Problem,
    state: State,
    block: Block,
    plan: Plan,
    models: tuple[Model, Model | None],
    space: scores.Workspace,
) -> BlockResult:
    whole, masked = _pixels(setup, block.rows, state.poses, state.mean_norm)
    grid = models[0].grid
    batch = prepare.on_grid(setup.images, whole, masked, rows=block.rows, sigma2=state.sigma2[block.group], grid=grid)
    origin = state.poses.origin_px[block.rows]
    residue = np.rint(origin)
    fixed = None
    if not setup.settings.search.align:
        turns_of = np.rint(-state.poses.psi_deg[block.rows] * grid.angles / 360).astype(np.int64) % grid.angles
        fixed = torch.from_numpy(origin - residue), torch.from_numpy(turns_of)
    result = expectation.expect(
        batch, models, plan, residue=torch.from_numpy(residue.astype(np.float32)), fixed=fixed, space=space
    )
    result.norm = _norms(setup, state, block, masked=masked, result=result, angles=grid.angles)
    return result


def _norms(
    setup: Problem, state: State, block: Block, *, masked: torch.Tensor, result: BlockResult, angles: int
) -> NDArray[np.float64]:
    """Each image's noise against the model's: the root of chi squared a degree of freedom, at the pose's likelihood.

    The likelihood is the logarithm of a sum over cells; less the logarithm of their number it is that of an average cell.
    """
    count = shell_count(state.box, 2)[1:]
    variance = state.sigma2[block.group][1:] * setup.images.kept
    square = (power(rfft2(masked), ndim=2)[:, 1:] * (count / variance)).sum(1).numpy() / 2
    gained = np.maximum(result.log_likelihood - math.log(angles), 0.0)
    ratio = np.sqrt(np.maximum(square - 2 * gained, 0.0) / float(count.sum()))
    return np.clip(state.poses.norm[block.rows] / state.mean_norm * ratio, *NORM_LIMITS)


def _updated(
    setup: Problem, state: State, turn: Turn, blocks: Sequence[Block], results: Sequence[BlockResult], model: Model
) -> State:
    """The M step."""
    parts: dict[tuple[int, int], Collected] = {}
    for block, result in zip(blocks, results):
        key = (block.group, block.half)
        if key in parts:
            parts[key].add(result)
        else:
            parts[key] = Collected.start(result)
    sigma2 = state.sigma2.clone()
    for group in {group for group, _ in parts}:
        mine = [part for (g, _), part in parts.items() if g == group]
        found = maximisation.residual_noise(mine, model, state.sigma2[group], kept=setup.images.kept)
        sigma2[group] = (1 - turn.step) * state.sigma2[group] + turn.step * found
    halves = {half: [part for (_, h), part in parts.items() if h == half] for half in (0, 1)}
    fresh = maximisation.to_sums(halves, model.grid, state.classes)
    sums = (state.sums.blended(fresh, turn.step) if state.iteration else fresh).within(model.grid.shells)
    reseeded: tuple[int, ...] = ()
    if turn.revive:
        sums, reseeded = maximisation.revived(sums, state.ssnr)
    return _advanced(setup, replace(state, sigma2=sigma2, reseeded=reseeded), turn, blocks, results, sums)


def _advanced(
    setup: Problem, state: State, turn: Turn, blocks: Sequence[Block], results: Sequence[BlockResult], sums: Sums
) -> State:
    """Poses, spreads and resolution for the next turn."""
    rows = np.concatenate([block.rows for block in blocks])
    joined = {
        name: np.concatenate([getattr(r, name) for r in results])
        for name in ("classes", "psi_deg", "pmax", "log_likelihood", "significant", "norm")
    }
    shift = np.concatenate([r.shift_px for r in results])
    if setup.settings.search.align:
        joined["origin_px"] = np.rint(state.poses.origin_px[rows]) + shift
    else:
        del joined["psi_deg"]
    poses = state.poses.updated(rows, **joined)
    variance = sum(r.offset_square for r in results) / (2 * len(rows))
    least = LEAST_OFFSET_VARIANCE_A2 / setup.images.pixel_size_A**2
    blend = (1 - turn.step) * state.offset_sigma_px**2 + turn.step * max(variance, least)
    centre = setup.settings.classification.centre_classes and setup.settings.search.align
    made = _with_classes(setup, state, sums, centre=centre)
    best = max(made.resolution_shell(k) for k in range(made.classes))
    first = begin_shells(setup)
    ramp = min(1.0, turn.iteration / (RAMP * len(setup.schedule)))
    cap = round(first + (setup.largest_shell - first) * ramp)
    shells = min(cap, max(first, best + MORE_SHELLS))
    return replace(
        made,
        iteration=turn.iteration,
        poses=poses,
        offset_sigma_px=math.sqrt(blend),
        mean_norm=float(poses.norm.mean()),
        shells=shells,
        log_likelihood=float(joined["log_likelihood"].sum()),
        mean_pmax=float(joined["pmax"].mean()),
    )


def begin_shells(setup: Problem) -> int:
    """Shells of the first turns: features of an eighth or so of the particle."""
    return min(setup.largest_shell, max(6, round(FIRST_SHELLS * setup.images.box / (2 * setup.radius_px))))


def done(setup: Problem, state: State) -> bool:
    """Whether the schedule is at its end."""
    return state.iteration >= len(setup.schedule)


def classify2d(
    source: ImageSource, particles: Table, settings: Class2DSettings | None = None, context: Context = QUIET
) -> Iterator[State]:
    """2D classes of particle images: yields the State at the start and after every turn."""
    setup = problem(source, particles, settings or Class2DSettings(), context)
    state = begin(setup, context)
    yield state
    while not done(setup, state):
        state = step(setup, state, context)
        note = f"iteration {state.iteration}, {state.shells} shells"
        context.progress(state.iteration, len(setup.schedule), note)
        yield state
