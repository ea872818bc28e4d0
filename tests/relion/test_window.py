"""RELION's own window, on a display without a screen, shows a project of ours."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from vitreous.files import mrc
from vitreous.jobs.import_other import ImportOther
from vitreous.jobs.mask_create import MaskCreate
from vitreous.project.project import Project

WIDTH, HEIGHT = 820, 860
Click = tuple[int, int, int]
MENU_OF_JOBS, UNDELETE, SECOND_LINE, OPEN = (62, 34), (100, 145, 1), (44, 94), (357, 377, 1)
LISTED = (slice(458, 640), slice(14, 250))  # inside of the list of finished jobs


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory):
    """The number of a display that nobody sees."""
    missing = [name for name in ("Xvfb", "xdotool", "import", "relion") if not shutil.which(name)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt-get install relion relion-gui xvfb xdotool imagemagick)")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24"], pass_fds=[write], stderr=subprocess.DEVNULL
    )
    number = os.read(read, 10).decode().strip()
    yield f":{number}"
    server.terminate()
    server.wait(timeout=10)


def seen(display: str, folder: Path, *, click: tuple[int, int] | None = None, more: Sequence[Click] = ()) -> np.ndarray:
    """What RELION's window looks like when it is opened in a folder, as grey values. more: further clicks, and how often each."""
    environment = {**os.environ, "DISPLAY": display}
    window = subprocess.Popen(["relion"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        before = looked(environment)
        for _ in range(60):  # until it stands still and has drawn something
            time.sleep(0.5)
            now = looked(environment)
            if now.std() > 10 and np.array_equal(now, before):
                break
            before = now
        if click:
            for x, y, times in ((*click, 1), *more):
                words = ["xdotool", "mousemove", str(x), str(y), "click", "--repeat", str(times), "--delay", "80", "1"]
                subprocess.run(words, env=environment, check=True)
                time.sleep(2.0)
        assert window.poll() is None, "RELION's window has closed"
        return looked(environment)
    finally:
        window.send_signal(signal.SIGTERM)
        window.wait(timeout=20)


def looked(environment: dict[str, str]) -> np.ndarray:
    done = subprocess.run(
        ["import", "-window", "root", "-colorspace", "Gray", "-depth", "8", "gray:-"], env=environment, capture_output=True
    )
    return np.frombuffer(done.stdout, np.uint8).reshape(HEIGHT, WIDTH)


@pytest.mark.relion
@pytest.mark.slow
def test_relions_window_lists_our_jobs_and_opens_one(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty, ours = tmp_path / "empty", tmp_path / "ours"
    Project.new(empty)
    project = Project.new(ours)
    monkeypatch.chdir(ours)
    mrc.write_volume("ball.mrc", np.ones((8, 8, 8), np.float32), pixel_size_A=2.0)
    for _ in range(5):
        project.run(project.add(ImportOther(file="ball.mrc", what="map")), quiet=True)
    before = project.graph()
    without, listed = seen(display, empty), seen(display, ours)
    rows = (listed[LISTED] < 128).any(axis=1)
    assert not (without[LISTED] < 128).any(), "an empty project has an empty list"
    assert (np.diff(rows.astype(int)) == 1).sum() >= 5, "a line for each job"
    opened = seen(display, ours, click=(90, 465))
    changed = (opened != listed)[40:350, 200:].mean()
    assert changed > 0.2, "its parameters stand where the picture was"
    after = project.graph()
    assert (list(after.processes), after.outputs) == (list(before.processes), before.outputs)


@pytest.mark.relion
@pytest.mark.slow
def test_relions_window_undeletes_a_job_that_we_deleted(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project.new(tmp_path)
    monkeypatch.chdir(tmp_path)
    mrc.write_volume("ball.mrc", np.ones((8, 8, 8), np.float32), pixel_size_A=2.0)
    first = project.add(ImportOther(file="ball.mrc", what="map"), alias="ball")
    project.run(first, quiet=True)
    second = project.add(MaskCreate(map=f"{first}ball.mrc"))
    before = project.graph()
    project.delete([first], descendants=True)
    assert not project.graph().processes
    into = [(*SECOND_LINE, 2), (*SECOND_LINE, 2), (*SECOND_LINE, 1), OPEN]  # the type, the job, its job_pipeline.star
    seen(display, tmp_path, click=MENU_OF_JOBS, more=[UNDELETE, *into])
    now = project.graph()
    assert list(now.processes) == [first]
    assert (now.processes[first].status, now.processes[first].alias) == ("Succeeded", "Import/ball/")
    assert now.outputs == before.part(first).outputs
    assert (project.layout.job(first) / "ball.mrc").is_file() and os.path.islink("Import/ball")
    assert project.undelete(second).names == (second,)
    assert project.graph().children(first) == [second]
