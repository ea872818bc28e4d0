"""Atomic models to lay over a map: backbones and atoms in Å from the map's first voxel."""

from pathlib import Path
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from vitreous.files.model import Floats, read_model
from vitreous.web.opened import ProjectHere
from vitreous.web.volumes import volume

router = APIRouter(tags=["volume"])
SUFFIXES = (".pdb", ".cif", ".ent", ".mmcif", ".pdb.gz", ".cif.gz", ".ent.gz")
MOST_ATOMS = 400_000


class Trace3D(BaseModel):
    """An unbroken run of a chain: places as x, y, z, x, y, z ..."""

    chain: str
    strand: str
    places_A: list[float]
    numbers: list[int]


class Model3D(BaseModel):
    """A model in the frame of a map. Atoms come only when they are asked for."""

    path: str
    traces: list[Trace3D]
    atoms: int
    atoms_A: list[float] = Field(description="x, y, z, x, y, z ...; empty unless asked for")
    elements: list[str]


class ModelFile(BaseModel):
    """A model that lies in the project."""

    path: str
    bytes: int


@router.get("/model3d")
def model3d(
    here: ProjectHere,
    path: Annotated[str, Query(max_length=1000)],
    map: Annotated[str, Query(max_length=1000, description="The map whose first voxel is at 0")] = "",
    atoms: bool = False,
) -> Model3D:
    """A model, moved by the map's origin."""
    model = read_model(here.inside(path))
    origin = np.array(volume(here.inside(map)).origin_A if map else (0.0, 0.0, 0.0), np.float32)
    shown = model.atoms_A[:MOST_ATOMS] if atoms else model.atoms_A[:0]
    return Model3D(
        path=path,
        traces=[
            Trace3D(chain=one.chain, strand=one.strand, places_A=_flat(one.places_A - origin), numbers=list(one.numbers))
            for one in model.traces
        ],
        atoms=len(model.atoms_A),
        atoms_A=_flat(shown - origin),
        elements=list(model.elements[: len(shown)]),
    )


@router.get("/models3d")
def models3d(here: ProjectHere) -> list[ModelFile]:
    """Models in the project's folder and its first folders down, for a list to choose from."""
    found = [path for depth in ("*", "*/*", "Import*/*/*") for path in here.root.glob(depth) if _is_model(path)]
    return [ModelFile(path=str(path.relative_to(here.root)), bytes=path.stat().st_size) for path in sorted(found)[:500]]


def _is_model(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES) and path.is_file() and not path.parent.is_symlink()


def _flat(places: Floats) -> list[float]:
    return [round(float(part), 3) for part in places.reshape(-1)]
