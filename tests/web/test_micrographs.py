"""Micrographs in the window: their values, the choice as a job that the command line repeats, spectra, and fitting again."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vitreous.files import star
from vitreous.jobs.select import Select
from vitreous.project.project import Project

FITTED = "CtfFind/job003/micrographs_ctf.star"
API = "/api/p/demo"


@pytest.fixture
def fitted(project):
    return star.read_table(FITTED, "micrographs")


def test_values_come_in_the_order_that_is_said(client, fitted):
    said = client.get(f"{API}/micrographs", params={"path": FITTED}).json()
    assert said["total"] == len(fitted)
    assert said["names"] == fitted["micrograph"].tolist()
    assert [value["name"] for value in said["values"]][:3] == ["ctf_resolution_A", "defocus_u_A", "accumulated_motion_A"]
    assert (said["job"], said["job_type"], said["live"]) == ("003", "ctf-find", False)
    numbers = client.get(f"{API}/micrographs/values", params={"path": FITTED}).content
    columns = np.frombuffer(numbers, np.float64).reshape(len(said["values"]), -1)
    for value, column in zip(said["values"], columns, strict=True):
        np.testing.assert_array_equal(column, fitted[value["name"]].astype(float))
    fit = said["values"][0]
    assert fit["high"] == max(6.0, round(float(np.quantile(fitted["ctf_resolution_A"], 0.95)), 2))
    assert said["values"][1]["unit"] == "µm"


def test_motion_correction_has_motion_but_no_fit(client):
    said = client.get(f"{API}/micrographs", params={"path": "MotionCorr/job002/corrected_micrographs.star"}).json()
    assert said["values"][0]["name"] == "accumulated_motion_A"
    assert said["has_motion"]
    assert not said["has_spectra"]


def test_units_set_aside_are_named(client, project):
    failed = 'data_failed\n\nloop_\n_vitreousUnit\n_vitreousReason\nmovie_x.mrc "its header is cut short"\n'
    hidden = Project.open(".").layout.job("CtfFind/job003/") / ".vitreous"
    (hidden / "failed.star").write_text(failed)
    said = client.get(f"{API}/micrographs", params={"path": FITTED}).json()
    assert said["aside"] == [{"key": "movie_x.mrc", "reason": "its header is cut short"}]


def test_a_saved_choice_is_a_job_that_the_command_line_repeats(client, fitted):
    names, middle = fitted["micrograph"].tolist(), float(np.median(fitted["defocus_u_A"]))
    low = [name for name, value in zip(names, fitted["defocus_u_A"], strict=True) if value <= middle]
    chosen = {"path": FITTED, "ranges": {"defocus_u_A": [None, middle]}, "by_hand": {names[0]: "out", names[1]: "keep"}}
    answer = client.post(f"{API}/micrographs/save", json=chosen)
    assert answer.status_code == 200, answer.json()
    made = answer.json()["name"]
    assert Project.open(".").wait(made, poll_s=0.1) == "Succeeded"
    wanted = [name for name in names if (name in low or name == names[1]) and name != names[0]]
    assert star.read_table(f"{made}/micrographs.star", "micrographs")["micrograph"].tolist() == wanted
    command = ["select", "--micrographs", FITTED, "--answer", f"{made}/answer.json", "--out", "by_hand"]
    subprocess.run([sys.executable, "-m", "vitreous", *command], check=True, capture_output=True)
    assert Path("by_hand/micrographs.star").read_bytes() == Path(made, "micrographs.star").read_bytes()


def test_a_waiting_job_is_asked_about_its_own_input(client, fitted):
    name = Project.open(".").add(Select(micrographs=FITTED))
    said = client.get(f"{API}/micrographs", params={"job": name.rstrip("/")[-3:]}).json()
    assert said["path"] == FITTED
    assert client.get(f"{API}/micrographs", params={"job": "003"}).json()["path"].startswith("MotionCorr/")
    assert client.get(f"{API}/micrographs", params={"job": "001"}).status_code == 404
    answer = client.get(f"{API}/micrographs", params={"path": "Extract/job005/run.out"})
    assert answer.status_code == 422
    assert json.loads(answer.content)["sentence"]


def test_the_curves_of_a_fit_are_those_the_job_left(client, fitted):
    said = client.get(f"{API}/spectrum", params={"path": FITTED, "row": 1}).json()
    assert said["source"] == "job"
    assert said["resolution_A"] == pytest.approx(fitted["ctf_resolution_A"][1])
    assert len(said["k"]) == len(said["data"]) == len(said["fit"]) == len(said["agreement"]) > 100
    picture = client.get(f"{API}/spectrum/picture", params={"path": FITTED, "row": 1, "tag": said["tag"]})
    assert picture.headers["content-type"] == "image/jpeg"
    assert "immutable" in picture.headers["cache-control"]
    assert client.get(f"{API}/spectrum", params={"path": FITTED, "row": 999}).status_code == 404


def test_without_the_jobs_files_the_rings_are_reckoned(client, fitted):
    kept = client.get(f"{API}/spectrum", params={"path": FITTED, "row": 1}).json()
    shutil.rmtree("CtfFind/job003/session")
    said = client.get(f"{API}/spectrum", params={"path": FITTED, "row": 1}).json()
    assert said["source"] == "now"
    k = np.array(said["k"])
    band = (k > 0.05) & (k < 0.2)
    model = np.interp(k, kept["k"], kept["fit"])
    assert np.abs(np.array(said["fit"]) - model)[band].max() < 0.1
    assert np.array(said["agreement"])[band].mean() > 0.6
    assert client.get(f"{API}/spectrum/picture", params={"path": FITTED, "row": 1}).status_code == 200


def test_without_any_picture_the_fit_is_shown_alone(client, fitted):
    shutil.rmtree("CtfFind/job003/session")
    shutil.rmtree("MotionCorr/job002/session")
    said = client.get(f"{API}/spectrum", params={"path": FITTED, "row": 0}).json()
    assert said["source"] == "fit"
    assert said["data"] == []
    assert max(said["fit"]) > 0.9
    assert client.get(f"{API}/spectrum/picture", params={"path": FITTED, "row": 0}).status_code == 200


@pytest.mark.slow
def test_one_micrograph_can_be_fitted_again(client, fitted):
    before = Path(FITTED).read_bytes()
    wide = {"min_defocus_A": 5000, "max_defocus_A": 40000}
    found = client.post(f"{API}/spectrum/again", params={"path": FITTED, "row": 0}, json=wide)
    assert found.status_code == 200, found.json()
    assert found.json()["values"]["defocus_u_A"] == pytest.approx(fitted["defocus_u_A"][0], abs=50)
    assert Path(FITTED).read_bytes() == before
    wrong = client.post(
        f"{API}/spectrum/again", params={"path": FITTED, "row": 0}, json={"min_defocus_A": 9000, "max_defocus_A": 8000}
    )
    assert wrong.status_code == 422


def test_motion_and_picks_stand_beside_a_micrograph(client, fitted):
    way = client.get(f"{API}/micrographs/track", params={"path": FITTED, "row": 0}).json()
    assert (way["x_A"][0], way["y_A"][0]) == (0, 0)
    assert way["total_A"] == pytest.approx(fitted["accumulated_motion_A"][0], rel=0.05)
    name = fitted["micrograph"][0]
    found = client.get(f"{API}/micrographs/picks", params={"path": FITTED, "name": name}).json()
    assert found["job"] == "AutoPick/job004"
    assert len(found["points"]) > 10
    none = client.get(f"{API}/micrographs/picks", params={"path": FITTED, "name": "gone.mrc"}).json()
    assert none["points"] == []
    assert client.get(f"{API}/micrographs/track", params={"path": FITTED, "row": 999}).status_code == 404
