import subprocess
import sys
import time

import pytest

from vitreous.context import UserError
from vitreous.job.options import build
from vitreous.run.folder import JobFolder


def test_a_second_run_is_refused_and_the_first_goes_on(project, toys):
    name = project.add(build(toys.ToyMap, {"listing": "list.txt", "seconds": "1.0"}))
    first = subprocess.Popen([sys.executable, "-m", "toy_vitreous", "project", "run", name], stdout=subprocess.DEVNULL)
    lock = project.layout.job(name) / ".vitreous" / "lock"
    until = time.monotonic() + 30
    while project.graph().processes[name].status != "Running" or not lock.exists():
        assert time.monotonic() < until and first.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    with pytest.raises(UserError, match="is at work: abort it first"):
        project.run(name, quiet=True)
    assert project.graph().processes[name].status == "Running", "the refusal changes nothing"
    assert first.wait(timeout=60) == 0
    assert project.graph().processes[name].status == "Succeeded"


def test_a_run_that_cannot_begin_leaves_another_ones_state(project, toys, monkeypatch):
    """Should two begin in the same moment, the runner lets one in; the other must not call the job failed."""
    name = project.add(toys.ToyMap(listing="list.txt"))
    from vitreous.project import running

    def late(*_, **__):
        raise UserError("another run is at work")

    monkeypatch.setattr(running, "run", late)
    monkeypatch.setattr(running, "is_alive", lambda folder: True)
    with pytest.raises(UserError, match="another run"):
        project.run(name, quiet=True)
    assert project.graph().processes[name].status == "Running"


def test_a_job_that_has_ended_well_stays_so_when_its_input_is_gone(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    assert project.run(name, quiet=True).status == "succeeded"
    (project.layout.root / "list.txt").unlink()
    with pytest.raises(UserError, match=r"list\.txt: there is no such file"):
        project.continue_(name, quiet=True)
    assert project.graph().processes[name].status == "Succeeded"
    assert JobFolder(project.layout.job(name)).success.exists()
