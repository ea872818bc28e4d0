"""What a first map's files hold: columns of the particles, plain values of the model, exact numbers; and the state again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import rotations
from vitreous.methods.initial_model.descent import InitialModel
from vitreous.methods.initial_model.levels import SIGMA_ORIGIN_A, Volume, regridded
from vitreous.methods.initial_model.rounds import Posed
from vitreous.methods.initial_model.starts import Candidate
from vitreous.methods.initial_model.state import State
from vitreous.methods.initial_model.sureness import Sureness
from vitreous.methods.refinement import around, resolution
from vitreous.methods.refinement.expectation3d import PARTS
from vitreous.methods.refinement.local import Modes
from vitreous.tables.table import Table


def columns(engine: InitialModel, state: State) -> dict[str, NDArray[Any]]:
    """Columns of the particles after the last round: rough poses, class, likelihood; before it none."""
    if not state.finished or state.posed is None:
        return {}
    rows, shares = state.posed.rows, state.posed.shares
    place, count = shares.argmax(1), engine.stock.count
    turned, origins = np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 2))
    score, posterior = np.zeros(count), np.zeros(count)
    for number, modes in enumerate(state.posed.modes):
        mine = place == number
        weight = modes.posterior()
        at = (np.arange(len(weight)), weight.argmax(1))
        turned[rows[mine]], origins[rows[mine]] = modes.rotations[at][mine], modes.origins[at][mine]
        score[rows[mine]] = modes.log_likelihood[at][mine]
        posterior[rows[mine]] = (weight[at] * shares[:, number])[mine]
    origins = engine.stock.recorded_origins(origins) * engine.pixel_size_A + engine.origins_A
    rot, tilt, psi = (angle.numpy() for angle in rotations.to_euler(torch.from_numpy(turned)))
    kind = np.ones(count, np.int64)
    kind[rows] = place + 1
    return {
        "rot_deg": rot, "tilt_deg": tilt, "psi_deg": psi, "origin_x_A": origins[:, 0],
        "origin_y_A": origins[:, 1], "class_number": kind, "log_likelihood": score, "pmax": posterior,
    }  # fmt: skip


def largest(engine: InitialModel, columns: Mapping[str, NDArray[Any]]) -> int:
    """The class (from 0) with the most particles."""
    counts = np.bincount(columns.get("class_number", np.ones(1, np.int64)), minlength=engine.settings.descent.classes + 1)
    return int(counts[1:].argmax())


def model(engine: InitialModel, state: State) -> dict[str, Any]:
    """What a model file says, in plain values and for the full box."""
    shells, classes = engine.full_box // 2 + 1, len(state.maps)
    fsc = np.zeros(shells)
    if state.fsc is not None:
        fsc[: min(shells, len(state.fsc))] = state.fsc[:shells]
    posed = state.posed
    shares = np.full(classes, 1.0 / classes) if posed is None else posed.shares.mean(0)
    scale = (engine.full_box / engine.box) ** 4  # transforms of the full images are larger by the square of this ratio
    return {
        "box": engine.full_box,
        "pixel_size_A": engine.full_pixel_A,
        "resolution_A": engine.settings.descent.last_resolution_A,
        "reach": engine.last,
        "signal_to_noise": resolution.signal_to_noise(fsc),
        "fsc": fsc,
        "map_noise": np.ones(shells),
        "noise": state.noise * scale,
        "group_names": [f"group_{name}" for name in engine.stock.group_names],
        "group_sizes": [int((engine.stock.groups == g).sum()) for g in range(len(engine.stock.group_names))],
        "sigma_origin_A": SIGMA_ORIGIN_A,
        "mean_pmax": 0.0 if posed is None else float(posed.shares.max(1).mean()),
        "log_likelihood": 0.0 if not np.isfinite(state.score) else state.score,
        "shares": shares.tolist(),
    }


def exact(state: State) -> dict[str, NDArray[Any]]:
    """What text files would round, or do not hold: small maps, noise, all starts and runs, and how sure they are."""
    held: dict[str, NDArray[Any]] = {"maps": np.stack(state.maps), "noise": state.noise}
    for name, several in (("starts", state.starts), ("runs", state.runs)):
        if several:
            held[name] = np.stack([np.stack(one.maps) for one in several])
            held[f"{name}_scores"] = np.array([one.score for one in several])
    if state.sure is not None:
        held["sure"] = np.array([state.sure.gain, state.sure.error, *state.sure.agreements])
    if state.fsc is not None:
        held["fsc"] = state.fsc
    if state.posed is not None:
        held |= {"rows": state.posed.rows, "shares": state.posed.shares}
        for number, modes in enumerate(state.posed.modes):
            held |= {f"{name}_{number}": getattr(modes, name) for name in PARTS}
    return held


def restored(
    engine: InitialModel,
    iteration: int,
    *,
    maps: Sequence[Volume],
    rows: Table,
    known: Mapping[str, Any],
    held: Mapping[str, NDArray[Any]],
) -> State:
    """The state that was saved; maps of full size, held what exact() gave (or nothing), known score, group and agreement.

    A finished run has its poses in rows.
    """
    small = tuple(held["maps"]) if "maps" in held else tuple(engine.small_size(volume) for volume in maps)
    several: dict[str, tuple[Candidate, ...]] = {}
    for name in ("starts", "runs"):
        scores = held.get(f"{name}_scores", np.zeros(0))
        several[name] = tuple(Candidate(tuple(one), float(s)) for one, s in zip(held.get(name, ()), scores))
    if not several["starts"] and 0 < iteration < engine.before_rounds:
        coarse = tuple(regridded(volume, engine.starts.level.box) for volume in small)
        several["starts"] = (Candidate(coarse, float(known["score"])),)
    told = held.get("sure")
    sure = None if told is None else Sureness(tuple(told[2:].tolist()), float(told[0]), float(told[1]))
    finished = iteration >= engine.rounds
    posed = _posed(held, len(small))
    if finished and posed is None:
        usable = np.flatnonzero(engine.stock.usable())
        used = rows.select(usable)
        one, kind = around.modes_of(used, engine.pixel_size_A), np.asarray(used["class_number"], np.int64) - 1
        one = replace(one, origins=one.origins - engine.origins_A[usable, None] / engine.pixel_size_A)
        posed = Posed(usable, (one,) * len(small), np.eye(len(small))[kind])
    return State(
        iteration, small, held.get("noise", engine.fine.noise), posed=posed, finished=finished, sure=sure, fsc=held.get("fsc"),
        starts=several["starts"], runs=several["runs"], score=float(known["score"]), group=str(known["group"]),
        agreement=float(known["agreement"]),
    )  # fmt: skip


def _posed(held: Mapping[str, NDArray[Any]], classes: int) -> Posed | None:
    if "rows" not in held:
        return None
    modes = tuple(Modes(*(held[f"{name}_{number}"] for name in PARTS)) for number in range(classes))
    return Posed(held["rows"], modes, held["shares"])
