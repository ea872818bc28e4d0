"""Particle tables as poses and CTFs."""

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.context import UserError
from vitreous.maths.rotations import from_euler
from vitreous.methods.reconstruction.particles import from_table, random_halves
from vitreous.tables.table import Table


def table(count=3, optics=None, **columns):
    said = {
        "rot_deg": np.arange(count) * 10.0,
        "tilt_deg": np.full(count, 30.0),
        "psi_deg": np.full(count, -20.0),
        "origin_x_A": np.arange(count) * 1.0,
        "origin_y_A": np.zeros(count),
        "defocus_u_A": np.full(count, 12000.0),
        "defocus_v_A": np.full(count, 11000.0),
        "defocus_angle_deg": np.full(count, 45.0),
        "optics_group": np.ones(count, int),
        **columns,
    }
    group = {
        "optics_group": [1],
        "pixel_size_A": [1.5],
        "voltage_kV": [200.0],
        "cs_mm": [1.4],
        "amplitude_contrast": [0.07],
        **(optics or {}),
    }
    return Table({k: v for k, v in said.items() if v is not None}, "particles", Table(group, "optics"))


def read(made):
    return from_table(made, InMemory(np.zeros((len(made), 8, 8))), name="p.star", seed=1)


def test_values_arrive():
    got = read(table(half=np.array([1, 2, 1])))
    torch.testing.assert_close(got.rotations[1], from_euler(10.0, 30.0, -20.0))
    assert got.shifts_A.tolist() == [[0, 0], [1, 0], [2, 0]] and got.half.tolist() == [1, 2, 1]
    assert got.pixel_size_A == 1.5 and not got.premultiplied and got.optics[0].ideal
    assert got.ctf is not None and got.ctf.voltage_kV.tolist() == [200.0] * 3 and got.ctf.defocus_v_A[0] == 11000


def test_what_is_missing_has_its_neutral_value():
    got = read(table(origin_x_A=None, origin_y_A=None, defocus_u_A=None))
    assert got.ctf is None and not got.shifts_A.any()
    assert sorted(got.half.tolist()) in ([1, 1, 2], [1, 2, 2])


def test_what_the_optics_say():
    said = {"beam_tilt_x_mrad": [0.5], "beam_tilt_y_mrad": [0.0], "ctf_premultiplied": [True], "even_zernike": ["[0,0.1]"]}
    got = read(table(optics=said))
    assert got.optics[0].tilt_mrad == (0.5, 0.0) and got.group_of(torch.arange(3)).tolist() == [0, 0, 0] and got.premultiplied
    assert got.ctf is not None and got.ctf.even_zernike.tolist() == [[0.0, 0.1]] * 3


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"rot_deg": None}, "rlnAngleRot"),
        ({"psi_deg": np.array([0.0, np.nan, 0.0])}, "particle 2"),
        ({"count": 0}, "no particles"),
        ({"optics": {"odd_zernike": ["[0,much]"]}}, "rlnOddZernike holds"),
        ({"optics": {"mag_matrix_00": [0.1]}}, "magnification matrix"),
    ],
)
def test_bad_tables(wrong, sentence):
    with pytest.raises(UserError, match=sentence):
        read(table(**wrong))


def test_two_pixel_sizes_are_refused():
    made = table(
        2,
        {
            "optics_group": [1, 2],
            "pixel_size_A": [1.5, 1.4],
            "voltage_kV": [200.0] * 2,
            "cs_mm": [1.4] * 2,
            "amplitude_contrast": [0.1] * 2,
        },
        optics_group=np.array([1, 2]),
    )
    with pytest.raises(UserError, match=r"1\.4, 1\.5"):
        read(made)


def test_random_halves_are_even_and_repeat():
    half = random_halves(101, 3)
    assert abs(int((half == 1).sum()) - int((half == 2).sum())) <= 1
    assert half.tolist() == random_halves(101, 3).tolist() != random_halves(101, 4).tolist()
