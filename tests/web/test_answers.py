"""Drafts are kept, merged and refused; answers become files and run the job."""

import json
import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from vitreous.project import graph as graphs
from vitreous.web import drafts

DRAFT = "/api/p/demo/jobs/004/draft"


def put(client: TestClient, rev: int, who: str = "me", of: str = "picks", **said: object) -> tuple[int, dict[str, object]]:
    """Send a change; gives status and answer."""
    answer = client.put(DRAFT, params={"of": of, "who": who}, json={"rev": rev, **said})
    return answer.status_code, answer.json()


def test_a_draft_is_kept_in_the_jobs_hidden_folder(project: Path, client: TestClient) -> None:
    """Empty at first; then what was put, also for another server."""
    assert client.get(DRAFT, params={"of": "picks"}).json() == {
        "rev": 0,
        "entries": {},
        "state": {"first": 0, "steps": [], "at": 0},
    }
    steps = [{"title": "add", "changes": [["a", None, [1.5, 2]]]}]
    assert put(client, 0, ops={"a": [1.5, 2]}, state={"first": 0, "steps": steps, "at": 1}) == (200, {"rev": 1, "others": {}})
    found = client.get(DRAFT, params={"of": "picks", "who": "me"}).json()
    assert (found["entries"], found["state"]) == ({"a": [1.5, 2]}, {"first": 0, "steps": steps, "at": 1})
    assert client.get(DRAFT, params={"of": "picks", "who": "other"}).json()["state"]["steps"] == []
    assert client.get(DRAFT, params={"of": "classes"}).json()["entries"] == {}
    assert (project / "AutoPick/job004/.vitreous/draft.json").is_file()


def test_two_browsers_are_merged_by_key(client: TestClient) -> None:
    """Each hears of the other's; the same key changed twice is refused with what stands there."""
    put(client, 0, ops={"a": 1})
    status, said = put(client, 0, who="you", ops={"b": 2})
    assert (status, said["others"]) == (200, {"a": 1})
    status, said = put(client, 1, ops={"b": 3, "c": 4})
    assert (status, said["others"]) == (409, {"b": 2})
    assert "another window" in str(said["sentence"])
    assert client.get(DRAFT, params={"of": "picks"}).json()["entries"] == {"a": 1, "b": 2}
    assert put(client, 1, ops={"b": 2})[0] == 200, "the same value is no conflict"
    assert client.put(DRAFT, params={"of": "picks"}, json={"ops": {"a": 9}}, headers={"If-Match": '"0"'}).status_code == 409


def test_taking_away_is_told_to_others(client: TestClient) -> None:
    """null removes an entry; who has seen an older revision hears of it."""
    put(client, 0, ops={"a": 1, "b": 1})
    put(client, 1, ops={"a": None})
    assert client.get(DRAFT, params={"of": "picks"}).json()["entries"] == {"b": 1}
    assert put(client, 1, who="you", ops={"c": 1})[1]["others"] == {"a": None}


def test_histories_are_sent_piece_by_piece_and_bounded(client: TestClient) -> None:
    """More steps than are kept: the oldest go; a new branch replaces what was undone."""
    whole = [{"n": n} for n in range(drafts.MOST_STEPS)]
    put(client, 0, state={"first": 0, "steps": whole, "at": len(whole)})
    put(client, 0, state={"first": len(whole), "steps": [{"n": -1}], "at": len(whole) + 1})
    state = client.get(DRAFT, params={"of": "picks", "who": "me"}).json()["state"]
    assert (len(state["steps"]), state["at"], state["steps"][0], state["steps"][-1]) == (2000, 2000, {"n": 1}, {"n": -1})
    put(client, 0, state={"first": 3, "steps": [{"n": 7}], "at": 4})
    state = client.get(DRAFT, params={"of": "picks", "who": "me"}).json()["state"]
    assert [step["n"] for step in state["steps"]] == [1, 2, 3, 7]


