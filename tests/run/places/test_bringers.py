"""Workers as batch jobs: as many as there is work for, fewer when there is less, none for ever when none reports."""

import itertools

import pytest

from vitreous.context import UserError
from vitreous.run.places import bringers, slurm
from vitreous.run.places.bringers import ProfileBringer, Rhythm, SlurmBringer
from vitreous.run.places.profile import Profile, WorkerCommand


class Queue:
    """A queue that does as it is told and remembers it."""

    def __init__(self):
        self.jobs: dict[str, str] = {}
        self.orders: list[str] = []
        self.number = 0

    def submit(self, path, *, command="sbatch", folder="."):
        self.number += 1
        self.orders.append(command)
        first, last = command.rpartition("--array=")[2].split("-")
        self.jobs |= {f"{self.number}_{element}": "PENDING" for element in range(int(first), int(last) + 1)}
        return str(self.number)

    def cancel(self, numbers):
        for number in numbers:
            del self.jobs[number]
        return True


@pytest.fixture
def queue(monkeypatch):
    made = Queue()
    monkeypatch.setattr(slurm, "submit", made.submit)
    monkeypatch.setattr(slurm, "cancel", made.cancel)
    monkeypatch.setattr(slurm, "states", lambda: dict(made.jobs))
    monkeypatch.setattr(Rhythm, "due", lambda rhythm, changing: True)
    return made


def crew(tmp_path, most=4, per_job=1):
    return SlurmBringer(tmp_path / "workers.script", "sbatch -q high", most, per_job)


def test_it_grows_with_the_work_up_to_what_was_asked_for(queue, tmp_path):
    found = crew(tmp_path)
    assert found.bring(2, {}) == []
    assert queue.orders == ["sbatch -q high --array=0-1"]
    found.bring(2, {})
    assert len(queue.orders) == 1
    found.bring(100, {})
    assert queue.orders[1:] == ["sbatch -q high --array=0-1"] and len(queue.jobs) == 4
    found.bring(100, {})
    assert len(queue.orders) == 2


def test_workers_that_share_a_gpu_come_together(queue, tmp_path):
    crew(tmp_path, most=8, per_job=3).bring(7, {})
    assert len(queue.jobs) == 3


def test_it_replaces_those_that_died(queue, tmp_path):
    found = crew(tmp_path, most=2)
    found.bring(9, {})
    del queue.jobs["1_0"]
    found.bring(9, {"1_1:n:7-0": True, "1_0:n:6-0": False})
    assert set(queue.jobs) == {"1_1", "2_0"}


def test_it_takes_back_who_waits_and_sends_home_who_is_idle(queue, tmp_path, monkeypatch):
    found = crew(tmp_path)
    found.bring(4, {})
    queue.jobs |= {"1_0": "RUNNING", "1_1": "RUNNING"}
    here = {"1_0:n:5-0": True, "1_1:n:6-0": False}
    assert found.bring(1, here) == []
    assert set(queue.jobs) == {"1_0", "1_1"}
    assert found.bring(1, here) == []
    monkeypatch.setattr(bringers, "SEND_HOME_AFTER_S", 0.0)
    assert found.bring(1, here) == ["1_1:n:6-0"]
    assert found.bring(2, here) == []


def test_a_batch_of_workers_goes_home_when_all_of_it_are_idle(queue, tmp_path, monkeypatch):
    monkeypatch.setattr(bringers, "SEND_HOME_AFTER_S", -1.0)
    found = crew(tmp_path, most=2, per_job=2)
    found.bring(4, {})
    queue.jobs = dict.fromkeys(queue.jobs, "RUNNING")
    here = {"1_0:n:1-0": True, "1_0:n:2-1": False, "1_1:n:3-0": False, "1_1:n:4-1": False}
    assert found.bring(1, here) == ["1_1:n:3-0", "1_1:n:4-1"]


