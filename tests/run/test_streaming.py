"""A job that follows a table which another job is still making."""

import fcntl
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.job.placement import Placement
from vitreous.run import watching
from vitreous.run.folder import JobFolder
from vitreous.run.runner import run

PROGRAM = Path(__file__).resolve().parents[1] / "toys" / "toy_vitreous.py"


class Producer:
    """A job folder as a run leaves it while it is at work: locked, without exit marker, its table growing."""

    def __init__(self, folder):
        self.folder = JobFolder(folder)
        self.folder.hidden.mkdir(parents=True)
        self.table = folder / "table.json"
        self._handle = self.folder.lock.open("a")
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def write(self, *names):
        atomic.write_text(self.table, json.dumps(names))

    def die(self):
        self._handle.close()

    def end(self, marker="success"):
        getattr(self.folder, marker).touch()
        self._handle.close()


@pytest.fixture
def streams(toys):
    return importlib.import_module("toy_streams")


@pytest.fixture
def producer(tmp_path):
    made = Producer(tmp_path / "External" / "job001")
    yield made
    made.die()


class Following:
    """A run of the follower in a thread."""

    def __init__(self, job, folder, **more):
        self.folder, self.found, self.error = folder, None, None

        def work():
            try:
                self.found = run(job, folder, quiet=True, **more)
            except UserError as error:
                self.error = error

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()

    def table(self):
        path = self.folder / "table.json"
        return json.loads(path.read_text()) if path.exists() else []

    def until(self, count):
        wait_until(lambda: len(self.table()) >= count)
        return self.table()

    def ended(self):
        self._thread.join(timeout=120)
        assert not self._thread.is_alive()
        return self.found


