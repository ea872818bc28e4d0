"""2D classes and a refinement as teams over the nodes of a Slurm, one of which dies in the middle."""

import time
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context
from vitreous.files import chain, mrc, star
from vitreous.job.options import build
from vitreous.job.placement import Placement
from vitreous.job.registry import by_command
from vitreous.project.project import Project
from vitreous.run.places import slurm as slurm_place
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen

pytestmark = [pytest.mark.slurm, pytest.mark.slow]


@pytest.fixture
def project(tmp_path, monkeypatch, slurm):
    monkeypatch.chdir(tmp_path)
    settings = ParticleSettings(count=160, box=32, pixel_size_A=6.4, snr=0.2, specimen=Specimen(symmetry="C1", seed=1))
    simulate_particles(settings, Path("."), Context(seed=1))
    return Project.new(tmp_path)


def job_of(command, **given):
    return build(by_command(command), {"particles": "particles.star", "particle_diameter_A": 150.0, **given})


def nodes(count, workers):
    return Placement(use_queue=True, nodes=count, workers=workers, memory_GB=0.5, queue_options="--spread-job")


def until(true, within_s=90.0):
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_2d_classes_on_four_nodes_are_those_of_one_process(project):
    job = job_of("class2d", classes=3, use_em=True, use_mini_batches=False, em_iterations=3)
    spread, alone = project.add(job, placement=nodes(4, 4)), project.add(job)
    project.start(spread)
    project.run(alone, quiet=True)
    assert project.wait(spread, poll_s=0.2) == "Succeeded"
    found, expected = (mrc.read_stack(f"{name}run_it003_classes.mrcs")[0] for name in (spread, alone))
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3 * np.abs(expected).max())
    contrasts = [star.read(f"{name}run_it003_model.star")["model_groups"]["rlnGroupScaleCorrection"] for name in (spread, alone)]
    np.testing.assert_allclose(*contrasts, rtol=2e-3)
    assert "4 processes of 1 threads share each iteration" in Path(f"{spread}run.out").read_text()


@pytest.mark.parametrize("which", ["the leader's", "another"])
def test_a_refinement_loses_a_node_and_no_iteration(project, slurm, which):
    job = job_of("refine3d", reference="true_map.mrc", step="15 degrees", offset_range_px=2.0, most_rounds=5)
    name = project.add(job, placement=nodes(3, 3))
    project.start(name)
    until(lambda: len(chain.saved(Path(name))) >= 3)
    [number] = slurm_place.states() or {}
    about = slurm.told("scontrol", "show", "job", number)
    leader = about.partition("BatchHost=")[2].split()[0]
    used = [line.split()[0] for line in slurm.told("sinfo", "-h", "-N", "-t", "alloc,mix", "-o", "%N").splitlines()]
    victim = leader if which == "the leader's" else next(node for node in used if node != leader)
    slurm.kill_node(victim)
    if which == "the leader's":
        slurm.notice(victim)
        time.sleep(1)
    slurm.begin_node(victim)
    until(lambda: (slurm_place.states() or {}).get(number) == "PENDING")
    before = [int(iteration) for iteration in chain.saved(Path(name))]
    slurm.told("scontrol", "update", f"JobId={number}", "StartTime=now")
    assert project.wait(name, poll_s=0.2) == "Succeeded"
    said = Path(f"{name}run.out").read_text()
    assert f"going on from iteration {before[-1]}" in said
    assert set(before) <= {int(iteration) for iteration in chain.saved(Path(name))}
    assert [said.count(f"iteration {done} took") for done in range(1, 6)] == [1] * 5
