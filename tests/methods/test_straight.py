"""Images straightened: a distortion and odd aberrations of a known specimen are taken off; poor images pass through."""

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.maths.aberrations import beam_tilt_phase, odd_phase, phase_factor
from vitreous.maths.fourier import irfft2, rfft2
from vitreous.maths.grids import indices2
from vitreous.maths.rotations import random_rotations
from vitreous.methods.straight import Straightened, optics_of, straightened
from vitreous.tables.table import Table

BOX, PIXEL_A = 48, 1.5
MATRIX = np.array([[1.012, 0.006], [-0.004, 0.985]])
ODD = (0.0, 0.0, 12.0, -9.0, 6.0, 3.0)
TILT = (0.3, -0.2)


def table(count, **optics):
    """Rows of two optics groups, of which the second has these terms."""
    plain = {"beam_tilt_x_mrad": 0.0, "beam_tilt_y_mrad": 0.0, "odd_zernike": "[0,0,0,0,0,0]"}
    plain |= {"mag_matrix_00": 1.0, "mag_matrix_01": 0.0, "mag_matrix_10": 0.0, "mag_matrix_11": 1.0}
    known = {"optics_group": [1, 2], "voltage_kV": [300.0] * 2, "cs_mm": [2.7] * 2, "pixel_size_A": [PIXEL_A] * 2}
    known |= {name: [plain[name], value] for name, value in optics.items()}
    rows = {"optics_group": np.arange(count) % 2 + 1}
    return Table(rows, "particles", Table({name: np.array(v) for name, v in known.items()}, "optics"))


def matrix_columns(matrix=MATRIX):
    return {f"mag_matrix_{i}{j}": matrix[i, j] for i in range(2) for j in range(2)}


@pytest.fixture(scope="module")
def recorded(specimen):
    """Images of four poses, as ideal optics and as the second group record them, off centre by origins (px)."""
    blobs = specimen(BOX, 3, reach=0.2)
    turns = random_rotations(4, torch.Generator().manual_seed(1)).numpy()
    origins = np.array([[0.0, 0.0], [1.0, -2.0], [-1.5, 0.5], [2.0, 2.0]])
    index = np.stack([k.expand(BOX, BOX // 2 + 1).numpy() for k in indices2(BOX)], -1).reshape(-1, 2)
    tilted = index @ MATRIX.T

    def images(at, phase):
        ft = np.stack([blobs.slice(turn, at) for turn in turns]) * phase
        ft = torch.from_numpy(ft * np.exp(2j * np.pi / BOX * (index @ origins.T).T)).reshape(4, BOX, -1)
        return irfft2(ft, BOX).numpy().astype(np.float32)

    kx, ky = torch.from_numpy((tilted / (BOX * PIXEL_A)).T.copy())
    phase = odd_phase(kx, ky, ODD) + beam_tilt_phase(kx, ky, tilt_mrad=TILT, voltage_kV=300.0, cs_mm=2.7)
    return blobs, turns, origins, images(index, 1.0), images(tilted, phase_factor(phase).numpy())


def test_what_the_optics_did_is_taken_off(recorded):
    blobs, turns, origins, ideal, distorted = recorded
    optics = {**matrix_columns(), "odd_zernike": str(list(ODD)), "beam_tilt_x_mrad": TILT[0], "beam_tilt_y_mrad": TILT[1]}
    made = straightened(InMemory(distorted), table(4, **optics), PIXEL_A)
    assert isinstance(made, Straightened)
    moved = made.straight(origins)
    got = made.read(np.arange(4))[1::2]
    want = blobs.images(turns, moved)[1::2]
    scale = np.abs(want).max()
    assert np.abs(distorted[1::2] - ideal[1::2]).max() > 0.1 * scale
    assert np.abs(got - want).max() < 5e-3 * scale
    np.testing.assert_array_equal(made.read(np.arange(4))[::2], distorted[::2])  # the first group is ideal
    np.testing.assert_allclose(made.recorded(moved), origins, atol=1e-12)


def test_a_table_of_ideal_optics_leaves_the_source_alone(recorded):
    source = InMemory(recorded[3])
    assert straightened(source, table(4), PIXEL_A) is source
    assert straightened(source, table(4, odd_zernike="[0,0,0,0,0,0]"), PIXEL_A) is source


def test_rows_of_one_setting_share_a_group():
    groups, member = optics_of(table(6, beam_tilt_x_mrad=0.1))
    assert len(groups) == 2 and member.tolist() == [0, 1, 0, 1, 0, 1]


def test_empty_and_broken_images_come_as_they_are():
    images = np.random.default_rng(0).normal(size=(6, BOX, BOX)).astype(np.float32)
    images[1], images[3, 2, 2] = 0.0, np.nan
    made = straightened(InMemory(images), table(6, **matrix_columns(), odd_zernike=str(list(ODD))), PIXEL_A)
    got = made.read(np.arange(6))
    np.testing.assert_array_equal(got[[1, 3]], images[[1, 3]])
    assert np.abs(got[5] - images[5]).max() > 0.1


def test_an_odd_phase_alone_keeps_every_amplitude():
    images = np.random.default_rng(1).normal(size=(2, BOX, BOX)).astype(np.float32)
    got = straightened(InMemory(images), table(2, odd_zernike=str(list(ODD))), PIXEL_A).read([0, 1])
    before, after = (rfft2(torch.from_numpy(x))[1].abs() for x in (images, got))
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-3)
