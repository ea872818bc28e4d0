import json
import os
import threading
import time

import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.job.options import build
from vitreous.job.placement import Placement
from vitreous.run.runner import run

WORDS = ("a", "b", "bad", "c", "d")


@pytest.fixture
def listing(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{word} {number}\n" for number, word in enumerate(WORDS)))
    return path


def worked(folder):
    path = folder / "worked.txt"
    return path.read_text().split() if path.exists() else []


def markers(folder):
    return sorted(path.name for path in folder.glob("RELION_JOB_*"))


def make(toys, listing, **given):
    return build(toys.ToyMap, {"listing": str(listing), **given})


def test_a_map_job_runs_and_leaves_what_relion_looks_for(toys, listing, tmp_path):
    folder = tmp_path / "External" / "job001"
    outcome = run(make(toys, listing), folder, quiet=True)
    assert (outcome.status, outcome.done, outcome.did, outcome.set_aside) == ("succeeded", 5, 5, 0)
    assert [row["result"] for row in json.loads((folder / "table.json").read_text())] == [0, 2, 4, 6, 8]
    assert markers(folder) == ["RELION_JOB_EXIT_SUCCESS"]
    there = {path.name for path in folder.iterdir()}
    assert {"job.star", "note.txt", "run.out", "RELION_OUTPUT_NODES.star", ".vitreous"} <= there
    nodes = list(star.read(folder / "RELION_OUTPUT_NODES.star")["output_nodes"].rows())
    assert [node["rlnPipeLineNodeName"] for node in nodes] == [str(folder / "table.json")]
    assert json.loads((folder / ".vitreous" / "versions.json").read_text())["python"].startswith("3.")


def test_again_does_nothing_and_another_setting_does_all(toys, listing, tmp_path):
    folder = tmp_path / "out"
    run(make(toys, listing), folder, quiet=True)
    assert run(make(toys, listing), folder, quiet=True).did == 0
    assert worked(folder) == list(WORDS)
    assert run(make(toys, listing, factor="3"), folder, quiet=True).did == 5
    assert run(make(toys, listing), folder, quiet=True).did == 0
    assert [row["result"] for row in json.loads((folder / "table.json").read_text())] == [0, 2, 4, 6, 8]


def test_only_new_and_changed_units_are_done(toys, listing, tmp_path):
    folder = tmp_path / "out"
    run(make(toys, listing), folder, quiet=True)
    listing.write_text(listing.read_text().replace("c 3", "c 30") + "e 5\n")
    assert run(make(toys, listing), folder, quiet=True).did == 2
    assert worked(folder)[5:] == ["c", "e"]


def test_a_failing_unit_is_set_aside_and_tried_again_next_time(toys, listing, tmp_path):
    folder = tmp_path / "out"
    outcome = run(make(toys, listing, trouble="error"), folder, quiet=True)
    assert (outcome.status, outcome.done, outcome.set_aside) == ("succeeded", 4, 1)
    assert [row["key"] for row in json.loads((folder / "table.json").read_text())] == ["a", "b", "c", "d"]
    assert "bad cannot be read" in (folder / "run.err").read_text()
    rows = list(star.read(folder / ".vitreous" / "failed.star")["failed"].rows())
    assert [row["vitreousUnit"] for row in rows] == ["bad"]
    assert "1 set aside" in (folder / "run.out").read_text()
    assert run(make(toys, listing, trouble="error"), folder, quiet=True).set_aside == 1
    assert worked(folder) == [*WORDS, "bad"]


def test_when_every_unit_fails_the_job_fails_with_one_sentence(toys, listing, tmp_path):
    folder = tmp_path / "out"
    with pytest.raises(UserError, match=r"all 5 units failed; the first, a: a cannot be read") as caught:
        run(make(toys, listing, trouble="all"), folder, quiet=True)
    assert "\n" not in str(caught.value)
    assert markers(folder) == ["RELION_JOB_EXIT_FAILURE"]
    assert str(caught.value) in (folder / "run.err").read_text()
    assert not (folder / "table.json").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "nothing to work on"), ("a 1\na 2\n", "a stands twice"), ("a x\n", "could not convert string to float")],
)
def test_wrong_input_is_one_sentence(toys, tmp_path, text, said):
    path = tmp_path / "list.txt"
    path.write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        run(make(toys, path), tmp_path / "out", quiet=True)
    assert "Traceback" not in str(caught.value)
    assert markers(tmp_path / "out") == ["RELION_JOB_EXIT_FAILURE"]


