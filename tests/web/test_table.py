"""Tables in the window: windows of rows, filters, sorting, columns as numbers, broken and hostile files, subsets as jobs."""

import json
from pathlib import Path

import numpy as np
import pytest

from vitreous.files import star
from vitreous.job import registry
from vitreous.project.project import Project

PARTICLES = "Extract/job005/particles.star"
FITTED = "CtfFind/job003/micrographs_ctf.star"
API = "/api/p/demo/table"


@pytest.fixture
def particles(project):
    return star.read_table(PARTICLES, "particles")


def test_a_table_opens_on_its_largest_block(client, particles):
    page = client.get(API, params={"path": PARTICLES, "whole": True}).json()
    assert page["block"] == "particles"
    assert [block["name"] for block in page["blocks"]] == ["optics", "particles"]
    assert page["total"] == page["matched"] == len(particles)
    assert len(page["rows"]) == min(200, len(particles))
    assert page["pictures"] == "image"
    assert page["can_select"] == "particles"
    x = next(column for column in page["columns"] if column["name"] == "x_px")
    assert (x["label"], x["unit"], x["type"]) == ("rlnCoordinateX", "px", "float")
    assert x["low"] == pytest.approx(particles["x_px"].min())
    assert sum(x["bins"]) == len(particles)


def test_filter_and_sort_are_the_servers(client, particles):
    middle = float(np.median(particles["x_px"]))
    asked = {"path": PARTICLES, "q": f"rlnCoordinateX > {middle}", "sort": "-y_px", "count": 50}
    page = client.get(API, params=asked).json()
    kept = np.flatnonzero(particles["x_px"] > middle)
    wanted = kept[np.argsort(-particles["y_px"][kept], kind="stable")]
    assert page["matched"] == len(kept)
    assert page["numbers"] == wanted[:50].tolist()
    again = client.get(API, params={**asked, "from": 30, "count": 10}).json()
    assert again["numbers"] == wanted[30:40].tolist()


def test_a_rule_is_tried_while_it_is_typed(client, particles):
    said = client.get(f"{API}/rule", params={"path": PARTICLES, "q": "row <= 7"}).json()
    assert said == {"sentence": "", "matched": 7}
    wrong = client.get(f"{API}/rule", params={"path": PARTICLES, "q": "row <="})
    assert wrong.status_code == 200
    assert "a value should stand" in wrong.json()["sentence"]


