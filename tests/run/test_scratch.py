"""The copy on a scratch disk: made once, the same pixels, overflow, reuse, sweeping, rights."""

import json
import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import mrc, staging, star
from vitreous.files.stacks import ImageStacks
from vitreous.job.disk import Disk
from vitreous.run import scratch
from vitreous.run.scratch import scratch_of, sweep
from vitreous.tables.table import Table

DISK = Disk(keep_free_scratch_GB=0)


@pytest.fixture
def images(tmp_path):
    """Three stacks, one of half precision; rows in disorder, one twice."""
    rng = np.random.default_rng(3)
    pixels = rng.normal(size=(90, 12, 12)).astype(np.float16).astype(np.float32)
    for number, dtype in enumerate(("float32", "float16", "float32")):
        mrc.write_stack(tmp_path / f"{number}.mrcs", pixels[30 * number : 30 * number + 30], pixel_size_A=1.5, dtype=dtype)
    rows = np.append(rng.permutation(90), 4)
    names = [f"{row % 30 + 1:06d}@{tmp_path}/{row // 30}.mrcs" for row in rows]
    return ImageStacks(names), pixels[rows]


@pytest.fixture
def notes():
    return []


@pytest.fixture
def made(tmp_path, notes):
    """A scratch disk, and a copy of a job's images there that is not made yet."""
    (tmp_path / "fast").mkdir()
    disk = replace(DISK, scratch=str(tmp_path / "fast"))
    found = scratch_of(disk, tmp_path / "Class2D" / "job003")
    yield found
    found.leave(succeeded=False)


def context(notes):
    return Context(on_note=notes.append)


def test_the_copy_holds_the_same_pixels_in_their_own_types(images, made, notes):
    source, pixels = images
    read = made(source, context(notes))
    np.testing.assert_array_equal(read.read(np.arange(91)), pixels)
    np.testing.assert_array_equal(read.read([90, 3, 3, 41]), pixels[[90, 3, 3, 41]])
    stacks = {path.name: mrc.read_header(path) for path in made.folder.glob("*.mrcs")}
    assert {name: (header.mode, header.shape[0]) for name, header in stacks.items()} == {
        "particles_float32.mrcs": (2, 60),
        "particles_float16.mrcs": (12, 30),
    }
    assert "90 of 90 particle images are read from" in notes[-1]
    assert made.folder.parent.name == "relion_volatile"


def test_originals_are_not_needed_once_the_copy_is_there(images, made, notes, tmp_path):
    source, pixels = images
    read = made(source, context(notes))
    for number in range(3):
        (tmp_path / f"{number}.mrcs").unlink()
    np.testing.assert_array_equal(read.read(np.arange(91)), pixels)


def test_everybody_may_write_and_so_clear_it(images, made, notes):
    made(images[0], context(notes))
    for path in (made.folder.parent, made.folder, *made.folder.iterdir()):
        wanted = 0o777 if path.is_dir() else 0o666
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_after_a_success_it_is_gone_and_after_a_failure_it_stays_and_is_taken_up(images, made, notes):
    source, pixels = images
    made(source, context(notes))
    made.leave(succeeded=False)
    before = (made.folder / "particles_float32.mrcs").stat().st_ino
    read = made(source, context(notes))
    assert (made.folder / "particles_float32.mrcs").stat().st_ino == before
    assert sum("copying" in note for note in notes) == 1
    np.testing.assert_array_equal(read.read(np.arange(91)), pixels)
    made.leave(succeeded=True)
    assert not made.folder.exists()
    assert made.folder.parent.is_dir()


def test_no_reuse_copies_again_and_keep_leaves_it(images, made, notes):
    source, _ = images
    anew = replace(made, reuse=False, keep=True)
    for _ in range(2):
        anew(source, context(notes))
        anew.leave(succeeded=True)
    assert sum("copying" in note for note in notes) == 2
    assert (anew.folder / "particles_float32.mrcs").is_file()
    assert not sweep(anew.folder), "what is to be kept is not swept"


