"""The map and model job on a published map, and on a small made one; bad input."""

from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.jobs.model_fsc import ModelFsc
from vitreous.run.runner import run
from vitreous.simulation.model import read_model, read_placed
from vitreous.simulation.specimen import true_map

PDB = "ATOM  {0:5d}  CA  ALA A{0:4d}    {1:8.3f}{2:8.3f}{3:8.3f}  1.00 10.00           C  \n"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A model of some hundred atoms about (30, 33, 36) Å and its map of 32 voxels of 2 Å."""
    monkeypatch.chdir(tmp_path)
    places = np.random.default_rng(0).normal(size=(300, 3)) * 7 + [30, 33, 36]
    Path("model.pdb").write_text("".join(PDB.format(n + 1, *place) for n, place in enumerate(places)) + "END\n")
    atoms = read_placed("model.pdb")
    there = type(atoms)(atoms.positions_A - 32.0, atoms.elements, atoms.bfactors_A2, atoms.occupancies)
    mrc.write_volume("map.mrc", true_map(there, box=32, pixel_size_A=2.0), pixel_size_A=2.0)
    return tmp_path


def test_a_map_of_the_model_itself(made):
    assert run(ModelFsc(map="map.mrc", model="model.pdb"), "out", quiet=True).status == "succeeded"
    said = star.read_list("out/model_fsc.star", "general")
    assert float(said["vitreousResolutionAtHalf"]) == pytest.approx(4.0)
    curve = np.asarray(star.read("out/model_fsc.star")["fsc"]["rlnFourierShellCorrelationMaskedMaps"], float)
    assert curve[:16].min() > 0.999
    same = mrc.read_volume("map.mrc")[0]
    np.testing.assert_allclose(mrc.read_volume("out/model_map.mrc")[0], same, atol=1e-3 * same.max())
    assert mrc.read_volume("out/model_mask.mrc")[0].min() >= 0


def test_where_the_atoms_stand(made):
    placed, centred = read_placed("model.pdb").positions_A, read_model("model.pdb").positions_A
    np.testing.assert_allclose(placed - placed.mean(0), centred, atol=1e-9)
    assert np.abs(placed.mean(0) - [30, 33, 36]).max() < 2


def test_bad_input(made):
    with pytest.raises(UserError, match=r"nowhere.pdb"):
        run(ModelFsc(map="map.mrc", model="nowhere.pdb"), "one", quiet=True)
    mrc.write_volume("flat.mrc", np.zeros((8, 10, 10), np.float32), pixel_size_A=2.0)
    with pytest.raises(UserError, match="a cube is needed"):
        run(ModelFsc(map="flat.mrc", model="model.pdb"), "two", quiet=True)


@pytest.mark.data
@pytest.mark.parametrize("mask", ["", "emd_3488_contour_mask.mrc"])
def test_haemoglobin_agrees_with_its_model_to_three_and_a_half_angstrom(data, tmp_path, monkeypatch, mask):
    monkeypatch.chdir(tmp_path)
    maps, model = data / "maps", data / "models" / "5me2.pdb"
    job = ModelFsc(map=str(maps / "emd_3488.mrc"), model=str(model), mask=str(maps / mask) if mask else "")
    run(job, "out", quiet=True)
    assert float(star.read_list("out/model_fsc.star", "general")["vitreousResolutionAtHalf"]) == pytest.approx(3.5, abs=0.12)
