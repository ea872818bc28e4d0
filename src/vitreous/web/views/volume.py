"""A map for the viewer: its numbers, coarser copies, slices, projections, the file; and the centre of mass near a point."""

import hashlib
import json
import struct
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from vitreous.context import UserError
from vitreous.files.mask_shapes import MaskShapes, parse_shapes
from vitreous.nodes import kind
from vitreous.project.layout import number_of
from vitreous.web.mask_preview import preview
from vitreous.web.opened import ProjectHere
from vitreous.web.specimen import specimen
from vitreous.web.telling.kinds import word_of
from vitreous.web.views.image import cache_of
from vitreous.web.volume_store import kept
from vitreous.web.volumes import Floats, centre_of_mass, mark, volume

router = APIRouter(prefix="/volume", tags=["volume"])

Path_ = Annotated[str, Query(max_length=1000, description="The map's file, relative to the project")]
Tag = Annotated[str, Query(max_length=64, description="The tag that info gave: the answer may then be kept for ever")]
Axis = Literal["x", "y", "z"]
Bytes: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "A head of 32 bytes, then the values"}
}
MOST_LISTED = 400
LARGEST = 1e30
"""Beyond it a level, a place or a radius is no number of a map, and sums over a map would overflow."""
KEEP = "private, max-age=31536000, immutable"


class VolumeInfo(BaseModel):
    """A map's numbers. Orders are x, y, z; a voxel's place in Å is its index, from 0, times voxel_A."""

    path: str
    shape: tuple[int, int, int]
    voxel_A: float
    voxel_known: bool
    origin_A: tuple[float, float, float] = Field(description="Where models have the first voxel; no part of other places")
    mean: float
    sd: float
    min: float
    max: float
    low: float = Field(description="Value of the histogram's first bin, and of byte 0 of a level")
    high: float = Field(description="Value of the histogram's last bin, and of byte 255")
    histogram: list[int]
    tag: str
    symmetry: str = Field(description="Point group of the refinement that made it, or of the newest; empty: not known")
    mass_kDa: float = Field(description="Mass that the project states; 0: none is stated")
    mass_from: str
    full_bytes: int


class VolumeRow(BaseModel):
    """A map, half map or mask of the project that may be laid over another."""

    path: str
    kind: str
    job: str
    alias: str


class Centre(BaseModel):
    """A place in Å from the first voxel; found: whether there was any density."""

    found: bool
    x_A: float
    y_A: float
    z_A: float


def tag_of(path: Path) -> str:
    """A word that changes when the file does."""
    return hashlib.sha256(repr(mark(path)).encode()).hexdigest()[:20]


@router.get("/info")
def info(here: ProjectHere, path: Path_) -> VolumeInfo:
    """What is known of a map before it is drawn."""
    where = here.inside(path)
    tag, known = tag_of(where), specimen(here, path)
    found = json.loads(kept(cache_of(here), where, f"info {tag}", lambda: _numbers(where)))
    return VolumeInfo(path=path, tag=tag, symmetry=known.symmetry, mass_kDa=known.mass_kDa, mass_from=known.mass_from, **found)


def _numbers(where: Path) -> bytes:
    """What the file itself says, as JSON."""
    held = volume(where)
    numbers = held.numbers
    z, y, x = held.values.shape
    said = {
        "shape": (x, y, z),
        "voxel_A": held.voxel_A,
        "voxel_known": held.voxel_known,
        "origin_A": held.origin_A,
        "mean": numbers.mean,
        "sd": numbers.sd,
        "min": numbers.minimum,
        "max": numbers.maximum,
        "low": numbers.low,
        "high": numbers.high,
        "histogram": held.histogram,
        "full_bytes": held.values.size,
    }
    return json.dumps(said).encode()


@router.get("/level", responses=Bytes, response_class=Response)
def level(
    here: ProjectHere,
    path: Path_,
    edge: Literal["64", "128", "256", "full"] = "64",
    low_pass_A: Annotated[float, Query(ge=0, le=10_000, description="0: as it is")] = 0.0,
    tag: Tag = "",
) -> Response:
    """The map in 8 bits with no edge over `edge` voxels: x, y, z sizes, averaged voxels in one (int32), low, high (float32)."""
    where = here.inside(path)
    if edge == "full":
        return _bytes(_level(where, 0, low_pass_A), tag, where)
    words = f"level {tag_of(where)} {edge} {low_pass_A:g}"
    return _bytes(kept(cache_of(here), where, words, lambda: _level(where, int(edge), low_pass_A)), tag, where)


def _level(where: Path, edge: int, low_pass_A: float) -> bytes:
    held = volume(where)
    data, factor = held.level(edge, low_pass_A=low_pass_A)
    z, y, x = data.shape
    return struct.pack("<4i2f8x", x, y, z, factor, held.numbers.low, held.numbers.high) + data.tobytes()