@pytest.mark.parametrize(
    "body", ['{"ops": {"a": NaN}}', '{"ops": {"a": "\\ud800"}}', '{"ops": {"\\ud800": 1}}', '{"ops": {"a": 1e999}}']
)
def test_what_no_file_can_hold_is_refused(client: TestClient, body: str) -> None:
    """Numbers that are none, half characters."""
    answer = client.put(DRAFT, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.json()["sentence"]
    assert client.get(DRAFT).json()["entries"] == {}


def test_a_damaged_draft_is_said(project: Path, client: TestClient) -> None:
    """Not taken for an empty one, or the next stroke would write over it."""
    hidden = project / "AutoPick/job004/.vitreous"
    hidden.mkdir(exist_ok=True)
    (hidden / "draft.json").write_text("{")
    answer = client.get(DRAFT)
    assert answer.status_code == 422 and "damaged" in answer.json()["sentence"]


@pytest.mark.parametrize(("n", "kind", "status"), [("004", "picks", 422), ("999", "picks", 404), ("004", "nonsense", 422)])
def test_what_cannot_be_answered_is_said(project: Path, client: TestClient, n: str, kind: str, status: int) -> None:
    """A job that asks nothing, one that is not there, a kind that does not exist; nothing is written."""
    answer = client.post(f"/api/p/demo/jobs/{n}/answer", json={"kind": kind, "answer": {}})
    assert answer.status_code == status
    assert not (project / "AutoPick/job004/answer.json").exists()


def test_an_answer_is_a_file_and_runs_the_job(project: Path, client: TestClient) -> None:
    """A manual picking that waits: its question, the answer, the file, the job."""
    from vitreous.jobs.manual_pick import ManualPick
    from vitreous.project.project import Project

    here = Project.open(project)
    name = here.add(ManualPick(micrographs="CtfFind/job003/micrographs_ctf.star"))
    number = name[-4:-1]
    asked = client.get(f"/api/p/demo/jobs/{number}/question").json()
    assert (asked["question"], asked["answered"], asked["values"]["micrographs"]) == (
        "picks",
        False,
        "CtfFind/job003/micrographs_ctf.star",
    )
    wrong = client.post(f"/api/p/demo/jobs/{number}/answer", json={"kind": "classes", "answer": {}})
    assert wrong.status_code == 422 and "asks for picks" in wrong.json()["sentence"]
    micrograph = "MotionCorr/job002/session/movies/movie_00001.mrc"
    given = {"micrographs": {micrograph: {"added": [[100, 200.5]]}}}
    done = client.post(f"/api/p/demo/jobs/{number}/answer", json={"kind": "picks", "answer": given})
    assert done.status_code == 200, done.text
    assert json.loads((project / name / "answer.json").read_text()) == {"kind": "picks", **given}
    assert here.wait(name) == "Succeeded"
    written = (project / name / "session/movies/movie_00001_manualpick.star").read_text()
    assert "100.000000" in written and "200.500000" in written


def test_the_answer_of_a_job_at_work_stays(project: Path, client: TestClient) -> None:
    """Who answers second is told so; the job goes on with the answer that it began with."""
    from vitreous.jobs.manual_pick import ManualPick
    from vitreous.project.project import Project
    from vitreous.run.folder import JobFolder
    from vitreous.run.places import placed

    here = Project.open(project)
    name = here.add(ManualPick(micrographs="CtfFind/job003/micrographs_ctf.star"))
    folder = JobFolder(project / name)
    (project / name / "answer.json").write_text("{}")
    folder.hidden.mkdir(exist_ok=True)
    placed.note(folder, "here", pid=os.getpid())
    with graphs.locked(here.layout) as graph:
        graph.set_status(name, "Running")
    second = client.post(f"/api/p/demo/jobs/{name[-4:-1]}/answer", json={"kind": "picks", "answer": {}})
    assert second.status_code == 422 and "at work" in second.json()["sentence"]
    assert (project / name / "answer.json").read_text() == "{}"
