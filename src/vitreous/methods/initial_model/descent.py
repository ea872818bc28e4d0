"""From random maps to the fold: stochastic EM with frequency marching, several starts, then continuous pose refinement."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import special

from vitreous.arrays.source import ImageSource
from vitreous.context import QUIET, Context, UserError
from vitreous.maths import fourier, masks, rotations, sphere
from vitreous.methods.initial_model import axes, soft
from vitreous.methods.initial_model.settings import InitialModelSettings
from vitreous.methods.particles import pixel_size_of
from vitreous.methods.refinement import expectation3d, gold_standard, resolution, restored
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.refine3d import group_of
from vitreous.methods.refinement.search import Shifts, shells_for
from vitreous.methods.refinement.settings3d import ORDERS
from vitreous.methods.refinement.stock import READ_AT_ONCE, Stock
from vitreous.tables.table import Table

Volume = NDArray[np.float32]
SIGMA_ORIGIN_A = 15.0  # spread of the origins about the centre
HELD_OUT = 200  # images that judge the starts and take no part in them
TRUST = 2.5  # signal over noise a map is trusted to have, for each unit of T
STEP_OF_SUMS = 0.3  # weight of a mini-batch against the running sums
LEAST_AGREEMENT = 0.6  # with its mates, below which a symmetry is doubted


class _Shrunk:
    """The images cropped in Fourier space to a small box, this member's held in memory; one that is not all numbers stays so."""

    def __init__(self, source: ImageSource, box: int, context: Context) -> None:
        self._source, self._box, self._own = source, box, context.team.share(len(source))
        self._held = np.empty((len(self._own), box, box), np.float32)
        for first in range(0, len(self._own), READ_AT_ONCE):
            context.check()
            part = slice(first, min(first + READ_AT_ONCE, len(self._own)))
            self._held[part] = self._small(np.arange(part.start, part.stop) + self._own.start)

    def __len__(self) -> int:
        return len(self._source)

    def read(self, indices: Any) -> NDArray[np.float32]:
        """Images (n, box, box) by index from 0."""
        at = np.asarray(indices) - self._own.start
        if len(at) and at.min() >= 0 and at.max() < len(self._own):
            return self._held[at]
        return self._small(np.asarray(indices))

    def _small(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        images = self._source.read(indices)
        finite: NDArray[np.bool_] = np.asarray(np.isfinite(images).all(axis=(1, 2)))
        plain = torch.from_numpy(np.where(finite[:, None, None], images, np.float32(0)))
        small: NDArray[np.float32] = fourier.resize2(plain, self._box).numpy()
        small[~finite] = np.nan
        return small


@dataclass(frozen=True)
class State:
    """The maps (small box, one a class) so far and what is known of them; modes, shares are those of the last round."""

    iteration: int
    maps: tuple[Volume, ...]
    noise: NDArray[np.float64]
    score: float = -np.inf
    modes: tuple[Modes, ...] = ()
    shares: NDArray[np.float64] | None = None
    group: str = "C1"
    agreement: float = 1.0
    fsc: NDArray[np.float64] | None = None
    finished: bool = False


class InitialModel:
    """What stays the same: the small images, the settings, the mask, the plan of iterations."""

    def __init__(self, source: ImageSource, particles: Table, settings: InitialModelSettings, context: Context) -> None:
        self.settings, self.context = settings, context
        size_A = pixel_size_of(particles)
        self.full_box = int(source.read(np.arange(1)).shape[-1])
        self.full_pixel_A = size_A
        length_A = self.full_box * size_A
        last = length_A / settings.descent.last_resolution_A
        self.box = min(self.full_box, 2 * int(np.ceil(1.25 * last + 3)))
        self.pixel_size_A = length_A / self.box
        self.stock = Stock(
            _Shrunk(source, self.box, context), particles, pixel_size_A=self.pixel_size_A,
            diameter_A=settings.shape.particle_diameter_A, context=context, ctf=settings.images.correct_ctf,
        )  # fmt: skip
        self.first = max(3, round(length_A / settings.descent.first_resolution_A))
        self.last = min(self.stock.pixels.reach, round(last))
        self.target = group_of(settings.shape.symmetry)
        self.mask = masks.sphere(self.box, self.stock.radius_px, 3.0).numpy()
        rows = np.random.default_rng(context.seed_for("held out")).permutation(np.flatnonzero(self.stock.usable()))
        held = min(HELD_OUT, len(rows) // 5)
        self.held_out, self.rows = np.sort(rows[:held]), np.sort(rows[held:])
        if len(self.rows) < 10:
            raise UserError(f"There are {len(self.rows)} usable particles; an initial model needs a few hundred.")

    @property
    def rounds(self) -> int:
        """Iterations in all: the starts, the rounds after them, and as many again after axes were found."""
        again = self.settings.shape.without_symmetry_first and self.target != "C1"
        return self.settings.descent.starts + self.settings.descent.rounds * (2 if again else 1)

    @property
    def search_group(self) -> str:
        """The group imposed during the starts."""
        return "C1" if self.settings.shape.without_symmetry_first else self.target

    def begin(self) -> State:
        """The state before the first start."""
        noise = expectation3d.first_noise(self.stock, self.rows)
        empty = np.zeros((self.box,) * 3, np.float32)
        return State(0, (empty,) * self.settings.descent.classes, noise, group=self.search_group)

    def step(self, state: State) -> State:
        """The next start, or the next round on the best start's maps."""
        number = state.iteration + 1
        starts, rounds = self.settings.descent.starts, self.settings.descent.rounds
        if number <= starts:
            maps, score = self.start(number, state.noise)
            after = replace(state, maps=maps, score=score) if score > state.score else state
        else:
            if number == starts + rounds + 1:
                first = self.context.team.is_first
                state = self.context.team.agree(self.symmetrised(state) if first else None)
            place = (number - starts - 1) % rounds
            after = self.round(state, share=(place + 1) / rounds, everyone=number == self.rounds)
        self.stock.settle()
        return replace(after, iteration=number, finished=number == self.rounds)

    def start(self, number: int, noise: NDArray[np.float64]) -> tuple[tuple[Volume, ...], float]:
        """One random start: mini-batches with rising resolution; the maps and their score on held-out images."""
        descent = self.settings.descent
        generator = np.random.default_rng(self.context.seed_for(f"start {number}"))
        batches = max(10, descent.mini_batches // descent.starts)
        coarse = max(3, self.first - number % 3)  # starts differ in their first resolution too
        fine = max(coarse, min(self.last, expectation_limit(self)))
        sums = [self._random_sums(generator, noise) for _ in range(descent.classes)]
        maps = tuple(self._map(one, coarse) for one in sums)
        queue = generator.permutation(self.rows)
        for batch in range(batches):
            shells = round(coarse + (fine - coarse) * min(1.0, batch / (0.7 * batches)))
            size = min(len(self.rows), round(descent.first_batch + (self._largest - descent.first_batch) * batch / batches))
            if len(queue) < size:
                queue = generator.permutation(self.rows)
            rows, queue = np.sort(queue[:size]), queue[size:]
            grid = self._grid(shells)
            made = soft.gather(self.stock, rows, volumes=maps, noise=noise, grid=grid)
            weight = 0.9 if batch == 0 else max(STEP_OF_SUMS, 1.0 / (batch + 1))
            sums = [_mixed(one, new, weight, len(rows)) for one, new in zip(sums, made.sums)]
            maps = tuple(self._map(one, shells) for one in sums)
            done = number - 1 + (batch + 1) / batches
            self.context.progress(done, self.rounds, f"start {number} of {descent.starts}")
        score = soft.log_likelihood(self.stock, self.held_out, volumes=maps, noise=noise, grid=self._grid(fine))
        return maps, score

    @property
    def _largest(self) -> int:
        descent = self.settings.descent
        return min(max(descent.last_batch, descent.first_batch), max(descent.first_batch, len(self.rows) // 5))

    def round(self, state: State, *, share: float, everyone: bool) -> State:
        """One round of continuous refinement at a resolution that rises with share; everyone: all usable images."""
        low = expectation_limit(self)
        reach = round(low + (self.last - low) * share)
        generator = np.random.default_rng(self.context.seed_for(f"round {state.iteration}"))
        usable = np.flatnonzero(self.stock.usable())
        rows = usable if everyone else np.sort(generator.permutation(usable)[: max(1000, len(usable) // 4)])
        grid = self._grid(low)
        how = expectation3d.Search(grid.order, reach, state.group, grid.shifts, keep=4)
        mine = np.flatnonzero(self.stock.mine(rows))
        found = []
        for number, volume in enumerate(state.maps):
            found.append(expectation3d.find(self.stock, rows[mine], volume=volume, noise=state.noise, start=None, how=how))
            part = (number + 1) / len(state.maps)
            self.context.progress(state.iteration + 0.9 * part, self.rounds, f"refining poses to {self._resolution(reach):.0f} Å")
        shares = _shares(found)
        maps, curve = self._reconstructed(rows, mine, found, shares, state=state, reach=reach)
        if not everyone:
            return replace(state, maps=maps, modes=(), shares=None, fsc=curve)
        team = self.context.team
        modes = tuple(expectation3d.stack(team.gather(one)) for one in found)
        return replace(state, maps=maps, modes=modes, shares=np.concatenate(team.gather(shares)), fsc=curve)

    def symmetrised(self, state: State) -> State:
        """The maps turned to the standard axes of the group and averaged over it."""
        maps, worst = [], 1.0
        for volume in state.maps:
            middle, _ = axes.centred(volume)
            turn, agreement = axes.find(middle, group=self.target, shells=expectation_limit(self))
            maps.append((axes.turned(middle, turn, group=self.target) * self.mask).astype(np.float32))
            worst = min(worst, agreement)
        if worst < LEAST_AGREEMENT:
            self.context.note(f"the map agrees with its {self.target} mates to {worst:.2f} only: is this the right symmetry?")
        return replace(state, maps=tuple(maps), group=self.target, agreement=worst)

    def full_size(self, volume: Volume) -> Volume:
        """A small map on the particles' own grid and grey scale."""
        large = fourier.resize3(torch.from_numpy(volume), self.full_box).numpy() * (self.box / self.full_box)
        return large.astype(np.float32)

    def small_size(self, volume: Volume) -> Volume:
        """full_size undone, for a map that was saved."""
        small = fourier.resize3(torch.from_numpy(volume.astype(np.float32)), self.box).numpy() * (self.full_box / self.box)
        return small.astype(np.float32)

    def columns(self, state: State) -> dict[str, NDArray[Any]]:
        """Columns of the particles after the last round: rough poses, class, likelihood; before it none."""
        if not state.modes or state.shares is None:
            return {}
        rows = np.flatnonzero(self.stock.usable())
        place, count = state.shares.argmax(1), self.stock.count
        turned, origins = np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 2))
        score, posterior = np.zeros(count), np.zeros(count)
        for number, modes in enumerate(state.modes):
            mine = place == number
            weight = modes.posterior()
            at = (np.arange(len(weight)), weight.argmax(1))
            turned[rows[mine]], origins[rows[mine]] = modes.rotations[at][mine], modes.origins[at][mine]
            score[rows[mine]] = modes.log_likelihood[at][mine]
            posterior[rows[mine]] = (weight[at] * state.shares[:, number])[mine]
        rot, tilt, psi = (angle.numpy() for angle in rotations.to_euler(torch.from_numpy(turned)))
        kind = np.ones(count, np.int64)
        kind[rows] = place + 1
        return {
            "rot_deg": rot, "tilt_deg": tilt, "psi_deg": psi, "origin_x_A": origins[:, 0] * self.pixel_size_A,
            "origin_y_A": origins[:, 1] * self.pixel_size_A, "class_number": kind, "log_likelihood": score, "pmax": posterior,
        }  # fmt: skip

    def largest(self, columns: Mapping[str, NDArray[Any]]) -> int:
        """The class (from 0) with the most particles."""
        counts = np.bincount(columns.get("class_number", np.ones(1, np.int64)), minlength=self.settings.descent.classes + 1)
        return int(counts[1:].argmax())

    def model(self, state: State) -> dict[str, Any]:
        """What a model file says, in plain values and for the full box."""
        shells, classes = self.full_box // 2 + 1, len(state.maps)
        fsc = np.zeros(shells)
        if state.fsc is not None:
            fsc[: min(shells, len(state.fsc))] = state.fsc[:shells]
        shares = np.full(classes, 1.0 / classes) if state.shares is None else state.shares.mean(0)
        scale = (self.full_box / self.box) ** 4  # transforms of the full images are larger by the square of this ratio
        return {
            "box": self.full_box,
            "pixel_size_A": self.full_pixel_A,
            "resolution_A": self.settings.descent.last_resolution_A,
            "reach": self.last,
            "signal_to_noise": resolution.signal_to_noise(fsc),
            "fsc": fsc,
            "map_noise": np.ones(shells),
            "noise": state.noise * scale,
            "group_names": [f"group_{name}" for name in self.stock.group_names],
            "group_sizes": [int((self.stock.groups == g).sum()) for g in range(len(self.stock.group_names))],
            "sigma_origin_A": SIGMA_ORIGIN_A,
            "mean_pmax": 0.0 if state.shares is None else float(state.shares.max(1).mean()),
            "log_likelihood": 0.0 if not np.isfinite(state.score) else state.score,
            "shares": shares.tolist(),
        }

    def restored(
        self, iteration: int, maps: Sequence[Volume], model: Mapping[str, Any], rows: Table, known: Mapping[str, Any]
    ) -> State:
        """The state that was saved; known holds score, group and agreement. A finished run has its poses in rows."""
        small = tuple(self.small_size(volume) for volume in maps)
        noise = expectation3d.first_noise(self.stock, self.rows)
        finished = iteration >= self.rounds
        modes: tuple[Modes, ...] = ()
        shares = None
        if finished:
            used = rows.select(self.stock.usable())
            one = restored.modes_of(used, self.pixel_size_A)
            kind = np.asarray(used["class_number"], np.int64) - 1
            modes = (one,) * len(small)
            shares = (kind[:, None] == np.arange(len(small))[None]).astype(np.float64)
        return State(
            iteration, small, noise, modes=modes, shares=shares, fsc=model["fsc"][: self.box // 2 + 1], finished=finished, **known
        )

    def _resolution(self, shell: int) -> float:
        return self.box * self.pixel_size_A / shell

    def _grid(self, shells: int) -> soft.Grid:
        poses, ratio = self.settings.poses, self.box / self.full_box
        step = min(max(poses.offset_step_px * ratio, 0.5), self.box / (3.0 * shells))
        shifts = Shifts.within(max(poses.offset_range_px * ratio, 1.0), step, SIGMA_ORIGIN_A / self.pixel_size_A)
        return soft.Grid(ORDERS[poses.step], shells, shifts, self.search_group)

    def _random_sums(self, generator: np.random.Generator, noise: NDArray[np.float64]) -> gold_standard.Sums:
        """Sums of images put at random poses, per image."""
        rows = np.sort(generator.permutation(self.rows)[:400])
        torch_generator = torch.Generator().manual_seed(int(generator.integers(2**31)))
        turns = rotations.random_rotations(len(rows), torch_generator).numpy()[:, None]
        modes = Modes(turns, np.zeros((len(rows), 1, 2)), np.zeros((len(rows), 1)), np.zeros((len(rows), 1, 5, 5)))
        inverse = (1.0 / noise).astype(np.float32)
        mine = np.flatnonzero(self.stock.mine(rows))
        made = gold_standard.back_project(
            self.stock, rows[mine], modes.select(mine), inverse_noise=inverse, group=self.search_group
        )
        made = gold_standard.added(made, self.context.team)
        return gold_standard.Sums(made.data / len(rows), made.weights / np.float32(len(rows)))

    def _map(self, sums: gold_standard.Sums, shells: int) -> Volume:
        ratio = np.where(np.arange(self.box // 2 + 1) <= shells, TRUST * self.settings.descent.regularisation, 1e-6)
        return self._solvent(gold_standard.filtered(sums, ratio, self.box))

    def _solvent(self, volume: Volume) -> Volume:
        if not self.settings.shape.flatten_solvent:
            return volume.astype(np.float32)
        return np.maximum(volume * self.mask, 0.0).astype(np.float32)

    def _reconstructed(
        self,
        rows: NDArray[np.int64],
        mine: NDArray[np.int64],
        found: list[Modes],
        shares: NDArray[np.float64],
        *,
        state: State,
        reach: int,
    ) -> tuple[tuple[Volume, ...], NDArray[np.float64]]:
        """Maps of the rows, filtered by the agreement of their odd and even images (which share the reference).

        found and shares are those of this member's images, rows[mine].
        """
        inverse = (1.0 / state.noise).astype(np.float32)
        maps = []
        curve = np.zeros(self.box // 2 + 1)
        for number, modes in enumerate(found):
            halves = []
            for h in range(2):
                at = np.flatnonzero(mine % 2 == h)
                made = gold_standard.back_project(
                    self.stock, rows[mine[at]], modes.select(at), inverse_noise=inverse, group=state.group,
                    share=shares[at, number],
                )  # fmt: skip
                halves.append(gold_standard.added(made, self.context.team))
            odd, even = (gold_standard.unfiltered(s, self.box) for s in halves)
            fsc = resolution.half_map_fsc(odd, even, self.mask)
            fsc = np.where(np.arange(len(fsc)) <= reach, fsc, 0.0)
            ratio = np.where(np.arange(len(fsc)) <= reach, resolution.signal_to_noise(resolution.joined(fsc)), 1e-6)
            maps.append(self._solvent(gold_standard.filtered(gold_standard.together(halves), ratio, self.box)))
            curve = np.maximum(curve, fsc)
        return tuple(maps), curve


def expectation_limit(engine: InitialModel) -> int:
    """Shells up to which the grid of directions is fine enough, with two more that do no harm."""
    step = sphere.step_deg(ORDERS[engine.settings.poses.step])
    return min(engine.last, max(engine.first, shells_for(step, engine.stock.radius_px, engine.box) + 2))


def _mixed(old: gold_standard.Sums, new: gold_standard.Sums, weight: float, count: int) -> gold_standard.Sums:
    """Running sums per image: old and new weighed."""
    keep, take = np.float32(1.0 - weight), np.float32(weight / count)
    return gold_standard.Sums(keep * old.data + take * new.data, keep * old.weights + take * new.weights)


def _shares(found: list[Modes]) -> NDArray[np.float64]:
    """Posterior of each class (n, K), from the mass of its modes."""
    shares: NDArray[np.float64] = special.softmax(np.stack([modes.log_mass() for modes in found], axis=1), axis=1)
    return shares


def initial_model(
    source: ImageSource, particles: Table, settings: InitialModelSettings, context: Context = QUIET
) -> Iterator[State]:
    """Make a first map of particles, yielding a State after each start and each round; maps are on a small grid.

    InitialModel.full_size brings them to the particles' own. source gives the images of the table's rows.
    """
    engine = InitialModel(source, particles, settings, context)
    state = engine.begin()
    while not state.finished:
        state = engine.step(state)
        yield state
