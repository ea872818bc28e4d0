"""Acts on jobs, each with its undo: by any server, once, and never over the head of somebody who has done more since."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from vitreous.files import star
from vitreous.project import graph as graphs
from vitreous.project.project import Project
from vitreous.web.app import create_app

P = "/api/p/demo"
HOSTILE = "<img src=x onerror=alert(1)>"


def get(client: TestClient, page: str, **asked: Any) -> Any:
    """The data of an address, which must be there."""
    answer = client.get(f"{P}/{page}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def do(client: TestClient, page: str, **body: Any) -> Any:
    """An act, which must be done."""
    answer = client.post(f"{P}/{page}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(client: TestClient, page: str, status: int, **body: Any) -> str:
    """The sentence of an act that must be refused."""
    answer = client.post(f"{P}/{page}", json=body)
    assert answer.status_code == status, answer.text
    return str(answer.json()["sentence"])


def whole(project: Path) -> tuple[Any, set[str]]:
    """The graph without its order, and all files of the jobs: what an undo must bring back."""
    graph = graphs.read(project / "default_pipeline.star")
    said = (dict(graph.processes), dict(graph.nodes), sorted(graph.inputs), sorted(graph.outputs))
    files = {str(path.relative_to(project)) for path in project.glob("*/job*/**/*") if "Trash" not in path.parts}
    return said, files


def test_a_deleted_job_comes_back_with_alias_edges_and_files(client: TestClient, project: Path) -> None:
    before = whole(project)
    plan = get(client, "jobs/007/deletion")
    assert [one["job"]["number"] for one in plan["losing"]] and plan["bytes"] > 0
    done = client.delete(f"{P}/jobs/007").json()
    assert "Trash" in done["sentence"] and done["undo"]
    assert client.get(f"{P}/jobs/007").status_code == 404
    assert get(client, "trash")["items"][0]["kind"] == "deleted job"
    do(client, f"undo/{done['undo']}")
    after = whole(project)
    assert after == before
    assert (project / "Select/selected").is_symlink()


def test_with_all_that_go_back_to_it(client: TestClient, project: Path) -> None:
    before = whole(project)
    done = client.delete(f"{P}/jobs/008", params={"descendants": True}).json()
    assert [job["number"] for job in get(client, "jobs")["jobs"]] == ["001", "002", "003", "004", "005", "006", "007"]
    do(client, f"undo/{done['undo']}")
    assert whole(project) == before


def test_clean_frees_what_it_promised_and_comes_back(client: TestClient, project: Path) -> None:
    before = whole(project)
    plan = get(client, "clean", how="gently", job=["006", "009"])
    size = sum(path.lstat().st_size for path in project.glob("*/job00[69]/**/*") if path.is_file())
    done = do(client, "clean", how="gently", jobs=["006", "009"])
    left = sum(path.lstat().st_size for path in project.glob("*/job00[69]/**/*") if path.is_file() and "Trash" not in path.parts)
    assert size - left == pytest.approx(plan["bytes"], rel=0.01) and plan["bytes"] > 1e6
    assert get(client, "trash")["bytes"] == pytest.approx(plan["bytes"], rel=0.01)
    do(client, f"undo/{done['undo']}")
    assert whole(project) == before and not list((project / "Trash").glob("*/*"))


def test_harsh_clean_names_what_can_no_longer_be_an_input_and_protection_stops_it(client: TestClient) -> None:
    plan = get(client, "clean", how="harshly", job=["005"])
    assert plan["jobs"][0]["lost_inputs"] == ["Extract/job005/particles.star"]
    done = do(client, "jobs/005/protect", on=True)
    assert get(client, "jobs/005")["protected"]
    assert "protected" in refused(client, "clean", 422, how="harshly", jobs=["005"])
    do(client, f"undo/{done['undo']}")
    assert not get(client, "jobs/005")["protected"]


def test_alias_by_relions_rules_and_its_undo(client: TestClient, project: Path) -> None:
    assert "must not hold" in refused(client, "jobs/009/alias", 422, alias=HOSTILE)
    done = do(client, "jobs/009/alias", alias="best yet")
    assert done["job"]["alias"] == "best_yet" and (project / "Refine3D/best_yet").is_symlink()
    do(client, f"undo/{done['undo']}")
    assert get(client, "jobs/009")["alias"] == "refined" and not (project / "Refine3D/best_yet").exists()


def test_a_hostile_alias_that_another_program_wrote_is_shown_as_text(client: TestClient, project: Path) -> None:
    """RELION would refuse it too; a file written by hand may hold it all the same."""
    graph = project / "default_pipeline.star"
    graph.write_text(graph.read_text().replace("Refine3D/refined/", "Refine3D/<img/src=x/onerror=alert(1)>/"))
    answer = client.get(f"{P}/jobs/009")
    assert answer.headers["content-type"].startswith("application/json") and "onerror" in answer.json()["alias"]
    chart = client.get(f"{P}/jobs/009/flowchart")
    assert chart.status_code == 200 and b"<img" not in chart.content


def test_note_and_its_undo_which_spares_what_was_written_since(client: TestClient, project: Path) -> None:
    note = project / "Refine3D/job009/note.txt"
    before = note.read_text()
    first = do(client, "jobs/009/note", text="looks good\n<b>really</b>")
    assert "looks good" in get(client, "jobs/009")["note"]
    second = do(client, "jobs/009/note", text="or not")
    assert "written to since" in refused(client, f"undo/{first['undo']}", 409)
    do(client, f"undo/{second['undo']}")
    do(client, f"undo/{first['undo']}")
    assert note.read_text() == before


def test_marks_and_their_undo(client: TestClient, project: Path) -> None:
    before = whole(project)
    done = do(client, "jobs/009/mark", **{"as": "failed"})
    assert get(client, "jobs/009")["state"] == "failed"
    assert (project / "Refine3D/job009/RELION_JOB_EXIT_FAILURE").exists()
    do(client, f"undo/{done['undo']}")
    assert whole(project) == before
    do(client, "jobs/009/mark", **{"as": "failed"})
    do(client, "jobs/009/mark", **{"as": "finished"})
    assert get(client, "jobs/009")["state"] == "finished"


def scheduled(project: Path) -> str:
    """One more 2D classification, which waits to be run."""
    shutil.copy(project / "Class2D/job006/job.star", project / "again.star")
    here = Project.open(".")
    name = here.add(here.loaded("Class2D/job006/").job)
    return name.rstrip("/")[-3:]


def test_abort_of_a_scheduled_job_and_its_undo(client: TestClient, project: Path) -> None:
    number = scheduled(project)
    assert get(client, f"jobs/{number}")["sentence"] == "ready to run"
    done = do(client, f"jobs/{number}/abort")
    assert done["job"]["state"] == "aborted"
    do(client, f"undo/{done['undo']}")
    assert get(client, f"jobs/{number}")["state"] == "scheduled"
    assert "does not run" in refused(client, "jobs/009/abort", 422)


def test_scheduling_is_undone_until_the_job_has_begun(client: TestClient, project: Path) -> None:
    values = {"particles": "Extract/job005/particles.star", "classes": "5"}
    made = do(client, "jobs", type="class2d", values=values, start=False)
    assert get(client, "activity")[0]["sentence"] == "Class2D/job012 scheduled"
    do(client, f"undo/{made['undo']}")
    assert client.get(f"{P}/jobs/012").status_code == 404
    assert [item["id"] for item in get(client, "trash")["items"]] == ["Class2D/job012/"]


def test_undo_works_at_another_server_and_once(client: TestClient, project: Path) -> None:
    """The journal is a file of the project: a server that was started later undoes what an earlier one did."""
    done = do(client, "jobs/009/alias", alias="elsewhere")
    with TestClient(create_app("."), base_url="http://127.0.0.1:8014") as other:
        other.headers["X-Vitreous"] = "1"
        assert [act["ref"] for act in get(other, "activity") if act["can_undo"]] == [done["undo"]]
        do(other, f"undo/{done['undo']}")
        assert "undone already" in refused(other, f"undo/{done['undo']}", 409)
    assert get(client, "jobs/009")["alias"] == "refined"
    assert get(client, "activity")[0]["undone_s"] > 0
    assert client.post(f"{P}/undo/nothing").status_code == 404


def test_two_browsers_at_once(client: TestClient, project: Path) -> None:
    """Of two who delete the same job one is told that it is gone; of two who undo, one that it was undone."""
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: client.delete(f"{P}/jobs/011"), range(2)))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert sorted(answer.status_code for answer in answers)[1] in (404, 422)
    ref = next(answer.json()["undo"] for answer in answers if answer.status_code == 200)
    with ThreadPoolExecutor(2) as pool:
        undone = list(pool.map(lambda _: client.post(f"{P}/undo/{ref}"), range(2)))
    assert sorted(answer.status_code for answer in undone) == [200, 409]
    assert get(client, "jobs/011")["state"] == "finished"


def test_trash_is_put_back_by_hand_and_emptied_only_as_seen(client: TestClient, project: Path) -> None:
    client.delete(f"{P}/jobs/011")
    do(client, "clean", how="gently", jobs=["006"])
    items = {item["id"]: item for item in get(client, "trash")["items"]}
    assert {item["kind"] for item in items.values()} == {"deleted job", "files of a job"}
    do(client, "trash/restore", id="PostProcess/job011/")
    assert get(client, "jobs/011")["state"] == "finished"
    left = get(client, "trash")
    assert "has changed" in refused(client, "trash/empty", 409, ids=["Class2D/job006/"], bytes=left["bytes"] - 1)
    done = do(client, "trash/empty", ids=["Class2D/job006/"], bytes=left["bytes"])
    assert done["undo"] is None and get(client, "trash")["items"] == []
    assert not any(act["can_undo"] for act in get(client, "activity"))


def test_readonly_windows_do_nothing(project: Path) -> None:
    with TestClient(create_app(".", readonly=True), base_url="http://127.0.0.1:8014") as looker:
        looker.headers["X-Vitreous"] = "1"
        before = whole(project)
        for page in (
            "jobs/009/continue",
            "jobs/009/abort",
            "jobs/009/close",
            "jobs/009/mark",
            "jobs/009/alias",
            "clean",
            "undo/x",
        ):
            assert looker.post(f"{P}/{page}", json={"as": "failed", "alias": "x", "how": "gently"}).status_code == 403, page
        assert looker.delete(f"{P}/jobs/009").status_code == 403
        assert whole(project) == before


def test_paths_of_the_trash_stay_inside(client: TestClient, project: Path) -> None:
    for word in ("../../etc/", "/etc/", "Class2D/../../x/", "Class2D/job006/../../../x/"):
        assert client.post(f"{P}/trash/restore", json={"id": word}).status_code in (404, 409, 422), word


def test_disk_is_counted_in_the_background_and_dated(client: TestClient, project: Path) -> None:
    first = get(client, "disk")
    until = time.monotonic() + 30
    while (found := get(client, "disk"))["counting"] and time.monotonic() < until:
        time.sleep(0.02)
    assert first["counting"] or first["counted_at"]
    assert found["counted_at"] > 0 and len(found["jobs"]) == 11
    sizes = {job["job"]["number"]: job for job in found["jobs"]}
    real = sum(path.lstat().st_size for path in (project / "Class2D/job006").rglob("*") if path.is_file())
    assert sizes["006"]["bytes"] == real and sizes["006"]["gentle"] == get(client, "clean", how="gently", job="006")["bytes"]
    assert sizes["006"]["proposed"] and not sizes["011"]["proposed"]


def test_compare_shows_only_what_differs(client: TestClient, project: Path) -> None:
    here = Project.open(".")
    here.add(here.loaded("Class2D/job006/", {"classes": "12"}).job, alias="fewer")
    found = get(client, "compare", job=["006", "fewer"])
    assert [(one["name"], one["values"]) for one in found["differing"] if not one["place"]] == [("classes", ["20", "12"])]
    assert all(input["taken_by"] == [True, True] for input in found["inputs"])
    other = get(client, "compare", job=["009", "011"])
    refined = star.read_list(project / "Refine3D/job009/run_model.star", "model_general")["rlnCurrentResolution"]
    final = star.read_list(project / "PostProcess/job011/postprocess.star", "general")["rlnFinalResolution"]
    assert "not of one type" in other["word"]
    assert other["figures"][0]["values"] == [f"{float(value):.1f} Å" for value in (refined, final)]
    assert client.get(f"{P}/compare", params={"job": ["006", "006"]}).status_code == 422