def test_a_source_that_changed_is_copied_again(images, made, notes, tmp_path):
    made(images[0], context(notes))
    made.leave(succeeded=False)
    mrc.write_stack(tmp_path / "0.mrcs", np.full((30, 12, 12), 7, np.float32), pixel_size_A=1.5)
    again = ImageStacks([f"{i + 1}@{tmp_path}/0.mrcs" for i in range(30)] + [f"1@{tmp_path}/1.mrcs"])
    read = made(again, context(notes))
    assert np.all(read.read(np.arange(30)) == 7)
    assert sum("copying" in note for note in notes) == 2


@pytest.mark.parametrize("room", [0, 20 * 576, 60 * 576 + 9 * 288])
def test_what_finds_no_room_is_read_from_its_own_stack(images, made, notes, room, monkeypatch):
    source, pixels = images
    monkeypatch.setattr(staging, "_AT_ONCE", 1000)

    def room_bytes(self):
        used = sum(path.stat().st_size - 1024 for path in self.folder.glob(".*part") if path.stat().st_size > 1024)
        used += sum(path.stat().st_size - 1024 for path in self.folder.glob("*.mrcs"))
        return room - used

    monkeypatch.setattr(scratch.Scratch, "_room_bytes", room_bytes)
    read = made(source, context(notes))
    np.testing.assert_array_equal(read.read(np.arange(91)), pixels)
    assert "had no room and are read from their stacks" in notes[-1]
    copied = sum(mrc.read_header(path).shape[0] for path in made.folder.glob("*.mrcs") if path.stat().st_size > 1024)
    assert copied == {0: 0, 20 * 576: 20, 60 * 576 + 9 * 288: 69}[room]


def test_room_is_what_is_free_less_what_is_to_stay_free(made, monkeypatch):
    made.folder.mkdir(parents=True)
    free = shutil.disk_usage(made.folder).free
    assert abs(made._room_bytes() - free) < 1e9
    assert abs(replace(made, keep_free_GB=3)._room_bytes() - (free - 3e9)) < 1e9


def _copy_in_a_process(made, names, results, together):
    notes = []
    source = made(ImageStacks(names), Context(on_note=notes.append))
    results.put((float(source.read(np.arange(len(names))).sum()), sum("copying" in note for note in notes)))
    together.wait(60)
    made.leave(succeeded=True)


def test_several_processes_of_a_machine_copy_once_and_the_last_takes_it_away(tmp_path, made):
    rng = np.random.default_rng(5)
    pixels = rng.normal(size=(2000, 32, 32)).astype(np.float32)
    mrc.write_stack(tmp_path / "big.mrcs", pixels, pixel_size_A=1.5)
    names = [f"{i + 1}@{tmp_path}/big.mrcs" for i in range(2000)]
    spawn = multiprocessing.get_context("spawn")
    results, together = spawn.Queue(), spawn.Barrier(3)
    team = [spawn.Process(target=_copy_in_a_process, args=(made, names, results, together)) for _ in range(3)]
    for process in team:
        process.start()
    found = [results.get(timeout=60) for _ in team]
    for process in team:
        process.join(30)
    assert sorted(copied for _, copied in found) == [0, 0, 1]
    assert len({total for total, _ in found}) == 1
    assert not made.folder.exists()


def _copy_and_die(made, names):
    made(ImageStacks(names), Context())
    os._exit(9)


def test_a_crash_leaves_it_behind_and_the_next_job_sweeps_it(images, made, notes, tmp_path):
    names = [f"{i + 1}@{tmp_path}/0.mrcs" for i in range(30)]
    process = multiprocessing.get_context("spawn").Process(target=_copy_and_die, args=(made, names))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert (made.folder / "particles_float32.mrcs").is_file()
    other = scratch_of(replace(DISK, scratch=str(tmp_path / "fast")), tmp_path / "Refine3D" / "job004")
    other(images[0], context(notes))
    assert not made.folder.exists()
    assert any(note.startswith(f"removing {made.folder}, left behind by {tmp_path}/Class2D/job003") for note in notes)
    other.leave(succeeded=True)


