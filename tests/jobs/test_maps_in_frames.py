"""The jobs that turn maps: onto their axes, and into the other hand; with their particles."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.jobs.align_symmetry import AlignSymmetry
from vitreous.jobs.flip_hand import FlipHand
from vitreous.maths.filters import low_pass3
from vitreous.maths.masks import sphere
from vitreous.maths.rotations import random_rotations, to_euler
from vitreous.methods.initial_model import axes
from vitreous.methods.reconstruction.settings_maps import AxesAlignment
from vitreous.run.runner import run
from vitreous.tables.table import Table

BOX, VOXEL = 32, 4.0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A D2 map in a random frame, half maps, and a table of poses."""
    monkeypatch.chdir(tmp_path)
    generator = torch.Generator().manual_seed(0)
    blob = low_pass3(torch.randn(BOX, BOX, BOX, generator=generator), VOXEL, cutoff_A=16) * sphere(BOX, 9, 4)
    turn = random_rotations(1, generator)[0].numpy()
    lost = axes.turned(axes.turned(np.maximum(blob.numpy(), 0), np.eye(3), group="D2"), turn, group="C1")
    for name in ("map.mrc", "half1.mrc", "half2.mrc", "mask.mrc"):
        mrc.write_volume(name, lost, pixel_size_A=VOXEL)
    rot, tilt, psi = (angle.numpy() for angle in to_euler(random_rotations(7, generator)))
    optics = {"optics_group_name": np.array(["one"], object), "optics_group": [1], "pixel_size_A": [VOXEL], "box": [BOX]}
    columns = {
        "image": np.array([f"{i + 1:06d}@stack.mrcs" for i in range(7)], object),
        "rot_deg": rot,
        "tilt_deg": tilt,
        "psi_deg": psi,
        "optics_group": np.ones(7, int),
    }
    star.write_table("particles.star", Table(columns, "particles", Table(optics, "optics")))
    return tmp_path


def test_a_map_and_its_particles_are_aligned(folder):
    job = AlignSymmetry(map="map.mrc", particles="particles.star", axes=AxesAlignment(finest_A=20))
    assert run(job, "out", quiet=True).status == "succeeded"
    symmetric, voxel_A = mrc.read_volume("out/symmetrised.mrc")
    aligned = mrc.read_volume("out/aligned.mrc")[0]
    assert voxel_A == pytest.approx(VOXEL)
    assert np.corrcoef(symmetric.ravel(), aligned.ravel())[0, 1] > 0.98
    centre = slice(1, None)
    turned = aligned[centre, centre, centre][::-1, ::-1, :]  # half a turn about x
    assert np.corrcoef(turned.ravel(), aligned[centre, centre, centre].ravel())[0, 1] > 0.97
    table = star.read_table("out/particles.star", "particles")
    assert len(table) == 7 and "origin_x_A" in table and table["image"][3] == "000004@stack.mrcs"
    assert float(star.read_list("out/fsc.star", "general")["vitreousAgreement"]) > 0.95


def test_bad_groups_are_sentences(folder):
    for name, sentence in (("Q7", "Q7"), ("C1", "C1 has no axes")):
        with pytest.raises(UserError, match=sentence):
            run(AlignSymmetry(map="map.mrc", axes=AxesAlignment(symmetry=name)), f"out{name}", quiet=True)


def test_everything_is_flipped(folder):
    job = FlipHand(map="map.mrc", half1="half2.mrc", mask="mask.mrc", particles="particles.star")
    assert run(job, "out", quiet=True).status == "succeeded"
    before = mrc.read_volume("map.mrc")[0]
    for name in ("flipped", "flipped_half1", "flipped_half2", "flipped_mask"):
        made = mrc.read_volume(f"out/{name}.mrc")[0]
        np.testing.assert_array_equal(made[:, :, 1:], before[:, :, :0:-1])
    run(FlipHand(map="out/flipped.mrc", particles="out/particles.star"), "back", quiet=True)
    first, last = (star.read_table(path, "particles") for path in ("particles.star", "back/particles.star"))
    for column in ("rot_deg", "tilt_deg", "psi_deg"):
        turned = (np.asarray(first[column]) - np.asarray(last[column])) / 360
        np.testing.assert_allclose(turned, np.round(turned), atol=1e-6)
    assert not Path("back/flipped_half1.mrc").exists()


def test_particles_without_poses(folder):
    star.write_table("bare.star", star.read_table("particles.star", "particles").without("psi_deg"))
    with pytest.raises(UserError, match=r"bare.star has no column rlnAnglePsi"):
        run(FlipHand(map="map.mrc", particles="bare.star"), "out", quiet=True)


@pytest.mark.relion
def test_the_hand_is_relions(folder, relion):
    import subprocess

    run(FlipHand(map="map.mrc"), "out", quiet=True)
    command = [f"{relion}/relion_image_handler", "--i", "map.mrc", "--o", "theirs.mrc", "--invert_hand"]
    subprocess.run(command, check=True, capture_output=True)
    ours, theirs = (mrc.read_volume(path)[0] for path in ("out/flipped.mrc", "theirs.mrc"))
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.999
