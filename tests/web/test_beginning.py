"""An empty directory: a project is made in it, or the demonstration is begun, which the server need not outlive."""

import json
import os
import signal
import time

import pytest
from fastapi.testclient import TestClient

from vitreous.web.app import create_app
from vitreous.web.beginning import Demonstration


@pytest.fixture
def empty(tmp_path, monkeypatch):
    folder = tmp_path / "fresh"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with TestClient(create_app("."), base_url="http://127.0.0.1:8014", headers={"X-Vitreous": "1"}) as client:
        yield client


def test_a_project_is_made_when_it_is_asked_for(empty, tmp_path):
    assert empty.get("/api/p/fresh/project").json()["exists"] is False
    answer = empty.get("/api/p/fresh/file/list")
    assert answer.status_code == 404 and "no project" in answer.json()["sentence"]
    assert not list((tmp_path / "fresh").iterdir()), "looking makes nothing"
    assert empty.post("/api/p/fresh/project").json()["exists"] is True
    assert (tmp_path / "fresh" / "default_pipeline.star").is_file()
    assert empty.get("/api/p/fresh/project").json()["exists"] is True
    assert empty.post("/api/p/fresh/project").status_code == 409
    assert empty.post("/api/p/fresh/project/demo", json={}).status_code == 409


def test_the_demonstration_runs_by_itself(empty, tmp_path):
    begun = empty.post("/api/p/fresh/project/demo", json={"movies": 4})
    assert begun.status_code == 200 and begun.json()["demonstration"].startswith("The demonstration runs")
    mark = json.loads((tmp_path / "fresh" / ".vitreous" / "demonstration.json").read_text())
    try:
        assert os.getsid(mark["pid"]) == mark["pid"] != os.getsid(0), "it is in a session of its own"
        assert empty.get("/api/p/fresh/project").json()["exists"] is True
    finally:
        os.killpg(mark["pid"], signal.SIGKILL)
    until = time.monotonic() + 10
    while Demonstration(tmp_path / "fresh").runs() and time.monotonic() < until:
        time.sleep(0.02)
    assert empty.get("/api/p/fresh/project/demo").json()["demonstration"].startswith("The demonstration has stopped")
    assert empty.post("/api/p/fresh/project/demo", json={"movies": 3}).status_code == 422