def test_a_copy_in_use_and_what_is_not_ours_are_not_swept(images, made, notes):
    made(images[0], context(notes))
    foreign = made.folder.parent / "opticsgroup1_particles.mrcs"
    foreign.write_bytes(b"RELION's")
    other = made.folder.parent / "folder of others"
    other.mkdir()
    assert not sweep(made.folder)
    assert not sweep(foreign)
    assert not sweep(other)
    assert made.folder.is_dir() and foreign.is_file() and other.is_dir()


def test_a_copy_cut_short_while_it_was_made_is_made_again(images, made, notes):
    made(images[0], context(notes))
    made.leave(succeeded=False)
    (made.folder / staging.INDEX).write_bytes((made.folder / staging.INDEX).read_bytes()[:100])
    made(images[0], context(notes))
    assert sum("copying" in note for note in notes) == 2
    owner = json.loads((made.folder / "vitreous.json").read_text())
    assert owner["pid"] == os.getpid()
    assert owner["job"].endswith("Class2D/job003")


def test_a_copy_wiped_by_another_program_is_told(images, made, notes):
    read = made(images[0], context(notes))
    shutil.rmtree(made.folder)
    with pytest.raises(UserError, match="cannot be opened any more"):
        read.read([0])


def test_a_directory_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="is not there"):
        scratch_of(replace(DISK, scratch=str(tmp_path / "none")), tmp_path / "job")
    assert scratch_of(DISK, Path("job")) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.parametrize(
    ("asked_first", "size_k"), [(True, 60), (False, 60), (False, 12)], ids=("room is asked for", "suddenly full", "tiny")
)
def test_a_scratch_disk_that_is_too_small_holds_what_it_can(images, tmp_path, notes, monkeypatch, asked_first, size_k):
    source, pixels = images
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_k}k", "tmpfs", str(small)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        monkeypatch.setattr(staging, "_AT_ONCE", 2000)
        if not asked_first:
            monkeypatch.setattr(scratch.Scratch, "_room_bytes", lambda self: 10**9)
        copy = scratch_of(replace(DISK, scratch=str(small)), tmp_path / "job")
        read = copy(source, context(notes))
        np.testing.assert_array_equal(read.read(np.arange(91)), pixels)
        if size_k < 20:
            assert notes[-1].endswith("is full: reading from the original stacks")
        else:
            assert "had no room" in notes[-1]
            assert 0 < int(notes[-1].split()[0]) < 90
        copy.leave(succeeded=True)
        assert not copy.folder.exists()
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.slow
def test_a_job_that_is_killed_leaves_its_copy_and_takes_it_up_again(tmp_path):
    rng = np.random.default_rng(4)
    (tmp_path / "fast").mkdir()
    mrc.write_stack(tmp_path / "a.mrcs", rng.normal(size=(60, 32, 32)).astype(np.float32), pixel_size_A=4.0)
    optics = Table({"optics_group": np.array([1]), "voltage_kV": np.array([300.0]), "pixel_size_A": np.array([4.0])}, "optics")
    names = np.array([f"{row + 1:06d}@a.mrcs" for row in range(60)], object)
    star.write_table(tmp_path / "p.star", Table({"image": names, "optics_group": np.ones(60, int)}, "particles", optics))
    words = "class2d --particles p.star --classes 2 --particle-diameter-a 100 --no-correct-ctf --use-em --no-use-mini-batches"
    command = [
        sys.executable,
        "-m",
        "vitreous",
        *words.split(),
        "--scratch",
        "fast",
        "--keep-free-scratch-gb",
        "0",
        "--out",
        "job",
    ]
    log = tmp_path / "job" / "run.out"
    process = subprocess.Popen([*command, "--em-iterations", "5000"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    while not (log.is_file() and "iteration 1 took" in log.read_text()) and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.wait(30)
    (left,) = (tmp_path / "fast" / scratch.VOLATILE).iterdir()
    assert (left / "particles_float32.mrcs").is_file()
    done = max(int(path.stem[6:9]) for path in (tmp_path / "job").glob("run_it???_optimiser.star"))
    subprocess.run([*command, "--em-iterations", str(done + 1)], cwd=tmp_path, check=True, capture_output=True)
    said = log.read_text()
    assert said.count("copying") == 1
    assert said.count("60 of 60 particle images are read from") == 2
    assert not left.exists()
