"""The coarse search: defocus and phase shift in every sector by one matrix product, then astigmatism over the sectors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.methods.ctf.rings import Astigmatism, Band, Floats, Microscope
from vitreous.methods.ctf.settings import CtfSearch

SECTORS = 36  # of half a turn: 5 degrees each
STEPS_PER_PERIOD = 10  # defoci in a period of the outermost ring
USUAL_HALF_DIFFERENCE_A = 1000.0  # largest (u - v) / 2 tried
WIDE_HALF_DIFFERENCE_A = 5000.0  # the same in an exhaustive search


@dataclass(frozen=True)
class Start:
    """A place from which to refine."""

    astigmatism: Astigmatism
    phase_shift_rad: float
    score: float


def starts(flat: Floats, band: Band, microscope: Microscope, search: CtfSearch, *, count: int) -> list[Start]:
    """The best `count` places, best first, none near another.

    flat: the background-free values of the band's pixels, (n,). The score is the sum of flat times -cos(2 chi): the part of
    CTF^2 that varies. With a phase shift p, cos(2 (chi + p)) is a mix of cos(2 chi) and sin(2 chi), so two products of
    (sectors x rings) with (rings x defoci) serve all phase shifts.
    """
    sums, ring_k = _sector_sums(flat, band)
    defoci = _defoci(search, microscope, float(ring_k.max()))
    k2 = ring_k**2
    chi = microscope.defocus_phase * k2[:, None] * defoci[None, :] + microscope.fixed_phase(k2)[:, None]
    cosine, sine = sums @ np.cos(2 * chi), sums @ np.sin(2 * chi)
    found: list[Start] = []
    for shift in _phase_shifts(search):
        by_sector = sine * np.sin(2 * shift) - cosine * np.cos(2 * shift)
        found += _astigmatic(by_sector, defoci, float(shift), search.exhaustive)
    return _apart(sorted(found, key=lambda s: -s.score), count)


def _phase_shifts(search: CtfSearch) -> Floats:
    if not search.fit_phase:
        return np.zeros(1)
    return np.deg2rad(np.arange(search.min_phase_deg, search.max_phase_deg + 1e-6, search.phase_step_deg))


def _defoci(search: CtfSearch, microscope: Microscope, k_max: float) -> Floats:
    """Defoci to try: steps of a tenth of the period that the outermost ring has in defocus, or less."""
    step = min(search.defocus_step_A, np.pi / (microscope.defocus_phase * k_max**2) / STEPS_PER_PERIOD)
    count = max(2, int(np.ceil((search.max_defocus_A - search.min_defocus_A) / step)) + 1)
    return np.linspace(search.min_defocus_A, search.max_defocus_A, count)


def _sector_sums(flat: Floats, band: Band) -> tuple[Floats, Floats]:
    """Sums of flat over (sector, ring), (SECTORS, R), and the mean frequency of each ring; rings are one pixel wide."""
    width = np.diff(np.unique(band.k)).max()
    width = max(float(width), float(band.k.max() - band.k.min()) / 400)
    ring = ((band.k - band.k.min()) / width).astype(int)
    rings = int(ring.max()) + 1
    sector = np.minimum((np.mod(band.azimuth, np.pi) * SECTORS / np.pi).astype(int), SECTORS - 1)
    sums = np.bincount(sector * rings + ring, weights=flat, minlength=SECTORS * rings)
    number = np.maximum(np.bincount(ring, minlength=rings), 1)
    mean_k = np.bincount(ring, weights=band.k, minlength=rings) / number
    return np.asarray(sums.reshape(SECTORS, rings), np.float64), mean_k


def _astigmatic(by_sector: Floats, defoci: Floats, shift: float, exhaustive: bool) -> list[Start]:
    """The best mean defoci for each astigmatism of a grid, from scores (sectors, defoci)."""
    step = float(defoci[1] - defoci[0])
    most = WIDE_HALF_DIFFERENCE_A if exhaustive else USUAL_HALF_DIFFERENCE_A
    halves = np.arange(0.0, most + 1, max(step, 75.0))
    middle = (np.arange(SECTORS) + 0.5) * np.pi / SECTORS
    found = []
    for half in halves:
        for angle in np.arange(0.0, 180.0, 15.0) if half else [0.0]:
            offset = half * np.cos(2 * (middle - np.deg2rad(angle))) / step
            total = _shifted_sum(by_sector, offset)
            for best in _peaks(total)[:4]:
                mean = float(defoci[best])
                found.append(Start(Astigmatism(mean + half, mean - half, angle), shift, float(total[best])))
    return found


def _shifted_sum(by_sector: Floats, offset: Floats) -> Floats:
    """Sum over sectors of the scores at defocus index i + offset[sector], linear between samples, ends held."""
    place = np.arange(by_sector.shape[1])[None, :] + offset[:, None]
    place = np.clip(place, 0, by_sector.shape[1] - 1)
    low = np.minimum(place.astype(int), by_sector.shape[1] - 2)
    part = place - low
    rows = np.arange(by_sector.shape[0])[:, None]
    return ((1 - part) * by_sector[rows, low] + part * by_sector[rows, low + 1]).sum(0)


def _peaks(curve: Floats) -> NDArray[np.intp]:
    """Places of local maxima (ends count), highest first."""
    padded = np.r_[-np.inf, curve, -np.inf]
    is_peak = (padded[1:-1] >= padded[:-2]) & (padded[1:-1] > padded[2:])
    places = np.flatnonzero(is_peak)
    return places[np.argsort(-curve[places])]


def _apart(ordered: list[Start], count: int) -> list[Start]:
    """The first `count` starts that differ by more than 150 Å in some element, or 20 degrees in phase, from those before."""
    kept: list[Start] = []
    for start in ordered:
        form = start.astigmatism.form()
        near = any(
            np.abs(form - other.astigmatism.form()).max() < 150 and abs(start.phase_shift_rad - other.phase_shift_rad) < 0.35
            for other in kept
        )
        if not near:
            kept.append(start)
        if len(kept) == count:
            break
    return kept
