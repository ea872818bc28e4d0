"""A session at the microscope: movies (or micrographs) on disk, and every truth about them in STAR files."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from vitreous.context import QUIET, Context
from vitreous.files import mrc, star
from vitreous.files.eer import write_eer
from vitreous.files.tiff import write_tiff_movie
from vitreous.simulation.atoms import Atoms
from vitreous.simulation.camera import Sensor, count_electrons, electrons_of, expected_counts, make_sensor, write_sensor
from vitreous.simulation.continuing import is_done, mark_done
from vitreous.simulation.exposure import Exposure
from vitreous.simulation.layer import ParticleLayer, Plan, plan_session
from vitreous.simulation.motion import write_track
from vitreous.simulation.settings import Camera, SessionSettings
from vitreous.simulation.specimen import make_specimen, true_map
from vitreous.simulation.truth import micrographs_truth, movies_table, particles_truth
from vitreous.tables.table import Table

ENDINGS = {"tiff": "tiff", "mrc": "mrcs", "eer": "eer"}
PARTICLES, MICROGRAPHS, MOVIES = "particles_truth.star", "micrographs_truth.star", "movies.star"
MAP, GAIN = "true_map.mrc", "gain.mrc"


def suggested_box(diameter_A: float, pixel_size_A: float) -> int:
    """An even box in pixels, quick to transform, that holds a particle of this diameter and half as much again."""
    return 2 * int(fft.next_fast_len(int(np.ceil(1.5 * diameter_A / pixel_size_A / 2))))


def simulate_session(settings: SessionSettings, folder: Path, context: Context = QUIET) -> Table:
    """Write movies and their truth into the folder; returns the table of all particles.

    movies/movie_00001.tiff ..., movies.star, gain.mrc, defects.txt, true_map.mrc, particles_truth.star, micrographs_truth.star
    and motion/movie_00001.star. Coordinates are pixels of the first frame as files.frames reads it. Truth is written first,
    then the movies one by one, each under its name when it is whole; a movie that is there with the same settings and seed
    is kept, so that a stopped simulation goes on. With settings.movies_as_sums micrographs/movie_00001.mrc are written in
    place of movies: motionless sums over all frames, gain-corrected.
    """
    folder.mkdir(parents=True, exist_ok=True)
    context.progress(0, settings.movies, "making the specimen")
    atoms = make_specimen(settings.specimen)
    plans = plan_session(settings, atoms.diameter_A, context)
    sensor = make_sensor(settings.camera, context.seed_for("camera"))
    names = [movie_path(settings, folder, plan) for plan in plans]
    particles = particles_truth(settings, plans, names)
    if not is_done(folder, "truth", [folder / MAP, folder / PARTICLES, folder / MICROGRAPHS], settings, context):
        _write_truth(settings, folder, atoms, sensor, plans)
        star.write_table(folder / PARTICLES, particles)
        mark_done(folder, "truth", settings, context)
    _make_all(settings, folder, ParticleLayer(atoms, settings), sensor, plans, context)
    return particles


def _make_all(
    settings: SessionSettings, folder: Path, layer: ParticleLayer, sensor: Sensor, plans: list[Plan], context: Context
) -> None:
    """Make the movies that are missing, side by side on context.threads threads."""
    one = replace(settings, movies=1)  # a movie does not depend on how many there are

    def make(plan: Plan) -> None:
        context.check()
        path = movie_path(settings, folder, plan)
        if is_done(folder, plan.name, [path], one, context):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_movie(path, Exposure(plan, layer, context), sensor, context)
        mark_done(folder, plan.name, one, context)

    with ThreadPoolExecutor(max(1, context.threads)) as pool:
        context.progress(0, len(plans), "simulating movies")
        try:
            for count, made in enumerate(as_completed([pool.submit(make, plan) for plan in plans]), 1):
                made.result()
                context.progress(count, len(plans), "simulating movies")
        except BaseException:  # Ctrl-C as well: what has not begun is dropped, what is in hand is finished
            pool.shutdown(cancel_futures=True)
            raise


def movie_path(settings: SessionSettings, folder: Path, plan: Plan) -> Path:
    """Where a movie (or the micrograph in its place) goes."""
    if settings.movies_as_sums:
        return folder / "micrographs" / f"{plan.name}.mrc"
    return folder / "movies" / f"{plan.name}.{ENDINGS[settings.camera.format]}"


def _write_truth(settings: SessionSettings, folder: Path, atoms: Atoms, sensor: Sensor, plans: list[Plan]) -> None:
    """Everything that is known before a movie is made, but for the particles."""
    pixel = settings.camera.pixel_size_A
    box = settings.map_box or suggested_box(atoms.diameter_A, pixel)
    mrc.write_volume(folder / MAP, true_map(atoms, box=box, pixel_size_A=pixel), pixel_size_A=pixel)
    names = [movie_path(settings, folder, plan) for plan in plans]
    star.write_table(folder / MICROGRAPHS, micrographs_truth(settings, plans, names))
    if settings.movies_as_sums:
        return
    write_sensor(folder, sensor, settings.camera)
    star.write_table(folder / MOVIES, movies_table(settings, names))
    (folder / "motion").mkdir(exist_ok=True)
    for plan, name in zip(plans, names):
        path = folder / "motion" / f"{plan.name}.star"
        write_track(
            path,
            plan.track,
            movie=str(name),
            camera=settings.camera,
            microscope=settings.microscope,
            gain=str(folder / GAIN),
        )


def _write_movie(path: Path, exposure: Exposure, sensor: Sensor, context: Context) -> None:
    """The frames of one movie, counted and written as they come."""
    settings, camera = exposure.settings, exposure.settings.camera
    seed = context.seed_for(f"electrons {exposure.plan.number}")
    if settings.movies_as_sums:
        mrc.write_image(path, _summed(exposure, seed), pixel_size_A=camera.pixel_size_A)
        return
    expected = (expected_counts(contrast, sensor, camera) for contrast in exposure.frames())
    if camera.format == "eer":
        write_eer(path, _events(expected, camera, seed, context), shape=(camera.height, camera.width))
        return
    frames = _counted(expected, camera, seed, context)
    if camera.format == "tiff":
        write_tiff_movie(path, frames, compression="lzw", pixel_size_A=camera.pixel_size_A)
    else:
        stack = np.stack(list(frames))
        mrc.write_stack(path, stack, pixel_size_A=camera.pixel_size_A, dtype="uint8" if stack.max() < 128 else "uint16")


def _counted(
    expected: Iterator[NDArray[np.float32]], camera: Camera, seed: int, context: Context
) -> Iterator[NDArray[np.uint8] | NDArray[np.uint16]]:
    """Frames of counts, in bytes where 255 is far above what a pixel sees (hot pixels may saturate)."""
    small = camera.dose_e_A2 / camera.frames * camera.pixel_size_A**2 < 80
    for number, mean in enumerate(expected):
        context.check()
        counts = count_electrons(mean, seed + number)
        yield np.minimum(counts, 255).astype(np.uint8) if small else counts


def _events(expected: Iterator[NDArray[np.float32]], camera: Camera, seed: int, context: Context) -> Iterator[NDArray[np.int64]]:
    """Electrons of each EER frame: (n, 2) y and x in quarters of a pixel."""
    parts = camera.eer_frames_per_fraction
    for number, mean in enumerate(expected):
        for part in range(parts):
            context.check()
            yield electrons_of(mean / np.float32(parts), seed + number * parts + part)


def _summed(exposure: Exposure, seed: int) -> NDArray[np.float32]:
    """Counts of all frames together without motion, defects or gain."""
    camera = exposure.settings.camera
    electrons = camera.dose_e_A2 / camera.frames * camera.pixel_size_A**2
    total = np.zeros((camera.height, camera.width), np.float32)
    for contrast in exposure.frames(still=True):
        total += np.float32(electrons) * np.maximum(1 - contrast, 0)
    return count_electrons(total, seed).astype(np.float32)
