"""The fit of defocus, astigmatism and phase shift to a spectrum, its score, and how far it can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitreous.context import QUIET, Context, UserError
from vitreous.methods.ctf import quality, rings, spectrum
from vitreous.methods.ctf import search as coarse
from vitreous.methods.ctf.rings import Astigmatism, Band, Floats, Microscope
from vitreous.methods.ctf.settings import CtfSearch
from vitreous.methods.ctf.spectrum import Spectrum

STARTS = 6  # places of the coarse search that are refined
EXHAUSTIVE_STARTS = 24  # the same when strong astigmatism is looked for
MOST_STEPS = 30  # of a refinement; it ends in fewer
A_PER_UNIT = 1000.0  # brings defocus and phase to like sizes


@dataclass(frozen=True)
class CtfFit:
    """What a fit found. Angles in degrees, lengths in Å; u >= v, angle of u from x towards rising rows in (-90, 90].

    score: Pearson correlation of the flattened spectrum with |CTF| less the restraint on astigmatism. resolution_A: how far
    the rings are seen. error_A: standard error of the mean defocus, from the scatter of the spectrum about the fit.
    """

    defocus_u_A: float
    defocus_v_A: float
    defocus_angle_deg: float
    phase_shift_deg: float
    score: float
    resolution_A: float
    error_A: float
    profile: quality.Profile
    spectrum: Spectrum
    flat: NDArray[np.float32]

    @property
    def astigmatism(self) -> Astigmatism:
        return Astigmatism(self.defocus_u_A, self.defocus_v_A, self.defocus_angle_deg)


def estimate(
    image: NDArray[np.float32], pixel_size_A: float, *, microscope: Microscope, search: CtfSearch, context: Context = QUIET
) -> CtfFit:
    """Fit the CTF of a micrograph (y, x), one pixel pixel_size_A wide."""
    context.check()
    averaged = spectrum.from_image(
        image,
        pixel_size_A,
        box=search.box,
        max_resolution_A=search.max_resolution_A,
        window_px=search.window_px,
    )
    return fit(averaged, microscope=microscope, search=search)


def fit(averaged: Spectrum, *, microscope: Microscope, search: CtfSearch) -> CtfFit:
    """Fit the CTF to an averaged amplitude spectrum."""
    _check(search)
    flat = spectrum.flatten(averaged, search.min_resolution_A)
    pixels = rings.band(
        averaged.box,
        averaged.pixel_size_A,
        microscope,
        min_resolution_A=search.min_resolution_A,
        max_resolution_A=search.max_resolution_A,
    )
    if len(pixels.index) < 100:
        raise UserError(
            f"no rings lie between {search.min_resolution_A:g} and {search.max_resolution_A:g} Å in a spectrum with "
            f"{averaged.pixel_size_A:.3g} Å pixels; raise the maximum resolution (resmax) or the box"
        )
    values = flat.ravel()[pixels.index].astype(np.float64)
    values -= values.mean()
    count = EXHAUSTIVE_STARTS if search.exhaustive else STARTS
    begun = coarse.starts(values, pixels, microscope, search, count=count)
    data = values.astype(np.float32)
    ended = [_refine(data, pixels, start, search) for start in begun]
    form, shift = max(ended, key=lambda end: _score(data, pixels, end[0], end[1], search.astigmatism_A))
    found = rings.from_form(form)
    profile = quality.profile(averaged, found, shift, microscope)
    return CtfFit(
        found.defocus_u_A,
        found.defocus_v_A,
        found.angle_deg,
        float(np.rad2deg(shift)),
        _score(data, pixels, form, shift, search.astigmatism_A),
        profile.resolution_A,
        _error(data, pixels, form, shift),
        profile,
        averaged,
        flat,
    )


def _check(search: CtfSearch) -> None:
    if search.max_resolution_A >= search.min_resolution_A:
        raise UserError(
            f"the fitted band is empty: its low-resolution end (resmin) is {search.min_resolution_A:g} Å and its "
            f"high-resolution end (resmax) {search.max_resolution_A:g} Å; resmin must be the larger number"
        )
    if search.max_defocus_A <= search.min_defocus_A:
        raise UserError(f"the defocus range is empty: dfmin is {search.min_defocus_A:g} Å and dfmax {search.max_defocus_A:g} Å")
    if search.fit_phase and search.max_phase_deg < search.min_phase_deg:
        raise UserError(f"the range of phase shifts is empty: {search.min_phase_deg:g} to {search.max_phase_deg:g} degrees")


def _score(data: NDArray[np.float32], pixels: Band, form: Floats, shift: float, tolerance_A: float) -> float:
    """Pearson correlation with |CTF|, less (u - v)^2 / (2 tolerance^2) / pixels."""
    model = np.abs(np.sin(pixels.phase(form, shift)))
    model -= model.mean()
    norm = np.sqrt(np.sum(data * data, dtype=np.float64) * np.sum(model * model, dtype=np.float64))
    correlation = float(np.sum(data * model, dtype=np.float64) / norm) if norm > 0 else 0.0
    if tolerance_A <= 0:
        return correlation
    difference = rings.from_form(form).difference_A
    return correlation - difference**2 / (2 * tolerance_A**2) / len(data)


def _refine(data: NDArray[np.float32], pixels: Band, start: coarse.Start, search: CtfSearch) -> tuple[Floats, float]:
    """Levenberg-Marquardt on data = a * -cos(2 chi), a by linear regression at every step."""
    free = 4 if search.fit_phase else 3
    at = np.zeros(4)
    at[:3], at[3] = start.astigmatism.form() / A_PER_UNIT, start.phase_shift_rad
    damping, value = 1e-2, -np.inf
    gradient, curvature = np.zeros(4), np.eye(4)
    trial = at
    for _ in range(MOST_STEPS):
        new_value, new_gradient, new_curvature = _slopes(data, pixels, trial)
        if new_value > value:
            gain, step = new_value - value, np.abs(trial - at).max()
            at, value, gradient, curvature = trial, new_value, new_gradient, new_curvature
            damping = max(damping / 5, 1e-6)
            if 0 < step < 1e-5 or (0 <= gain < 1e-9 * abs(value)):
                break
        else:
            damping *= 8
            if damping > 1e8:
                break
        part = curvature[:free, :free]
        delta = np.linalg.solve(part + damping * np.diag(np.diag(part)), gradient[:free])
        trial = at.copy()
        trial[:free] += delta
        if search.fit_phase:
            trial[3] = np.clip(trial[3], np.deg2rad(search.min_phase_deg), np.deg2rad(search.max_phase_deg))
    return at[:3] * A_PER_UNIT, float(at[3])


def _slopes(data: NDArray[np.float32], pixels: Band, at: Floats) -> tuple[float, Floats, Floats]:
    """Correlation sum of data with -cos(2 chi) at (Axx, Axy, Ayy in 1000 Å, phase), its gradient, its expected curvature."""
    chi = pixels.phase(at[:3] * A_PER_UNIT, float(at[3]))
    sine, cosine = np.sin(2 * chi), np.cos(2 * chi)
    slope = np.empty((4, len(data)), np.float32)
    slope[:3] = 2 * np.float32(A_PER_UNIT) * pixels.design * sine
    slope[3] = 2 * sine
    value = -float(data @ cosine)
    amplitude = max(value / float(cosine @ cosine), 1e-3 * float(np.abs(data).mean()), 1e-30)
    return value, (slope @ data).astype(np.float64), amplitude * (slope @ slope.T).astype(np.float64)


def _error(data: NDArray[np.float32], pixels: Band, form: Floats, shift: float) -> float:
    """Standard error of the mean defocus (Å)."""
    at = np.r_[form / A_PER_UNIT, shift]
    value, _, curvature = _slopes(data, pixels, at)
    power = 0.5 * len(data)
    amplitude = max(value / power, 1e-30)
    residual = max(float(np.sum(data.astype(np.float64) ** 2)) - amplitude**2 * power, 0.0) / len(data)
    information = curvature[:3, :3] * amplitude
    half = np.array([0.5, 0.0, 0.5])
    return float(np.sqrt(residual * half @ np.linalg.pinv(information) @ half) * A_PER_UNIT)
