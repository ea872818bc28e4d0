"""The head of a project, its notes, the acts on all of it, job types, machine, search, places."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from vitreous.job import registry
from vitreous.project.project import Project
from vitreous.web.machine import Machine, _gpu
from vitreous.web.routes.machine import disk_word

API = "/api/p/demo"


def test_title_and_note_are_files(client: TestClient, project: Path) -> None:
    head = client.get(f"{API}/project").json()
    assert head["title"] == "demo" and head["exists"] and "300 kV" in head["facts"]
    said = client.put(f"{API}/project", json={"title": "β-gal,  <b>grid</b> 3"}).json()
    assert said["title"] == "β-gal, <b>grid</b> 3"
    assert (project / ".vitreous/title.txt").read_text(encoding="utf-8").strip() == said["title"]
    client.put(f"{API}/project", json={"note": "thin ice", "note_before": ""})
    assert (project / "project_note.txt").read_text() == "thin ice\n"


def test_a_note_that_another_has_changed_is_not_lost(client: TestClient, project: Path) -> None:
    (project / "project_note.txt").write_text("theirs\n")
    answer = client.put(f"{API}/project", json={"note": "mine", "note_before": ""})
    assert answer.status_code == 409 and (project / "project_note.txt").read_text() == "theirs\n"


def test_all_notes_together(client: TestClient) -> None:
    said = client.get(f"{API}/notes").text
    assert said.index("Import/job001/") < said.index("CtfFind/job003/") and "++++ Executing new job" in said


def test_nodes_are_remade(client: TestClient, project: Path) -> None:
    said = client.post(f"{API}/project/remake-nodes").json()["sentence"]
    assert said.endswith("files are marked in .Nodes") and any((project / ".Nodes").rglob("*.star"))


def test_nothing_is_scheduled(client: TestClient) -> None:
    assert client.post(f"{API}/project/run-scheduled").status_code == 422
    assert client.post(f"{API}/project/stop-scheduled").json()["sentence"] == "No scheduled jobs were being run"


def test_types_in_processing_order_with_plugged_in_ones(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    said = client.get(f"{API}/types").json()
    words = [row["type"] for row in said["types"]]
    assert set(words) == set(registry.job_types())
    assert (
        words.index("import")
        < words.index("ctf-find")
        < words.index("class2d")
        < words.index("refine3d")
        < words.index("external")
    )
    heads = [said["heads"].index(row["head"]) for row in said["types"]]
    assert heads == sorted(heads)
    assert "vdam" in next(row["also"] for row in said["types"] if row["type"] == "class2d")


def test_the_machine_is_looked_at_seldom(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(project)
    looks = machine.look()
    assert 0 <= looks[-1].cpu <= 1 and looks[-1].total_GB > 0 and looks[-1].free_GB <= looks[-1].disk_GB
    assert len(machine.look()) == 1
    monkeypatch.setattr("vitreous.web.machine.AGAIN_S", 0.0)
    assert len(machine.look()) == 2


def test_a_line_of_the_gpu_driver() -> None:
    found = _gpu("0, NVIDIA A40, 94, 30000, 46068, 61")
    assert found and (found.index, found.name, found.load, found.temperature_C) == (0, "NVIDIA A40", 0.94, 61)
    assert _gpu("no devices were found") is None and _gpu("1, X, [N/A], 1, 2, 3") is not None


@pytest.mark.parametrize(
    ("free", "total", "word"), [(500, 2000, "ok"), (150, 2000, "low"), (90, 1000, "low"), (15, 2000, "full"), (0.1, 8, "full")]
)
def test_when_a_disk_is_low(free: float, total: float, word: str) -> None:
    assert disk_word(free, total) == word


def test_search_finds_outputs_notes_and_paths(client: TestClient, project: Path) -> None:
    (project / "project_note.txt").write_text("collected with a Volta phase plate\n")
    outputs = client.get(f"{API}/search", params={"q": "postprocess_masked"}).json()
    assert outputs[0]["kind"] == "output" and outputs[0]["route"].startswith("view?path=PostProcess")
    assert client.get(f"{API}/search", params={"q": "volta"}).json()[0]["kind"] == "note"
    files = client.get(f"{API}/search", params={"q": "CtfFind/job003/mic"}).json()
    assert files[0]["title"] == "micrographs_ctf.star" and files[0]["kind"] == "file"
    assert client.get(f"{API}/search", params={"q": "../../etc/pass"}).json() == []


def test_places_and_the_script_of_a_test(client: TestClient, project: Path) -> None:
    before = sorted(path.name for path in project.rglob("*"))
    said = client.post(f"{API}/places/test", json={"word": "queue"}).json()
    assert "#SBATCH" in said["script"] and said["answer"] and said["of_job"]
    assert sorted(path.name for path in project.rglob("*")) == before
    assert client.post(f"{API}/places/test", json={"word": "nowhere"}).status_code == 404


def test_a_profile_is_kept_in_the_project(client: TestClient, project: Path) -> None:
    profile = {"name": "two nodes", "manager": "$command", "address": "", "kept_in": ""}
    lines = [{"command": "ssh node01 $command", "copies": 4, "threads": 2, "delay_ms": 10}]
    page = client.put(f"{API}/places/profiles/two nodes", json={**profile, "workers": lines}).json()
    assert next(row for row in page["profiles"] if row["name"] == "two nodes")["kept_in"] == ".vitreous/profiles"
    assert any(place["word"] == "profile:two nodes" for place in page["places"])
    bad = client.put(f"{API}/places/profiles/x", json={**profile, "name": "x", "workers": [{"command": "ssh node01"}]})
    assert bad.status_code == 422 and "$command" in bad.json()["sentence"]


def test_a_window_that_may_only_look_changes_nothing(project: Path) -> None:
    from vitreous.web.app import create_app

    with TestClient(create_app(".", readonly=True), base_url="http://127.0.0.1:8014") as looking:
        looking.headers["X-Vitreous"] = "1"
        assert not looking.get(f"{API}/project").json()["may_act"]
        for method, page, body in (
            ("PUT", "project", {"title": "x"}),
            ("POST", "project/remake-nodes", {}),
            ("POST", "places/test", {"word": "here"}),
        ):
            assert looking.request(method, f"{API}/{page}", json=body).status_code == 403
    assert Project.open(project).note() == ""
