"""Our reconstructions against relion_reconstruct on the same particles, and RELION reading our maps and tables."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest
import torch

from vitreous.context import Context
from vitreous.files import mrc, star
from vitreous.files.stacks import ImageStacks
from vitreous.job.declare import Unit
from vitreous.jobs.mask_create import MaskCreate
from vitreous.jobs.post_process import PostProcess
from vitreous.jobs.reconstruct import Reconstruct
from vitreous.methods.reconstruction.settings import MaskCreation, Reconstruction
from vitreous.methods.reconstruction.wiener import masked_fsc, sphere_mask

pytestmark = pytest.mark.data


def run(job, folder):
    """One job by its own body, without a runner."""
    context = Context(folder=folder)
    folder.mkdir(exist_ok=True)
    return next(job.work(unit, context) for unit in job.units(context))


@pytest.fixture(scope="module")
def rebuilt(data, tmp_path_factory):
    """beta-galactosidase with known poses, reconstructed by our job; the particles again as a float32 stack."""
    folder = tmp_path_factory.mktemp("betagal")
    table = star.read_table(data / "betagal_particles" / "particles_truth.star", "particles")
    images = ImageStacks(table["image"].tolist(), data / "betagal_particles").read(np.arange(len(table)))
    mrc.write_stack(folder / "all.mrcs", images, pixel_size_A=3.54)
    names = np.array([f"{i + 1:06d}@all.mrcs" for i in range(len(table))], dtype=object)
    star.write_table(folder / "all.star", table.with_(image=names))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        settings = Reconstruction(symmetry="D2", mask_diameter_A=210)
        record = run(Reconstruct(particles="all.star", reconstruction=settings), folder / "ours")
        run(Reconstruct(particles="all.star", reconstruction=replace(settings, wiener=False, gridding=0)), folder / "plain0")
        run(Reconstruct(particles="all.star", reconstruction=replace(settings, wiener=False, gridding=10)), folder / "plain10")
    return folder, record


def test_half_maps_agree_beyond_seven_and_a_half_angstrom(rebuilt):
    folder, record = rebuilt
    assert record["resolution_A"] <= 7.5 and record["particles"] == 454
    maps = [torch.from_numpy(mrc.read_volume(folder / "ours" / f"half{n}_unfil.mrc")[0]) for n in (1, 2)]
    curve = masked_fsc(*maps, sphere_mask(64, 3.54, 210))
    assert float(curve[: int(64 * 3.54 / 7.5) + 1].min()) > 0.143
    written = star.read(folder / "ours" / "fsc.star")["fsc"]
    assert np.allclose(np.asarray(written["rlnFourierShellCorrelation"], float), curve.numpy(), atol=1e-4)


@pytest.mark.relion
@pytest.mark.parametrize("gridding", [0, 10])
@pytest.mark.parametrize("subset", [None, 1, 2])
def test_agreement_with_relion_reconstruct(rebuilt, relion, subset, gridding):
    """Without prior, without and with gridding iterations: FSC above 0.99 to 0.9 of Nyquist inside the particle's sphere."""
    folder, _ = rebuilt
    name = f"relion{subset or 0}_{gridding}.mrc"
    command = [f"{relion}/relion_reconstruct", "--i", "all.star", "--o", name, "--ctf", "--sym", "D2", "--pad", "2"]
    command += ([] if gridding else ["--skip_gridding"]) + (["--subset", str(subset)] if subset else [])
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    theirs = torch.from_numpy(mrc.read_volume(folder / name)[0])
    mine = folder / f"plain{gridding}" / (f"half{subset}_unfil.mrc" if subset else "reconstruction.mrc")
    ours = torch.from_numpy(mrc.read_volume(mine)[0])
    mask = sphere_mask(64, 3.54, 210)
    curve = masked_fsc(theirs, ours, mask)
    assert float(curve[: int(0.9 * 32) + 1].min()) > 0.99


