"""What simulating movies costs: CPU and wall seconds a movie, peak memory, and whether the data are as they should be.

python bench/simulate_movies.py [--movies 8] [--threads 2] [--format tiff]
Goal: 40 movies of 1024 x 1024 x 24 frames in a few minutes on two cores, that is below 8 CPU-s a movie.
"""

import argparse
import hashlib
import os
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from vitreous.context import Context
from vitreous.files.frames import open_movie, read_gain
from vitreous.simulation.session import simulate_session
from vitreous.simulation.settings import Camera, SessionSettings


def one_session(settings: SessionSettings, folder: Path, threads: int) -> tuple[float, float]:
    """Wall and CPU seconds of a session."""
    wall, cpu = time.perf_counter(), os.times()
    simulate_session(settings, folder, Context(seed=1, threads=threads))
    after = os.times()
    return time.perf_counter() - wall, after.user + after.system - cpu.user - cpu.system


def digests(folder: Path) -> list[str]:
    """A digest of every movie of a session."""
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((folder / "movies").iterdir())]


def main() -> None:
    """Make a session of one movie and one of many, and judge them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movies", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--format", default="tiff", choices=("tiff", "mrc", "eer"))
    said = parser.parse_args()
    settings = SessionSettings(movies=said.movies, camera=Camera(format=said.format))
    camera = settings.camera
    with tempfile.TemporaryDirectory() as place:
        first_wall, first_cpu = one_session(replace(settings, movies=1), Path(place) / "a", said.threads)
        wall, cpu = one_session(settings, Path(place) / "b", said.threads)
        per_movie = cpu / said.movies
        print(f"first movie, compilation and specimen included: {first_wall:.1f} s wall, {first_cpu:.1f} CPU-s")
        print(f"{said.movies} movies: {wall:.1f} s wall, {per_movie:.2f} CPU-s a movie; 40 movies: {40 * per_movie:.0f} CPU-s")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
        same = digests(Path(place) / "a")[0] == digests(Path(place) / "b")[0]
        print(f"the first movie of both sessions is {'the same to the bit' if same else 'NOT the same'}")
        path = sorted((Path(place) / "b" / "movies").iterdir())[0]
        movie = open_movie(path, eer_fractions=camera.eer_frames_per_fraction)
        gain = read_gain(Path(place) / "b" / "gain.mrc", shape=movie.shape, eer=said.format == "eer")
        mean = float(np.mean([(movie.read(i, i + 1)[0] * gain)[gain > 0].mean() for i in range(movie.count)]))
        wanted = camera.dose_e_A2 / camera.frames * camera.pixel_size_A**2
        print(f"{path.stat().st_size / 1e6:.1f} MB a movie; {mean:.3f} counts a pixel and frame, {wanted:.3f} electrons sent")


if __name__ == "__main__":
    main()
