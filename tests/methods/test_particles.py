"""What methods take of a particle table."""

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.methods.particles import ctf_of, pixel_size_of
from vitreous.tables.table import Table

OPTICS = Table(
    {
        "optics_group": np.array([1, 2]),
        "voltage_kV": np.array([300.0, 200.0]),
        "cs_mm": np.array([2.7, 1.4]),
        "amplitude_contrast": np.array([0.1, 0.07]),
        "pixel_size_A": np.array([1.5, 1.500001]),
    },
    "optics",
)


def table(optics=OPTICS, **columns):
    return Table({"optics_group": np.array([2, 1, 2]), **columns}, "particles", optics)


def test_ctfs_take_rows_and_optics():
    found = ctf_of(table(defocus_u_A=np.array([1.0, 2.0, 3.0]), defocus_v_A=np.array([0.5, 1.5, 2.5]), phase_shift_deg=[9, 0, 0]))
    assert found.voltage_kV.tolist() == [200, 300, 200] and found.cs_mm.tolist() == [1.4, 2.7, 1.4]
    assert found.defocus_v_A.tolist() == [0.5, 1.5, 2.5]
    assert found.phase_shift_deg.tolist() == [9, 0, 0]
    assert found.scale.tolist() == [1, 1, 1] and found.bfactor_A2.tolist() == [0, 0, 0]


def test_without_v_the_defocus_is_round_and_without_any_there_is_no_ctf():
    found = ctf_of(table(defocus_u_A=np.array([1.0, 2.0, 3.0])))
    assert found.defocus_v_A.tolist() == [1, 2, 3]
    assert ctf_of(table()) is None


def test_one_pixel_size_is_wanted():
    assert pixel_size_of(table()) == pytest.approx(1.5, abs=1e-5)
    with pytest.raises(UserError, match=r"p\.star holds images of several pixel sizes \(1\.5, 2 Å\)"):
        pixel_size_of(table(OPTICS.with_(pixel_size_A=[1.5, 2.0])), "p.star")
    with pytest.raises(UserError, match="holds no particles"):
        pixel_size_of(table().select([]))
