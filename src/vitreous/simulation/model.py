"""Atomic models from PDB and mmCIF files, plain or gzipped, through gemmi."""

from dataclasses import replace
from pathlib import Path

import gemmi
import numpy as np

from vitreous.context import UserError
from vitreous.simulation.atoms import Atoms


def _structure(path: Path) -> gemmi.Structure:
    if not path.is_file():
        raise UserError(f"the model {path} is not there; give a PDB or mmCIF file, plain or .gz")
    try:
        structure = gemmi.read_structure(str(path))
    except (ValueError, RuntimeError) as error:
        raise UserError(f"the model {path} is not a PDB or mmCIF file that can be read: {error}") from error
    if not len(structure) or not structure[0].count_atom_sites():
        raise UserError(f"the model {path} holds no atoms")
    return structure


def read_model(path: str | Path, *, assembly: str = "", extra_bfactor_A2: float = 0.0) -> Atoms:
    """The atoms of a file's first model, water left out, with their middle at 0; otherwise as read_placed."""
    atoms = read_placed(path, assembly=assembly, extra_bfactor_A2=extra_bfactor_A2)
    return replace(atoms, positions_A=atoms.positions_A - atoms.positions_A.mean(axis=0))


def read_placed(path: str | Path, *, assembly: str = "", extra_bfactor_A2: float = 0.0) -> Atoms:
    """The atoms of a file's first model, water left out, where the file has them.

    assembly names a biological assembly to build; empty takes the atoms as they stand. extra_bfactor_A2 is added to each B.
    """
    structure = _structure(Path(path))
    structure.setup_entities()
    if assembly:
        names = [a.name for a in structure.assemblies]
        if assembly not in names:
            raise UserError(f"the model {path} has no assembly {assembly!r}; it has {', '.join(names) or 'none'}")
        structure.transform_to_assembly(assembly, gemmi.HowToNameCopiedChain.Short)
    structure.remove_waters()
    sites = [site.atom for site in structure[0].all()]
    positions = np.array([site.pos.tolist() for site in sites], np.float64).reshape(-1, 3)
    if not len(positions):
        raise UserError(f"the model {path} holds nothing but water")
    return Atoms(
        positions,
        np.array([site.element.name for site in sites]),
        np.array([site.b_iso for site in sites], np.float64) + extra_bfactor_A2,
        np.array([site.occ for site in sites], np.float64),
    )
