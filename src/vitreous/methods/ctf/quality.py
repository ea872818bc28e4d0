"""How far the fitted rings are seen: the equi-phase average of a spectrum and its local correlation with the CTF."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.ctf.rings import Astigmatism, Floats, Microscope
from vitreous.methods.ctf.spectrum import Spectrum

SEEN, LOST = 0.66, 0.5  # local correlation above which rings are seen, and below which they are lost
FAINT = 0.1  # correlation below which there is nothing


@dataclass(frozen=True)
class Profile:
    """Curves over the spatial frequency k (n,) in 1/Å: radial mean, equi-phase mean, its 0..1 form, |CTF|, correlation."""

    k: Floats
    radial: Floats
    equiphase: Floats
    normalised: Floats
    model: Floats
    correlation: Floats
    resolution_A: float


def profile(averaged: Spectrum, found: Astigmatism, phase_shift_rad: float, microscope: Microscope) -> Profile:
    """Average the spectrum along lines of equal phase and compare with |CTF| ring by ring."""
    kx, ky = averaged.frequencies()
    half = ky[1:, 0] >= 0
    amplitude = averaged.amplitude[1:][half]
    kx, ky = np.broadcast_arrays(kx, ky[1:][half])
    k = np.hypot(kx, ky).ravel()
    counted = ~((kx < 0) & (ky == 0)).ravel() & (np.minimum(np.abs(kx), np.abs(ky)).ravel() > 0)
    k, values = k[counted], amplitude.ravel()[counted].astype(np.float64)
    azimuth = np.arctan2(ky, kx).ravel()[counted]
    bins, width = averaged.box // 2, 1 / (averaged.box * averaged.pixel_size_A)
    same_phase = _equivalent_k(k, found.along(azimuth), found.mean_A, microscope)
    axis = np.arange(bins, dtype=np.float64) * width
    radial = _binned(k / width, values, bins)
    equiphase = _binned(same_phase / width, values, bins)
    chi = microscope.defocus_phase * axis**2 * found.mean_A + microscope.fixed_phase(axis**2) + phase_shift_rad
    model = np.abs(np.sin(chi))
    turns = _turns(chi)
    normalised = _normalised(equiphase, turns)
    correlation = _local_correlation(normalised, _normalised(model, turns), turns)
    last = _last_seen(correlation)
    return Profile(axis, radial, equiphase, normalised, model, correlation, float(1 / axis[max(last, 1)]))


def _equivalent_k(k: Floats, defocus_A: Floats, mean_A: float, microscope: Microscope) -> Floats:
    """The frequency at which the CTF of the mean defocus has the phase that it has here; nan where there is none.

    With q = k^2 the phase is a q - b q^2, so each has two solutions, before and after its maximum at q = a / 2b; a pixel
    keeps its side.
    """
    a, b = microscope.defocus_phase, microscope.spherical_phase
    q = k**2
    chi = a * defocus_A * q - b * q**2
    if b == 0 or mean_A == 0:
        ratio = defocus_A / mean_A if mean_A != 0 else np.ones_like(q)
        return np.sqrt(np.where(ratio > 0, q * ratio, np.nan))
    root = (a * mean_A) ** 2 - 4 * b * chi
    side = np.where(q * 2 * b > a * defocus_A, 1.0, -1.0)
    with np.errstate(invalid="ignore"):
        found = (a * mean_A + side * np.sqrt(np.where(root >= 0, root, np.nan))) / (2 * b)
        return np.sqrt(np.where(found >= 0, found, np.nan))


def _binned(place: Floats, values: Floats, bins: int) -> Floats:
    """Mean of values in bins around whole numbers, each value shared between its two neighbours; gaps are bridged."""
    good = np.isfinite(place) & (place < bins - 1)
    low = place[good].astype(int)
    part = place[good] - low
    weight = np.bincount(low, 1 - part, bins) + np.bincount(low + 1, part, bins)
    total = np.bincount(low, (1 - part) * values[good], bins) + np.bincount(low + 1, part * values[good], bins)
    known = weight > 0
    if not known.any():
        return np.zeros(bins)
    return np.interp(np.arange(bins), np.flatnonzero(known), total[known] / weight[known])


def _turns(chi: Floats) -> NDArray[np.intp]:
    """Bins at which |sin(chi)| has an extremum: chi passes a multiple of pi/2, or turns round."""
    quarter = np.floor(chi / (np.pi / 2))
    passed = np.flatnonzero(np.diff(quarter) != 0)
    return np.unique(np.r_[0, passed + 1, len(chi) - 1])


def _normalised(curve: Floats, turns: NDArray[np.intp]) -> Floats:
    """The curve brought to 0..1 between each extremum of the CTF and the next."""
    out = np.zeros_like(curve)
    for first, last in itertools.pairwise(turns):
        piece = curve[first : last + 1]
        low, high = piece.min(), piece.max()
        out[first : last + 1] = (piece - low) / (high - low) if high > low else 0.0
    return out


def _local_correlation(curve: Floats, model: Floats, turns: NDArray[np.intp]) -> Floats:
    """Pearson correlation of two curves in a window of 1 + 0.1 n half-oscillations either side (n counted so far)."""
    bins = len(curve)
    spacing = (
        np.interp(np.arange(bins), 0.5 * (turns[:-1] + turns[1:]), np.diff(turns)) if len(turns) > 1 else np.full(bins, bins)
    )
    number = np.searchsorted(turns, np.arange(bins))
    half = np.maximum((1 + 0.1 * number) * spacing, bins / 40).astype(int)
    low, high = np.maximum(np.arange(bins) - half, 0), np.minimum(np.arange(bins) + half + 1, bins)
    count = high - low

    def window(values: Floats) -> Floats:
        running = np.r_[0.0, np.cumsum(values)]
        return (running[high] - running[low]) / count

    a, b = window(curve), window(model)
    covariance = window(curve * model) - a * b
    variance = (window(curve**2) - a**2) * (window(model**2) - b**2)
    return np.where(variance > 1e-12, covariance / np.sqrt(np.maximum(variance, 1e-12)), 0.0)


def _last_seen(correlation: Floats) -> int:
    """The last bin of a run of visible rings, from the centre outwards."""
    bins = len(correlation)
    faint = good = 0
    for place in range(int(0.1 * bins), bins):
        value = correlation[place]
        if (faint > 3 and value < FAINT) or (good > 3 and value < LOST):
            return place
        faint += bool(value > FAINT)
        good += bool(value > SEEN)
    return bins - 1 if good else 1
