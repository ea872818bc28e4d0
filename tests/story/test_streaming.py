"""Movies arrive one by one; import, motion correction, CTF, picking and extraction work while they do, and end when it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from vitreous.files import star, tiff
from vitreous.job.options import build
from vitreous.jobs.auto_pick import AutoPick
from vitreous.jobs.ctf_find import CtfFind
from vitreous.jobs.extract import Extract
from vitreous.jobs.import_movies import ImportMovies
from vitreous.jobs.motion_correction import MotionCorrection
from vitreous.project.project import Project
from vitreous.run.folder import JobFolder

pytestmark = pytest.mark.slow
PLACES = ((120, 100), (120, 300), (300, 130), (290, 290), (210, 200))
FOLDERS = ("Import/job001", "MotionCorr/job002", "CtfFind/job003", "AutoPick/job004", "Extract/job005")
TABLES = ("movies.star", "corrected_micrographs.star", "micrographs_ctf.star", "autopick.star", "particles.star")
CHAIN = (
    (
        ImportMovies,
        {
            "files": "Movies/*.tiff",
            "pixel_size_A": 2.5,
            "voltage_kV": 300,
            "watch": True,
            "settle_s": 1,
            "last_file": "Movies/DONE",
        },
    ),
    (MotionCorrection, {"movies": "Import/job001/movies.star", "dose_per_frame_e_A2": 1.0}),
    (CtfFind, {"micrographs": "MotionCorr/job002/corrected_micrographs.star", "box": 128}),
    (
        AutoPick,
        {
            "micrographs": "CtfFind/job003/micrographs_ctf.star",
            "min_diameter_A": 130,
            "max_diameter_A": 170,
            "false_picks": 0.05,
        },
    ),
    (
        Extract,
        {"micrographs": "CtfFind/job003/micrographs_ctf.star", "coordinates": "AutoPick/job004/autopick.star", "box_px": 64},
    ),
)


def movie(path, seed):
    generator = np.random.default_rng(seed)
    y, x = np.indices((400, 420))
    density = np.full(y.shape, 20.0)
    for cy, cx in PLACES:
        density[np.hypot(y - cy, x - cx) < 30] -= 6
    tiff.write_tiff_movie(path, generator.poisson(density, (4, *y.shape)).astype(np.uint8))


class Microscope(threading.Thread):
    """Copies movies into the folder one by one, each in two pieces with a pause between; so many at least, until it is enough."""

    def __init__(self, source, folder, least, pause_s):
        super().__init__(daemon=True)
        self.source, self.folder, self.least, self.pause_s = source, folder, least, pause_s
        self.count, self.enough = 0, threading.Event()

    def run(self):
        while self.count < self.least or not self.enough.is_set():
            number = self.count
            data = self.source.read_bytes()
            with (self.folder / f"m{number:02d}.tiff").open("wb") as file:
                file.write(data[: len(data) // 2])
                file.flush()
                time.sleep(0.4)
                file.write(data[len(data) // 2 :])
            self.count += 1
            time.sleep(self.pause_s)
        (self.folder / "DONE").touch()


@pytest.fixture
def project(tmp_path, monkeypatch):
    made = Project.new(tmp_path / "session of May")
    monkeypatch.chdir(made.layout.root)
    Path("Movies").mkdir()
    for cls, options in CHAIN:
        made.add(build(cls, options))
    movie(tmp_path / "one.tiff", 1)
    return Project.open(".")


def follow(*words):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "vitreous", "project", "follow", *words]
    with Path("follow.txt").open("a") as out:
        return subprocess.Popen(command, stdout=out, stderr=out, env=environment, start_new_session=True)


def rows(folder, table):
    path = Path(folder, table)
    return len(star.read_table(path, optics="optional")) if path.exists() else 0


def wait_until(true, process, seconds=300.0):
    end = time.monotonic() + seconds
    while not true():
        assert process.poll() is None, Path("follow.txt").read_text()
        assert time.monotonic() < end, "it did not come: " + str([rows(*pair) for pair in zip(FOLDERS, TABLES)])
        time.sleep(0.05)


def done(folder):
    """How often each unit was done, by the records."""
    lines = [line for path in Path(folder, ".vitreous/rows").glob("*.jsonl") for line in path.read_text().splitlines()]
    return Counter(json.loads(line)["key"] for line in lines)


def assert_all_is_there(count):
    assert [rows(*pair) for pair in zip(FOLDERS, TABLES)][:4] == [count] * 4
    particles = star.read_table(Path(FOLDERS[4], TABLES[4]), "particles")
    assert len(set(particles["micrograph"].tolist())) == count
    assert len(particles) >= 4 * count
    graph = Project.open(".").graph()
    assert [process.status for process in graph.processes.values()] == ["Succeeded"] * 5


def test_particles_appear_before_the_last_movie_has_come(project, tmp_path):
    microscope = Microscope(tmp_path / "one.tiff", Path("Movies"), least=4, pause_s=2.0)
    microscope.start()
    following = follow()
    wait_until(lambda: rows(FOLDERS[4], TABLES[4]) > 0, following)
    first = rows(FOLDERS[4], TABLES[4])
    wait_until(lambda: rows(FOLDERS[4], TABLES[4]) > first, following)
    assert not any(JobFolder(Path(folder)).success.exists() for folder in FOLDERS)
    microscope.enough.set()
    microscope.join(timeout=60)
    assert following.wait(timeout=400) == 0, Path("follow.txt").read_text()
    assert_all_is_there(microscope.count)
    assert all(set(done(folder).values()) == {1} for folder in FOLDERS)


def test_killed_in_the_middle_and_followed_again_only_the_missing_is_done(project, tmp_path):
    microscope = Microscope(tmp_path / "one.tiff", Path("Movies"), least=6, pause_s=1.5)
    microscope.start()
    following = follow()
    wait_until(lambda: rows(FOLDERS[2], TABLES[2]) > 1, following)
    following.send_signal(signal.SIGKILL)
    following.wait(timeout=20)
    for folder in FOLDERS[1:3]:
        pid = json.loads(JobFolder(Path(folder)).place.read_text())["pid"]
        os.killpg(pid, signal.SIGKILL)
    microscope.enough.set()
    microscope.join(timeout=120)
    again = follow()
    assert again.wait(timeout=400) == 0, Path("follow.txt").read_text()
    assert_all_is_there(microscope.count)
    for folder in FOLDERS:
        counted = done(folder)
        assert len(counted) == microscope.count and sum(counted.values()) <= microscope.count + 1, (folder, counted)
