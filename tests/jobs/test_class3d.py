import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import many_references, mrc, star
from vitreous.files.star_blocks import StarFile, loop_block
from vitreous.job.placement import Placement
from vitreous.jobs.class3d import Class3D
from vitreous.methods.refinement.settings_class3d import Beginning, Classes, Optimisation, Sampling
from vitreous.run.runner import run
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A folder with particles/: 90 small images of a D2 assembly."""
    folder = tmp_path_factory.mktemp("class3d")
    settings = ParticleSettings(count=60, box=24, pixel_size_A=8.4, snr=0.4, specimen=Specimen(symmetry="D2"), shift_A=6.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        simulate_particles(settings, Path("particles"), Context(seed=3))
    return folder


def _job(iterations=6, classes=2, **changed):
    options = {"particles": "particles/particles.star", "reference": "particles/true_map.mrc"}
    return Class3D(
        **{**options, **{k: v for k, v in changed.items() if k in ("particles", "reference", "continue_from")}},
        start=Beginning(symmetry="D2", low_pass_A=40.0, greyscale_is_right=True, **changed.get("start", {})),
        classes=Classes(classes=classes, iterations=iterations),
        optimisation=Optimisation(particle_diameter_A=170.0),
        sampling=Sampling(step="15 degrees", offset_range_px=2.0, **changed.get("sampling", {})),
    )


def _last(back=1):
    """How the names of the last iteration's files begin, or of one before it."""
    folder = Path("Class3D/job001")
    return f"{folder}/{_job().saved(folder)[-back].name}"


@pytest.fixture(scope="module")
def classified(simulated):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(simulated)
        assert run(_job(4), Path("Class3D/job001"), Placement(threads=2), quiet=True).status == "succeeded"
        assert run(_job(6), Path("Class3D/job001"), Placement(threads=2), quiet=True).status == "succeeded"
    return simulated


def test_files_of_an_iteration(classified, monkeypatch):
    monkeypatch.chdir(classified)
    folder = Path("Class3D/job001")
    last = _job().saved(folder)[-1]
    assert int(last) == 6, "a classification that had its iterations goes on when it is given more"
    rows = star.read_table(folder / f"{last.name}_data.star", "particles")
    assert set(np.unique(rows["class_number"])) <= {1, 2}
    assert ((rows["pmax"] > 0) & (rows["pmax"] <= 1)).all()
    classes = star.read_table(folder / f"{last.name}_model.star", "model_classes")
    assert float(np.sum(classes["class_distribution"])) == pytest.approx(1.0, abs=1e-4)
    for path in classes["reference_image"]:
        volume, voxel_A = mrc.read_volume(path)
        assert voxel_A == pytest.approx(8.4)
        assert volume.std() > 0
    nodes = star.read(folder / "RELION_OUTPUT_NODES.star")["output_nodes"].rows()
    assert sum("class00" in str(row["rlnPipeLineNodeName"]) for row in nodes) == 2


def test_an_iteration_read_from_its_files_goes_on_as_if_it_had_stayed(simulated, monkeypatch, tmp_path):
    monkeypatch.chdir(simulated)
    job, context = _job(5), Context(folder=tmp_path)
    state = job.begin(context)
    for _ in range(4):
        state = job.step(state, context)
        job.save(state, tmp_path, context)
    back = job.load(tmp_path, job.saved(tmp_path)[-1], context)
    here, there = job.step(state, context).state, job.step(back, context).state
    assert np.allclose(here.shares, there.shares, atol=1e-4)
    assert np.allclose(here.maps[1], there.maps[1], atol=1e-4 * np.abs(here.maps[1]).max())


def test_random_occupancies_and_an_earlier_result_need_no_search(classified, monkeypatch, tmp_path):
    monkeypatch.chdir(classified)
    job, context = (
        _job(
            2,
            particles=f"{_last()}_data.star",
            reference="",
            start={"random_occupancies": True},
        ),
        Context(folder=tmp_path),
    )
    state = job.begin(context)
    job.save(state, tmp_path, context)
    state = job.step(state, context)
    assert state.state.searches < 0
    notes: list[str] = []
    both = _job(2, particles=f"{_last()}_data.star", start={"random_occupancies": True})
    assert both.begin(Context(folder=tmp_path, on_note=notes.append)).state.searches < 0
    assert any("true_map.mrc is not used" in note for note in notes)
    assert np.isfinite(state.state.maps[0]).all()
    still = _job(3, particles=f"{_last()}_data.star", sampling={"align": False})
    folder = Path("Class3D/job002")
    assert run(still, folder, Placement(threads=2), quiet=True).status == "succeeded"
    assert still.saved(folder)[0] == 0
    with pytest.raises(UserError, match="no reference"):
        _job(reference="").begin(context)
    with pytest.raises(UserError, match="no angles"):
        _job(sampling={"align": False}).begin(context)