@pytest.mark.relion
def test_relion_postprocess_reads_our_maps_and_finds_our_resolution(rebuilt, relion, monkeypatch):
    folder, _ = rebuilt
    monkeypatch.chdir(folder)
    run(MaskCreate(map="ours/reconstruction.mrc", creation=MaskCreation(threshold_given=False, edge_px=6)), folder / "mask")
    ours = run(PostProcess(half1="ours/half1_unfil.mrc", solvent_mask="mask/mask.mrc"), folder / "post")
    command = [f"{relion}/relion_postprocess", "--i", "ours/half1_unfil.mrc", "--mask", "mask/mask.mrc", "--o", "theirs/post"]
    (folder / "theirs").mkdir()
    subprocess.run([*command, "--auto_bfac", "--autob_lowres", "10"], check=True, capture_output=True)
    theirs = star.read_list("theirs/post.star", "general")
    shell = 64 * 3.54
    assert (
        abs(shell / ours["resolution_A"] - shell / float(theirs["rlnFinalResolution"])) < 2.5
    )  # at Nyquist, within the noise of the random phases
    one, two = (star.read(path)["fsc"] for path in ("post/postprocess.star", "theirs/post.star"))
    share = "rlnParticleBoxFractionSolventMask"
    assert abs(float(star.read_list("post/postprocess.star", "general")[share]) / float(theirs[share]) - 1) < 0.01
    inside = "rlnFourierShellCorrelationParticleMaskFraction"
    assert np.allclose(np.asarray(one[inside], float), np.asarray(two[inside], float), atol=0.08)  # small FSCs count for more
    for label in ("rlnFourierShellCorrelationUnmaskedMaps", "rlnFourierShellCorrelationMaskedMaps"):
        assert np.allclose(np.asarray(one[label], float), np.asarray(two[label], float), atol=0.015), (
            label
        )  # RELION counts the plane kx = 0 twice
    corrected = "rlnFourierShellCorrelationCorrected"
    assert np.abs(np.asarray(one[corrected], float) - np.asarray(two[corrected], float))[:30].max() < 0.1
    logs = [
        np.asarray(file["guinier"]["rlnLogAmplitudesOriginal"], float)
        for file in (star.read("post/postprocess.star"), star.read("theirs/post.star"))
    ]
    assert np.abs(logs[0] - logs[1][-len(logs[0]) :]).max() < 0.1
    sharp = [torch.from_numpy(mrc.read_volume(p)[0]) for p in ("post/postprocess.mrc", "theirs/post.mrc")]
    assert float(masked_fsc(*sharp, sphere_mask(64, 3.54, 210))[:28].min()) > 0.98


@pytest.mark.relion
def test_relion_mask_create_makes_our_mask(rebuilt, relion, monkeypatch):
    folder, _ = rebuilt
    monkeypatch.chdir(folder)
    run(MaskCreate(map="ours/reconstruction.mrc", creation=MaskCreation(threshold=0.05, edge_px=6)), folder / "mask2")
    command = [f"{relion}/relion_mask_create", "--i", "ours/reconstruction.mrc", "--o", "relion_mask.mrc", "--lowpass", "15"]
    command += ["--ini_threshold", "0.05", "--extend_inimask", "3", "--width_soft_edge", "6"]
    subprocess.run(command, check=True, capture_output=True)
    ours, theirs = (mrc.read_volume(path)[0] for path in ("mask2/mask.mrc", "relion_mask.mrc"))
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.99
    assert np.abs(ours - theirs).mean() < 0.02  # RELION grows by less than 3 pixels, we by 3


def test_units_change_with_the_particles(rebuilt, monkeypatch):
    folder, _ = rebuilt
    monkeypatch.chdir(folder)
    job = Reconstruct(particles="all.star")
    before = job.units(Context())
    assert isinstance(before[0], Unit)
    text = (folder / "all.star").read_text()
    (folder / "all.star").write_text(text + "\n# later\n")
    assert job.units(Context())[0].row != before[0].row
    (folder / "all.star").write_text(text)