def test_a_missing_input_is_told_with_its_option(toys, tmp_path):
    with pytest.raises(UserError, match=r"--listing .*nosuch.txt: there is no such file"):
        run(make(toys, tmp_path / "nosuch.txt"), tmp_path / "out", quiet=True)


def test_abort_by_relions_file(toys, listing, tmp_path):
    folder = tmp_path / "out"
    job = make(toys, listing, seconds="0.5")
    found = []
    thread = threading.Thread(target=lambda: found.append(run(job, folder, quiet=True)))
    thread.start()
    while len(worked(folder)) < 2:
        time.sleep(0.02)
    (folder / "RELION_JOB_ABORT_NOW").touch()
    thread.join(timeout=30)
    assert found[0].status == "aborted"
    assert markers(folder) == ["RELION_JOB_EXIT_ABORTED"]
    done_before = found[0].done
    assert 1 <= done_before < 5
    outcome = run(job, folder, quiet=True)
    assert (outcome.status, outcome.done, outcome.did) == ("succeeded", 5, 5 - done_before)


def test_two_runs_in_one_folder_are_refused(toys, listing, tmp_path):
    folder = tmp_path / "out"
    job = make(toys, listing, seconds="0.3")
    thread = threading.Thread(target=lambda: run(job, folder, quiet=True))
    thread.start()
    while not worked(folder):
        time.sleep(0.02)
    with pytest.raises(UserError, match="another run is at work"):
        run(job, folder, quiet=True)
    thread.join(timeout=30)
    assert markers(folder) == ["RELION_JOB_EXIT_SUCCESS"]


def test_another_type_in_the_same_folder_is_refused(toys, listing, tmp_path):
    run(make(toys, listing), tmp_path / "out", quiet=True)
    with pytest.raises(UserError, match="belongs to a job"):
        run(toys.ToyLoop(start=str(listing)), tmp_path / "out", quiet=True)


def test_a_full_disk_is_told_and_continue_goes_on(toys, listing, tmp_path, monkeypatch):
    import errno
    import shutil

    folder = tmp_path / "out"
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("vitreous.run.opening.shutil.disk_usage", lambda path: usage._replace(free=1))
        with pytest.raises(UserError, match="0 MB are free"):
            run(make(toys, listing), folder, quiet=True)
    with monkeypatch.context() as patch:

        def full(*arguments):
            raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(toys.ToyMap, "gather", full)
        with pytest.raises(UserError, match="no space left"):
            run(make(toys, listing), folder, quiet=True)
    assert not (folder / "table.json").exists()
    assert run(make(toys, listing), folder, quiet=True).did == 0


def test_a_failure_that_cannot_be_written_down_is_still_told(toys, listing, tmp_path, monkeypatch):
    import errno

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = tmp_path / "out"
    run(make(toys, listing), folder, quiet=True)
    monkeypatch.setattr("vitreous.run.record.append_text", full)
    with pytest.raises(UserError, match=r"no space left on the disk .* nor can that be written down"):
        run(make(toys, listing, factor="3"), folder, quiet=True)


def test_a_loop_goes_on_from_its_last_iteration(toys, tmp_path):
    start = tmp_path / "start.txt"
    start.write_text("1.5")
    folder = tmp_path / "out"
    outcome = run(toys.ToyLoop(start=str(start), rounds=2), folder, quiet=True)
    assert (outcome.status, outcome.done, outcome.did) == ("succeeded", 2, 2)
    outcome = run(toys.ToyLoop(start=str(start), rounds=5), folder, quiet=True)
    assert (outcome.done, outcome.did) == (5, 3)
    assert (folder / "worked.txt").read_text().splitlines() == ["begin", *(f"step {n}" for n in range(1, 6))]
    assert float((folder / "final.txt").read_text()) == 1.5 * 2**5
    assert "rounds was 2, is now 5" in (folder / "run.out").read_text()
    nodes = list(star.read(folder / "RELION_OUTPUT_NODES.star")["output_nodes"].rows())
    assert nodes[0]["rlnPipeLineNodeName"].endswith("run_it005.json")


