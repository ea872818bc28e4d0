"""Movies for the browser: each frame and each running sum, small, made in one reading; and where the frames' motion stands."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.files import frames, motion
from vitreous.files.bands import finite
from vitreous.files.motion import Motion
from vitreous.job.options import as_plain
from vitreous.tables.places import below_job, without_suffix
from vitreous.web import picture_parts as parts
from vitreous.web import reading
from vitreous.web.opened import Opened
from vitreous.web.picture_cache import Pack, PictureCache
from vitreous.web.pictures import tag_of

SIDE_PX = 640
MOST_FRAMES = 400
FLIPS = {"none": 0, "upside down": 1, "left to right": 2}
GRID = 5
"""Local tracks are shown at so many places in each direction."""


@dataclass(frozen=True)
class GainUse:
    """A gain reference as motion correction used it: a path of the project, rotation in degrees, flip as files.frames has it."""

    path: str
    rotation: int
    flip: int


def film(cache: PictureCache, movie_path: Path, gain: GainUse | None, gain_file: Path | None) -> Pack:
    """Frames ("frame/1") and running sums ("sum/1"), their longer side at most 640 px; known says how large a frame is."""
    use = f"{tag_of(gain_file)} {gain.rotation} {gain.flip}" if gain and gain_file else "plain"
    key = f"film {tag_of(movie_path)} {use}"
    with cache.lock(key):
        found = cache.find(key)
        return found or cache.write(key, *_made(movie_path, gain, gain_file))


def _made(path: Path, gain: GainUse | None, gain_file: Path | None) -> tuple[dict[str, object], dict[str, bytes]]:
    movie = frames.open_movie(path)
    count = min(movie.count, MOST_FRAMES)
    factor = None
    if gain and gain_file:
        eer = path.suffix.lower() == ".eer"
        factor = frames.read_gain(gain_file, shape=movie.shape, rotation=gain.rotation, flip=gain.flip, eer=eer)
    block = max(-(-max(movie.shape) // SIDE_PX), 1)
    total: NDArray[np.float32] | None = None
    pictures = {}
    for number in range(1, count + 1):
        frame = finite(movie.read(number - 1, number)[0])
        small = parts.averaged(frame if factor is None else frame * factor, block)
        total = small if total is None else total + small
        for name, pixels in (("frame", small), ("sum", total)):
            pictures[f"{name}/{number}"] = parts.jpeg(parts.levels(pixels, *parts.spread(pixels)))
    height, width = movie.shape
    known: dict[str, object] = {
        "frames": count,
        "width": width,
        "height": height,
        "block": block,
        "pixel_size_A": movie.pixel_size_A,
    }
    return known, pictures


def motion_of(here: Opened, path: str) -> tuple[Motion, str] | None:
    """The newest motion of a movie or micrograph (or such a file itself), and the job that measured it; None: none is known."""
    if path.endswith(".star"):
        return _read(here, path)
    beside = without_suffix(path) + ".star"
    jobs = [name for name, process in reading.graph(here).processes.items() if process.label.startswith("relion.motioncorr")]
    for candidate in (beside, *(f"{name}{without_suffix(below_job(path))}.star" for name in reversed(jobs))):
        found = _read(here, candidate)
        if found:
            return found
    return None


def _read(here: Opened, path: str) -> tuple[Motion, str] | None:
    try:
        return motion.read(here.inside(path)), "/".join(path.split("/")[:2])
    except (UserError, KeyError, ValueError):
        return None


def gain_of(here: Opened, path: str) -> GainUse | None:
    """The gain reference that the newest motion correction took for a movie; None where there is none, or it is not known."""
    found = motion_of(here, path)
    if not found or not found[0].gain:
        return None
    try:
        values = as_plain(here.project.loaded(f"{found[1]}/").job)
    except (UserError, OSError, KeyError):
        return None
    return GainUse(found[0].gain, int(values.get("gain_rotation_deg", 0)), FLIPS.get(str(values.get("gain_flip")), 0))


def ways_px(found: Motion) -> NDArray[np.float64]:
    """Where the specimen is in each frame, in pixels from the first: (frames, 2). Shifts bring it back, so they turn round."""
    way = -found.shifts_px
    return np.asarray(way - way[0] if len(way) else way)


def local_ways_px(found: Motion) -> NDArray[np.float64]:
    """The same at a grid of places, with the local motion: (places, frames, 2); none where no local motion is known."""
    whole = ways_px(found)
    if found.coefficients is None or not len(whole):
        return np.zeros((0, len(whole), 2))
    x, y = (places.ravel() for places in np.meshgrid(_grid(), _grid()))
    where = np.stack([np.ones_like(x), x, x * x, y, y * y, x * y], axis=-1)
    z = np.arange(len(whole), dtype=float)
    when = np.stack([z, z**2, z**3], axis=-1)
    local = np.einsum("np,dpt,ft->nfd", where, found.coefficients.reshape(2, 6, 3), when)
    return np.asarray(whole[None] - local)


def grid_px(found: Motion) -> list[tuple[float, float]]:
    """The places of the grid in pixels of the frames."""
    _, height, width = found.shape
    return [((x + 0.5) * width, (y + 0.5) * height) for y in _grid() for x in _grid()]


def _grid() -> NDArray[np.float64]:
    return (np.arange(GRID) + 0.5) / GRID - 0.5
