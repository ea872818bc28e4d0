"""The terms of an optics table in our reconstruction and in relion_reconstruct: distortion, aberrations, premultiplied images."""

import subprocess

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.files import mrc, star
from vitreous.maths.ctf import ctf2d
from vitreous.maths.fourier import irfft2, rfft2
from vitreous.maths.masks import sphere
from vitreous.maths.rotations import random_rotations, to_euler
from vitreous.methods.particles import ctf_of
from vitreous.methods.reconstruction.particles import from_table
from vitreous.methods.reconstruction.settings import Reconstruction
from vitreous.methods.reconstruction.wiener import masked_fsc, reconstruct_particles, sphere_mask
from vitreous.tables.table import Table

pytestmark = pytest.mark.relion
BOX, PIXEL_A, COUNT = 48, 2.0, 400
MATRIX = {"mag_matrix_00": 1.03, "mag_matrix_01": 0.02, "mag_matrix_10": -0.01, "mag_matrix_11": 0.97}
EVEN = {"even_zernike": "[0.3,40,-20,25,800,-500,1500,400,-700]"}
ODD = {"odd_zernike": "[3,-2,90,0,0,-80]"}  # with a beam tilt, theirs takes the place of the terms (3, -1) and (3, 1)
TILT = {"beam_tilt_x_mrad": 0.8, "beam_tilt_y_mrad": -0.5}


def particles(folder, *, voltage_kV=(300.0, 200.0), **optics):
    """Images of noise inside a disc, at random poses and shifts: whatever is done to them shows in the map."""
    folder.mkdir(exist_ok=True)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(COUNT, BOX, BOX, generator=generator) * sphere(BOX, 14, 4)[BOX // 2]
    mrc.write_stack(folder / "all.mrcs", images.numpy(), pixel_size_A=PIXEL_A)
    rot, tilt, psi = (angle.numpy() for angle in to_euler(random_rotations(COUNT, generator)))
    shifts = (torch.rand(COUNT, 2, generator=generator, dtype=torch.float64) - 0.5) * 16
    defocus = np.linspace(9000, 16000, COUNT)
    rows = {
        "image": np.array([f"{i + 1:06d}@all.mrcs" for i in range(COUNT)], dtype=object),
        "rot_deg": rot,
        "tilt_deg": tilt,
        "psi_deg": psi,
        "origin_x_A": shifts[:, 0].numpy(),
        "origin_y_A": shifts[:, 1].numpy(),
        "defocus_u_A": defocus,
        "defocus_v_A": defocus - 800,
        "defocus_angle_deg": np.linspace(0, 170, COUNT),
        "optics_group": np.arange(COUNT) % 2 + 1,
        "half": np.arange(COUNT) // 2 % 2 + 1,
    }
    group = {
        "optics_group_name": np.array(["one", "two"], dtype=object),
        "optics_group": [1, 2],
        "voltage_kV": list(voltage_kV),
        "cs_mm": [2.7, 2.0],
        "amplitude_contrast": [0.1, 0.07],
        "pixel_size_A": [PIXEL_A] * 2,
        "box": [BOX] * 2,
        "dimensions": [2, 2],
    }
    group |= {name: np.array([value, value], object if isinstance(value, str) else None) for name, value in optics.items()}
    table = Table(rows, "particles", Table(group, "optics"))
    star.write_table(folder / "all.star", table)
    return table, images.numpy()


def relions(relion, folder, *options):
    """RELION's map of the particles without gridding iterations."""
    command = [f"{relion}/relion_reconstruct", "--i", "all.star", "--o", "theirs.mrc", "--pad", "2", "--skip_gridding"]
    done = subprocess.run([*command, *options], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return torch.from_numpy(mrc.read_volume(folder / "theirs.mrc")[0])


def ours(table, images, **settings):
    posed = from_table(table, InMemory(images), name="all.star")
    return reconstruct_particles(posed, Reconstruction(gridding=0, wiener=False, **settings)).volume


def agreement(one, other):
    """The least FSC of two maps from shell 2 to 0.9 of Nyquist, inside 0.7 of the box."""
    return float(masked_fsc(one, other, sphere_mask(BOX, PIXEL_A, 0.7 * BOX * PIXEL_A))[2 : int(0.9 * BOX / 2) + 1].min())


@pytest.mark.parametrize(
    "optics", [{}, EVEN, ODD, TILT, {**ODD, **TILT}, MATRIX, {**EVEN, **ODD, **TILT, **MATRIX}],
    ids=["none", "even", "odd", "tilt", "odd and tilt", "magnification", "all"],
)  # fmt: skip
def test_maps_agree(relion, tmp_path, optics):
    table, images = particles(tmp_path, **optics)
    theirs = relions(relion, tmp_path, "--ctf")
    assert agreement(theirs, ours(table, images)) > 0.99
    if optics:
        plain, _ = particles(tmp_path / "plain")
        assert agreement(theirs, ours(plain, images)) < 0.97


def test_premultiplied_images(relion, tmp_path):
    table, images = particles(tmp_path, ctf_premultiplied=1, **EVEN)
    ctf = ctf_of(table)
    assert ctf is not None
    images = irfft2(rfft2(torch.from_numpy(images)) * ctf2d(ctf, BOX, PIXEL_A), BOX).numpy()
    mrc.write_stack(tmp_path / "all.mrcs", images, pixel_size_A=PIXEL_A)
    assert agreement(relions(relion, tmp_path, "--ctf"), ours(table, images)) > 0.99


@pytest.mark.parametrize("reverse", [False, True], ids=["as it is", "reversed"])
@pytest.mark.parametrize("optics", [{}, EVEN, {**ODD, **MATRIX}], ids=["ideal", "even", "odd and magnification"])
def test_the_ewald_sphere(relion, tmp_path, optics, reverse):
    """At 20 kV, where it bends by voxels in so small a box. RELION leaves even terms out of the weights, and works in sectors."""
    table, images = particles(tmp_path, voltage_kV=(20.0, 20.0), **optics)
    options = ["--ctf", "--ewald", "--mask_diameter", "60", "--sectors", "2", *(["--reverse_curvature"] if reverse else [])]
    theirs = relions(relion, tmp_path, *options)
    settings = {"ewald": True, "ewald_diameter_A": 60.0}
    assert agreement(theirs, ours(table, images, **settings, reverse_curvature=reverse)) > 0.98
    assert agreement(theirs, ours(table, images, **settings, reverse_curvature=not reverse)) < 0.95
