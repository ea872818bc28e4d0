"""What lies on one micrograph: the plan (places, orientations, heights, defocus, motion), and the particles' contrast from it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from vitreous.context import Context, UserError
from vitreous.simulation.atoms import Atoms
from vitreous.simulation.microscope import Defocus, interaction_rad_VA, random_defocus, transfer, wavelength_A
from vitreous.simulation.motion import Track, random_track, read_track
from vitreous.simulation.orientations import euler_matrix, random_angles
from vitreous.simulation.projector import Projector, frequencies
from vitreous.simulation.settings import SessionSettings

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """All that is decided of one micrograph before a pixel is made.

    x_px, y_px (n,): particles' centres in the first frame; angles_deg (n, 3); heights_A (n,) up the beam, so that a particle's
    defocus is the micrograph's plus the slope of the tilt less its height; track: how everything moves.
    """

    number: int
    name: str
    x_px: Array
    y_px: Array
    angles_deg: Array
    heights_A: Array
    defocus: Defocus
    track: Track
    carbon: bool

    def particle_defocus(self, index: int) -> Defocus:
        """The defocus at one particle."""
        return self.defocus.lowered(float(self.heights_A[index]))


def _places(settings: SessionSettings, diameter_A: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Centres at random, no two closer than the spacing; fewer than wanted when they do not fit."""
    camera, apart = settings.camera, settings.particles.spacing * diameter_A / settings.camera.pixel_size_A
    found = np.empty((0, 2))
    for _ in range(400 * settings.particles.per_micrograph):
        if len(found) == settings.particles.per_micrograph:
            break
        new = rng.uniform(0, 1, 2) * [camera.width - 1, camera.height - 1]
        if not len(found) or np.hypot(*(found - new).T).min() >= apart:
            found = np.concatenate([found, new[None]])
    return found[:, 0], found[:, 1]


def _tracks(settings: SessionSettings) -> list[Path]:
    """The motion files that the settings name, in order."""
    wanted = settings.motion.tracks
    if not wanted:
        return []
    place = Path(wanted)
    found = sorted(place.glob("*.star") if place.is_dir() else place.parent.glob(place.name))
    if not found:
        raise UserError(f"no motion STAR file at {wanted!r}; give a folder or a pattern such as MotionCorr/job002/Movies/*.star")
    return found


def plan_session(settings: SessionSettings, diameter_A: float, context: Context) -> list[Plan]:
    """The plans of all micrographs; each depends on the settings, the seed and its own number alone."""
    tracks = _tracks(settings)
    plans = []
    for number in range(settings.movies):
        rng = np.random.default_rng(context.seed_for(f"micrograph {number}"))
        defocus = random_defocus(settings.microscope, rng)
        carbon = bool(rng.random() < settings.ice.carbon_fraction)
        track = random_track(settings.motion, settings.camera, rng)
        if tracks:
            track = read_track(tracks[number % len(tracks)], settings.camera)
        x, y = _places(settings, diameter_A, rng)
        heights = rng.uniform(-0.5, 0.5, len(x)) * settings.ice.height_spread_A
        across_A = (x - (settings.camera.width - 1) / 2) * settings.camera.pixel_size_A
        heights = heights - across_A * np.tan(np.deg2rad(settings.ice.tilt_deg))
        angles = random_angles(len(x), rng, preferred=settings.particles.preferred_view)
        plans.append(Plan(number, f"movie_{number + 1:05d}", x, y, angles, heights, defocus, track, carbon))
    return plans


def canvas_shape(settings: SessionSettings, track: Track) -> tuple[int, int]:
    """A frame with a margin at all sides that holds every movement of it; even, and quick to transform."""
    corners = np.array([(x, y) for x in (-0.5, 0.0, 0.5) for y in (-0.5, 0.0, 0.5)])
    moved = max(float(np.abs(track.at(f, corners[:, 0], corners[:, 1])).max()) for f in range(len(track)))
    margin = int(moved) + 24
    height, width = (
        2 * fft.next_fast_len((side + 2 * margin + 1) // 2) for side in (settings.camera.height, settings.camera.width)
    )
    return height, width


class ParticleLayer:
    """Draws the contrast of particles, each with the transfer of its own defocus."""

    def __init__(self, atoms: Atoms, settings: SessionSettings) -> None:
        self.settings = settings
        pixel, microscope = settings.camera.pixel_size_A, settings.microscope
        small = 2 * fft.next_fast_len(int(np.ceil(1.25 * atoms.diameter_A / pixel / 2)) + 6)
        wave, k = wavelength_A(microscope.voltage_kV), 1 / (2 * pixel)
        spread_A = abs(
            wave * (microscope.defocus_high_A + microscope.astigmatism_A) * k - microscope.cs_mm * 1e7 * wave**3 * k**3
        )
        spread_A *= np.exp(-microscope.envelope_bfactor_A2 / 8 * k**2)  # what is dim may be cut off
        self.box = 2 * fft.next_fast_len(int(np.ceil(small / 2 + spread_A / pixel)))
        self.projector = Projector(atoms, box=small, pixel_size_A=pixel)
        self.scale = 2 * interaction_rad_VA(microscope.voltage_kV) * pixel
        self.kx, self.ky = frequencies(self.box, pixel)

    def one(self, plan: Plan, index: int) -> tuple[NDArray[np.float32], int, int]:
        """The contrast of a particle in a box (y, x), and the frame's pixel (x, y) that the box's middle falls on."""
        x, y = plan.x_px[index], plan.y_px[index]
        x0, y0 = int(np.floor(x + 0.5)), int(np.floor(y + 0.5))
        pixel = self.projector.pixel_size_A
        small = self.projector.image(euler_matrix(*plan.angles_deg[index]), ((x - x0) * pixel, (y - y0) * pixel))
        wide = np.zeros((self.box, self.box), np.float32)
        first = self.box // 2 - small.shape[0] // 2
        wide[first : first + small.shape[0], first : first + small.shape[0]] = small * self.scale
        contrast = transfer(self.settings.microscope, plan.particle_defocus(index), self.kx, self.ky)
        return fft.irfft2(fft.rfft2(wide) * contrast, s=wide.shape), x0, y0

    def draw(self, plan: Plan, shape: tuple[int, int]) -> NDArray[np.float32]:
        """The contrast (1 - intensity) of all particles on a canvas with the frame in its middle."""
        canvas = np.zeros(shape, np.float32)
        camera = self.settings.camera
        left, top = (shape[1] - camera.width) // 2, (shape[0] - camera.height) // 2
        for index in range(len(plan.x_px)):
            image, x0, y0 = self.one(plan, index)
            _add(canvas, image, x0 + left - self.box // 2, y0 + top - self.box // 2)
        return canvas


def _add(canvas: NDArray[np.float32], image: NDArray[np.float32], x0: int, y0: int) -> None:
    """Add an image with its first pixel at (x0, y0) of the canvas, cut off at the edges."""
    rows, columns = (range(max(0, at), min(at + side, size)) for at, side, size in zip((y0, x0), image.shape, canvas.shape))
    if len(rows) and len(columns):
        part = image[rows.start - y0 : rows.stop - y0, columns.start - x0 : columns.stop - x0]
        canvas[rows.start : rows.stop, columns.start : columns.stop] += part
