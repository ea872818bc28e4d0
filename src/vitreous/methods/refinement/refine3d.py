"""Gold-standard 3D refinement: State -> State, the whole round on one page."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.arrays.source import ImageSource
from vitreous.context import QUIET, Context, UserError
from vitreous.maths import filters, fourier, masks, rotations, symmetry
from vitreous.maths.conventions import PADDING
from vitreous.methods.particles import pixel_size_of
from vitreous.methods.refinement import (
    around,
    contrast3d,
    expectation3d,
    gold_standard,
    memory3d,
    nonuniform,
    notices3d,
    rescue,
    resolution,
    schedule3d,
)
from vitreous.methods.refinement.contrast3d import Contrast
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.poses3d import Looking
from vitreous.methods.refinement.problem2d import Groups
from vitreous.methods.refinement.settings3d import RefineSettings
from vitreous.methods.refinement.state3d import State, Volume
from vitreous.methods.refinement.stock import Stock
from vitreous.tables.table import Table

FIRST_SIGMA_ORIGIN_A = 10.0  # spread of the origins expected before the first round
LEAST_SIGMA_ORIGIN_A = 2.0  # the prior never holds origins closer than this
_JUDGED = (
    "noise",
    "fsc",
    "map_noise",
    "convergence",
    "contrast",
    "sigma_origin_px",
    "global_rounds",
    "local_rounds",
    "stage",
    "local_shell",
    "reach",
    "resolution_A",
    "finished",
)  # what the first member says, so that no rounding parts the members
SUMMED_AHEAD = 14  # shells beyond those scored are summed, so that the FSC may rise
SHELLS_AHEAD = 4  # beyond the resolution of the halves are scored in the next round


class Refinement:
    """What stays the same from round to round: the images, the settings, the mask."""

    def __init__(
        self, stock: Stock, settings: RefineSettings, *, groups: Groups, mask: Volume | None, context: Context
    ) -> None:  # fmt: skip
        self.stock, self.settings, self.context = stock, settings, context
        self.group = group_of(settings.reference.symmetry)
        self.looking = Looking(settings.sampling, self.group, group_of(settings.sampling.relax_symmetry or "C1"))
        self.groups = groups
        self.given: Volume | None = None  # the reference as it came
        ball = masks.sphere(stock.box, stock.radius_px, 5.0).numpy()
        self.mask = ball if mask is None else mask

    def begin(self, particles: Table, reference: Volume, other: Volume | None = None) -> State:
        """The state before the first round: reference filtered and scaled, noise from the images, halves drawn.

        other: the map that half 2 begins with, where reference is that of half 1.
        """
        low = self.settings.reference.low_pass_A
        given = [reference] if other is None else [reference, other]
        volumes = [low_passed(one, self.stock.pixel_size_A, low) * self.mask for one in given]
        self.given = reference * self.mask
        half = gold_standard.split(particles, self.context.seed_for("half sets"))
        sizes = [int(((half == h) & self.stock.usable()).sum()) for h in (1, 2)]
        if min(sizes) == 0:
            why = "" if not self.stock.bad else f"; {len(self.stock.bad)} images are empty or hold values that are not numbers"
            raise UserError(
                f"a refinement wants usable particles in both half sets, and there are {sizes[0]} and {sizes[1]}{why}: "
                "give a few hundred particles at least"
            )
        noise = expectation3d.first_noise(self.stock, np.flatnonzero(self.stock.usable()))
        reach = self.stock.pixels.reach if low <= 0 else self._shell(low) + SHELLS_AHEAD
        sigma = FIRST_SIGMA_ORIGIN_A / self.stock.pixel_size_A
        contrast = Contrast.known(particles, self.groups, norms=self.settings.images.correct_norm)
        self.stock.adjustment = contrast.adjustment(self.groups)
        state = State(
            0, half, None, (volumes[0], volumes[-1]), noise, min(reach, self.stock.pixels.reach), sigma, contrast=contrast
        )
        if self.looking.starts_local:
            state = replace(
                state, modes=around.modes_of(self.stock.straight_rows(particles), self.stock.pixel_size_A), stage="local"
            )
        if not self.settings.reference.greyscale_is_right:
            scaled = [self._scaled(volume, state) for volume in volumes]
            state = replace(state, references=(scaled[0], scaled[-1]))
        return state

    def step(self, state: State) -> State:
        """One round: poses, noise, sums, FSC, maps, and what the next round shall do."""
        team = self.context.team
        self.stock.settle()
        everyone = [np.flatnonzero((state.half == h) & self.stock.usable()) for h in (1, 2)]
        rows = [them[self.stock.mine(them)] for them in everyone]
        assert state.contrast is not None
        self.stock.adjustment = state.contrast.adjustment(self.groups)
        how = self.looking.how(state)
        found, moved = [], 0
        for h in range(2):
            modes, elsewhere = self.looking.find(self._seen(state), rows[h], state, volume=state.references[h], how=how)
            found.append(modes)
            moved += elsewhere
            self.context.progress(state.iteration + (h + 1) / 3, self.settings.optimisation.most_rounds, self._words(state))
        moved = int(team.sum(np.array([float(moved)]))[0])
        if moved:
            self.context.note(f"{moved} images that fitted badly found a better view when they were searched again")
        noise, contrast = self._measured(state, rows, found, np.concatenate(everyone))
        sums = self._sums(state, rows, found, noise)
        maps = self._maps(sums, state)
        gathered = [expectation3d.stack(team.gather(modes)) for modes in found]
        modes = expectation3d.spread(list(zip(everyone, gathered)), len(state.half), keep=how.keep)
        self.stock.settle()
        after = self._judge(
            replace(state, iteration=state.iteration + 1, modes=modes, noise=noise, contrast=contrast, **maps), state, moved
        )
        after = replace(after, **team.agree({name: getattr(after, name) for name in _JUDGED}))
        self._tell(state, after)
        return after

    def _tell(self, before: State, after: State) -> None:
        """Notes of what looks wrong: the reference's scale once the first poses stand, views and halves at the end."""
        said: list[str] = []
        if before.stage == "local" and before.local_rounds == 0 and self.given is not None and after.joined is not None:
            size = self.stock.pixel_size_A
            said += notices3d.of_the_reference(after.joined, self.given, shell=after.reach, voxel_size_A=size)
        if after.finished and after.fsc is not None:
            join_A, box = self.settings.optimisation.join_halves_to_A, self.stock.box
            good = self.stock.usable()
            said += notices3d.of_the_views(after.best[0][good], after.half[good], self.group)
            said += notices3d.of_the_halves(after.fsc, joined_A=join_A, box=box, pixel_size_A=self.stock.pixel_size_A)
        for sentence in said:
            self.context.note(sentence)

    def _words(self, state: State) -> str:
        known = "" if state.fsc is None else f", {state.resolution_A:.1f} Å"
        return f"round {state.iteration + 1}, {state.stage} search{known}"

    def _shell(self, resolution_A: float) -> int:
        return max(1, round(self.stock.box * self.stock.pixel_size_A / resolution_A))

    def _scaled(self, volume: Volume, state: State) -> Volume:
        """The reference brought to the images' grey scale: least squares at the best poses of a sample of images, twice."""
        rows = np.flatnonzero(self.stock.usable())
        rows = np.random.default_rng(self.context.seed_for("grey scale")).permutation(rows)[:400]
        seen = self._seen(state)
        scaled = volume * expectation3d.power_scale(seen, rows, volume=volume, noise=state.noise, reach=state.reach)
        rows = rows[self.stock.mine(rows)]
        how = replace(self.looking.how(state), keep=2)
        for _ in range(2):
            modes, _ = self.looking.find(seen, rows, state, volume=scaled, how=how)
            scaled = scaled * expectation3d.fitted_scale(seen, rows, modes, volume=scaled, noise=state.noise, reach=state.reach)
        return scaled.astype(np.float32)

    def _seen(self, state: State) -> Stock:
        """The images as the reference is compared with them: without a CTF in the first round when the reference has one."""
        uncorrected = state.iteration == 0 and not self.settings.images.reference_corrected
        return self.stock.without_ctf() if uncorrected else self.stock

    def _measured(
        self, state: State, rows: list[NDArray[np.int64]], found: list[Modes], everyone: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], Contrast]:
        """Noise (groups, shells) and the contrast of the images, by what is left of them at their best poses."""
        seen, team = self._seen(state), self.context.team
        left, fits = [], []
        reach = contrast3d.trusted_shell(state.fsc) if state.fsc is not None else state.reach
        for h in range(2):
            what: dict[str, Any] = {"volume": state.references[h], "noise": state.noise}
            left.append(contrast3d.residuals(seen, rows[h], found[h], reach=state.reach, **what))
            fits.append(rescue.fit_of(seen, rows[h], found[h], reach=min(reach, state.reach), **what))
        sums = team.sum(left[0].sums + left[1].sums)
        members = np.bincount(self.stock.groups[everyone], minlength=len(sums))
        count = np.bincount(self.stock.pixels.shell, minlength=sums.shape[1])
        noise = sums / np.maximum(2.0 * count[None] * members[:, None], 1.0)
        noise[:, 0] = noise[:, 1]
        noise = np.where(members[:, None] > 0, expectation3d.floored(noise), state.noise)
        assert state.contrast is not None
        if state.stage == "coarse":
            return noise, state.contrast
        mine = {
            "rows": np.concatenate(rows), "relative": np.concatenate([one.relative for one in left]),
            "cross": np.concatenate([fit.cross for fit in fits]), "power": np.concatenate([fit.norm for fit in fits]),
        }  # fmt: skip
        values = {name: np.concatenate([part[name] for part in team.gather(mine)]) for name in mine}
        images = self.settings.images
        return noise, contrast3d.updated(
            state.contrast, self.groups, **values, norms=images.correct_norm, scales=images.correct_scale
        )

    def _sums(
        self, state: State, rows: list[NDArray[np.int64]], found: list[Modes], noise: NDArray[np.float64]
    ) -> list[gold_standard.Sums]:
        """Both halves' sums up to the shells that the FSC may reach, in the last round up to Nyquist."""
        inverse = (1.0 / noise).astype(np.float32)

        def one(h: int) -> gold_standard.Sums:
            return gold_standard.back_project(
                self.stock, rows[h], found[h], inverse_noise=inverse, group=self.group, reach=self._summed(state)
            )

        with ThreadPoolExecutor(min(2, max(1, self.context.threads))) as pool:
            made = list(pool.map(one, range(2)))
        return [gold_standard.added(sums, self.context.team) for sums in made]

    def _summed(self, state: State) -> int:
        nyquist = self.stock.pixels.reach
        return nyquist if state.stage == "last" else min(nyquist, state.reach + SUMMED_AHEAD)

    def _maps(self, sums: list[gold_standard.Sums], state: State) -> dict[str, Any]:
        """FSC, unfiltered halves, references of the next round and the joined map; the sums are used up."""
        box, join_A = self.stock.box, self.settings.optimisation.join_halves_to_A
        joined_upto = -1 if join_A <= 0 or state.stage == "last" else self._shell(join_A)
        halves = list(gold_standard.join_low(sums, joined_upto, in_place=True))
        raw = self.context.team.each(lambda h: gold_standard.unfiltered(halves[h], box), 2)
        if self.settings.optimisation.solvent_corrected_fsc:
            seed = self.context.seed_for(f"phases {state.iteration}")
            fsc = resolution.corrected_fsc(raw[0], raw[1], self.mask, seed=seed)
        else:
            fsc = resolution.half_map_fsc(raw[0], raw[1], self.mask)
        fsc[self._summed(state) + 1 :] = 0.0  # what a mask smears beyond the shells that were summed is no agreement
        usual = (self.stock.padding / PADDING) ** 3  # of a voxel: weights are given for those of the usual padding
        mean = sum(half.shell_means()[: box // 2 + 1] * usual for half in halves)
        known = {"map_noise": 2.0 / np.maximum(mean, 1e-30), "fsc": fsc, "unfiltered": (raw[0], raw[1])}
        if self.settings.optimisation.regularise_locally:
            local = nonuniform.references(halves, fsc, mask=self.mask, context=self.context)
            return {**known, "references": local.halves, "joined": local.joined, "local_shell": local.shell}
        ratio = resolution.signal_to_noise(fsc)
        both = resolution.signal_to_noise(resolution.joined(fsc))

        def map_of(which: int) -> Volume:
            if which == 2:
                return gold_standard.filtered(gold_standard.merged(halves, joined_upto), both, box)
            return (gold_standard.filtered(halves[which], ratio, box) * self.mask).astype(np.float32)

        *references, whole = self.context.team.each(map_of, 3)
        return {**known, "references": (references[0], references[1]), "joined": whole}

    def _judge(self, state: State, before: State, moved: int) -> State:
        """Resolution, the change of the poses, the reach and the stage of the next round; whether it is over."""
        assert state.fsc is not None and state.modes is not None
        shell = resolution.shell_at(state.fsc)
        turn, move = (999.0, 999.0) if before.modes is None else change(before, state, self.group)
        _, origins, _, _ = state.best
        sigma = float(np.sqrt((origins**2).mean()))
        least = LEAST_SIGMA_ORIGIN_A / self.stock.pixel_size_A
        rounds = state.global_rounds + (before.stage == "global")
        stage, at = schedule3d.following(
            before.stage, state.convergence.after(shell, turn, move), global_rounds=rounds,
            moved_share=moved / max(int(self.stock.usable().sum()), 1),
            fine=schedule3d.accuracy(state.modes.select(self.stock.usable())), by_resolution=self.settings.sampling.faster,
        )  # fmt: skip
        last = state.iteration + 1 >= self.settings.optimisation.most_rounds
        return replace(
            state,
            convergence=at,
            sigma_origin_px=max(sigma, least),
            global_rounds=rounds,
            local_rounds=state.local_rounds + (before.stage == "local"),
            stage="last" if last else stage,
            reach=min(self.stock.pixels.reach, max(max(shell, state.local_shell) + SHELLS_AHEAD, 8)),
            resolution_A=resolution.resolution_A(state.fsc, self.stock.box, self.stock.pixel_size_A),
            finished=before.stage == "last" or state.iteration >= self.settings.optimisation.most_rounds,
        )


def change(before: State, after: State, group: str) -> tuple[float, float]:
    """Median turn (degrees, modulo symmetry) and move (px) of the best poses between two states."""
    one, two = before.best, after.best
    operators = symmetry.operators(group)
    turn = rotations.distance_deg(torch.from_numpy(two[0]), torch.from_numpy(one[0]), operators)
    return float(turn.median()), float(np.median(np.linalg.norm(two[1] - one[1], axis=1)))


def group_of(name: str) -> str:
    """The point group's canonical name, or a sentence for the user."""
    try:
        return symmetry.canonical(name)
    except ValueError as error:
        raise UserError(f"Symmetry: {error}.") from None


def low_passed(volume: Volume, pixel_size_A: float, cutoff_A: float) -> Volume:
    """The map without detail finer than cutoff_A (0: as it is)."""
    if cutoff_A <= 0:
        return volume.astype(np.float32)
    filtered = filters.low_pass3(torch.from_numpy(volume.astype(np.float32)), pixel_size_A, cutoff_A=cutoff_A)
    return filtered.numpy().astype(np.float32)


def fitted_reference(reference: Volume, voxel_size_A: float, stock: Stock, *, resize: bool) -> Volume:
    """The reference on the particles' grid: rescaled by Fourier cropping or padding, then cut or padded in space."""
    if len(set(reference.shape)) != 1:
        raise UserError(f"The reference has the shape {reference.shape}; it must be a cube.")
    box, size = reference.shape[0], stock.pixel_size_A
    if box == stock.box and abs(voxel_size_A - size) < 0.01 * size:
        return reference.astype(np.float32)
    if not resize:
        raise UserError(
            f"The reference has {box} voxels of {voxel_size_A:.4g} Å, the particles {stock.box} pixels of {size:.4g} Å; "
            "allow it to be resized, or give one that fits."
        )
    scaled = 2 * round(box * voxel_size_A / size / 2)
    changed = fourier.resize3(torch.from_numpy(reference.astype(np.float32)), max(scaled, 2))
    return fourier.window(changed, (stock.box,) * 3).numpy().astype(np.float32)


def refine(
    source: ImageSource, particles: Table, reference: Volume, settings: RefineSettings, *, mask: Volume | None = None,
    context: Context = QUIET,
) -> Iterator[State]:  # fmt: skip
    """Refine particles against a map (box, box, box; the particles' pixel size) and yield the State after each round.

    source gives the images of the table's rows; the first State yielded is that before round 1.
    """
    stock = stock_of(source, particles, settings, context)
    engine = Refinement(stock, settings, groups=Groups.of(particles), mask=mask, context=context)
    state = engine.begin(particles, reference)
    yield state
    while not state.finished:
        state = engine.step(state)
        yield state


def stock_of(source: ImageSource, particles: Table, settings: RefineSettings, context: Context) -> Stock:
    """The images of a table made ready under these settings; the pixel size must be one for all optics groups."""
    if len(particles):
        memory3d.plan(int(source.read(np.arange(1)).shape[-1]), context, padding=settings.computation.padding)
    stock = Stock(
        source, particles, pixel_size_A=pixel_size_of(particles), diameter_A=settings.optimisation.particle_diameter_A,
        context=context, ctf=settings.images.correct_ctf, zero_mask=settings.optimisation.zero_outside,
        intact_first_peak=settings.images.intact_first_peak,
    )  # fmt: skip
    stock.padding = settings.computation.padding
    return stock
