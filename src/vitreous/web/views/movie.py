"""Movies: the list, the film of frames and running sums, and the tracks of motion correction."""

from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.web import films, pictures
from vitreous.web.opened import Opened, ProjectHere
from vitreous.web.picture_cache import Pack
from vitreous.web.problems import Missing
from vitreous.web.views.image import JPEG, cache_of, picture_answer, picture_names

router = APIRouter(tags=["movies"])
Path = Annotated[str, Query(max_length=1000)]


class Movies(BaseModel):
    """The movies of a table, or the one that a path names."""

    names: list[str]


class Film(BaseModel):
    """A movie: frames and their size; gain: the reference that motion correction used, "" for none known; tag for addresses.

    fault: why it cannot be shown, as where a project came without its movies.
    """

    fault: str = ""
    frames: int = 0
    width: int = 0
    height: int = 0
    pixel_size_A: float = 0.0
    block: int = 1
    gain: str = ""
    gained: bool = False
    tag: str = ""


class Way(BaseModel):
    """Where the specimen is in each frame, in Å from the first; at: a place in pixels of the frames."""

    at: tuple[float, float]
    x_A: list[float]
    y_A: list[float]


class MovieTrack(BaseModel):
    """The motion of a movie: of the whole frame, and at a grid of places; total_A is the length of the way."""

    movie: str
    job: str
    width: int
    height: int
    pixel_size_A: float
    first_frame: int
    dose_per_frame_e_A2: float
    total_A: float
    whole: Way
    local: list[Way]


@router.get("/movies/list")
def movies(here: ProjectHere, path: Path) -> Movies:
    """The movies that a table lists; a movie lists itself."""
    file = here.inside(path)
    if file.suffix != ".star":
        return Movies(names=[path])
    return Movies(names=picture_names(file, pictures.tag_of(file)))


def _film(here: Opened, path: str, gain: bool) -> tuple[Pack, str, bool]:
    """The film of a movie, the gain reference that is known for it, and whether it was used."""
    file = here.inside(path)
    known = films.gain_of(here, path)
    gain_file = None
    if known and gain:
        try:
            gain_file = here.inside(known.path)
        except UserError:
            gain_file = None
    pack = films.film(cache_of(here), file, known if gain_file else None, gain_file)
    return pack, known.path if known else "", gain_file is not None


@router.get("/movies/film")
def film(here: ProjectHere, path: Path, gain: bool = True) -> Film:
    """How many frames a movie has and how large they are; reads all of it once."""
    try:
        pack, reference, gained = _film(here, path, gain)
    except UserError as error:
        return Film(fault=str(error))
    return Film(gain=reference, gained=gained, tag=f"{pictures.tag_of(here.inside(path))}{'g' if gained else ''}", **pack.known)


@router.get("/movies/frame", response_class=Response, responses=JPEG)
def frame(
    here: ProjectHere,
    path: Path,
    number: Annotated[int, Query(ge=1, le=films.MOST_FRAMES)],
    what: Literal["frame", "sum"] = "frame",
    gain: bool = True,
    tag: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """A frame, or the sum of the frames up to it, small."""
    pack, _, gained = _film(here, path, gain)
    data = pack.read(f"{what}/{number}")
    if data is None:
        raise Missing(f"{path} has no frame {number}")
    return picture_answer(data, tag=f"{pictures.tag_of(here.inside(path))}{'g' if gained else ''}", asked=tag)


@router.get("/track")
def track(here: ProjectHere, path: Path) -> MovieTrack | None:
    """The motion of a movie, by its own path, its micrograph's, or that of the STAR file beside it; null where none is known."""
    found = films.motion_of(here, path)
    if found is None:
        return None
    motion, job = found
    size_A = motion.pixel_size_A
    whole = films.ways_px(motion) * size_A
    steps = np.hypot(*np.diff(whole, axis=0).T) if len(whole) > 1 else np.zeros(0)
    middle = (motion.shape[2] / 2, motion.shape[1] / 2)
    local = films.local_ways_px(motion) * size_A
    return MovieTrack(
        movie=motion.movie,
        job=job,
        width=motion.shape[2],
        height=motion.shape[1],
        pixel_size_A=size_A,
        first_frame=motion.first_frame,
        dose_per_frame_e_A2=motion.dose_per_frame_e_A2,
        total_A=float(steps.sum()),
        whole=_way(middle, whole),
        local=[_way(at, way) for at, way in zip(films.grid_px(motion), local, strict=False)],
    )


def _way(at: tuple[float, float], way: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Way:
    return Way(at=at, x_A=way[:, 0].round(3).tolist(), y_A=way[:, 1].round(3).tolist())
