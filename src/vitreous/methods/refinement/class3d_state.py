"""A State of 3D classification as plain values, for files, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import rotations
from vitreous.methods.refinement import around, class3d_scores
from vitreous.methods.refinement.around import ANGLES
from vitreous.methods.refinement.class3d import State
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.stock import Stock
from vitreous.tables.table import Table

Volume = NDArray[np.float32]
EVIDENT = 9.21  # twice the log of a hundred: an error that makes a pose a hundred times less likely is seen
SAMPLE = 100  # images for the accuracies of a class
_MODES = ("rotations", "origins", "log_likelihood", "information")
_ARRAYS = ("noise", "noise_before", "shares", "signal_to_noise", "map_noise")
_NUMBERS = ("reach", "sigma_origin_px", "together", "searches", "cut", "changed", "settled", "finished")


def as_columns(state: State, stock: Stock) -> dict[str, NDArray[Any]]:
    """Columns of the particles: class (0: set aside), pose in it, likelihood, posterior; at first only groups."""
    count = stock.count
    columns: dict[str, NDArray[Any]] = {
        "norm_correction": np.ones(count), "group_number": stock.groups + 1,
        "group_name": np.array(group_names(stock), object)[stock.groups],
    }  # fmt: skip
    if not state.modes or state.shares is None:
        return {**columns, "class_number": np.ones(count, np.int64)}
    kind = state.best_class
    turned, origins = np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 2))
    score, posterior, significant = np.zeros(count), np.zeros(count), np.zeros(count, np.int64)
    for number, modes in enumerate(state.modes):
        at, mine = class3d_scores.best(modes), kind == number
        turned[mine], origins[mine] = modes.rotations[at][mine], modes.origins[at][mine]
        score[mine] = modes.log_likelihood[at][mine]
        posterior[mine] = (modes.posterior()[at] * state.shares[:, number])[mine]
        significant += (modes.posterior() * state.shares[:, number, None] > 1e-3).sum(1)
    rot, tilt, psi = (angle.numpy() for angle in rotations.to_euler(torch.from_numpy(turned)))
    origins = stock.recorded_origins(origins)
    return {
        **columns, "class_number": np.where(stock.usable(), kind + 1, 0), "rot_deg": rot, "tilt_deg": tilt, "psi_deg": psi,
        "origin_x_A": origins[:, 0] * stock.pixel_size_A, "origin_y_A": origins[:, 1] * stock.pixel_size_A,
        "log_likelihood": score, "pmax": posterior, "significant_samples": np.maximum(significant, 1),
    }  # fmt: skip


def group_names(stock: Stock) -> list[str]:
    """Names of the noise groups, which are the optics groups."""
    return [f"group_{name}" for name in stock.group_names]


def as_model(state: State, stock: Stock) -> dict[str, Any]:
    """What a model file says, in plain values."""
    shells, classes = stock.box // 2 + 1, state.classes
    empty = np.zeros((classes, shells))
    best = [state.shell(k) for k in range(classes)]
    usable = stock.usable()
    columns = as_columns(state, stock)
    posterior = columns.get("pmax", np.zeros(stock.count))[usable]
    return {
        "box": stock.box,
        "pixel_size_A": stock.pixel_size_A,
        "resolution_A": _angstrom(max(best), stock),
        "resolutions_A": [_angstrom(one, stock) for one in best],
        "reach": state.reach,
        "signal_to_noise": empty if state.signal_to_noise is None else state.signal_to_noise,
        "fsc": np.zeros(shells),
        "map_noise": empty + 1.0 if state.map_noise is None else state.map_noise,
        "noise": state.noise,
        "group_names": group_names(stock),
        "group_sizes": [int(((stock.groups == g) & usable).sum()) for g in range(len(stock.group_names))],
        "sigma_origin_A": state.sigma_origin_px * stock.pixel_size_A,
        "mean_pmax": float(posterior.mean()),
        "log_likelihood": float(np.sum(columns.get("log_likelihood", 0.0))),
        "shares": [1.0 / classes] * classes if state.shares is None else state.shares[usable].mean(0).tolist(),
        "accuracies": accuracies(state, stock),
    }


def _angstrom(shell: int, stock: Stock) -> float:
    return stock.box * stock.pixel_size_A / shell if shell else float("inf")


def accuracies(state: State, stock: Stock) -> list[tuple[float, float]]:
    """How finely poses are told apart in each class, (degrees, Å): the median error that costs a factor of a hundred."""
    made = []
    for number, modes in enumerate(state.modes if state.shares is not None else ()):
        rows = np.flatnonzero((state.best_class == number) & stock.usable())[:SAMPLE]
        at = class3d_scores.best(modes)
        held = np.diagonal(modes.information[at][rows], axis1=1, axis2=2)
        if len(rows) and held.min() > 0 and not np.allclose(held, 1.0):
            turn, move = np.sqrt(EVIDENT / held[:, :3].mean(1)), np.sqrt(EVIDENT / held[:, 3:].mean(1))
            made.append((float(np.degrees(np.median(turn))), float(np.median(move)) * stock.pixel_size_A))
        else:
            made.append((999.0, 999.0))
    return made or [(999.0, 999.0)] * state.classes


def exact(state: State) -> dict[str, NDArray[Any]]:
    """What the files of an iteration leave out or round."""
    held = {f"{name} {k}": getattr(modes, name) for k, modes in enumerate(state.modes) for name in _MODES}
    held |= {name: getattr(state, name) for name in _ARRAYS if getattr(state, name) is not None}
    return {**held, "numbers": np.array([float(getattr(state, name)) for name in _NUMBERS])}


def with_exact(state: State, held: Mapping[str, NDArray[Any]]) -> State:
    """A state read from files with the numbers of exact() put in; as it is where none were kept."""
    if not held:
        return state
    numbers: dict[str, Any] = dict(zip(_NUMBERS, held["numbers"].tolist(), strict=True))
    for name in ("reach", "together", "searches", "cut", "settled"):
        numbers[name] = int(numbers[name])
    numbers["finished"] = bool(numbers["finished"])
    found = [k for k in range(state.classes) if f"{_MODES[0]} {k}" in held]
    modes = tuple(Modes(*(held[f"{name} {k}"] for name in _MODES)) for k in found)
    arrays: dict[str, Any] = {name: held[name] for name in _ARRAYS if name in held}
    return replace(state, modes=modes, **numbers, **arrays)


def state_from(
    iteration: int, rows: Table, model: Mapping[str, Any], maps: Sequence[Volume], stock: Stock, *, said: Mapping[str, str]
) -> State:
    """The state that was written, by us or elsewhere: one pose and one class a particle.

    said: our own numbers by the names of the optimiser's block; empty for files of another program.
    """
    noise = model["noise"][:, : stock.pixels.reach + 1]
    if len(noise) != len(stock.group_names):  # kept by micrograph elsewhere
        noise = np.repeat(noise.mean(0, keepdims=True), len(stock.group_names), axis=0)
    count = len(maps)
    known = iteration > 0 and all(name in rows for name in ANGLES)
    shares = np.eye(count)[np.clip(np.asarray(rows["class_number"], int) - 1, 0, count - 1)] if known else None
    modes = (modes_of(stock.straight_rows(rows), stock.pixel_size_A),) * count if known else ()
    return State(
        iteration, tuple(maps), noise, min(model["reach"], stock.pixels.reach), model["sigma_origin_A"] / stock.pixel_size_A,
        together=int(said.get("vitreousTogether", 0)), searches=int(said.get("vitreousSearches", 0)), modes=modes, shares=shares,
    )  # fmt: skip


def modes_of(rows: Table, pixel_size_A: float) -> Modes:
    """One mode a row out of the columns of its pose, all alike in likelihood, and as if they had been climbed."""
    known = around.modes_of(rows, pixel_size_A)
    plain, settled = np.zeros((len(rows), 1)), np.tile(np.eye(5), (len(rows), 1, 1, 1))
    return replace(known, log_likelihood=plain, information=settled)
