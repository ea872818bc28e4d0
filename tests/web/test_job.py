"""One job as the window reads it: head, progress, log, files, lineage, methods, settings; of our projects and of broken ones."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from vitreous.files import star
from vitreous.project.layout import Layout
from vitreous.web.telling import log, progress
from vitreous.web.telling.failure import failure

P = "/api/p/demo"


def get(client: TestClient, page: str, **asked: Any) -> Any:
    """The data of an address, which must be there."""
    answer = client.get(f"{P}/{page}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_job_offers_its_results_with_the_picture_first(client: TestClient) -> None:
    """Outputs carry view and size; inputs name the job that made them; who uses an output is named with it."""
    job = get(client, "jobs/006")
    first = job["outputs"][0]
    assert (first["view"], first["exists"], first["main"]) == ("classes", True, True)
    assert [user["number"] for user in first["used_by"]] == ["007"]
    assert job["inputs"][0]["made_by"]["number"] == "005"
    assert job["state"] == "finished" and "done in" in job["sentence"]
    assert job["iteration"] == 200 and job["iterations"][0] == 0


def saved(project: Path) -> list[int]:
    """The iterations of the 2D classification that are on disk."""
    return sorted(int(path.name[6:9]) for path in (project / "Class2D/job006").glob("run_it*_optimiser.star"))


def test_any_iteration_can_be_chosen(project: Path, client: TestClient) -> None:
    """The results of an iteration are its own files."""
    it = saved(project)[1]
    job = get(client, "jobs/006", it=it)
    assert job["iteration"] == it
    assert {f"Class2D/job006/run_it{it:03d}_optimiser.star", f"Class2D/job006/run_it{it:03d}_classes.mrcs"} <= {
        o["path"] for o in job["outputs"]
    }


def test_a_job_is_found_by_alias_and_missing_ones_are_404(client: TestClient) -> None:
    assert get(client, "jobs/refined")["number"] == "009"
    answer = client.get(f"{P}/jobs/999")
    assert answer.status_code == 404 and "no job 999" in answer.json()["sentence"]


def test_progress_of_units_and_of_iterations(client: TestClient) -> None:
    """Units with their seconds; iterations with resolution and changes from the files."""
    units = get(client, "jobs/002/progress")
    assert (units["done"], units["total"], len(units["units"])) == (4, 4, 4)
    assert all(unit["seconds"] > 0 for unit in units["units"])
    rounds = get(client, "jobs/009/progress")["iterations"]
    assert len(rounds) > 3 and [one["iteration"] for one in rounds] == list(range(len(rounds)))
    assert rounds[-1]["resolution_A"] == pytest.approx(8.5, abs=0.5) and rounds[-1]["seconds"] > 0


def test_time_left_is_the_middle_of_the_last_steps_and_silent_before_three() -> None:
    """A slow first unit does not count for much; a restart begins anew."""
    steps = [progress.Point(time_s=1e12 + t, done=d, total=10) for t, d in ((0, 0), (60, 1), (70, 2), (80, 3), (90, 4))]
    left_s, pace = progress.left(steps)
    assert left_s == pytest.approx(60) and "10" in pace
    assert progress.left(steps[:3])[0] is None
    assert progress.left([*steps, progress.Point(time_s=1e12 + 100, done=0, total=10)])[0] is None


def test_log_in_windows_that_follow_a_growing_file(tmp_path: Path) -> None:
    """Lines by number and from the end; what was written over is shown in its last state; the first error is known."""
    path = tmp_path / "run.out"
    path.write_text("one\n12 %\r50 %\r99 %\nthree\n")
    part = log.window(path, from_line=-2, count=10)
    assert (part.lines, part.from_line, part.total, part.first_error) == (["99 %", "three"], 1, 3, None)
    with path.open("a") as stream:
        stream.write("ERROR: it broke\nno newline")
    part = log.window(path, from_line=0, count=100)
    assert part.lines[-2:] == ["ERROR: it broke", "no newline"] and part.total == 5 and part.first_error == 3 and part.complete
    path.write_text("anew\n")
    assert log.window(path, from_line=0, count=9).lines == ["anew"]
    assert log.window(tmp_path / "none", from_line=0, count=9).total == 0


def test_a_log_of_a_million_lines_is_read_in_windows(tmp_path: Path) -> None:
    path = tmp_path / "run.out"
    path.write_bytes(b"".join(b"line %d\n" % n for n in range(1_000_000)))
    part = log.window(path, from_line=999_998, count=500)
    assert part.lines == ["line 999998", "line 999999"] and part.total == 1_000_000 and not part.complete


def test_log_find_and_whole_text(client: TestClient, project: Path) -> None:
    found = get(client, "jobs/009/log/find", q="ROUND 2")
    lines = get(client, "jobs/009/log", **{"from": 0})["lines"]
    assert found and all("round 2" in lines[number] for number in found)
    whole = client.get(f"{P}/jobs/009/log/text")
    assert whole.text == (project / "Refine3D/job009/run.out").read_text()
    assert "attachment" in whole.headers["content-disposition"]
    assert get(client, "jobs/009/log", stream="err")["total"] == 0


def test_files_as_a_tree_with_users(client: TestClient) -> None:
    top = get(client, "jobs/005/files")
    particles = next(row for row in top["children"] if row["name"] == "particles.star")
    assert particles["output"] and [user["number"] for user in particles["used_by"]] == ["006"]
    assert top["bytes"] > particles["bytes"] > 0 and not any(row["name"].startswith(".") for row in top["children"])


def test_lineage_both_ways_and_the_flow_chart(client: TestClient) -> None:
    found = get(client, "jobs/007/lineage")
    assert [step["job"]["number"] for step in found["up"]][:2] == ["006", "005"]
    assert {step["job"]["number"] for step in found["down"]} >= {"008", "009", "011"}
    assert found["up"][0]["files"] == {"Select/job007": ["Class2D/job006/run_it200_optimiser.star"]}
    chart = client.get(f"{P}/jobs/007/flowchart")
    assert chart.headers["content-type"] == "image/svg+xml" and b"Class2D" in chart.content


def test_methods_text_holds_the_numbers_of_the_history(client: TestClient, project: Path) -> None:
    found = get(client, "jobs/011/methods")
    final = float(star.read_list(project / "PostProcess/job011/postprocess.star", "general")["rlnFinalResolution"])
    assert "300 kV" in found["text"] and "D2" in found["text"] and f"({final:.1f} Å)" in found["text"]
    works = " ".join(citation["work"] for citation in found["citations"])
    assert "CTFFIND4" in works and "overfitting" in works
    assert all(
        citation["mark"] in re.findall(r"\d+", "".join(re.findall(r"\[[\d, ]+\]", found["text"])))
        for citation in found["citations"]
    )
    assert not re.search(r"\[[a-z]", found["text"])


def test_settings_script_and_job_star(client: TestClient, project: Path) -> None:
    said = {one["name"]: one for one in get(client, "jobs/006/settings")["settings"]}
    assert said["classes"]["value"] == "20" and not said["classes"]["is_default"] and said["memory_GB"]["unit"] == "GB"
    assert "project run" in get(client, "jobs/006/script")["text"]
    assert client.get(f"{P}/jobs/006/job.star").text == (project / "Class2D/job006/job.star").read_text()


def test_a_report_holds_what_helps(client: TestClient, project: Path) -> None:
    """Command, settings that are no defaults, releases, the ends of both logs; also of a job whose folder is gone."""
    said = client.get(f"{P}/jobs/006/report").text
    for words in ("vitreous class2d", "classes = 20", "python 3", "2D classification: done", "finished: 20 classes"):
        assert words in said, words
    shutil.rmtree(project / "Class2D/job006")
    assert "has no job.star any more" in client.get(f"{P}/jobs/006/report").text


def test_a_job_without_folder_says_why(client: TestClient, project: Path) -> None:
    """Nothing breaks: each part says what is missing."""
    shutil.rmtree(project / "Extract/job005")
    job = get(client, "jobs/005")
    assert not job["folder"] and not job["may"]["run"] and "job.star" in job["may"]["why_not"]
    assert not job["outputs"][0]["exists"]
    assert "not on disk" in get(client, "jobs/005/progress")["why_not"]
    assert get(client, "jobs/005/files")["children"] == []
    assert get(client, "jobs/005/settings")["why_not"]
    assert get(client, "jobs/005/log")["total"] == 0


def failed(project: Path, err: str, changed: str = "") -> Path:
    """The 2D classification as one that failed before its last iteration, with these words."""
    folder = project / "Class2D/job006"
    (folder / "RELION_JOB_EXIT_SUCCESS").rename(folder / "RELION_JOB_EXIT_FAILURE")
    graph = project / "default_pipeline.star"
    own = "Class2D/job006/ "
    lines = [line.replace("Succeeded", "Failed") if line.startswith(own) else line for line in graph.read_text().splitlines()]
    graph.write_text("\n".join(lines) + "\n")
    (folder / "run.err").write_text(err)
    for path in folder.glob("run_it200_*"):
        path.unlink()
    return folder


def test_a_gpu_that_ran_out_of_memory_is_told_in_numbers_with_a_remedy(client: TestClient, project: Path) -> None:
    failed(
        project,
        "ERROR: 2D classification failed: OutOfMemoryError: CUDA out of memory. Tried to allocate 14.20 GiB. GPU 1 has a total "
        "capacity of 11.90 GiB of which 2.00 GiB is free.\nTraceback (most recent call last):\n",
    )
    job, last = get(client, "jobs/006"), saved(project)[-1]
    assert job["state"] == "failed" and job["cause"] == "gpu memory"
    assert "14.2 GB wanted" in job["sentence"] and "11.9 GB in all" in job["sentence"]
    assert f"Iteration {last} is safe" in job["sentence"]
    assert job["remedies"][0]["title"] == "Continue on less memory" and job["remedies"][0]["changed"]["memory_GB"]
    assert job["remedies"][1]["title"] == f"Continue from iteration {last}"


@pytest.mark.parametrize(
    ("err", "cause", "said"),
    [
        ("ERROR: no space left on the disk of Class2D/job006: free some space, then continue the job\n", "disk", "No space left"),
        ("slurmstepd: error: Detected 1 oom-kill event(s) in step 12.batch\n", "memory", "oom-kill"),
        ("slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2026 DUE TO TIME LIMIT ***\n", "time", "TIME LIMIT"),
        ("", "", "left no word"),
    ],
)
def test_causes_of_failure(project: Path, err: str, cause: str, said: str) -> None:
    failed(project, err)
    found = failure(Layout(Path(".")), "Class2D/job006/")
    assert found.cause == cause and said in found.sentence and found.remedies


def test_a_hostile_log_is_plain_text(client: TestClient, project: Path) -> None:
    """Markup in a log travels as JSON text, and the download is never a page."""
    (project / "Class2D/job006/run.out").write_text("<script>alert(1)</script>\n")
    assert get(client, "jobs/006/log")["lines"] == ["<script>alert(1)</script>"]
    assert client.get(f"{P}/jobs/006/log/text").headers["content-type"].startswith("text/plain")