@router.get("/slice", responses=Bytes, response_class=Response)
def slice_(here: ProjectHere, path: Path_, axis: Axis, k: Annotated[int, Query(ge=0, le=100_000)], tag: Tag = "") -> Response:
    """Plane k across an axis, in 16 bits from the map's lowest value to its highest: columns, rows, k, 0 (int32), low, high."""
    where = here.inside(path)
    held = volume(where)
    return _plane(held.slice(axis, k), (held.numbers.minimum, held.numbers.maximum), k=k, tag=tag, where=where)


@router.get("/projection", responses=Bytes, response_class=Response)
def projection(here: ProjectHere, path: Path_, axis: Axis, tag: Tag = "") -> Response:
    """The sum along an axis, in 16 bits, as a slice."""
    where = here.inside(path)
    plane = volume(where).projection(axis)
    return _plane(plane, (float(plane.min()), float(plane.max())), k=-1, tag=tag, where=where)


@router.get("/list")
def list_(here: ProjectHere, near: Annotated[str, Query(max_length=1000)] = "") -> list[VolumeRow]:
    """Maps that may be laid over one: those beside it first, then the project's, newest job first."""
    graph = here.project.graph()
    rows: dict[str, VolumeRow] = {}
    for job, path in sorted(graph.outputs, key=lambda edge: (number_of(edge[0]) or 0, edge[1]), reverse=True):
        word = word_of(graph.nodes[path].label, path) if path in graph.nodes else "file"
        if kind(word).view == "volume" and (here.root / path).is_file():
            rows[path] = VolumeRow(path=path, kind=word, job=job.rstrip("/"), alias=graph.processes[job].alias.rstrip("/"))
    where = here.inside(near)
    folder = (where if where.is_dir() else where.parent).relative_to(here.root)
    beside = sorted(path for path in (here.root / folder).iterdir() if path.suffix in (".mrc", ".map") and path.is_file())
    for one in beside[-200:]:
        name = str(folder / one.name)
        rows.setdefault(name, VolumeRow(path=name, kind=_guess(one.name), job="", alias=""))
    return sorted(rows.values(), key=lambda row: Path(row.path).parent != folder)[:MOST_LISTED]


@router.get("/raw", response_class=FileResponse)
def raw(here: ProjectHere, path: Path_) -> FileResponse:
    """The file itself, as an MRC."""
    where = here.inside(path)
    volume(where)
    return FileResponse(where, media_type="application/octet-stream", filename=where.name)


@router.get("/centre")
def centre(
    here: ProjectHere,
    path: Path_,
    at_A: Annotated[list[float], Query(min_length=3, max_length=3, description="x, y, z")],
    radius_A: Annotated[float, Query(gt=0, le=10_000)],
    level: float,
) -> Centre:
    """The centre of mass of the density above a level in a sphere, which moves there until it rests."""
    if not (np.abs([*at_A, radius_A, level]) < LARGEST).all():
        raise UserError("a place, a radius and a level are numbers that a map can hold")
    found = centre_of_mass(volume(here.inside(path)), (at_A[0], at_A[1], at_A[2]), radius_A=radius_A, level=level)
    x, y, z = at_A if found is None else (float(part) for part in found)
    return Centre(found=found is not None, x_A=x, y_A=y, z_A=z)


@router.get("/mask", responses=Bytes, response_class=Response)
def mask(here: ProjectHere, path: Path_, shapes: Annotated[str, Query(max_length=20_000)]) -> Response:
    """A mask that shapes (as in an answer file) would make on a map's grid, at half size or less, as a level from 0 to 1."""
    where = here.inside(path)
    data, factor = preview(volume(where), _shapes(shapes))
    z, y, x = data.shape
    return _bytes(struct.pack("<4i2f8x", x, y, z, factor, 0.0, 1.0) + data.tobytes(), "", where)


def _guess(name: str) -> str:
    """The kind of a map that no job names, by its file's name."""
    words = {"mask": "mask", "half": "halfmap", "locres": "localres", "localresolution": "localres"}
    return next((found for word, found in words.items() if word in name.lower()), "map")


def _shapes(text: str) -> MaskShapes:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"the shapes are not JSON: {error}") from error
    return parse_shapes(said, "the shapes")


def _plane(plane: Floats, limits: tuple[float, float], *, k: int, tag: str, where: Path) -> Response:
    low, high = limits
    scale = 65535.0 / (high - low) if high > low else 0.0
    rows, columns = plane.shape
    values = np.clip((plane - low) * scale + 0.5, 0, 65535).astype("<u2")
    return _bytes(struct.pack("<4i2f8x", columns, rows, k, 0, low, high) + values.tobytes(), tag, where)


def _bytes(data: bytes, tag: str, where: Path) -> Response:
    keep = KEEP if tag and tag == tag_of(where) else "no-cache"
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": keep})