def test_columns_come_as_floats(client, particles):
    answer = client.get(f"{API}/columns", params={"path": PARTICLES, "names": "x_px,rlnCoordinateY"})
    assert answer.headers["x-rows"] == str(len(particles))
    x, y = np.frombuffer(answer.content, np.float32).reshape(2, -1)
    np.testing.assert_array_equal(x, particles["x_px"].astype(np.float32))
    np.testing.assert_array_equal(y, particles["y_px"].astype(np.float32))
    double = client.get(f"{API}/columns", params={"path": PARTICLES, "names": "x_px", "double": True, "q": "row <= 3"})
    np.testing.assert_array_equal(np.frombuffer(double.content, np.float64), particles["x_px"][:3])
    numbers = client.get(f"{API}/matched", params={"path": PARTICLES, "q": "row > 2 and row < 6"})
    assert np.frombuffer(numbers.content, np.uint32).tolist() == [2, 3, 4]
    same = client.get(
        f"{API}/columns", params={"path": PARTICLES, "names": "x_px"}, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert same.status_code == 304


@pytest.mark.parametrize(
    "asked, words",
    [
        ({"q": "x_px >"}, "a value should stand"),
        ({"q": "nonsense = 3"}, "no column nonsense"),
        ({"sort": "nonsense"}, "no column nonsense"),
        ({"block": "gone"}, "no table data_gone"),
        ({"path": "../secret.star"}, "outside"),
        ({"path": "gone.star"}, "not on disk"),
        ({"path": "Extract"}, "folder"),
    ],
)
def test_what_cannot_be_shown_is_said(client, asked, words):
    answer = client.get(API, params={"path": PARTICLES, **asked})
    assert answer.status_code in (404, 422)
    assert words in answer.json()["sentence"]


HOSTILE = """
data_<script>alert(1)</script>

loop_
_rlnMicrographName #1
_rlnDefocusU #2
_<img/src=x> #3
"<img src=x onerror=alert(1)>" 1.5 \xff\xfe
b.mrc nan "a b"
c.mrc 3 4 5 6
d.mrc inf '; rm -rf /'
e.mrc word x

data_<script>alert(1)</script>

_rlnKey "</td>"
"""


def test_a_hostile_file_is_text_and_its_broken_rows_are_named(client):
    Path("bad.star").write_bytes(HOSTILE.encode("latin-1"))
    page = client.get(API, params={"path": "bad.star"}).json()
    assert [row[0] for row in page["rows"]] == ["<img src=x onerror=alert(1)>", "b.mrc", "d.mrc"]
    assert [row[1] for row in page["rows"]] == [1.5, "nan", "inf"]
    assert page["rows"][0][2] == "\ufffd\ufffd"
    assert [bad["line"] for bad in page["broken"]] == [10, 12]
    assert "5 values where the table has 3" in page["broken"][0]["reason"]
    second = client.get(API, params={"path": "bad.star", "block": page["blocks"][1]["name"]}).json()
    assert second["rows"] == [["rlnKey", "</td>"]]
    assert client.get(API, params={"path": "bad.star", "sort": "-defocus"}).json()["numbers"] == [2, 0, 1]


@pytest.mark.parametrize("content", [b"", b"\0\1\2", b"hello", b"data_\n\nloop_\n_rlnA\n", b"data_x\n\n_rlnKey\n;\nno end"])
def test_files_that_are_hardly_tables_end_well(client, content):
    Path("odd.star").write_bytes(content)
    answer = client.get(API, params={"path": "odd.star"})
    assert answer.status_code in (200, 422)
    assert answer.status_code == 200 or answer.json()["sentence"]


def test_a_large_table_opens_on_its_first_rows(client):
    rows = "".join(f"{row}.mrc {row}.5 {row % 7}\n" for row in range(200_000))
    Path("large.star").write_text("data_micrographs\n\nloop_\n_rlnMicrographName\n_rlnDefocusU\n_rlnOpticsGroup\n" + rows)
    first = client.get(API, params={"path": "large.star"}).json()
    assert not first["complete"]
    assert first["total"] == 200_000
    assert first["rows"][199] == ["199.mrc", 199.5, 3]
    page = client.get(API, params={"path": "large.star", "from": 199_990, "count": 20}).json()
    assert page["complete"]
    assert page["rows"][-1] == ["199999.mrc", 199999.5, 199_999 % 7]


@pytest.mark.parametrize(("first", "status"), [(10**12, 200), (10**20, 422)])
def test_rows_beyond_the_end_are_none(client, first, status):
    answer = client.get(API, params={"path": PARTICLES, "from": first})
    assert answer.status_code == status
    assert answer.json().get("rows", []) == []


def test_a_subset_is_a_selection_job_with_its_rule(client, particles):
    middle = float(np.median(particles["x_px"]))
    outline = {"x": "x_px", "y": "y_px", "points": [[middle, -1], [1e5, -1], [1e5, 1e5], [middle, 1e5]]}
    answer = client.post(f"{API}/subset", json={"path": PARTICLES, "rule": "row <= 300", "lasso": outline})
    assert answer.status_code == 200, answer.json()
    made = answer.json()["name"]
    assert Project.open(".").wait(made, poll_s=0.1) == "Succeeded"
    kept = particles.select((np.arange(len(particles)) < 300) & (particles["x_px"].astype(np.float32) > middle))
    assert star.read_table(f"{made}/particles.star", "particles")["image"].tolist() == kept["image"].tolist()
    said = json.loads(Path(made, "answer.json").read_text())
    assert said["rule"] == "row <= 300"
    job = registry.by_command("select")(particles=PARTICLES, answer=f"{made}/answer.json")
    assert job.question() == ""


def test_a_subset_of_what_cannot_be_selected_is_refused(client):
    answer = client.post(f"{API}/subset", json={"path": FITTED, "block": "optics", "rule": "row = 1"})
    assert answer.status_code == 422
    assert "neither micrographs nor particles" in answer.json()["sentence"]
