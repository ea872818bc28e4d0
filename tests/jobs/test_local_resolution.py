"""The local resolution job in a folder: files, histogram, bad input; and the same map by RELION."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.jobs.local_resolution import LocalRes
from vitreous.maths.filters import low_pass3
from vitreous.maths.masks import sphere
from vitreous.methods.reconstruction.settings_maps import LocalResolution
from vitreous.run.runner import run
from vitreous.web.map_sheets import of_local_resolution

BOX, VOXEL = 48, 2.0
LOCAL = LocalResolution(sampling_A=16, bfactor_A2=-20, randomise_from_A=24)


@pytest.fixture
def half_maps(tmp_path, monkeypatch):
    """Two halves whose noise rises along x, and a mask."""
    monkeypatch.chdir(tmp_path)
    generator = torch.Generator().manual_seed(0)
    ball = sphere(BOX, 16, 4)
    truth = low_pass3(torch.randn(BOX, BOX, BOX, generator=generator), VOXEL, cutoff_A=5) * ball
    rising = torch.linspace(0.01, 1.0, BOX) ** 2 * 2
    for n in (1, 2):
        noisy = truth + rising * torch.randn(BOX, BOX, BOX, generator=generator)
        mrc.write_volume(f"run_half{n}_class001_unfil.mrc", noisy.numpy(), pixel_size_A=VOXEL)
    mrc.write_volume("mask.mrc", ball.numpy(), pixel_size_A=VOXEL)
    return tmp_path


def test_the_files_of_a_job(half_maps):
    job = LocalRes(half1="run_half1_class001_unfil.mrc", solvent_mask="mask.mrc", local=LOCAL)
    made = run(job, "LocalRes/job001", quiet=True)
    assert made.status == "succeeded"
    folder = Path("LocalRes/job001")
    resolution, voxel_A = mrc.read_volume(folder / "relion_locres.mrc")
    filtered, _ = mrc.read_volume(folder / "relion_locres_filtered.mrc")
    assert voxel_A == pytest.approx(VOXEL) and filtered.shape == resolution.shape == (BOX,) * 3
    inside = mrc.read_volume("mask.mrc")[0] > 0.5
    assert resolution[inside].min() >= 2 * VOXEL and resolution[inside].max() < 50.01
    counted = star.read(folder / "relion_locres.star")["histogram"]
    assert np.asarray(counted["vitreousCount"], float).sum() == inside.sum()
    said = star.read(folder / "relion_locres.star")["points"]
    x = np.asarray(said["rlnCoordinateX"], float)
    at = np.asarray(said["rlnAngstromResolution"], float)
    assert np.median(at[x < 32]) < np.median(at[x > 64])
    assert (folder / "histogram.pdf").read_bytes().startswith(b"%PDF")
    nodes = (folder / "RELION_OUTPUT_NODES.star").read_text()
    assert "relion_locres.mrc" in nodes and "histogram.pdf" in nodes and "localresmap" in nodes
    sheet = of_local_resolution(folder / "relion_locres.star")[0]
    median = float(np.median(resolution[inside]))
    assert sheet.figures[0].value == pytest.approx(median, abs=1.0) and "of the mask" in sheet.sentence


def test_the_second_half_may_be_named_and_a_mask_left_out(half_maps):
    run(LocalRes(half1="run_half2_class001_unfil.mrc", local=LOCAL), "out", quiet=True)
    assert not Path("out/histogram.pdf").exists() and Path("out/relion_locres.mrc").exists()
    assert star.read_list("out/relion_locres.star", "general")["rlnUnfilteredMapHalf2"] == "run_half1_class001_unfil.mrc"


def test_bad_input(half_maps):
    with pytest.raises(UserError, match="no half1 in its name"):
        run(LocalRes(half1="mask.mrc"), "one", quiet=True)
    mrc.write_volume("small.mrc", np.ones((8, 8, 8), np.float32), pixel_size_A=VOXEL)
    with pytest.raises(UserError, match=r"small.mrc has another size"):
        run(LocalRes(half1="run_half1_class001_unfil.mrc", solvent_mask="small.mrc", local=LOCAL), "two", quiet=True)
    mrc.write_volume("none.mrc", np.zeros((BOX,) * 3, np.float32), pixel_size_A=VOXEL)
    with pytest.raises(UserError, match=r"none.mrc holds no voxel"):
        run(LocalRes(half1="run_half1_class001_unfil.mrc", solvent_mask="none.mrc", local=LOCAL), "three", quiet=True)


@pytest.mark.relion
def test_the_same_resolutions_as_relion(half_maps, relion):
    run(LocalRes(half1="run_half1_class001_unfil.mrc", local=LOCAL), "ours", quiet=True)
    command = [
        f"{relion}/relion_postprocess",
        "--locres",
        "--i",
        "run_half1_class001_unfil.mrc",
        "--o",
        "theirs",
        "--angpix",
        "2",
    ]
    command += ["--adhoc_bfac", "-20", "--locres_sampling", "16", "--locres_randomize_at", "24"]
    subprocess.run(command, check=True, capture_output=True)
    ours, theirs = (mrc.read_volume(path)[0] for path in ("ours/relion_locres.mrc", "theirs_locres.mrc"))
    inside = mrc.read_volume("mask.mrc")[0] > 0.5
    assert float(np.median(np.abs(ours[inside] / theirs[inside] - 1))) < 0.05
    assert np.corrcoef(ours[inside], theirs[inside])[0, 1] > 0.95
    filtered = [mrc.read_volume(path)[0][inside] for path in ("ours/relion_locres_filtered.mrc", "theirs_locres_filtered.mrc")]
    assert np.corrcoef(*filtered)[0, 1] > 0.99  # the peer of 3.1 gives the sum of the halves, twice their mean
