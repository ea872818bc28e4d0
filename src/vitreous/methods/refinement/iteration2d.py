"""A State of 2D classification as plain values, for files, and back."""

from dataclasses import fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vitreous.maths.fourier import irfft2, rfft2
from vitreous.maths.shells import to_grid
from vitreous.methods.refinement.accuracy2d import accuracies
from vitreous.methods.refinement.problem2d import Problem
from vitreous.methods.refinement.scale2d import Scales
from vitreous.methods.refinement.state import Poses, State, Sums
from vitreous.tables.table import Table

Arrays = dict[str, NDArray[Any]]


def noise_rows(setup: Problem) -> NDArray[np.int64]:
    """The row of sigma2 of each group of images: that of the optics group of its first image."""
    rows = np.zeros(len(setup.groups.names), np.int64)
    met, first = np.unique(setup.groups.of_row, return_index=True)
    rows[met] = setup.images.group[first]
    return rows


def plain(setup: Problem, state: State) -> dict[str, Any]:
    """What the files of an iteration say of the classes, the noise and the search."""
    pixel, chosen = setup.images.pixel_size_A, setup.settings
    angle_deg, shift_px = accuracies(setup, state)
    return {
        "iteration": state.iteration,
        "iterations": setup.schedule[-1].iteration,
        "references": state.references.numpy(),
        "pixel_size_A": pixel,
        "shares": state.shares.numpy(),
        "ssnr": state.ssnr.numpy(),
        "tau2": state.tau2.numpy(),
        "sigma2": state.sigma2.numpy() * setup.images.kept,
        "group_names": setup.groups.names,
        "group_sizes": setup.groups.sizes,
        "group_scales": state.scales.factors,
        "group_noise": noise_rows(setup),
        "accuracy_deg": angle_deg,
        "accuracy_A": shift_px * pixel,
        "offsets_A": _mean_offsets(setup, state),
        "shells": state.shells,
        "regularisation": chosen.classification.regularisation,
        "offset_sigma_A": state.offset_sigma_px * pixel,
        "mean_norm": state.mean_norm,
        "log_likelihood": state.log_likelihood,
        "mean_pmax": state.mean_pmax,
        "psi_step_deg": 2 * chosen.search.angle_step_deg,
        "offset_range_A": chosen.search.offset_range_px * pixel,
        "offset_step_A": 2 * chosen.search.offset_step_px * pixel,
    }


def changes(setup: Problem, before: State, after: State) -> dict[str, float]:
    """How far poses moved between two saved iterations: of the images that were seen before and again mean angle in degrees
    and root mean square of an origin's coordinate in Å; the share of all that changed class. Empty at the beginning."""
    one, other = before.poses, after.poses
    seen = (one.classes >= 0) & (one.log_likelihood != other.log_likelihood)
    if not seen.any():
        return {}
    turned = np.abs((other.psi_deg[seen] - one.psi_deg[seen] + 180.0) % 360.0 - 180.0)
    moved = (other.origin_px[seen] - one.origin_px[seen]) * setup.images.pixel_size_A
    return {
        "angle_deg": float(turned.mean()),
        "offset_A": float(np.sqrt(np.square(moved).mean())),
        "classes": float((one.classes != other.classes).mean()),
    }


def _mean_offsets(setup: Problem, state: State) -> NDArray[np.float64]:
    """Mean origin (K, 2) of the images of each class, in Å; 0 of a class without any."""
    poses = state.poses
    seen = poses.classes >= 0
    of, origins = poses.classes[seen], poses.origin_px[seen] * setup.images.pixel_size_A
    count = np.maximum(np.bincount(of, minlength=state.classes), 1)
    return np.stack([np.bincount(of, origins[:, axis], state.classes) / count for axis in (0, 1)], 1)


def columns(setup: Problem, state: State) -> Arrays:
    """Columns of the particles."""
    poses, count = state.poses, len(state.poses.classes)
    return {
        "class_number": poses.classes + 1,
        "rot_deg": np.zeros(count),
        "tilt_deg": np.zeros(count),
        "psi_deg": poses.psi_deg,
        "origin_x_A": poses.origin_px[:, 0] * setup.images.pixel_size_A,
        "origin_y_A": poses.origin_px[:, 1] * setup.images.pixel_size_A,
        "norm_correction": poses.norm,
        "log_likelihood": poses.log_likelihood,
        "pmax": poses.pmax,
        "significant_samples": poses.significant,
        "group_number": setup.groups.of_row + 1,
    }


_SPECTRA = ("references", "sigma2", "tau2", "ssnr", "shares")
_NUMBERS = ("offset_sigma_px", "mean_norm", "shells", "log_likelihood", "mean_pmax")


def exact(state: State) -> Arrays:
    """A State as arrays without loss: the running sums, and what text would round."""
    sums = {name: getattr(state.sums, name).numpy() for name in ("data", "weight", "mass")}
    spectra = {name: getattr(state, name).numpy() for name in _SPECTRA}
    poses = {f"poses_{field.name}": getattr(state.poses, field.name) for field in fields(Poses)}
    scales = {f"scales_{field.name}": getattr(state.scales, field.name) for field in fields(Scales)}
    return {**sums, **spectra, **poses, **scales, "numbers": np.array([getattr(state, name) for name in _NUMBERS], float)}


