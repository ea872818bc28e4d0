"""Schemes through the window's data: RELION's own are read, their variables change on disk, a run begins and stops."""

import shutil
import time

import pytest
from fastapi.testclient import TestClient

from vitreous.project.project import Project
from vitreous.web.app import create_app


@pytest.fixture
def opened(tmp_path, monkeypatch, data):
    """A project with RELION's two example Schemes."""
    Project.new(tmp_path / "p")
    shutil.copytree(data / "relion_projects" / "schemes" / "Schemes", tmp_path / "p" / "Schemes")
    monkeypatch.chdir(tmp_path / "p")
    with TestClient(create_app("."), base_url="http://127.0.0.1:8014") as client:
        client.headers["X-Vitreous"] = "1"
        yield client


@pytest.mark.data
def test_they_are_listed_and_drawn_in_the_order_of_a_round(opened):
    assert [row["word"] for row in opened.get("/api/p/p/schemes").json()] == ["prep", "proc"]
    found = opened.get("/api/p/p/schemes/prep").json()
    assert [node["name"] for node in found["graph"]] == ["WAIT", "EXIT_maxtime", "importmovies", "motioncorr", "ctffind"]
    assert [node["level"] for node in found["graph"]] == [0, 1, 2, 3, 4]
    assert {"begin": "ctffind", "end": "WAIT", "when": ""} in found["edges"]
    assert found["state"] == "stands" and found["at"] == "WAIT"
    forks = [edge for edge in opened.get("/api/p/p/schemes/proc").json()["edges"] if edge["when"]]
    assert forks and {edge["when"].removeprefix("not ") for edge in forks} <= {
        row["name"] for row in opened.get("/api/p/p/schemes/proc").json()["variables"]
    }


@pytest.mark.data
def test_a_variable_is_set_on_disk_and_a_wrong_value_is_refused(opened):
    said = opened.put("/api/p/p/schemes/prep/variables/wait_sec", json={"value": "7"})
    assert said.status_code == 200, said.text
    assert Project.open(".").scheme("prep").read().variables["wait_sec"].value == 7.0
    refused = opened.put("/api/p/p/schemes/prep/variables/wait_sec", json={"value": "soon"})
    assert refused.status_code == 422 and "wait_sec" in refused.json()["sentence"]
    opened.post("/api/p/p/schemes/prep/reset")
    assert Project.open(".").scheme("prep").read().variables["wait_sec"].value == 180.0


@pytest.mark.data
def test_it_starts_in_a_process_of_its_own_and_is_aborted(opened):
    assert opened.post("/api/p/p/schemes/prep/start", json={}).status_code == 200
    until = time.monotonic() + 30
    while opened.get("/api/p/p/schemes/prep").json()["state"] != "runs":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert opened.post("/api/p/p/schemes/prep/start", json={}).status_code == 422  # it is locked
    assert opened.post("/api/p/p/schemes/prep/abort").status_code == 200
    while opened.get("/api/p/p/schemes/prep").json()["state"] == "runs":
        assert time.monotonic() < until
        time.sleep(0.05)


def test_an_unknown_one_is_missing_and_a_new_one_is_empty(tmp_path, monkeypatch):
    Project.new(tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    with TestClient(create_app("."), base_url="http://127.0.0.1:8014") as client:
        client.headers["X-Vitreous"] = "1"
        assert client.get("/api/p/p/schemes/none").status_code == 404
        made = client.post("/api/p/p/schemes", json={"word": "mine"})
        assert made.status_code == 200 and made.json()["scheme"]["graph"] == []
        assert client.post("/api/p/p/schemes", json={"word": "mine"}).status_code == 422
        assert client.post("/api/p/p/schemes", json={"word": "../out"}).status_code == 422
