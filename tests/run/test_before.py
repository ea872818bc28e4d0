"""What is looked at before a job starts: memory, GPUs, disk; and how images are read then."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import mrc, particles, star
from vitreous.job.declare import Size
from vitreous.job.disk import Disk
from vitreous.job.placement import Placement
from vitreous.jobs.class2d import Class2D
from vitreous.jobs.reconstruct import Reconstruct
from vitreous.run import before, engine, memory
from vitreous.run.folder import JobFolder
from vitreous.run.runner import run
from vitreous.tables.table import Table

OPTICS = Table({"optics_group": np.array([1]), "voltage_kV": np.array([300.0]), "pixel_size_A": np.array([1.5])}, "optics")
COUNT, BOX = 40, 16


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Particles of two stacks in disorder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    for name in "ab":
        mrc.write_stack(f"{name}.mrcs", rng.normal(size=(COUNT // 2, BOX, BOX)).astype(np.float32), pixel_size_A=1.5)
    names = [f"{row // 2 + 1:06d}@{'ab'[row % 2]}.mrcs" for row in rng.permutation(COUNT)]
    angles = {name: rng.uniform(0, 90, COUNT) for name in ("rot_deg", "tilt_deg", "psi_deg")}
    columns = {"image": np.array(names, object), "optics_group": np.ones(COUNT, int), **angles}
    star.write_table("particles.star", Table(columns, "particles", OPTICS))
    return "particles.star"


def looked(job, tmp_path, **placed):
    notes = []
    before.look(job, JobFolder(tmp_path / "job"), Placement(**placed), notes.append)
    return notes


def test_a_pre_read_is_announced_with_its_figure(table, tmp_path, monkeypatch):
    monkeypatch.setattr(before, "preread_GB", lambda count, box: 14.9)
    monkeypatch.setattr("vitreous.run.estimates.preread_GB", lambda count, box: 14.9)
    job = Class2D(particles=table)
    monkeypatch.setattr(before, "available_GB", lambda: 100.0)
    said = looked(job, tmp_path, memory_GB=32, disk=Disk(preread=True))
    assert said == [f"pre-reading {COUNT} images of {BOX} pixels takes 14.9 GB of memory"]
    with pytest.raises(UserError, match=r"takes 14\.9 GB, more than 80% of the 4 GB allowed: give --memory-gb 19 or more"):
        looked(job, tmp_path, disk=Disk(preread=True))
    monkeypatch.setattr(before, "available_GB", lambda: 40.0)
    with pytest.raises(UserError, match=r"in each of 3 processes takes 44\.7 GB, but 40\.0 GB of memory are free"):
        looked(job, tmp_path, memory_GB=32, workers=3, loop_workers="processes", disk=Disk(preread=True))


def test_more_memory_planned_than_there_is_gets_a_warning(table, tmp_path, monkeypatch):
    monkeypatch.setattr(before, "available_GB", lambda: 10.0)
    assert looked(Class2D(particles=table), tmp_path, workers=3) == []
    said = looked(Class2D(particles=table), tmp_path, workers=3, loop_workers="processes")
    assert said[0].startswith("warning: 3 processes may plan with 12.0 GB of memory and 10.0 GB are free")
    assert looked(Class2D(particles=table), tmp_path, workers=2, loop_workers="processes") == []


@pytest.mark.parametrize(
    ("groups", "files", "expected_GB"),
    [
        ("0::/job", {}, 8.0),
        ("0::/slurm/job_7/step_0", {"slurm/job_7/memory.max": 3, "slurm/job_7/memory.current": 1}, 2.0),
        ("0::/a/b", {"a/memory.max": 5, "a/memory.current": 0, "a/b/memory.max": 4, "a/b/memory.current": 3.5}, 0.5),
        (
            "9:name=systemd:/\n4:memory:/slurm/job_7",
            {"memory/slurm/job_7/memory.limit_in_bytes": 6, "memory/slurm/job_7/memory.usage_in_bytes": 2},
            4.0,
        ),
        ("4:memory:/x", {"memory/x/memory.limit_in_bytes": 2**33, "memory/x/memory.usage_in_bytes": 2}, 8.0),
    ],
)
def test_available_memory_heeds_the_control_groups(tmp_path, groups, files, expected_GB):
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(groups + "\n")
    (tmp_path / "proc" / "meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable:   {8 * 2**20} kB\n")
    for name, size_GB in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{int(size_GB * memory.GIB)}\n")
    assert memory.available_GB(tmp_path) == pytest.approx(expected_GB)


def test_cache_of_files_in_a_group_counts_as_free(tmp_path):
    test_available_memory_heeds_the_control_groups(tmp_path, "0::/x", {"x/memory.max": 3, "x/memory.current": 3}, 0.0)
    (tmp_path / "sys/fs/cgroup/x/memory.stat").write_text(f"anon 5\ninactive_file {memory.GIB}\n")
    assert memory.available_GB(tmp_path) == pytest.approx(1.0)


def test_the_memory_of_this_machine_is_a_sensible_figure():
    assert 0.05 < memory.available_GB() < 100_000


def smi(tmp_path, text):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{text}'\n")
    program.chmod(0o755)
    return str(program)


def test_memory_of_gpus_as_the_driver_tells(tmp_path):
    assert memory.gpus_GB(smi(tmp_path, "16384\\n8192\\n")) == [16.0, 8.0]
    assert memory.gpus_GB(smi(tmp_path, "No devices were found\\n")) == []
    assert memory.gpus_GB(str(tmp_path / "none")) == []


def test_workers_that_share_a_gpu_are_counted_against_its_memory(table, tmp_path, monkeypatch):
    monkeypatch.setattr("vitreous.run.estimates.gpu_GB", lambda box: 3.5)
    monkeypatch.setattr(before, "gpus_GB", lambda: [24.0, 10.0])
    job = Class2D(particles=table)
    said = looked(job, tmp_path, device="cuda", gpus="1", workers=3, memory_GB=1)
    assert said[0] == "GPU memory: 3.5 GB for a worker, 3 on a GPU: 10.5 GB"
    assert said[1] == "warning: 10.5 GB are more than the 10.0 GB of a GPU: take at most 2 on a GPU"
    assert len(looked(job, tmp_path, device="cuda", gpus="0:1", workers=3, memory_GB=1)) == 1
    monkeypatch.setattr("vitreous.run.estimates.gpu_GB", lambda box: 48.0)
    assert "--device cpu" in looked(job, tmp_path, device="cuda")[1]


def test_a_job_that_cannot_fit_on_the_disk_is_refused_with_the_figures(table, tmp_path, monkeypatch):
    job = Reconstruct(particles=table)
    free = before.shutil.disk_usage(tmp_path).free
    for part, certain, outcome in (
        (2.0, True, "refused"),
        (1.1, False, "warned"),
        (2.0, False, "refused"),
        (0.9, True, "warned"),
    ):
        monkeypatch.setattr(Reconstruct, "size", lambda self, p=part, c=certain: Size(int(p * free), "many maps", c))
        if outcome == "refused":
            with pytest.raises(UserError, match=r"will write .*GB \(many maps\), but .* GB are free .*continue the job"):
                looked(job, tmp_path)
        else:
            assert "nearly full" in looked(job, tmp_path)[0]
    monkeypatch.setattr(Reconstruct, "size", lambda self: Size(free // 2, "few maps", True))
    assert looked(job, tmp_path) == []


def test_what_is_there_already_is_not_counted_again(table, tmp_path, monkeypatch):
    free = before.shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(Reconstruct, "size", lambda self: Size(2 * free, "maps", True))
    monkeypatch.setattr(before, "bytes_in", lambda folder: int(1.9 * free))
    assert looked(Reconstruct(particles=table), tmp_path) == []


READINGS = [
    Disk(),
    Disk(pool=1),
    Disk(parallel_reads=False, pool=3),
    Disk(preread=True),
    Disk(scratch="fast", keep_free_scratch_GB=0),
]


@pytest.mark.parametrize("disk", READINGS, ids=("plain", "pool", "in turns", "pre-read", "scratch"))
def test_every_way_of_reading_gives_the_same_pixels(table, tmp_path, disk):
    (tmp_path / "fast").mkdir()
    where = JobFolder(tmp_path / "job")
    where.hidden.mkdir(parents=True)
    notes = []
    reading = before.reading_of(Placement(disk=disk), where, threads=2)
    rows, images = particles.read(table, Context(reading=reading, on_note=notes.append))
    plain_rows, plain = particles.read(table)
    some = np.random.default_rng(2).permutation(COUNT)[:23]
    np.testing.assert_array_equal(images.read(some), plain.read(some))
    assert list(rows["image"]) == list(plain_rows["image"])
    before.leave(reading, succeeded=True)
    assert reading.together == 2 * disk.pool
    assert (reading.requests, reading.turns is None) == ((8, True) if disk.parallel_reads else (1, False))


def test_a_stack_is_opened_once_for_a_batch_of_pool_times_threads(table, monkeypatch):
    opened = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: opened.append(str(path)) or real(path, *rest))
    for pool, threads, batches in ((3, 8, 2), (40, 1, 1), (5, 1, 8)):
        reading = before.reading_of(Placement(disk=Disk(pool=pool)), JobFolder(Path("job")), threads)
        _, images = particles.read(table, Context(reading=reading))
        opened.clear()
        images.read(np.arange(COUNT))
        assert reading.together == pool * threads
        per_batch = len([name for name in opened if name.endswith(".mrcs")])
        assert batches <= per_batch <= 2 * batches


def test_pre_read_images_come_from_memory_and_leave_less_for_the_work(table, tmp_path, monkeypatch):
    placed = Placement(memory_GB=1, disk=Disk(preread=True))
    _, images = particles.read(table, Context(reading=before.reading_of(placed, JobFolder(tmp_path), 1)))
    for name in "ab":
        Path(f"{name}.mrcs").write_bytes(b"")
    assert images.read(np.arange(COUNT)).std() > 0.5
    monkeypatch.setattr("vitreous.run.estimates.preread_GB", lambda count, box: 0.7)
    monkeypatch.setattr("vitreous.files.glance.particles", lambda path: None)
    assert before.memory_for_work_GB(Reconstruct(particles=table), Placement(memory_GB=1)) == 1
    assert before.memory_for_work_GB(Reconstruct(particles=table), placed) == pytest.approx(0.3)


@pytest.mark.parametrize("disk", [Disk(preread=True), Disk(scratch="fast", keep_free_scratch_GB=0)], ids=("pre-read", "scratch"))
def test_a_job_gives_the_same_map_however_it_reads(table, tmp_path, disk):
    (tmp_path / "fast").mkdir()
    job = Reconstruct(particles=table)
    run(job, Path("plain"), quiet=True)
    run(job, Path("other"), Placement(disk=disk), quiet=True)
    one, other = (mrc.read_volume(Path(folder) / "reconstruction.mrc")[0] for folder in ("plain", "other"))
    np.testing.assert_array_equal(one, other)
    said = Path("other/run.out").read_text()
    assert ("into memory" if disk.preread else "are read from") in said
    assert not list((tmp_path / "fast").glob("relion_volatile/*")), "a success takes the copy away"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_disk_that_fills_up_ends_in_a_sentence_and_continue_goes_on(toys, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=108m", "tmpfs", str(disk)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        outcome = _fill_and_continue(toys, disk)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert (outcome.status, outcome.done) == ("succeeded", 6)
    assert outcome.did < 6, "what was done before the disk was full is not done again"


def _fill_and_continue(toys, disk):
    listing = disk / "list.txt"
    listing.write_text("".join(f"u{number} {number}\n" for number in range(6)))

    class Filling(toys.ToyMap):
        def work(self, unit, context):
            with (disk / "filler").open("ab") as file:
                while unit.key == "u3" and not (disk / "stop filling").exists():
                    file.write(bytes(2**20))
                    file.flush()
            return super().work(unit, context)

    job = Filling(listing=str(listing))
    with pytest.raises(UserError, match=r"no space left on the disk.*free some space, then continue the job"):
        run(job, disk / "job", quiet=True)
    with pytest.raises(UserError, match=r"only .* MB are free where .* lies: free some space, then continue the job"):
        run(job, disk / "job", quiet=True)
    (disk / "filler").unlink()
    (disk / "stop filling").touch()
    return run(job, disk / "job", quiet=True)


@pytest.mark.parametrize(("disk", "said"), [(Disk(scratch="fast"), "copied in"), (Disk(preread=True), "into memory")])
def test_a_worker_reads_as_the_placement_says(table, tmp_path, monkeypatch, disk, said):
    """As a reconstruction in a queue, whose one unit is done by a worker from elsewhere."""
    monkeypatch.setattr("distributed.get_worker", lambda: SimpleNamespace(name="worker-0"))
    Path("fast").mkdir()
    folder = JobFolder(Path("job"))
    folder.rows.mkdir(parents=True)
    job = Reconstruct(particles=table)
    task = engine.Task(job, "known", folder, Placement(disk=disk), 0)
    results, _ = engine._in_worker(task, job.units(Context(folder=folder.path)))
    assert [result.reason for result in results] == [""]
    assert said in folder.out.read_text()
    assert not any(path.is_file() for path in Path("fast").rglob("*")), "the copy is gone after a success"
