"""One exposure: the contrast of every frame of a movie, with damage, moving ice, blur and motion."""

from collections.abc import Iterator

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from vitreous.context import Context
from vitreous.simulation import ice as amorphous
from vitreous.simulation.layer import ParticleLayer, Plan, canvas_shape
from vitreous.simulation.microscope import transfer
from vitreous.simulation.warp import warped

_BINS = 4096
Half = NDArray[np.complex64]


def critical_dose_e_A2(k_1_A: NDArray[np.float64], voltage_kV: float) -> NDArray[np.float64]:
    """Dose at which the power of a protein's signal falls to 1/e (Grant & Grigorieff 2015); infinite at k = 0."""
    slower = np.interp(voltage_kV, [100, 200, 300], [0.64, 0.8, 1.0])
    with np.errstate(divide="ignore"):
        return np.asarray(slower * (0.24499 * np.asarray(k_1_A, np.float64) ** -1.6649 + 2.8141))


@numba.njit(cache=True, nogil=True, fastmath=True)
def _next_ice(state: Half, fresh: Half, kept: NDArray[np.float32], bins: NDArray[np.uint16]) -> None:
    """state <- kept state + sqrt(1 - kept2) fresh, kept by bin of |k|."""
    for i in range(state.shape[0]):
        for j in range(state.shape[1]):
            a = kept[bins[i, j]]
            state[i, j] = a * state[i, j] + np.sqrt(1 - a * a) * fresh[i, j]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _compose(
    particles: Half,
    fades: NDArray[np.float32],
    lasting: Half,
    ice: Half,
    strength: NDArray[np.float32],
    bins: NDArray[np.uint16],
    move: NDArray[np.float64],
    out: Half,
) -> None:
    """out = (fades particles + strength ice + lasting), moved by move[0] (x, y) pixels and blurred along move[1]."""
    ny, half = out.shape
    nx = 2 * (half - 1)
    steps = np.empty(half, np.complex64)
    for j in range(half):
        steps[j] = np.exp(-2j * np.pi * j * move[0, 0] / nx)
    for i in range(ny):
        fy = (i if i < (ny + 1) // 2 else i - ny) / ny
        row = np.complex64(np.exp(-2j * np.pi * fy * move[0, 1]))
        for j in range(half):
            value = fades[bins[i, j]] * particles[i, j] + strength[i, j] * ice[i, j] + lasting[i, j]
            s = np.pi * (j / nx * move[1, 0] + fy * move[1, 1])
            blur = np.float32(1.0 if abs(s) < 1e-4 else np.sin(s) / s)
            out[i, j] = value * row * steps[j] * blur


class Exposure:
    """The contrast of the frames of one micrograph, made once and then moved, faded and renewed frame by frame."""

    def __init__(self, plan: Plan, layer: ParticleLayer, context: Context) -> None:
        self.plan, self.settings = plan, layer.settings
        camera, microscope = self.settings.camera, self.settings.microscope
        self.shape = canvas_shape(self.settings, plan.track)
        self.rng = np.random.default_rng(context.seed_for(f"ice {plan.number}"))
        kx = np.asarray(np.fft.rfftfreq(self.shape[1], camera.pixel_size_A)[None, :], np.float64)
        ky = np.asarray(np.fft.fftfreq(self.shape[0], camera.pixel_size_A)[:, None], np.float64)
        k = np.hypot(kx, ky)
        self.step_1_A = float(k.max()) / (_BINS - 1)
        self.bins = np.rint(k / self.step_1_A).astype(np.uint16)
        self.binned_k = np.asarray(np.arange(_BINS) * self.step_1_A, np.float64)
        passes = camera.mtf_nyquist ** ((k * 2 * camera.pixel_size_A) ** 2)
        self.particles = np.asarray(fft.rfft2(layer.draw(plan, self.shape)) * passes, np.complex64)
        contrast = transfer(microscope, plan.defocus, kx, ky) * passes
        pixels = self.shape[0] * self.shape[1] / camera.pixel_size_A**2
        power = amorphous.ice_power_A2(self.settings.ice, microscope, self.binned_k)
        self.strength = np.asarray(np.sqrt(pixels * power)[self.bins] * contrast, np.float32)
        self.lasting = self._carbon(contrast, pixels) if plan.carbon else np.zeros_like(self.particles)

    def _carbon(self, contrast: NDArray[np.float64], pixels: float) -> Half:
        """Transform of the carbon film's contrast: its grain, and the electrons it takes away."""
        cover = amorphous.carbon_cover(self.shape, self.settings.camera.pixel_size_A, self.rng)
        power = amorphous.carbon_power_A2(self.settings.ice, self.settings.microscope, self.binned_k)
        grain = amorphous.white_transform(self.shape, self.rng) * np.sqrt(pixels * power)[self.bins]
        grained = fft.rfft2(fft.irfft2(grain, s=self.shape) * cover) * contrast
        lost = 1 - np.exp(-amorphous.CARBON_ABSORBS * self.settings.ice.carbon_thickness_A)
        return np.asarray(grained + fft.rfft2(lost * cover), np.complex64)

    def _fades(self, dose_e_A2: float) -> NDArray[np.float32]:
        """Amplitude that damage has left of the signal after a dose, by bin of |k|."""
        critical = critical_dose_e_A2(self.binned_k, self.settings.microscope.voltage_kV)
        return np.asarray(np.exp(-self.settings.damage * dose_e_A2 / (2 * critical)), np.float32)

    def frames(self, *, still: bool = False) -> Iterator[NDArray[np.float32]]:
        """The contrast (height, width) of each frame in turn; still leaves out all motion."""
        camera, plan = self.settings.camera, self.plan
        dose = camera.dose_e_A2 / camera.frames
        kept = amorphous.kept_from_frame_to_frame(self.settings.ice, dose, self.binned_k).astype(np.float32)
        water = amorphous.white_transform(self.shape, self.rng)
        out = np.empty_like(water)
        for frame in range(camera.frames):
            if frame:
                _next_ice(water, amorphous.white_transform(self.shape, self.rng), kept, self.bins)
            move = np.zeros((2, 2)) if still else np.stack([plan.track.path_px[frame], plan.track.blur_px(frame)])
            _compose(self.particles, self._fades((frame + 0.5) * dose), self.lasting, water, self.strength, self.bins, move, out)
            canvas = fft.irfft2(out, s=self.shape)
            terms = np.zeros((2, 6)) if still else plan.track.local_terms_px(frame)
            yield warped(canvas, terms, move[0], (camera.height, camera.width))