def wait_until(true, seconds=90.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def worked(folder):
    path = folder / "worked.txt"
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("workers", [1, 2])
def test_output_appears_with_the_first_row_and_grows_until_the_producer_ends(streams, producer, tmp_path, workers):
    producer.write("a")
    job = streams.ToyFollow(listing=str(producer.table))
    following = Following(job, tmp_path / "External" / "job002", placement=Placement(workers=workers))
    assert following.until(1) == ["a"]
    assert not (following.folder / "RELION_JOB_EXIT_SUCCESS").exists()
    producer.write("a", "b", "c")
    assert following.until(3) == ["a", "b", "c"]
    assert following.found is None
    producer.write("a", "b", "c", "d")
    producer.end()
    outcome = following.ended()
    assert (outcome.status, outcome.done, outcome.did) == ("succeeded", 4, 4)
    assert following.table() == ["a", "b", "c", "d"]
    assert sorted(worked(following.folder)) == ["a", "b", "c", "d"]
    assert run(job, following.folder, quiet=True).did == 0


def test_an_input_that_is_not_there_yet_is_waited_for(streams, producer, tmp_path):
    following = Following(streams.ToyFollow(listing=str(producer.table)), tmp_path / "External" / "job002")
    out = following.folder / "run.out"
    wait_until(lambda: out.exists() and "waiting for" in out.read_text())
    producer.write("a")
    producer.end()
    assert following.ended().did == 1


def test_a_producer_that_made_nothing_is_named(streams, producer, tmp_path):
    following = Following(streams.ToyFollow(listing=str(producer.table)), tmp_path / "External" / "job002")
    time.sleep(0.3)
    producer.end("failure")
    following.ended()
    assert "table.json was not made" in str(following.error)


def test_an_input_of_nobody_must_be_there(streams, tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        run(streams.ToyFollow(listing=str(tmp_path / "External/job001/table.json")), tmp_path / "out", quiet=True)


@pytest.mark.slow
def test_a_producer_that_died_counts_as_closed_and_one_that_comes_back_does_not(streams, producer, tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "GRACE_S", 3.0)
    producer.write("a")
    following = Following(streams.ToyFollow(listing=str(producer.table)), tmp_path / "External" / "job002")
    following.until(1)
    producer.die()
    time.sleep(0.3)
    again = producer.folder.lock.open("a")
    fcntl.flock(again, fcntl.LOCK_EX)
    time.sleep(3.5)
    assert following.found is None
    producer.write("a", "b")
    assert following.until(2) == ["a", "b"]
    again.close()
    assert following.ended().done == 2
    assert "has died without a word" in (following.folder / "run.out").read_text()


def test_a_torn_input_is_read_again_when_it_is_whole(streams, producer, tmp_path):
    producer.table.write_text('["a", "b')
    following = Following(streams.ToyFollow(listing=str(producer.table)), tmp_path / "External" / "job002")
    time.sleep(0.5)
    producer.write("a", "b")
    assert following.until(2) == ["a", "b"]
    producer.end()
    assert following.ended().status == "succeeded"


def test_a_row_that_is_taken_out_leaves_the_output_too(streams, producer, tmp_path):
    producer.write("a", "b")
    following = Following(streams.ToyFollow(listing=str(producer.table)), tmp_path / "External" / "job002")
    following.until(2)
    producer.write("b", "c")
    producer.end()
    following.ended()
    assert following.table() == ["b", "c"]


def test_stop_and_close_while_waiting(streams, producer, tmp_path):
    producer.write("a")
    job, folder = streams.ToyFollow(listing=str(producer.table)), tmp_path / "External" / "job002"
    following = Following(job, folder)
    following.until(1)
    (folder / "RELION_JOB_ABORT_NOW").touch()
    assert following.ended().status == "aborted"
    following = Following(job, folder)
    wait_until(lambda: not (folder / "RELION_JOB_EXIT_ABORTED").exists())
    time.sleep(0.5)
    JobFolder(folder).close.touch()
    outcome = following.ended()
    assert (outcome.status, outcome.done, outcome.did) == ("succeeded", 1, 0)


def test_clocks_do_not_matter(streams, producer, tmp_path):
    producer.write("a")
    os.utime(producer.table, (4e9, 4e9))
    following = Following(streams.ToyFollow(listing=str(producer.table)), tmp_path / "External" / "job002")
    following.until(1)
    producer.write("a", "b")
    os.utime(producer.table, (1e9, 1e9))
    assert following.until(2) == ["a", "b"]
    producer.end()
    assert following.ended().done == 2


def test_an_alias_leads_to_the_producer(streams, producer, tmp_path):
    (tmp_path / "External" / "first").symlink_to("job001")
    assert watching.may_come(str(tmp_path / "External" / "first" / "table.json"))
    assert not watching.may_come(str(tmp_path / "External" / "job009" / "table.json"))
    assert not watching.may_come(str(tmp_path / "list.json"))


@pytest.mark.slow
def test_a_worker_that_dies_in_a_stream_loses_only_its_unit(streams, producer, tmp_path):
    names = [f"n{number}" for number in range(30)]
    producer.write(*names)
    job = streams.ToyFollow(listing=str(producer.table), trouble="n7")
    following = Following(job, tmp_path / "External" / "job002", placement=Placement(workers=2))
    following.until(29)
    producer.write(*names, "late")
    following.until(30)
    producer.end()
    outcome = following.ended()
    assert (outcome.done, outcome.set_aside) == (30, 1)
    assert following.table() == [*(name for name in names if name != "n7"), "late"]
    counted = Counter(worked(following.folder))
    assert set(counted) == {*names, "late"} and counted["n7"] == 2


@pytest.mark.slow
def test_a_follower_killed_and_started_again_does_what_is_missing(streams, producer, tmp_path):
    producer.write(*(f"n{number}" for number in range(10)))
    words = ["toy-follow", "--listing", "External/job001/table.json", "--out", "External/job002", "--seconds", "0.05"]
    folder = tmp_path / "External" / "job002"

    def start():
        return subprocess.Popen([sys.executable, str(PROGRAM), *words], cwd=tmp_path, stdout=subprocess.DEVNULL)

    for count in (4, 14):
        process = start()
        wait_until(lambda count=count: len(worked(folder)) >= count)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
        producer.write(*(f"n{number}" for number in range(20)))
    producer.end()
    assert start().wait(timeout=180) == 0
    assert set(worked(folder)) == {f"n{number}" for number in range(20)}
    assert len(worked(folder)) <= 22
    assert len(json.loads((folder / "table.json").read_text())) == 20
