"""Picks for the editor: lists in both conventions, counts and scores of all, places on one; what is missing is said."""

from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from vitreous.files import coordinates
from vitreous.tables.table import Table

AT = "/api/p/demo/picks"
LIST = "AutoPick/job004/autopick.star"


@pytest.mark.parametrize("path", [LIST, "AutoPick/job004/coords_suffix_autopick.star"])
def test_the_list_and_the_scores_agree_with_the_files(project: Path, client: TestClient, path: str) -> None:
    """Counts of every micrograph, and the scores in their order, are those of the coordinate files."""
    found = client.get(f"{AT}/list", params={"path": path}).json()
    assert (found["job"], found["number"], found["micrographs"]) == (
        "AutoPick/job004",
        "004",
        "CtfFind/job003/micrographs_ctf.star",
    )
    tables = [coordinates.read(f"AutoPick/job004/session/movies/movie_0000{n}_autopick.star") for n in range(1, 5)]
    assert [row["picks"] for row in found["rows"]] == [len(table) for table in tables]
    assert all(row["pixel_size_A"] > 0 for row in found["rows"])
    answer = client.get(f"{AT}/scores", params={"path": path, "tag": found["tag"]})
    assert "immutable" in answer.headers["cache-control"]
    scores = np.frombuffer(answer.content, "<f4")
    assert np.allclose(scores, np.concatenate([table["pick_fom"] for table in tables]), atol=1e-5)
    assert (found["low"], found["high"]) == pytest.approx((scores.min(), scores.max()))


def test_places_on_one_micrograph(project: Path, client: TestClient) -> None:
    """Pixels as in the file."""
    name = "MotionCorr/job002/session/movies/movie_00002.mrc"
    found = client.get(f"{AT}/of", params={"path": LIST, "name": name}).json()
    table = coordinates.read("AutoPick/job004/session/movies/movie_00002_autopick.star")
    assert np.allclose(found["x"], table["x_px"]) and np.allclose(found["y"], table["y_px"])
    assert client.get(f"{AT}/of", params={"path": LIST, "name": "other.mrc"}).status_code == 404


def test_the_diameter_is_that_of_the_job(client: TestClient) -> None:
    """Between the smallest and the largest that were looked for."""
    from vitreous.project.project import Project

    job = Project.open(".").loaded("AutoPick/job004/").job
    found = client.get(f"{AT}/list", params={"path": LIST}).json()
    assert found["diameter_A"] == pytest.approx((job.blobs.min_diameter_A + job.blobs.max_diameter_A) / 2, abs=0.1)


def test_micrographs_without_picks(client: TestClient) -> None:
    """To begin from nothing, the table of micrographs is enough."""
    found = client.get(f"{AT}/list", params={"micrographs": "CtfFind/job003/micrographs_ctf.star"}).json()
    assert [row["picks"] for row in found["rows"]] == [0, 0, 0, 0]
    assert (found["low"], found["total"], found["job"]) == (None, 0, "")


def test_a_missing_coordinate_file_is_counted(project: Path, client: TestClient) -> None:
    """The others are shown."""
    (project / "AutoPick/job004/session/movies/movie_00002_autopick.star").unlink()
    found = client.get(f"{AT}/list", params={"path": LIST}).json()
    assert found["missing"] == 1
    assert [row["picks"] > 0 for row in found["rows"]] == [True, False, True, True]


def test_changed_picks_are_read_again(project: Path, client: TestClient) -> None:
    """The kept counts belong to the files as they were."""
    before = client.get(f"{AT}/list", params={"path": LIST}).json()
    file = project / "AutoPick/job004/session/movies/movie_00001_autopick.star"
    coordinates.write(file, Table({"x_px": np.array([3.0]), "y_px": np.array([4.0])}))
    after = client.get(f"{AT}/list", params={"path": LIST}).json()
    assert before["tag"] != after["tag"]
    assert after["rows"][0]["picks"] == 1
    assert np.isnan(np.frombuffer(client.get(f"{AT}/scores", params={"path": LIST}).content, "<f4")[0])


@pytest.mark.parametrize("path", ["CtfFind/job003/micrographs_ctf.star", "nothing.star", "../../x.star"])
def test_what_is_no_list_is_said(client: TestClient, path: str) -> None:
    """A sentence, not a trace."""
    answer = client.get(f"{AT}/list", params={"path": path})
    assert answer.status_code in (404, 422) and answer.json()["sentence"]


def test_quick_reading_is_the_same_as_reading(tmp_path: Path) -> None:
    """Plain tables, columns in another order, no scores, no rows, two tables, boxes."""
    rng = np.random.default_rng(2)
    columns = {"y_px": rng.uniform(0, 9, 20), "pick_fom": rng.normal(size=20), "x_px": rng.uniform(0, 9, 20)}
    for number, table in enumerate([Table(columns), Table(columns).without("pick_fom"), Table(columns).select(np.arange(0))]):
        path = tmp_path / f"{number}.star"
        coordinates.write(path, table)
        quick, slow = coordinates.spots(path), coordinates.read(path)
        assert np.array_equal(quick.x_px, slow["x_px"]) and np.array_equal(quick.y_px, slow["y_px"])
        assert np.array_equal(quick.score, slow.get("pick_fom", np.nan), equal_nan=True)
    (tmp_path / "b.box").write_text("10 20 4 4\n")
    assert (coordinates.spots(tmp_path / "b.box").x_px, coordinates.spots(tmp_path / "b.box").y_px) == (12.0, 22.0)
