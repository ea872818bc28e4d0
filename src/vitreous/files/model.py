"""Atomic models for drawing: backbones and atoms in Å as the file has them; mmCIF and PDB, plain or gzipped."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gemmi
import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError

Floats = NDArray[np.float32]
Strand = Literal["protein", "nucleic"]
BREAK_A = {"protein": 4.6, "nucleic": 8.5}
"""Neighbours farther apart than this are not joined: residues are missing between them."""
ANCHOR = {"protein": "CA", "nucleic": "P"}


@dataclass(frozen=True)
class Trace:
    """An unbroken run of residues of one chain: places (n, 3) of CA or P atoms, x y z, and the residues' numbers."""

    chain: str
    strand: Strand
    places_A: Floats
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """The first model of a file, without water: traces, and all atoms (n, 3) with their elements."""

    traces: tuple[Trace, ...]
    atoms_A: Floats
    elements: tuple[str, ...]


def read_model(path: Path) -> Model:
    """Read a model; a UserError says what is wrong with the file."""
    try:
        structure = gemmi.read_structure(str(path))
    except (ValueError, RuntimeError, OSError) as error:
        raise UserError(f"{path.name} is no PDB or mmCIF file that can be read: {error}") from error
    if not len(structure) or not structure[0].count_atom_sites():
        raise UserError(f"{path.name} holds no atoms")
    structure.setup_entities()
    structure.remove_waters()
    structure.remove_alternative_conformations()
    sites = [site.atom for site in structure[0].all()]
    atoms = np.array([site.pos.tolist() for site in sites], np.float32).reshape(-1, 3)
    traces = [trace for chain in structure[0] for trace in _traces(chain)]
    return Model(tuple(traces), atoms, tuple(site.element.name for site in sites))


def _traces(chain: gemmi.Chain) -> list[Trace]:
    """The unbroken runs of a chain's polymer."""
    polymer = chain.get_polymer()
    kind = polymer.check_polymer_type()
    nucleic = kind in (gemmi.PolymerType.Dna, gemmi.PolymerType.Rna, gemmi.PolymerType.DnaRnaHybrid)
    strand: Strand = "nucleic" if nucleic else "protein"
    runs: list[list[tuple[int, NDArray[np.float64]]]] = []
    for residue in polymer:
        anchor = residue.find_atom(ANCHOR[strand], "*")
        if anchor is None:
            continue
        place = np.array(anchor.pos.tolist())
        if not runs or np.linalg.norm(place - runs[-1][-1][1]) > BREAK_A[strand]:
            runs.append([])
        runs[-1].append((residue.seqid.num or 0, place))
    return [
        Trace(chain.name, strand, np.array([p for _, p in run], np.float32), tuple(n for n, _ in run))
        for run in runs
        if len(run) > 1
    ]
