"""The jobs reconstruct, mask creation and post-processing in a folder, on a small simulated set; and bad input."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.jobs.mask_create import MaskCreate
from vitreous.jobs.post_process import PostProcess
from vitreous.jobs.reconstruct import Reconstruct
from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.maths.fourier import irfft2, shift2
from vitreous.maths.kernels.project import prepare, project
from vitreous.maths.masks import sphere
from vitreous.maths.rotations import random_rotations, to_euler
from vitreous.methods.reconstruction.settings import MaskCreation, Reconstruction, Sharpening
from vitreous.run.runner import run
from vitreous.tables.table import Table

BOX, PIXEL_A, COUNT = 32, 3.0, 400


@pytest.fixture(scope="module")
def particles(tmp_path_factory):
    """A stack and its table of a lopsided specimen with CTF, shifts and noise."""
    folder = tmp_path_factory.mktemp("particles")
    generator = torch.Generator().manual_seed(0)
    volume = torch.randn(BOX, BOX, BOX, generator=generator) * sphere(BOX, 9, 3)
    poses = random_rotations(COUNT, generator)
    defocus = torch.linspace(9000, 16000, COUNT, dtype=torch.float64)
    shifts = (torch.rand(COUNT, 2, generator=generator, dtype=torch.float64) - 0.5) * 9
    ft = project(prepare(volume), poses.float(), BOX, BOX) * ctf2d(CtfParams.of(defocus), BOX, PIXEL_A)
    images = irfft2(shift2(ft, -shifts / PIXEL_A, BOX), BOX)
    images += 3 * torch.randn(images.shape, generator=generator)
    mrc.write_stack(folder / "stack.mrcs", images.numpy(), pixel_size_A=PIXEL_A)
    rot, tilt, psi = (angle.numpy() for angle in to_euler(poses))
    columns = {
        "image": np.array([f"{i + 1:06d}@stack.mrcs" for i in range(COUNT)], dtype=object),
        "rot_deg": rot,
        "tilt_deg": tilt,
        "psi_deg": psi,
        "origin_x_A": shifts[:, 0].numpy(),
        "origin_y_A": shifts[:, 1].numpy(),
        "defocus_u_A": defocus.numpy(),
        "defocus_v_A": defocus.numpy(),
        "defocus_angle_deg": np.zeros(COUNT),
        "class_number": np.arange(COUNT) % 2 + 1,
        "optics_group": np.ones(COUNT, int),
    }
    optics = {
        "optics_group_name": np.array(["one"], dtype=object),
        "optics_group": [1],
        "voltage_kV": [300.0],
        "cs_mm": [2.7],
        "amplitude_contrast": [0.1],
        "pixel_size_A": [PIXEL_A],
        "box": [BOX],
        "dimensions": [2],
    }
    star.write_table(folder / "particles.star", Table(columns, "particles", Table(optics, "optics")))
    return folder


@pytest.fixture
def project_folder(particles, tmp_path, monkeypatch):
    """An empty working folder in which the particles lie."""
    for name in ("particles.star", "stack.mrcs"):
        (tmp_path / name).symlink_to(particles / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def volume(path):
    return mrc.read_volume(path)


def test_from_particles_to_a_sharpened_map(project_folder):
    made = run(Reconstruct(particles="particles.star"), "rec", quiet=True)
    assert made.status == "succeeded"
    assert volume("rec/reconstruction.mrc")[0].shape == (BOX, BOX, BOX)
    assert volume("rec/half1_unfil.mrc")[1] == pytest.approx(PIXEL_A)
    resolution = float(star.read_list("rec/fsc.star", "general")["rlnFinalResolution"])
    assert 2 * PIXEL_A <= resolution < 12
    assert f"{resolution:.2f}" in Path("rec/run.out").read_text()
    run(MaskCreate(map="rec/reconstruction.mrc", creation=MaskCreation(threshold_given=False)), "mask", quiet=True)
    mask, voxel_A = volume("mask/mask.mrc")
    assert voxel_A == pytest.approx(PIXEL_A) and mask.min() == 0 and mask.max() == 1
    sharpening = Sharpening(fit_from_A=20)
    done = run(PostProcess(half1="rec/half1_unfil.mrc", solvent_mask="mask/mask.mrc", sharpening=sharpening), "post", quiet=True)
    assert done.status == "succeeded"
    general = star.read_list("post/postprocess.star", "general")
    assert 2 * PIXEL_A <= float(general["rlnFinalResolution"]) < 12
    assert general["rlnUnfilteredMapHalf2"] == "rec/half2_unfil.mrc"
    curves = star.read("post/postprocess.star")["fsc"]
    assert len(curves) == BOX // 2 + 1 and float(curves["rlnAngstromResolution"][0]) == 999
    masked, whole = volume("post/postprocess_masked.mrc")[0], volume("post/postprocess.mrc")[0]
    np.testing.assert_allclose(masked, whole * mask, atol=1e-6)
    assert "<coordinate>" in Path("post/postprocess_fsc.xml").read_text()


def test_doing_it_again_does_nothing(project_folder):
    run(Reconstruct(particles="particles.star"), "rec", quiet=True)
    assert run(Reconstruct(particles="particles.star"), "rec", quiet=True).did == 0
    other = Reconstruct(particles="particles.star", reconstruction=Reconstruction(symmetry="C2"))
    assert run(other, "rec", quiet=True).did == 1


def test_one_class_of_several(project_folder):
    run(Reconstruct(particles="particles.star", class_number=2), "rec", quiet=True)
    assert "200 particles" in Path("rec/run.out").read_text()


def test_the_terms_of_the_optics_table_and_the_ewald_sphere(project_folder):
    table = star.read_table("particles.star", "particles")
    terms = {"odd_zernike": np.array(["[0,0,40,0,0,-30]"], object), "even_zernike": np.array(["[0,0,20,0]"], object)}
    terms |= {f"mag_matrix_{i}{j}": [value] for (i, j), value in np.ndenumerate([[1.03, 0.0], [0.0, 0.97]])}
    star.write_table("terms.star", table.with_optics(table.optics.with_(**terms)))
    made = {}
    bent = Reconstruction(ewald=True, ewald_diameter_A=60.0)
    for name, file, settings in (
        ("plain", "particles.star", Reconstruction()), ("terms", "terms.star", Reconstruction()), ("bent", "terms.star", bent)
    ):  # fmt: skip
        assert run(Reconstruct(particles=file, reconstruction=settings), name, quiet=True).status == "succeeded"
        made[name] = volume(f"{name}/reconstruction.mrc")[0]
        assert np.isfinite(made[name]).all() and made[name].std() > 0
    assert np.corrcoef(made["plain"].ravel(), made["terms"].ravel())[0, 1] < 0.98
    assert np.corrcoef(made["terms"].ravel(), made["bent"].ravel())[0, 1] > 0.5
    expect_stop(Reconstruct(particles="terms.star", reconstruction=Reconstruction(ewald=True)), "ewald_diameter_A")


def spoil(**changes):
    table = star.read_table("particles.star", "particles")
    return table.with_(**changes)


def expect_stop(job, sentence):
    """The job fails with the sentence, leaves RELION's failure marker and no map under a final name."""
    with pytest.raises(UserError, match=sentence):
        run(job, "out", quiet=True)
    assert Path("out/RELION_JOB_EXIT_FAILURE").exists()
    assert not list(Path("out").glob("*.mrc"))