def test_a_loop_that_has_ended_is_left_alone(toys, tmp_path):
    start = tmp_path / "start.txt"
    start.write_text("1.5")
    folder, job = tmp_path / "out", toys.ToyLoop(start=str(start), rounds=2)
    run(job, folder, quiet=True)
    (folder / "final.txt").unlink()
    assert run(job, folder, quiet=True).did == 0
    assert not (folder / "final.txt").exists(), "finish is not called again"
    (folder / "run_it002.json").unlink()
    assert run(job, folder, quiet=True).did == 1
    assert (folder / "final.txt").exists()
    start.write_text("2.5 ")
    run(job, folder, quiet=True)
    assert "start is another file than in the last run" in (folder / "run.out").read_text()


def test_a_loop_does_not_go_on_with_other_input(toys, tmp_path):
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text("1")
    run(toys.ToyLoop(start=str(tmp_path / "one.txt")), tmp_path / "out", quiet=True)
    with pytest.raises(UserError, match="iterations of other input"):
        run(toys.ToyLoop(start=str(tmp_path / "two.txt")), tmp_path / "out", quiet=True)


def test_threads_never_exceed_the_cores(toys, listing, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("vitreous.run.runner.use_threads", seen.append)
    run(make(toys, listing), tmp_path / "out", Placement(threads=5000), quiet=True)
    assert 1 <= seen[0] <= 4096


@pytest.mark.slow
def test_workers_side_by_side_and_one_that_dies(toys, listing, tmp_path):
    folder = tmp_path / "out"
    outcome = run(make(toys, listing, trouble="crash"), folder, Placement(workers=2), quiet=True)
    assert (outcome.status, outcome.done, outcome.set_aside) == ("succeeded", 4, 1)
    assert [row["key"] for row in json.loads((folder / "table.json").read_text())] == ["a", "b", "c", "d"]
    assert "killed" in (folder / "run.err").read_text()
    assert worked(folder).count("bad") == 2
    outcome = run(make(toys, listing), folder, Placement(workers=2), quiet=True)
    assert (outcome.done, outcome.set_aside) == (5, 0)


def loop(toys, tmp_path, **given):
    (tmp_path / "start.txt").write_text("1")
    return build(toys.ToyLoop, {"start": str(tmp_path / "start.txt"), **given})


def test_a_broken_iteration_is_made_again_from_the_one_before(toys, tmp_path):
    folder = tmp_path / "out"
    run(loop(toys, tmp_path, rounds="3"), folder, quiet=True)
    (folder / "run_it003.json").write_text("[3, 8")
    (folder / "run_it002.json").write_text("")
    assert run(loop(toys, tmp_path, rounds="4"), folder, quiet=True).did == 3
    assert float((folder / "final.txt").read_text()) == 16
    told = (folder / "run.out").read_text()
    assert "iteration 3 cannot be read" in told and "iteration 2 cannot be read" in told and "going on from iteration 1" in told


def test_where_no_iteration_can_be_read_a_loop_stops(toys, tmp_path):
    folder = tmp_path / "out"
    run(loop(toys, tmp_path, rounds="1"), folder, quiet=True)
    for path in folder.glob("run_it*.json"):
        path.write_text("[")
    with pytest.raises(UserError, match=r"no iteration in .*out can be read .*: take their files away"):
        run(loop(toys, tmp_path, rounds="2"), folder, quiet=True)


def test_a_job_without_gpu_code_says_so_and_runs_on_the_cpu(toys, listing, tmp_path):
    outcome = run(make(toys, listing), tmp_path / "job", Placement(device="cuda"), quiet=True)
    assert outcome.status == "succeeded"
    assert "runs on the CPU" in (tmp_path / "job" / "run.out").read_text()


def test_workers_leave_no_threads_behind_for_later_jobs(toys, listing, tmp_path, monkeypatch):
    """numba refuses another number of threads once it has begun, so a worker's number must not stay in the runner."""
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    assert run(make(toys, listing), tmp_path / "job", Placement(workers=2), quiet=True).status == "succeeded"
    assert "NUMBA_NUM_THREADS" not in os.environ
