"""The pre-processing notebook runs as it stands on a small simulated session; scans, reviews and their errors."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import vitreous
from vitreous.context import UserError
from vitreous.files import star
from vitreous.notebook.scan import Rows

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "preprocessing.ipynb"
SETTINGS = """
PROJECT = "."
MOVIES = "session/movies/*.tiff"
GAIN = "session/gain.mrc"
PIXEL_SIZE_A = 2.0
VOLTAGE_KV = 300
DOSE_PER_FRAME_E_A2 = 6.0
PARTICLE_A = (50, 80)
WORKERS = 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with three small movies, in which the notebook has run."""
    root = tmp_path_factory.mktemp("notebook")
    session = vitreous.SessionSettings(
        movies=3,
        specimen={"mass_kDa": 60},
        particles={"per_micrograph": 8},
        camera={"width": 448, "height": 384, "frames": 5, "pixel_size_A": 2.0, "dose_e_A2": 30},
    )
    (root / "session").mkdir()
    vitreous.simulate_session(session, root / "session", vitreous.Context(seed=5))
    return root


def ran(folder):
    notebook = nbformat.read(NOTEBOOK, 4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", ()):
            cell.source = SETTINGS
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


@pytest.mark.slow
def test_the_notebook_goes_from_movies_to_reviewed_micrographs(folder, monkeypatch):
    notebook = ran(folder)
    text = "\n".join(str(output) for cell in notebook.cells for output in cell.get("outputs", ()))
    assert "micrographs of CtfFind" in text and "<img" in text
    monkeypatch.chdir(folder)
    project = vitreous.Project.open(".")
    assert [p.status for p in project.graph().processes.values()] == ["Succeeded"] * 7  # 1 import, 2 motion, 2 CTF, 2 picking
    work = vitreous.Preprocessing(project, "Import/movies/movies.star")
    results = work.results()
    assert list(results["motion"]) == ["mc1", "mc2"] and list(results["micrographs"]) == [3, 3]
    assert np.isfinite(results["picks_pick1"]).all()
    (written,) = {path.resolve() for path in folder.glob("CtfFind/job*/selected_micrographs_ctf.star")}
    assert 0 < len(star.read_table(written, "micrographs")) <= 3


@pytest.mark.slow
def test_run_again_it_makes_no_new_job_and_a_changed_row_makes_one(folder, monkeypatch):
    monkeypatch.chdir(folder)
    project = vitreous.Project.open(".")
    if not project.graph().processes:
        ran(folder)
    before = list(project.graph().processes)
    work = vitreous.Preprocessing(project, "Import/movies/movies.star")
    work.run_all()
    assert list(project.graph().processes) == before
    work.ctf.update("ctf1", max_resolution_A=6)
    work.run_all()
    after = list(project.graph().processes)
    assert len(after) == len(before) + 2
    assert project.find("CtfFind/mc1-ctf1") not in before
    assert json.loads(Path("preprocessing.json").read_text())["ctf"]["ctf1"]["max_resolution_A"] == 6


@pytest.mark.slow
def test_a_review_counts_by_limits_and_by_hand(folder, monkeypatch):
    monkeypatch.chdir(folder)
    project = vitreous.Project.open(".")
    if not project.graph().processes:
        ran(folder)
    review = vitreous.CtfReview(project, "CtfFind/mc1-ctf1")
    values = np.sort(review.table["ctf_resolution_A"].astype(float))
    review.limit("ctf_resolution_A", high=float(values[1]))
    assert len(review) == int((review.table["ctf_resolution_A"] <= values[1]).sum())
    out = str(review.table["micrograph"][int(np.argmax(review.table["ctf_resolution_A"]))])
    review.keep(out)
    assert len(review) == 3
    review.leave_out(*map(str, review.table["micrograph"]))
    with pytest.raises(UserError, match="none of the 3 micrographs"):
        review.save()
    with pytest.raises(UserError, match="no column of numbers"):
        review.limit("micrograph", low=1)


def test_a_row_with_an_unknown_option_or_a_wrong_value_is_refused():
    rows = Rows("ctf-find", "ctf", ("micrographs",))
    assert rows.add(max_resolution_A=4) == "ctf1"
    with pytest.raises(UserError, match="no option 'resolution'"):
        rows.add(resolution=4)
    with pytest.raises(UserError, match="no option 'micrographs'"):
        rows.add(micrographs="a.star")
    with pytest.raises(UserError):
        rows.add(box="large")
    with pytest.raises(UserError, match="no row 'ctf9'"):
        rows.update("ctf9", box=256)
    assert list(rows) == ["ctf1"]


def test_the_notebook_carries_no_output():
    notebook = nbformat.read(NOTEBOOK, 4)
    assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in notebook.cells)
