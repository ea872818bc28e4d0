"""Our slices against stacks made by relion_project: angles, shift sign, hand, centre, amplitude."""

import pytest
import torch
from scipy.optimize import least_squares

from vitreous.files import mrc, star
from vitreous.maths.fourier import irfft2, resize3, shift2
from vitreous.maths.kernels.project import prepare, project
from vitreous.maths.rotations import from_euler

pytestmark = pytest.mark.data


def correlation(one, two):
    one, two = (stack - stack.mean((1, 2), keepdim=True) for stack in (one, two))
    return (one * two).sum((1, 2)) / (one.norm(dim=(1, 2)) * two.norm(dim=(1, 2)))


def theirs_and_ours(data, name):
    """Their images, our slices at their angles and shifts, the matrices. RELION's odd boxes are centred one pixel later."""
    folder, box = data / "particles" / "relion_project", int(name[:2])
    volume = torch.from_numpy(mrc.read_volume(folder / "clean70SRibosome_vol_65p.mrc")[0]).double()
    images = torch.from_numpy(mrc.read_stack(folder / f"rln_proj_{name}.mrcs")[0]).double()
    rows = star.read(folder / f"rln_proj_{name}.star")["particles"]
    column = {
        label: torch.tensor([float(v) for v in rows[label]], dtype=torch.float64)
        for label in rows.columns
        if "Image" not in label
    }
    poses = from_euler(column["rlnAngleRot"], column["rlnAngleTilt"], column["rlnAnglePsi"])
    slices = project(prepare(volume if box == 65 else resize3(volume, box)), poses, box, box)
    if "shifted" in name:
        slices = shift2(slices, -torch.stack([column["rlnOriginX"], column["rlnOriginY"]], 1), box)
    return (torch.roll(images, (-1, -1), (1, 2)) if box == 65 else images), slices, poses


@pytest.mark.parametrize("name", ["64_centered", "64_shifted", "65", "65_centered", "65_shifted"])
def test_stacks(data, name):
    images, slices, _ = theirs_and_ours(data, name)
    ours = irfft2(slices, images.shape[-1])
    assert float(correlation(ours, images).min()) > 0.999
    assert float((ours * images).sum() / (images * images).sum()) == pytest.approx(1, abs=0.01)


def test_a_stack_that_is_off_centre_by_one_vector(data):
    """rln_proj_64: the same 3D vector, projected, explains the shift of every image."""
    images, slices, poses = theirs_and_ours(data, "64")

    def lack(vector):
        moved = shift2(slices, poses[:, :2] @ torch.as_tensor(vector, dtype=torch.float64), 64)
        return (1 - correlation(irfft2(moved, 64), images)).numpy()

    assert lack([0.0, 0.0, 0.0]).max() > 0.01
    fitted = least_squares(lack, [-0.1, -0.1, -0.1])
    assert lack(fitted.x).max() < 1e-3


@pytest.mark.relion
def test_relion_projects_as_we_do(tmp_path, relion):
    """A lopsided map that we write, poses that we write: relion_project's images are ours."""
    import subprocess

    import numpy as np

    from vitreous.maths.grids import offsets
    from vitreous.maths.rotations import random_rotations, to_euler

    line = offsets(48)
    z, y, x = torch.meshgrid(line, line, line, indexing="ij")
    volume = torch.zeros(48, 48, 48, dtype=torch.float64)
    for cx, cy, cz, sigma in ((4, -7, 10, 2.0), (-8, 3, -2, 2.5), (6, 8, -5, 1.6), (0, -3, -11, 2.2)):
        volume += torch.exp(-((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / (2 * sigma**2))
    mrc.write_volume(tmp_path / "map.mrc", volume.float().numpy(), pixel_size_A=2.0)
    poses = random_rotations(6, torch.Generator().manual_seed(0))
    rot, tilt, psi = (angle.numpy() for angle in to_euler(poses))
    shifts = np.random.default_rng(0).uniform(-6, 6, (2, 6))
    labels = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "rlnOriginXAngst", "rlnOriginYAngst"]
    columns = dict(zip(labels, (rot, tilt, psi, *shifts)))
    columns["rlnOpticsGroup"] = np.ones(6, int)
    optics = {
        "rlnOpticsGroup": [1],
        "rlnOpticsGroupName": ["one"],
        "rlnImagePixelSize": [2.0],
        "rlnImageSize": [48],
        "rlnVoltage": [300.0],
        "rlnSphericalAberration": [2.7],
        "rlnAmplitudeContrast": [0.1],
        "rlnImageDimensionality": [2],
    }
    from vitreous.files.star_blocks import StarFile, loop_block

    star.write(tmp_path / "poses.star", StarFile([loop_block("optics", optics), loop_block("particles", columns)]))
    command = [f"{relion}/relion_project", "--i", "map.mrc", "--o", "out", "--ang", "poses.star", "--angpix", "2.0"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    images = torch.from_numpy(mrc.read_stack(tmp_path / "out.mrcs")[0]).double()
    slices = shift2(project(prepare(volume), poses, 48, 48), -torch.from_numpy(shifts.T) / 2.0, 48)
    assert float(correlation(irfft2(slices, 48), images).min()) > 0.999
