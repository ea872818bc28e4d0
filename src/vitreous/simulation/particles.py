"""Stacks of particle images with a known truth: projections, contrast transfer, shifts and noise."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from vitreous.context import QUIET, Context
from vitreous.files import mrc, star
from vitreous.files.stacks import StackWriter
from vitreous.simulation.continuing import is_done, mark_done
from vitreous.simulation.microscope import Defocus, random_defocus, transfer
from vitreous.simulation.orientations import euler_matrix, random_angles
from vitreous.simulation.projector import Projector, frequencies, to_image
from vitreous.simulation.settings import ParticleSettings
from vitreous.simulation.specimen import make_specimen
from vitreous.tables.table import Table, from_rows

STACK, TRUTH, INPUT, MAP = "particles.mrcs", "particles_truth.star", "particles.star", "true_map.mrc"


class _Maker:
    """Makes the clean images and the noise; scale brings the signal to the signal-to-noise ratio at a noise of 1."""

    def __init__(self, settings: ParticleSettings) -> None:
        self.settings = settings
        self.atoms = make_specimen(settings.specimen)
        self.projector = Projector(self.atoms, box=settings.box, pixel_size_A=settings.pixel_size_A)
        self.kx, self.ky = frequencies(settings.box, settings.pixel_size_A)
        fall = 1 - settings.noise_falloff * np.minimum(np.hypot(self.kx, self.ky) * 2 * settings.pixel_size_A, 1)
        both = np.full(settings.box // 2 + 1, 2.0)
        both[0] = 1
        both[-1] = 1 + settings.box % 2
        self.colour = (fall / np.sqrt((fall**2 * both).sum() / settings.box**2)).astype(np.float32)
        self.scale = self._scale() if settings.snr > 0 else 1.0

    def clean(self, angles_deg: NDArray[np.float64], shift_A: tuple[float, float], defocus: Defocus) -> NDArray[np.float32]:
        """One image (box, box) without noise, white on black, in V."""
        image = self.projector.transform(euler_matrix(*angles_deg), shift_A)
        if self.settings.apply_ctf:
            image = image * transfer(self.settings.microscope, defocus, self.kx, self.ky)
        return to_image(image, self.settings.box)

    def _scale(self) -> float:
        rng = np.random.default_rng(31415)
        images = [
            self.clean(angles, (0.0, 0.0), random_defocus(self.settings.microscope, rng)) for angles in random_angles(48, rng)
        ]
        return float(np.sqrt(self.settings.snr / np.mean([image.var() for image in images])))

    def noisy(self, image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """The image, scaled, in noise of variance 1."""
        if self.settings.snr == 0:
            return image
        noise = rng.standard_normal(image.shape, np.float32)
        if self.settings.noise_falloff:
            noise = fft.irfft2(fft.rfft2(noise) * self.colour, s=image.shape)
        return np.asarray(self.scale * image + noise, np.float32)


def _micrograph(maker: _Maker, number: int, count: int, context: Context) -> tuple[NDArray[np.float32], list[dict[str, object]]]:
    """The images (count, box, box) of one micrograph and their rows."""
    settings = maker.settings
    rng = np.random.default_rng(context.seed_for(f"particles {number}"))
    mean = random_defocus(settings.microscope, rng)
    angles = random_angles(count, rng, preferred=settings.preferred_view)
    shifts = rng.normal(0, settings.shift_A, (count, 2)) if settings.shift_A else np.zeros((count, 2))
    heights = rng.uniform(-0.5, 0.5, count) * settings.height_spread_A
    halves = rng.integers(1, 3, count)
    images, rows = [], []
    for i in range(count):
        defocus = mean.lowered(heights[i])
        images.append(maker.noisy(maker.clean(angles[i], (shifts[i, 0], shifts[i, 1]), defocus), rng))
        rot, tilt, psi = angles[i]
        rows.append(
            {"micrograph": f"micrographs/simulated_{number + 1:05d}.mrc", "optics_group": 1}
            | {"defocus_u_A": defocus.u_A, "defocus_v_A": defocus.v_A, "defocus_angle_deg": defocus.angle_deg}
            | {"phase_shift_deg": settings.microscope.phase_shift_deg, "rot_deg": rot, "tilt_deg": tilt, "psi_deg": psi}
            | {"origin_x_A": -shifts[i, 0], "origin_y_A": -shifts[i, 1], "class_number": 1, "half": int(halves[i])}
        )
    return np.stack(images), rows


def _optics(settings: ParticleSettings) -> Table:
    microscope = settings.microscope
    row = {
        "optics_group": 1,
        "optics_group_name": "simulated",
        "voltage_kV": microscope.voltage_kV,
        "cs_mm": microscope.cs_mm,
        "amplitude_contrast": microscope.amplitude_contrast,
        "micrograph_pixel_size_A": settings.pixel_size_A,
        "pixel_size_A": settings.pixel_size_A,
        "box": settings.box,
        "dimensions": 2,
    }
    return from_rows([row], "optics")


def simulate_particles(settings: ParticleSettings, folder: Path, context: Context = QUIET) -> Table:
    """Write particles.mrcs, true_map.mrc and two STAR files into the folder; returns the table of the truth.

    particles.star is what a refinement starts from (images, CTF, half sets); particles_truth.star also has the angles,
    the origins and the envelope's B-factor. Image names are relative to the current directory. Particles are white;
    the noise has variance 1 (snr 0: no noise, images in V as summed from the map's voxels). Same settings and seed make
    the same files; files that are there with the same settings are kept.
    """
    if is_done(folder, "particles", [folder / STACK, folder / MAP, folder / TRUTH, folder / INPUT], settings, context):
        return star.read_table(folder / TRUTH, "particles")
    folder.mkdir(parents=True, exist_ok=True)
    maker = _Maker(settings)
    volume = maker.projector.volume() * maker.scale
    mrc.write_volume(folder / MAP, volume, pixel_size_A=settings.pixel_size_A)
    rows: list[dict[str, object]] = []
    with StackWriter(folder / STACK, box=settings.box, pixel_size_A=settings.pixel_size_A, dtype="float32") as stack:
        while len(rows) < settings.count:
            context.check()
            context.progress(len(rows), settings.count, "simulating particles")
            number = len(rows) // settings.per_micrograph
            images, new = _micrograph(maker, number, min(settings.per_micrograph, settings.count - len(rows)), context)
            stack.append(images)
            rows += new
    named = [{"image": f"{i + 1:06d}@{folder / STACK}"} | row for i, row in enumerate(rows)]
    table = from_rows(named, "particles", _optics(settings)).with_(ctf_bfactor_A2=settings.microscope.envelope_bfactor_A2)
    star.write_table(folder / TRUTH, table)
    unknown = ("rot_deg", "tilt_deg", "psi_deg", "origin_x_A", "origin_y_A", "class_number", "ctf_bfactor_A2")
    star.write_table(folder / INPUT, table.without(*unknown))
    mark_done(folder, "particles", settings, context)
    context.progress(settings.count, settings.count, "simulated particles")
    return table
