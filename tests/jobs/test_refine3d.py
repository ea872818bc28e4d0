import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from vitreous.context import Context, UserError
from vitreous.files import chain, halves, mrc, star
from vitreous.job import as_star
from vitreous.job.placement import Placement
from vitreous.jobs.refine3d import Refine3D
from vitreous.maths import masks, rotations, symmetry
from vitreous.methods.refinement.settings3d import Optimisation, Reference, Sampling
from vitreous.run.runner import run
from vitreous.simulation.particles import simulate_particles
from vitreous.simulation.settings import ParticleSettings, Specimen


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A folder with particles/: 160 small images of a D2 assembly."""
    folder = tmp_path_factory.mktemp("refine3d")
    settings = ParticleSettings(count=160, box=48, pixel_size_A=4.2, snr=0.2, specimen=Specimen(symmetry="D2"), shift_A=6.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        simulate_particles(settings, Path("particles"), Context(seed=3))
    return folder


def _job(rounds=8):
    return Refine3D(
        particles="particles/particles.star",
        reference="particles/true_map.mrc",
        start=Reference(symmetry="D2", low_pass_A=50.0, greyscale_is_right=True),
        optimisation=Optimisation(particle_diameter_A=190.0, most_rounds=rounds),
        sampling=Sampling(step="15 degrees", offset_range_px=3.0),
    )


def _run(job, folder, rounds=99):
    """As the runner does: begin or load, step and save, finish; stops after some rounds without finishing."""
    context = Context(folder=folder, threads=2)
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


def _error_deg(found, truth):
    def turns(table):
        return rotations.from_euler(*(np.array(table[n], float) for n in ("rot_deg", "tilt_deg", "psi_deg")))

    return float(rotations.distance_deg(turns(truth), turns(found), symmetry.operators("D2")).median())


@pytest.fixture(scope="module")
def refined(simulated):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(simulated)
        _run(_job(), Path("Refine3D/job001"), rounds=2)  # cut short, then gone on with
        assert _job().saved(Path("Refine3D/job001")) == [0, 1, 2]
        assert not Path("Refine3D/job001/run_data.star").exists()
        _run(_job(), Path("Refine3D/job001"))
    return simulated


@pytest.mark.slow
def test_files_and_poses(refined, monkeypatch):
    monkeypatch.chdir(refined)
    folder = refined / "Refine3D/job001"
    found = star.read_table(folder / "run_data.star", "particles")
    truth = star.read_table("particles/particles_truth.star", "particles")
    assert list(found["image"]) == list(truth["image"])
    assert _error_deg(found, truth) < 5.0
    assert (found["half"] == truth["half"]).all()
    last = _job().saved(folder)[-1]
    for name in ("class001.mrc", "half1_class001_unfil.mrc", "half2_class001_unfil.mrc", "model.star", "optimiser.star"):
        assert (folder / f"run_{name}").is_file()
    for name in ("half1_class001.mrc", "half2_model.star", "data.star", "sampling.star", "optimiser.star"):
        assert (folder / f"run_it{last:03d}_{name}").is_file()
    volume, voxel_A = mrc.read_volume(folder / "run_class001.mrc")
    true, _ = mrc.read_volume("particles/true_map.mrc")
    assert voxel_A == pytest.approx(4.2)
    assert np.corrcoef(volume.ravel(), true.ravel())[0, 1] > 0.8
    assert halves.read_model(folder / "run_model.star")["resolution_A"] < 20.0


@pytest.mark.slow
@pytest.mark.relion
def test_relion_goes_on_from_our_files(refined, relion, monkeypatch):
    monkeypatch.chdir(refined)
    (refined / "post").mkdir(exist_ok=True)
    mrc.write_volume("mask.mrc", masks.sphere(48, 22.0, 2.0).numpy(), pixel_size_A=4.2)
    sharpened = subprocess.run(
        [f"{relion}/relion_postprocess", "--i", "Refine3D/job001/run_half1_class001_unfil.mrc", "--o", "post/out",
         "--angpix", "4.2",
         "--mask", "mask.mrc"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert sharpened.returncode == 0, sharpened.stderr
    again = subprocess.run(
        [f"{relion}/relion_reconstruct", "--i", "Refine3D/job001/run_data.star", "--o", "again.mrc", "--ctf", "--sym", "D2"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    theirs, ours = mrc.read_volume("again.mrc")[0], mrc.read_volume("Refine3D/job001/run_class001.mrc")[0]
    centre = slice(10, 38)
    assert np.corrcoef(theirs[centre, centre, centre].ravel(), ours[centre, centre, centre].ravel())[0, 1] > 0.9


@pytest.mark.slow
@pytest.mark.relion
def test_relion_continues_our_refinement(refined, relion, monkeypatch):
    monkeypatch.chdir(refined)
    last = _job().saved(Path("Refine3D/job001"))[-2]
    if not shutil.which("mpirun"):
        pytest.skip("RELION's refinement of halves needs mpirun")
    went_on = subprocess.run(
        ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "3", f"{relion}/relion_refine_mpi",
         "--o", "Refine3D/job001/on",
         "--continue", f"Refine3D/job001/run_it{last:03d}_optimiser.star", "--healpix_order", "1", "--force_converge"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert went_on.returncode == 0, went_on.stderr[-2000:]
    assert (refined / "Refine3D/job001/on_class001.mrc").is_file()
    found = star.read_table(refined / "Refine3D/job001/on_data.star", "particles")
    assert _error_deg(found, star.read_table("particles/particles_truth.star", "particles")) < 12.0


def test_relion_job_files_are_understood(data, tmp_path):
    with tarfile.open(data / "relion_projects" / "relion5_job_stars.tar.xz") as packed:
        for kind in ("Refine3D", "InitialModel"):
            name = f"hanjinliu_himena-relion/jobs_spa/{kind}/job001/job.star"
            packed.extract(name, tmp_path, filter="data")
            changed = {"fn_mask": "", "fn_cont": ""} if kind == "Refine3D" else {}
            loaded = as_star.load(tmp_path / name, changed)
            assert loaded.job.type.folder == kind
            group = loaded.job.start if kind == "Refine3D" else loaded.job.shape
            assert group.symmetry == "C1"


def test_sentences(simulated, monkeypatch, tmp_path):
    monkeypatch.chdir(simulated)
    shutil.copy("particles/true_map.mrc", tmp_path / "map.mrc")
    table = star.read_table("particles/particles.star", "particles")
    star.write_table(tmp_path / "none.star", table.select(np.zeros(len(table), bool)))
    job = Refine3D(particles=str(tmp_path / "none.star"), reference="particles/true_map.mrc")
    with pytest.raises(UserError, match="no particles"):
        job.begin(Context(folder=tmp_path))
    mrc.write_volume(tmp_path / "mask.mrc", np.ones((8, 8, 8), np.float32), pixel_size_A=4.2)
    job = Refine3D(
        particles="particles/particles.star", reference="particles/true_map.mrc", solvent_mask=str(tmp_path / "mask.mrc")
    )
    with pytest.raises(UserError, match="48 pixels"):
        job.begin(Context(folder=tmp_path))
    assert torch.get_num_threads() >= 1


@pytest.mark.slow
@pytest.mark.data
def test_real_betagalactosidase_from_a_blurred_start(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks").symlink_to(data / "betagal_particles" / "stacks")
    from vitreous.files.stacks import ImageStacks
    from vitreous.methods.reconstruction.particles import from_table
    from vitreous.methods.reconstruction.settings import Reconstruction
    from vitreous.methods.reconstruction.wiener import reconstruct_particles

    truth = star.read_table(data / "betagal_particles" / "particles_truth.star", "particles")
    known = reconstruct_particles(
        from_table(truth, ImageStacks(truth["image"].tolist()), name="truth", seed=0), Reconstruction(symmetry="D2"), Context()
    )
    mrc.write_volume("start.mrc", known.volume.numpy(), pixel_size_A=known.voxel_size_A)
    star.write_table("blind.star", truth.without("rot_deg", "tilt_deg", "psi_deg", "origin_x_A", "origin_y_A"))
    job = Refine3D(
        particles="blind.star", reference="start.mrc", start=Reference(symmetry="D2", low_pass_A=40.0),
        optimisation=Optimisation(particle_diameter_A=210.0),
    )  # fmt: skip
    last = _run(job, tmp_path / "out")
    found = star.read_table("out/run_data.star", "particles")
    assert _error_deg(found, truth) < 2.5
    assert last.state.resolution_A < 9.5


@pytest.mark.slow
@pytest.mark.relion
def test_we_go_on_with_relions_refinement(simulated, relion, monkeypatch):
    monkeypatch.chdir(simulated)
    if not shutil.which("mpirun"):
        pytest.skip("RELION's refinement of halves needs mpirun")
    folder = Path("Refine3D/job007")
    folder.mkdir(parents=True)
    began = subprocess.run(
        ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "3", f"{relion}/relion_refine_mpi",
         "--o", f"{folder}/run", "--auto_refine", "--split_random_halves", "--auto_iter_max", "2", "--random_seed", "3",
         "--i", "particles/particles.star", "--ref", "particles/true_map.mrc", "--ini_high", "50",
         "--firstiter_cc", "--ctf", "--norm", "--scale",
         "--particle_diameter", "190", "--flatten_solvent", "--zero_mask", "--oversampling", "1", "--healpix_order", "2",
         "--auto_local_healpix_order", "4", "--offset_range", "3", "--offset_step", "2", "--sym", "D2", "--pool", "30",
         "--low_resol_join_halves", "40", "--dont_combine_weights_via_disc"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    last = chain.latest(folder)
    assert last == 2, began.stderr[-2000:]
    theirs = star.read_table(folder / "run_it002_data.star", "particles")
    truth = star.read_table("particles/particles_truth.star", "particles")
    place = {name: row for row, name in enumerate(theirs["image"].tolist())}
    theirs = theirs.select([place[name] for name in truth["image"].tolist()])
    assert run(_job(12), folder, Placement(threads=2), quiet=True).status == "succeeded"
    found = star.read_table(folder / "run_ct2_data.star", "particles")
    assert (found["half"] == theirs["half"]).all(), "the halves stay apart"
    assert _error_deg(found, truth) < min(5.0, _error_deg(theirs, truth))
    assert (folder / "run_ct2_half1_class001_unfil.mrc").is_file() and (folder / "run_ct2_it003_data.star").is_file()
    assert "going on from iteration 2" in (folder / "run.out").read_text()
