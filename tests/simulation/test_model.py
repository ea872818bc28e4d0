"""Atomic models from files."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.simulation.model import read_model
from vitreous.simulation.projector import Projector

PDB = (
    "CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1\n"
    "ATOM      1  N   ALA A   1      11.000   2.000   3.000  1.00 20.00           N\n"
    "ATOM      2  CA  ALA A   1      13.000   4.000   5.000  0.50 40.00           C\n"
    "HETATM    3  O   HOH A   2      50.000  50.000  50.000  1.00 20.00           O\n"
    "END\n"
)


@pytest.mark.parametrize("packed", [False, True])
def test_atoms_are_read_and_centred(packed: bool, tmp_path: Path) -> None:
    path = tmp_path / ("a.pdb.gz" if packed else "a.pdb")
    path.write_bytes(gzip.compress(PDB.encode()) if packed else PDB.encode())
    atoms = read_model(path, extra_bfactor_A2=5.0)
    assert atoms.elements.tolist() == ["N", "C"]  # the water is left out
    assert np.allclose(atoms.positions_A, [[-1, -1, -1], [1, 1, 1]])
    assert np.allclose(atoms.bfactors_A2, [25, 45])
    assert np.allclose(atoms.occupancies, [1, 0.5])


def test_bad_files_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not there"):
        read_model(tmp_path / "nothing.pdb")
    (tmp_path / "empty.pdb").write_text("END\n")
    with pytest.raises(UserError, match="no atoms"):
        read_model(tmp_path / "empty.pdb")
    (tmp_path / "bad.cif").write_text("this is { no mmCIF\n")
    with pytest.raises(UserError, match=r"bad\.cif"):
        read_model(tmp_path / "bad.cif")
    (tmp_path / "a.pdb").write_text(PDB)
    with pytest.raises(UserError, match="no assembly '7'"):
        read_model(tmp_path / "a.pdb", assembly="7")


@pytest.mark.data
def test_apoferritin_is_a_shell_of_24_chains(data: Path) -> None:
    """Hollow, 120 to 135 Å across, and the same after a turn by 90° about its four-fold axes."""
    atoms = read_model(data / "models" / "4v1w.cif.gz")
    assert 30000 < len(atoms) < 36000
    assert 120 < atoms.diameter_A < 136
    volume = Projector(atoms, box=48, pixel_size_A=3.5).volume()
    z, y, x = np.mgrid[:48, :48, :48] - 24
    radius = np.sqrt(x**2 + y**2 + z**2) * 3.5
    assert volume[radius < 30].mean() < 0.1 * volume[(radius > 42) & (radius < 58)].mean()


@pytest.mark.data
def test_betagal_has_four_chains_of_a_thousand_residues(data: Path) -> None:
    atoms = read_model(data / "models" / "5a1a.pdb.gz", assembly="1")
    assert 32000 < len(atoms) < 34000
    assert 165 < atoms.diameter_A < 190
