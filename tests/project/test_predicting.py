from dataclasses import replace

import pytest

from vitreous.job.disk import Disk
from vitreous.job.placement import Placement
from vitreous.project.predicting import FITS, IS_TIGHT, TOO_MUCH, UNKNOWN, Machine, Need, predict
from vitreous.run.estimates import Estimate

ROOMY = Machine(memory_GB=64, gpus_GB=(), disk_GB=1000, cores=8)


def of(project, job, placed, there=ROOMY):
    return predict(project.layout, project.graph(), job, placed, there)


@pytest.mark.parametrize(
    "need, have, verdict",
    [(8.4, 10, FITS), (8.6, 10, IS_TIGHT), (10, 10, IS_TIGHT), (10.1, 10, TOO_MUCH), (5, None, UNKNOWN)],
)
def test_over_85_percent_is_tight_and_over_all_will_not_fit(need, have, verdict):
    assert Need("memory", need, have).verdict == verdict


@pytest.mark.parametrize("need, verdict", [(8, FITS), (9, IS_TIGHT), (16, IS_TIGHT), (17, TOO_MUCH)])
def test_more_processes_than_cores_are_slow_before_they_are_impossible(need, verdict):
    assert Need("cores", need, 8, "cores").verdict == verdict


def test_each_process_of_a_map_job_has_its_memory(project, toys):
    said = of(project, toys.ToyMap(listing="list.txt"), Placement(workers=4, memory_GB=10))
    assert said.of("memory") == 40
    assert said.verdict == FITS


def test_the_nearest_that_fits_takes_fewer_workers_then_less_memory(project, toys):
    job = toys.ToyMap(listing="list.txt")
    said = of(project, job, Placement(workers=8, memory_GB=20))
    assert (said.verdict, said.fits_with) == (TOO_MUCH, {"workers": 3})
    said = of(project, job, Placement(workers=1, memory_GB=100))
    assert said.fits_with == {"memory_GB": 54.4}
    said = of(project, job, Placement(workers=40, threads=2, memory_GB=1))
    assert said.fits_with == {"workers": 4}
    for changed in (said.fits_with,):
        assert of(project, job, replace(Placement(workers=40, threads=2, memory_GB=1), **changed)).verdict == FITS


def test_a_full_disk_is_cured_by_no_placement(project, toys, monkeypatch):
    from vitreous.job.declare import Size
    from vitreous.project import predicting

    found = Estimate(None, 0, 0, 0, Size(2 * 10**12, "two terabytes"), 4, 1, 1)
    monkeypatch.setattr(predicting, "estimate", lambda job, placed: found)
    said = of(project, toys.ToyMap(listing="list.txt"), Placement())
    assert (said.verdict, said.fits_with) == (TOO_MUCH, None)


def test_images_that_do_not_fit_into_memory_stay_on_the_disk(project, toys, monkeypatch):
    from vitreous.files.glance import Particles
    from vitreous.project import predicting

    found = Estimate(Particles(10**6, 200, 4, 10**8), 149, 160, 0.6, None, 4, 1, 1)
    monkeypatch.setattr(predicting, "estimate", lambda job, placed: found)
    said = of(project, toys.ToyMap(listing="list.txt"), Placement(disk=Disk(preread=True)))
    assert said.fits_with == {"preread": False}


def test_what_a_queue_has_is_not_known(project, toys):
    said = of(project, toys.ToyMap(listing="list.txt"), Placement(use_queue=True, memory_GB=1000))
    assert said.verdict == UNKNOWN


def test_time_goes_by_a_job_that_ran_through_at_once(project, toys):
    job = toys.ToyMap(listing="list.txt", manner=toys.Manner(seconds=0.01))
    assert of(project, job, Placement()).time_s is None
    project.run(project.add(job), quiet=True)
    said = of(project, job, Placement())
    assert said.time_s is not None
    assert said.time_s[0] < said.time_s[1] < 60
    assert said.ground == "from job001"