def test_nothing_is_done_while_slurm_does_not_answer(queue, tmp_path, monkeypatch):
    monkeypatch.setattr(slurm, "states", lambda: None)
    assert crew(tmp_path).bring(5, {}) == []
    assert not queue.orders


def test_batch_jobs_that_end_before_any_worker_reports_are_an_error(queue, tmp_path):
    found = crew(tmp_path, most=2)
    (tmp_path / "workers.log").write_text("python: not found\n")
    with pytest.raises(UserError, match="python: not found"):
        for _ in range(5):
            found.bring(9, {})
            queue.jobs.clear()


def test_at_the_end_all_are_taken_away(queue, tmp_path):
    found = crew(tmp_path)
    found.bring(4, {})
    queue.jobs["other"] = "RUNNING"
    found.close()
    assert set(queue.jobs) == {"other"}


def settled(found, work):
    """Let a profile start what it wants for so many units."""
    found.bring(work, {})
    if found._thread is not None:
        found._thread.join(timeout=20)


def test_a_profile_whose_commands_all_fail_is_an_error(tmp_path):
    made = Profile("p", (WorkerCommand("echo no $command >&2; exit 3", copies=2),))
    found = ProfileBringer(made, lambda threads, copy: "worker", tmp_path / "log", "toy")
    settled(found, 5)
    for process in found._started:
        process.wait(timeout=20)
    with pytest.raises(UserError, match=r"p has failed: no worker"):
        found.bring(5, {})
    assert found.bring(5, {"process:n:1-0": True}) == []


def test_a_profile_starts_more_when_more_has_arrived(tmp_path):
    said = tmp_path / "said"
    made = Profile("p", (WorkerCommand(f"echo $command >> {said}", copies=3, delay_ms=1),))
    found = ProfileBringer(made, lambda threads, copy: f"copy{copy}", tmp_path / "log", "toy")
    for work, expected in ((0, 0), (2, 2), (2, 2), (9, 3), (9, 3)):
        settled(found, work)
        assert len(found._started) == expected
    for process in found._started:
        process.wait(timeout=20)
    assert sorted(said.read_text().split()) == ["copy0", "copy1", "copy2"]


def test_a_profile_that_is_no_longer_needed_starts_no_more(tmp_path):
    made = Profile("p", (WorkerCommand("true $command", copies=1000, delay_ms=10_000),))
    found = ProfileBringer(made, lambda threads, copy: "worker", tmp_path / "log", "toy")
    found.bring(1000, {})
    found.close()
    assert len(found._started) <= 1


def test_a_queue_that_refuses_for_a_while_is_asked_again(queue, tmp_path, monkeypatch):
    found = crew(tmp_path)

    def refuse(path, *, command="sbatch", folder="."):
        raise UserError("sbatch was refused: Socket timed out")

    monkeypatch.setattr(slurm, "submit", refuse)
    with pytest.raises(UserError, match="timed out"):
        found.bring(2, {})
    monkeypatch.setattr(slurm, "submit", queue.submit)
    found.bring(2, {})
    monkeypatch.setattr(slurm, "submit", refuse)
    assert found.bring(4, {}) == []
    monkeypatch.setattr(slurm, "submit", queue.submit)
    found.bring(4, {})
    assert len(queue.jobs) == 4


def test_slurm_is_asked_ever_more_seldom_until_something_changes(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(bringers.time, "monotonic", lambda: now[0])
    rhythm = Rhythm()
    asked = []
    for _ in range(600):
        if rhythm.due((4, 4)):
            asked.append(now[0])
        now[0] += 0.1
    gaps = [later - first for first, later in itertools.pairwise(asked)]
    assert gaps[0] < 1.2 and 14 < gaps[-1] <= 15.2 and len(asked) < 12
    now[0] = asked[-1] + 2
    assert not rhythm.due((4, 3))
    now[0] += 1.1
    assert rhythm.due((4, 3))
