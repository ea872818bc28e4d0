"""The specimen of a simulation: atoms made by code or read from a model, and the map that is the truth."""

import numpy as np
from numpy.typing import NDArray

from vitreous.simulation.atoms import Atoms
from vitreous.simulation.model import read_model
from vitreous.simulation.projector import Projector
from vitreous.simulation.protein import make_protein
from vitreous.simulation.settings import Specimen


def make_specimen(settings: Specimen) -> Atoms:
    """The atoms that the settings ask for, centre of rotation at 0."""
    if settings.model:
        return read_model(settings.model, assembly=settings.assembly, extra_bfactor_A2=settings.bfactor_A2)
    return make_protein(
        symmetry=settings.symmetry, mass_kDa=settings.mass_kDa, seed=settings.seed, bfactor_A2=settings.bfactor_A2
    )


def true_map(atoms: Atoms, *, box: int, pixel_size_A: float) -> NDArray[np.float32]:
    """The specimen's potential over that of ice, in V, (box, box, box) [z, y, x], centred on voxel box//2."""
    return Projector(atoms, box=box, pixel_size_A=pixel_size_A).volume()
