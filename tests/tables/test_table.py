import pickle

import numpy as np
import pytest

from vitreous.tables.table import Table, concatenate, from_rows


def particles() -> Table:
    optics = Table({"optics_group": [2, 1], "voltage_kV": [200.0, 300.0]}, "optics")
    columns = {"image": ["1@a", "2@a", "1@b"], "optics_group": [1, 2, 1], "rot_deg": [30.0, 10.0, 20.0]}
    return Table(columns, "particles", optics, extra=("kept",))


def test_columns_are_arrays_of_one_length() -> None:
    table = particles()
    assert len(table) == 3
    assert list(table) == ["image", "optics_group", "rot_deg"]
    assert table["image"].dtype == object
    assert "rot_deg" in table
    assert "tilt_deg" not in table
    with pytest.raises(ValueError, match="different lengths"):
        Table({"a": [1, 2], "b": [1]})
    with pytest.raises(ValueError, match="one value a row"):
        Table({"a": np.zeros((2, 2))})
    with pytest.raises(KeyError, match="no column 'tilt_deg'; it has image"):
        _ = table["tilt_deg"]


def test_a_change_is_a_new_table() -> None:
    table = particles()
    changed = table.with_(rot_deg=0.0, half=[1, 2, 1]).without("image").renamed(half="class_number")
    assert list(changed) == ["optics_group", "rot_deg", "class_number"]
    assert changed["rot_deg"].tolist() == [0, 0, 0]
    assert table["rot_deg"].tolist() == [30, 10, 20]
    assert (changed.kind, changed.extra) == ("particles", ("kept",))
    with pytest.raises(TypeError):
        table.columns["x"] = np.zeros(3)  # type: ignore[index]


def test_rows_are_picked_sorted_and_split() -> None:
    table = particles()
    assert table.select(table["rot_deg"] > 15)["image"].tolist() == ["1@a", "1@b"]
    assert table.select([2, 0, 0])["rot_deg"].tolist() == [20, 30, 30]
    assert len(table.select([])) == 0
    assert table.sorted_by("rot_deg")["rot_deg"].tolist() == [10, 20, 30]
    assert {k: v.tolist() for k, v in table.split_by("optics_group").items()} == {1: [0, 2], 2: [1]}
    assert table.get("half", 1).tolist() == [1, 1, 1]


def test_optics_are_spread_over_the_rows() -> None:
    table = particles()
    assert table.optics_column("voltage_kV").tolist() == [300, 200, 300]
    assert table.with_(voltage_kV=[1.0, 2.0, 3.0]).optics_column("voltage_kV").tolist() == [1, 2, 3]
    with pytest.raises(KeyError):
        table.with_optics(None).optics_column("voltage_kV")


def test_rows_are_plain_values_and_tables_travel() -> None:
    table = particles()
    assert table.row(1) == {"image": "2@a", "optics_group": 2, "rot_deg": 10.0}
    assert type(table.row(1)["optics_group"]) is int
    again = pickle.loads(pickle.dumps(table))
    assert list(again.rows()) == list(table.rows())
    assert again.optics["voltage_kV"].tolist() == [200, 300]
    assert list(from_rows(table.rows(), "particles").rows()) == list(table.rows())


def test_tables_are_put_under_each_other() -> None:
    table = particles()
    both = concatenate([table, table.without("rot_deg"), Table({})])
    assert list(both) == ["image", "optics_group"]
    assert len(both) == 6
    with pytest.raises(ValueError, match="nothing"):
        concatenate([])
