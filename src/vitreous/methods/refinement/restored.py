"""A State of 3D refinement as plain values, for files, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths import rotations
from vitreous.methods.refinement import resolution
from vitreous.methods.refinement.around import modes_of
from vitreous.methods.refinement.contrast3d import Contrast
from vitreous.methods.refinement.local import Modes
from vitreous.methods.refinement.problem2d import Groups
from vitreous.methods.refinement.resolution import Convergence
from vitreous.methods.refinement.scale2d import Scales
from vitreous.methods.refinement.schedule3d import accuracy
from vitreous.methods.refinement.state3d import State
from vitreous.methods.refinement.stock import Stock
from vitreous.tables.table import Table

MAPS = ("half1_class001", "half2_class001", "half1_class001_unfil", "half2_class001_unfil", "class001")


def as_columns(state: State, stock: Stock, groups: Groups) -> dict[str, NDArray[Any]]:
    """Columns of the particles: poses, likelihoods, half set; before the first round no poses. groups share a contrast."""
    count = len(state.half)
    norm = np.ones(count) if state.contrast is None else state.contrast.norm
    columns: dict[str, NDArray[Any]] = {
        "half": state.half, "class_number": np.ones(count, np.int64), "norm_correction": norm,
        "group_number": groups.of_row + 1, "group_name": np.array(groups.names, object)[groups.of_row],
    }  # fmt: skip
    if state.modes is None:
        return columns
    turned, origins, log_likelihood, posterior = state.best
    origins = stock.recorded_origins(origins)
    rot, tilt, psi = (angle.numpy() for angle in rotations.to_euler(torch.from_numpy(turned)))
    significant = (state.modes.posterior() > 1e-3).sum(1)
    return {
        **columns,
        "rot_deg": rot,
        "tilt_deg": tilt,
        "psi_deg": psi,
        "origin_x_A": origins[:, 0] * stock.pixel_size_A,
        "origin_y_A": origins[:, 1] * stock.pixel_size_A,
        "log_likelihood": log_likelihood,
        "pmax": posterior,
        "significant_samples": significant,
    }


def optics_of(stock: Stock, groups: Groups) -> NDArray[np.int64]:
    """The noise group (that of the optics) of each group that shares a contrast: its first image's."""
    first = np.full(len(groups.names), len(groups.of_row))
    np.minimum.at(first, groups.of_row, np.arange(len(groups.of_row)))
    found: NDArray[np.int64] = stock.groups[np.minimum(first, len(groups.of_row) - 1)]
    return found


def noise_by_optics(noise: NDArray[np.float64], stock: Stock, groups: Groups) -> NDArray[np.float64]:
    """Noise (optics groups, shells) out of what a file holds: a row for each optics group, or for each group of contrast."""
    count = len(stock.group_names)
    if len(noise) == count:
        return noise
    if len(noise) != len(groups.names):
        return np.repeat(noise.mean(0, keepdims=True), count, axis=0)
    optics = optics_of(stock, groups)
    members = np.bincount(optics, groups.sizes, count)
    sums = np.zeros((count, noise.shape[1]))
    np.add.at(sums, optics, noise * groups.sizes[:, None])
    return np.where(members[:, None] > 0, sums / np.maximum(members, 1)[:, None], noise.mean(0))


def as_maps(state: State, *, final: bool) -> dict[str, NDArray[np.float32]]:
    """Maps by name: filtered halves (not when final), unfiltered halves and the joined map once there are any."""
    maps = {} if final else {MAPS[h]: state.references[h] for h in range(2)}
    if state.unfiltered is not None and state.joined is not None:
        maps |= {MAPS[2]: state.unfiltered[0], MAPS[3]: state.unfiltered[1], MAPS[4]: state.joined}
    return maps


def as_model(state: State, stock: Stock, groups: Groups, *, half: int) -> dict[str, Any]:
    """What a model file says of one half (1, 2) or of both joined (0)."""
    shells = stock.box // 2 + 1
    fsc = np.zeros(shells) if state.fsc is None else state.fsc
    mine = np.ones(len(state.half), bool) if half == 0 else state.half == half
    score, posterior = (np.zeros(1), np.zeros(1)) if state.modes is None else (state.best[2][mine], state.best[3][mine])
    fine = None if state.modes is None or state.iteration == 0 else accuracy(state.modes.select(mine & stock.usable()))
    return {
        "box": stock.box,
        "pixel_size_A": stock.pixel_size_A,
        "resolution_A": state.resolution_A,
        "reach": state.reach,
        "signal_to_noise": resolution.signal_to_noise(resolution.joined(fsc) if half == 0 else fsc),
        "fsc": fsc,
        "map_noise": np.ones(shells) if state.map_noise is None else state.map_noise,
        "noise": state.noise[optics_of(stock, groups)],
        "group_names": groups.names,
        "group_sizes": np.bincount(groups.of_row[mine], minlength=len(groups.names)),
        "group_scales": None if state.contrast is None else state.contrast.scales.factors,
        "sigma_origin_A": state.sigma_origin_px * stock.pixel_size_A,
        "mean_pmax": float(posterior.mean()),
        "log_likelihood": float(score.sum()),
        "local_sigma_deg": 2.0 if state.stage in ("local", "last") else 0.0,
        "accuracy_deg": 999.0 if fine is None else fine.turn_deg,
        "accuracy_A": 999.0 if fine is None else fine.move_px * stock.pixel_size_A,
        "padding": stock.padding,
    }