def _from_exact(setup: Problem, found: Any, iteration: int, held: Arrays) -> State:
    values: dict[str, Any] = dict(zip(_NUMBERS, held["numbers"].tolist(), strict=True))
    values |= {name: torch.from_numpy(held[name]) for name in _SPECTRA}
    values["shells"] = min(int(values["shells"]), setup.largest_shell)
    sums = Sums(*(torch.from_numpy(held[name]) for name in ("data", "weight", "mass")))
    poses = Poses(**{field.name: held[f"poses_{field.name}"] for field in fields(Poses)})
    kept = {field.name: held[f"scales_{field.name}"] for field in fields(Scales) if f"scales_{field.name}" in held}
    scales = Scales(**kept) if kept else _scales(setup, found)  # files of before contrasts were measured have none
    return State(iteration=iteration, sums=sums, poses=poses, scales=scales, **values)


def _poses(setup: Problem, particles: Table) -> Poses:
    pixel = setup.images.pixel_size_A
    origin = np.stack([particles["origin_x_A"], particles["origin_y_A"]], 1).astype(float) / pixel
    return Poses(
        classes=particles["class_number"].astype(np.int64) - 1,
        psi_deg=particles["psi_deg"].astype(float),
        origin_px=origin,
        pmax=particles.get("pmax", 0.0).astype(float),
        log_likelihood=particles.get("log_likelihood", 0.0).astype(float),
        significant=particles.get("significant_samples", 0).astype(np.int64),
        norm=particles.get("norm_correction", 1.0).astype(float),
    )


def restored(setup: Problem, found: Any, iteration: int, held: Arrays) -> State:
    """A State from the exact arrays that were kept; without these from files.iterations.Restored2D, sums from its classes.

    found: references, shares, ssnr, tau2, sigma2, groups, particles, shells, offset_sigma_A, mean_norm and the likelihoods.
    """
    if held:
        return _from_exact(setup, found, iteration, held)
    references = torch.from_numpy(np.ascontiguousarray(found.references, np.float32))
    tau2, ssnr = torch.from_numpy(found.tau2), torch.from_numpy(found.ssnr)
    shares = torch.from_numpy(np.asarray(found.shares, np.float64))
    return State(
        iteration=iteration,
        references=references,
        sums=_remade(setup, references, tau2, ssnr, shares),
        sigma2=_noise(setup, found) / setup.images.kept,
        tau2=tau2,
        ssnr=ssnr,
        shares=shares / shares.sum(),
        offset_sigma_px=found.offset_sigma_A / setup.images.pixel_size_A,
        mean_norm=found.mean_norm,
        shells=min(found.shells, setup.largest_shell),
        poses=_poses(setup, found.particles),
        log_likelihood=found.log_likelihood,
        mean_pmax=found.mean_pmax,
        scales=_scales(setup, found),
    )


def _noise(setup: Problem, found: Any) -> torch.Tensor:
    """sigma2 (optics groups, shells) of an iteration, whose file has a row for each optics group or for each micrograph."""
    wanted, rows = int(setup.images.group.max()) + 1, found.sigma2
    place = {name: at for at, name in enumerate(found.group_names)}
    if found.noise_by_group and all(name in place for name in setup.groups.names):
        of_group = rows[[place[name] for name in setup.groups.names]] * setup.groups.sizes[:, None]
        total, size = np.zeros((wanted, rows.shape[1])), np.zeros((wanted, 1))
        np.add.at(total, noise_rows(setup), of_group)
        np.add.at(size, noise_rows(setup), setup.groups.sizes[:, None].astype(float))
        if size.all():
            return torch.from_numpy(total / size)
    if len(rows) != wanted or found.noise_by_group:
        rows = np.repeat(rows.mean(0, keepdims=True), wanted, 0)
    return torch.from_numpy(rows)


def _scales(setup: Problem, found: Any) -> Scales:
    """The contrasts of our groups by their names; one for those that the file does not name."""
    known = dict(zip(found.group_names, np.asarray(found.group_scales, float).tolist()))
    return Scales.known(np.array([known.get(name, 1.0) for name in setup.groups.names]))


def _remade(setup: Problem, references: torch.Tensor, tau2: torch.Tensor, ssnr: torch.Tensor, shares: torch.Tensor) -> Sums:
    """Sums that give these classes again: data = class x weight (1 + 1 / ssnr), with the weight ssnr / (T tau2)."""
    fudge = setup.settings.classification.regularisation
    weight = torch.where(tau2 > 0, ssnr / (fudge * tau2).clamp_min(1e-300), torch.zeros_like(tau2))
    whole = torch.where(ssnr > 0, weight * (1 + 1 / ssnr.clamp_min(1e-12)), torch.zeros_like(weight))
    box = references.shape[-1]
    data = irfft2(rfft2(references.double()) * to_grid(whole, box, ndim=2), box).float()
    mass = shares * len(setup.given.classes)
    return Sums(torch.stack([data, data]) / 2, torch.stack([weight, weight]) / 2, torch.stack([mass, mass]) / 2)
