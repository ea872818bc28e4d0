from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import chain, mrc, optimiser, star
from vitreous.jobs.initial_model import InitialModel
from vitreous.methods.initial_model.settings import Descent, Shape
from vitreous.run.runner import run
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("initial_model")
    settings = ParticleSettings(count=120, box=40, pixel_size_A=6.0, snr=0.3, specimen=Specimen(symmetry="D2"), shift_A=6.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        simulate_particles(settings, Path("particles"), Context(seed=3))
    return folder


def _job(classes=1):
    descent = Descent(classes=classes, mini_batches=20, starts=2, rounds=2, first_batch=30, last_batch=60, last_resolution_A=25.0)
    return InitialModel(
        particles="particles/particles.star",
        shape=Shape(symmetry="D2", particle_diameter_A=190.0, without_symmetry_first=False),
        descent=descent,
    )


def _go(job, folder, rounds=99):
    context = Context(folder=folder, threads=1)
    folder.mkdir(parents=True, exist_ok=True)
    saved = job.saved(folder)
    state = job.load(folder, saved[-1], context) if saved else job.begin(context)
    if not saved:
        job.save(state, folder, context)
    while not job.done(state) and rounds > 0:
        state = job.step(state, context)
        job.save(state, folder, context)
        rounds -= 1
    if job.done(state):
        job.finish(state, context)
    return state


@pytest.mark.slow
@pytest.mark.parametrize("classes", [1, 2])
def test_files_and_going_on(simulated, monkeypatch, classes):
    monkeypatch.chdir(simulated)
    job, whole, cut = _job(classes), Path(f"whole{classes}"), Path(f"cut{classes}")
    _go(job, whole)
    _go(job, cut, rounds=3)
    assert job.saved(cut) == [0, 1, 2, 3]
    _go(job, cut)
    assert job.saved(cut) == job.saved(whole) == [0, 1, 2, 3, 4, 5]
    maps = [mrc.read_volume(folder / "initial_model.mrc") for folder in (whole, cut)]
    assert maps[0][0].shape == (40, 40, 40)
    assert maps[0][1] == pytest.approx(6.0)
    assert np.corrcoef(maps[0][0].ravel(), maps[1][0].ravel())[0, 1] > 0.98
    table = star.read_table(whole / "run_data.star", "particles")
    assert len(table) == 120
    assert set(table["class_number"].tolist()) <= set(range(1, classes + 1))
    for number in range(1, classes + 1):
        assert (whole / f"run_it005_class{number:03d}.mrc").is_file()
    assert len(star.read(whole / "run_it005_model.star")["model_classes"]) == classes
    last = _go(job, whole)  # nothing is left but to finish again
    assert last.iteration == 5


@pytest.mark.slow
def test_the_runner_names_what_follows_by_the_iteration_it_went_on_from(simulated, monkeypatch):
    monkeypatch.chdir(simulated)
    job, folder = _job(), Path("InitialModel/job001")
    _go(job, folder, rounds=3)
    assert run(job, folder, quiet=True).did == 2
    last = chain.latest(folder)
    assert last is not None and last.name == "run_ct3_it005"
    assert (folder / "run_ct3_data.star").is_file() and (folder / "initial_model.mrc").is_file()
    listed = {str(row["rlnPipeLineNodeName"]) for row in star.read(folder / "RELION_OUTPUT_NODES.star")["output_nodes"].rows()}
    names = ("initial_model.mrc", "run_ct3_data.star", "run_ct3_it005_model.star", "run_ct3_it005_optimiser.star")
    assert listed == {str(folder / name) for name in names}
    optimiser.write(folder / "run_ct5_it006_optimiser.star", {}, command="relion_refine")
    with pytest.raises(UserError, match=r"RELION's, whose descent by mini-batches"):
        job.load(folder, 6, Context(folder=folder))


def test_sentences(simulated, monkeypatch, tmp_path):
    monkeypatch.chdir(simulated)
    table = star.read_table("particles/particles.star", "particles")
    star.write_table(tmp_path / "none.star", table.select(np.zeros(len(table), bool)))
    with pytest.raises(UserError, match="no particles"):
        InitialModel(particles=str(tmp_path / "none.star")).begin(Context(folder=tmp_path))