@dataclass(frozen=True)
class Progress:
    """Where a refinement stands: under the labels of the files, and what only we know."""

    labelled: Mapping[str, Any]
    own: Mapping[str, Any]


def as_progress(state: State) -> Progress:
    """Counters and changes of the last round."""
    at = state.convergence
    best = 0.0 if not np.isfinite(state.resolution_A) else 1.0 / state.resolution_A
    labelled = {
        "rlnNumberOfIterWithoutResolutionGain": at.no_gain,
        "rlnBestResolutionThusFar": f"{best:.6f}",
        "rlnNumberOfIterWithoutChangingAssignments": at.no_change,
        "rlnChangesOptimalOrientations": f"{at.turn_deg:.6f}",
        "rlnSmallestChangesOrientations": f"{at.smallest_turn_deg:.6f}",
        "rlnHasConverged": int(state.finished),
    }
    own = {
        "vitreousStage": state.stage,
        "vitreousGlobalRounds": state.global_rounds,
        "vitreousLocalRounds": state.local_rounds,
        "vitreousBestShell": at.best_shell,
        "vitreousReach": state.reach,
        "vitreousMove": f"{at.move_px:.6f}",
        "vitreousFinished": int(state.finished),
    }
    return Progress(labelled, own)


def state_from(
    iteration: int, rows: Table, model: Mapping[str, Any], said: Mapping[str, str], maps: Mapping[str, NDArray[np.float32]], *,
    pixel_size_A: float, groups: Groups,
) -> State:  # fmt: skip
    """The state that was written: poses from the table (one mode each), the rest from the model, optimiser and maps."""
    at = Convergence(
        best_shell=int(said["vitreousBestShell"]),
        no_gain=int(said["rlnNumberOfIterWithoutResolutionGain"]),
        no_change=int(said["rlnNumberOfIterWithoutChangingAssignments"]),
        smallest_turn_deg=float(said["rlnSmallestChangesOrientations"]),
        turn_deg=float(said["rlnChangesOptimalOrientations"]),
        move_px=float(said["vitreousMove"]),
    )
    whole = all(name in maps for name in MAPS[2:])
    return State(
        iteration=iteration,
        half=np.asarray(rows["half"], np.int64),
        modes=modes_of(rows, pixel_size_A) if iteration > 0 or said["vitreousStage"] == "local" else None,
        references=(maps[MAPS[0]], maps[MAPS[1]]),
        noise=model["noise"][:, : (model["box"] + 1) // 2],  # the file goes on to Nyquist, which is not used
        reach=int(said["vitreousReach"]),
        sigma_origin_px=model["sigma_origin_A"] / pixel_size_A,
        global_rounds=int(said["vitreousGlobalRounds"]),
        local_rounds=int(said.get("vitreousLocalRounds", 0)),
        stage=said["vitreousStage"],
        convergence=at,
        contrast=_contrast(rows, model, groups),
        fsc=model["fsc"] if iteration > 0 else None,
        map_noise=model["map_noise"],
        unfiltered=(maps[MAPS[2]], maps[MAPS[3]]) if whole else None,
        joined=maps[MAPS[4]] if whole else None,
        resolution_A=model["resolution_A"] if iteration > 0 else float("inf"),
        finished=bool(int(said["vitreousFinished"])),
    )


def _contrast(rows: Table, model: Mapping[str, Any], groups: Groups) -> Contrast:
    """Norms of the rows, and the scales of those groups that the model knows by name."""
    contrast = Contrast.known(rows, groups)
    known = dict(zip(model.get("group_names", ()), model.get("group_scales", ()), strict=True))
    return replace(contrast, scales=Scales.known(np.array([known.get(name, 1.0) for name in groups.names], float)))


_MODES = ("rotations", "origins", "log_likelihood", "information")
_SPECTRA = ("noise", "fsc", "map_noise")
_SCALES = ("factors", "cross", "power")
_MEASURED = ("smallest_turn_deg", "turn_deg", "move_px")


def exact(state: State) -> dict[str, NDArray[Any]]:
    """What the files of a round leave out or round: all modes of the poses, spectra, measures of convergence."""
    modes = {} if state.modes is None else {name: getattr(state.modes, name) for name in _MODES}
    spectra = {name: getattr(state, name) for name in _SPECTRA if getattr(state, name) is not None}
    numbers = [getattr(state.convergence, name) for name in _MEASURED] + [state.sigma_origin_px, state.resolution_A]
    contrast = {} if state.contrast is None else {"norm": state.contrast.norm}
    if state.contrast is not None:
        contrast |= {f"scales_{name}": getattr(state.contrast.scales, name) for name in _SCALES}
    return {**modes, **spectra, **contrast, "numbers": np.array(numbers, float)}


def with_exact(state: State, held: Mapping[str, NDArray[Any]]) -> State:
    """A state read from files with the numbers of exact() put in; as it is where none were kept."""
    if not held:
        return state
    *measured, sigma, resolution_A = held["numbers"].tolist()
    spectra: dict[str, Any] = {name: held[name] for name in _SPECTRA if name in held}
    if "norm" in held:
        spectra["contrast"] = Contrast(held["norm"], Scales(*(held[f"scales_{name}"] for name in _SCALES)))
    return replace(
        state,
        modes=Modes(*(held[name] for name in _MODES)) if _MODES[0] in held else None,
        convergence=replace(state.convergence, **dict(zip(_MEASURED, measured, strict=True))),
        sigma_origin_px=sigma,
        resolution_A=resolution_A,
        **spectra,
    )
