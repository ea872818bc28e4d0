import re
from collections import Counter
from pathlib import Path

import pytest

from vitreous.files import star
from vitreous.tables.columns import BY_LABEL, BY_NAME, COLUMNS, label_of, name_of
from vitreous.tables.page import page


def test_names_and_labels_are_used_once() -> None:
    for attribute in ("name", "label"):
        counts = Counter(getattr(column, attribute) for column in COLUMNS)
        assert [value for value, count in counts.items() if count > 1] == []
    assert len(BY_LABEL) == len(BY_NAME) == len(COLUMNS)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_each_column_has_its_words(column) -> None:
    assert re.fullmatch(r"rln[A-Z0-9]\w+", column.label)
    assert re.fullmatch(r"[a-z][A-Za-z0-9_]+", column.name)
    assert len(column.meaning) > 4
    assert column.type in ("float", "int", "bool", "str", "vector")
    ending = {"Å": "_A", "°": "_deg", "kV": "_kV", "mm": "_mm", "mrad": "_mrad", "px": "_px", "e/Å2": "_e_A2", "Å2": "_A2"}
    ending |= {"1/Å": "_1_A", "1/px": "_1_px", "1/Å2": "_1_A2"}
    fits = [unit for unit, text in ending.items() if column.name.endswith(text)]
    assert not fits or column.unit in fits


def test_unknown_labels_are_their_own_names() -> None:
    assert name_of("rlnAngleRot") == "rot_deg"
    assert label_of("rot_deg") == "rlnAngleRot"
    assert name_of("wrpSomething") == label_of("wrpSomething") == "wrpSomething"


def test_the_page_is_not_stale() -> None:
    stored = Path(__file__).parents[2] / "docs" / "columns.md"
    assert stored.read_text(encoding="utf-8") == page(), "run python docs/make_columns.py"


@pytest.mark.data
def test_every_label_of_the_peers_files_is_known(data: Path) -> None:
    """Labels of single-particle work; those of tomography are carried through as they stand."""
    unknown = set()
    paths = list(data.rglob("*.star"))
    assert len(paths) > 30
    for path in paths:
        for block in star.read(path):
            labels = block.columns if block.loop else block.values
            unknown |= {label for label in labels if label.startswith("rln") and label not in BY_LABEL}
    assert {label for label in unknown if "Tomo" not in label} == set()