def test_references_of_a_star_file_and_their_mapping(classified, monkeypatch, tmp_path):
    monkeypatch.chdir(classified)
    found = many_references.read("Class3D/job001")
    assert len(found.volumes) == 2
    assert len(found.particles) == 60
    listed = StarFile([loop_block("references", {"rlnReferenceImage": found.paths[::-1]})])
    star.write(tmp_path / "maps.star", listed)
    assert many_references.read(str(tmp_path / "maps.star")).paths == list(found.paths)[::-1]
    assert many_references.read(found.paths[0]).voxel_sizes_A[0] == pytest.approx(8.4)
    for wrong, why in ((f"{_last()}_data.star", "names no references"), (str(tmp_path / "none.mrc"), "there is no reference")):
        with pytest.raises(UserError, match=why):
            many_references.read(wrong)
    assert many_references.mapping("2+1", 2) == [[1, 0]]
    assert many_references.mapping("all", 2) == [[0], [1]]
    for wrong, why in (("1,1", "twice"), ("3", "not among"), ("a", "joined by")):
        with pytest.raises(UserError, match=why):
            many_references.mapping(wrong, 2)
    state = _job(2, reference="Class3D/job001").begin(Context(folder=tmp_path)).state
    assert state.classes == 2
    assert not np.allclose(state.maps[0], state.maps[1])


def test_earlier_classes_are_merged_kept_and_dropped(classified, monkeypatch, tmp_path):
    monkeypatch.chdir(classified)
    old = np.asarray(star.read_table(f"{_last()}_data.star", "particles")["class_number"], int)
    merged = _job(2, classes=1, reference="Class3D/job001", start={"class_mapping": "1+2"})
    running = merged.step(merged.begin(Context(folder=tmp_path)), Context(folder=tmp_path))
    assert len(running.particles) == len(old)
    alone = _job(2, classes=1, reference="Class3D/job001", start={"class_mapping": "2"}).begin(Context(folder=tmp_path))
    assert len(alone.particles) == (old == 2).sum()
    every = _job(2, classes=2, reference="Class3D/job001", start={"class_mapping": "2, 1"}).begin(Context(folder=tmp_path))
    assert (every.state.best_class == 2 - old).all()
    with pytest.raises(UserError, match="makes 2 classes, not 1"):
        _job(2, classes=1, reference="Class3D/job001", start={"class_mapping": "all"}).begin(Context(folder=tmp_path))


def test_going_on_wants_as_many_classes_as_there_are(classified, monkeypatch):
    monkeypatch.chdir(classified)
    folder = Path("Class3D/job001")
    for classes in (1, 3):
        with pytest.raises(UserError, match=f"has not {classes} classes"):
            _job(8, classes=classes).load(folder, _job().saved(folder)[-1], Context(folder=folder))


@pytest.mark.slow
@pytest.mark.relion
def test_relion_continues_our_classification_and_we_its(classified, relion, monkeypatch):
    monkeypatch.chdir(classified)
    went_on = subprocess.run(
        [f"{relion}/relion_refine", "--o", "Class3D/job001/on", "--continue", f"{_last(2)}_optimiser.star",
         "--iter", "7", "--j", "2", "--oversampling", "1", "--healpix_order", "1"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert went_on.returncode == 0, went_on.stderr[-2000:]
    assert list(Path("Class3D/job001").glob("on_it*_class002.mrc"))
    folder = Path("Class3D/job007")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = subprocess.run(
        [f"{relion}/relion_refine", "--o", f"{folder}/run", "--i", "particles/particles.star", "--ref", "particles/true_map.mrc",
         "--ini_high", "50", "--firstiter_cc", "--ctf", "--norm", "--scale", "--K", "2", "--iter", "2", "--tau2_fudge", "4",
         "--particle_diameter", "170", "--flatten_solvent", "--zero_mask", "--oversampling", "1", "--healpix_order", "1",
         "--offset_range", "3", "--offset_step", "2", "--sym", "D2", "--pool", "30", "--dont_combine_weights_via_disc"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert began.returncode == 0, began.stderr[-2000:]
    assert run(_job(4), folder, Placement(threads=2), quiet=True).status == "succeeded"
    assert "going on from iteration 2" in (folder / "run.out").read_text()
    assert (folder / "run_ct2_it004_class002.mrc").is_file()
