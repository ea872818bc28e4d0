"""The formulas, with the figures that RELION's and MASSIVE's pages print, and estimates of real job types."""

import numpy as np
import pytest

from vitreous.files import mrc, star
from vitreous.job.disk import Disk
from vitreous.job.placement import Placement
from vitreous.jobs.class2d import Class2D
from vitreous.jobs.reconstruct import Reconstruct
from vitreous.jobs.refine3d import Refine3D
from vitreous.run.estimates import estimate, gpu_GB, preread_GB
from vitreous.tables.table import Table

OPTICS = Table({"optics_group": np.array([1]), "voltage_kV": np.array([300.0]), "pixel_size_A": np.array([1.5])}, "optics")


@pytest.mark.parametrize(("box", "printed"), [(200, "14.9"), (400, "59.6")])
def test_memory_of_a_pre_read_is_the_printed_figure(box, printed):
    assert f"{preread_GB(100_000, box):.1f}" == printed


@pytest.mark.parametrize(
    ("box", "printed"),
    [(128, 0.16), (200, 0.63), (256, 1.31), (360, 3.65), (400, 5.0), (512, 10.5), (640, 20.5), (850, 48)],
)
def test_memory_of_a_gpu_worker_is_the_printed_figure(box, printed):
    digits = len(str(printed).partition(".")[2])
    assert round(gpu_GB(box), digits) == printed


@pytest.fixture
def particles(tmp_path, monkeypatch):
    """1,000 rows that name the images of one small stack."""
    monkeypatch.chdir(tmp_path)
    mrc.write_stack("a.mrcs", np.zeros((10, 16, 16), np.float32), pixel_size_A=1.5, dtype="float16")
    names = np.array([f"{row % 10 + 1:06d}@a.mrcs" for row in range(1000)], object)
    star.write_table("particles.star", Table({"image": names, "optics_group": np.ones(1000, int)}, "particles", OPTICS))
    return "particles.star"


def test_a_job_that_reads_images_is_estimated_whole(particles):
    place = Placement(workers=4, loop_workers="processes", device="cuda", gpus="0:1", disk=Disk(preread=True))
    found = estimate(Class2D(particles=particles), place)
    assert (found.images.count, found.images.box_px) == (1000, 16)
    assert found.preread_GB == pytest.approx(250 * 256 * 4 / 1024**3), "each process reads its own"
    threads = estimate(Class2D(particles=particles), Placement(workers=4))
    assert (threads.processes, threads.preread_GB) == (1, pytest.approx(1000 * 256 * 4 / 1024**3))
    assert found.scratch_GB == pytest.approx(1000 * 256 * 2 / 1e9), "float16 images stay so on the scratch disk"
    assert (found.processes, found.workers_per_gpu) == (4, 2)
    said = "\n".join(found.lines())
    assert "1,000 of 16 x 16 pixels" in said
    assert "2 share a GPU" in said
    assert "disk       about" in said


def test_what_a_map_takes_is_known_exactly(particles):
    size = estimate(Reconstruct(particles=particles), Placement()).output
    assert (size.bytes, size.certain) == (3 * 4 * 16**3, True)


def test_a_job_whose_input_is_still_to_be_made_has_no_estimate_of_disk(particles):
    job = Refine3D(particles=particles, reference="Class3D/job009/map.mrc")
    found = estimate(job, Placement())
    assert found.output is None
    assert "not known" in found.lines()[-1]