class TestBadInput:
    def test_no_file(self, project_folder):
        expect_stop(Reconstruct(particles="nowhere.star"), "nowhere.star")

    def test_no_poses(self, project_folder):
        star.write_table("bare.star", star.read_table("particles.star", "particles").without("rot_deg"))
        expect_stop(Reconstruct(particles="bare.star"), "bare.star.*rlnAngleRot")

    def test_no_particles(self, project_folder):
        star.write_table("none.star", star.read_table("particles.star", "particles").select(np.zeros(COUNT, bool)))
        expect_stop(Reconstruct(particles="none.star"), "none.star")

    def test_an_index_out_of_range(self, project_folder):
        names = star.read_table("particles.star", "particles")["image"].copy()
        names[7] = "000999@stack.mrcs"
        star.write_table("far.star", spoil(image=names))
        expect_stop(Reconstruct(particles="far.star"), "999")

    def test_no_such_group(self, project_folder):
        expect_stop(Reconstruct(particles="particles.star", reconstruction=Reconstruction(symmetry="Q4")), "Q4")

    def test_half_maps(self, project_folder):
        zero = np.zeros((8, 8, 8), np.float32)
        mrc.write_volume("half1.mrc", zero, pixel_size_A=1.0)
        expect_stop(PostProcess(half1="half1.mrc"), "half2.mrc")
        mrc.write_volume("map.mrc", zero, pixel_size_A=1.0)
        expect_stop(PostProcess(half1="map.mrc"), "no half1 in its name")
        mrc.write_volume("half2.mrc", np.zeros((6, 6, 6), np.float32), pixel_size_A=1.0)
        expect_stop(PostProcess(half1="half1.mrc"), "same size")

    def test_a_map_without_voxel_size(self, project_folder):
        mrc.write_volume("bare.mrc", np.zeros((8, 8, 8), np.float32), pixel_size_A=0.0)
        expect_stop(MaskCreate(map="bare.mrc"), "voxel size")

    def test_an_mtf_that_is_none(self, project_folder):
        noise = np.random.default_rng(0).normal(size=(16, 16, 16)).astype(np.float32)
        for name in ("half1.mrc", "half2.mrc"):
            mrc.write_volume(name, noise, pixel_size_A=1.0)
        expect_stop(PostProcess(half1="half1.mrc", mtf="particles.star"), "no MTF")
