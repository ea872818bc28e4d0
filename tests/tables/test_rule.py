"""Rules in words: what they choose, and that everything else ends in a sentence."""

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.tables import rule
from vitreous.tables.table import Table

OPTICS = Table({"optics_group": [1, 2], "voltage_kV": [300.0, 200.0]}, "optics")
TABLE = Table(
    {
        "micrograph": np.array(["a b.mrc", "foil_2.mrc", "foil_3.mrc", "c.mrc"], object),
        "defocus_u_A": [15000.0, 25000.0, np.nan, 21000.0],
        "class_number": [1, 2, 3, 3],
        "optics_group": [1, 1, 2, 2],
        "helical_tube": [0, 0, 0, 0],
    },
    "particles",
    OPTICS,
)


@pytest.mark.parametrize(
    "text, kept",
    [
        ("", [0, 1, 2, 3]),
        ("defocus > 20000", [1, 3]),
        ("rlnDefocusU>=21000 and class in 1,3", [3]),
        ("_rlnClassNumber = 3", [2, 3]),
        ("DefocusU < 2e4", [0]),
        ("class not in (1, 2)", [2, 3]),
        ("not class = 3 or defocus > 20500", [0, 1, 3]),
        ("not (class = 3 or defocus > 20500)", [0]),
        ("14000 < defocus <= 21000", [0, 3]),
        ("2 ≤ class", [1, 2, 3]),
        ("micrograph contains foil", [1, 2]),
        ('micrograph = "a b.mrc"', [0]),
        ("foil_3", [2]),
        ("voltage = 200", [2, 3]),
        ("row <= 2", [0, 1]),
    ],
)
def test_a_rule_chooses(text, kept):
    assert np.flatnonzero(rule.rows(TABLE, text)).tolist() == kept


@pytest.mark.parametrize(
    "text, words",
    [
        ("defocus >", "a value should stand"),
        ("nonsense > 3", "no column nonsense"),
        ("micrograph > 3", "holds text"),
        ("class = good", "'good' is none"),
        ("(class = 1", "closing bracket"),
        ("class = 1 class = 2", "join conditions"),
        ("class like 3", "write one of"),
        ("> 3", "where a column should stand"),
        ("__import__('os').system('true')", "filter"),
        ("c" * 3000, "at most"),
        ("(" * 100 + "class = 1", "too many brackets"),
        ("not " * 100 + "class = 1", "too many brackets"),
        ("class ; 3", "write one of"),
        ("class ! 3", "not understood"),
    ],
)
def test_what_is_no_rule_ends_in_a_sentence(text, words):
    with pytest.raises(UserError, match=words):
        rule.rows(TABLE, text)


def test_a_word_that_may_be_two_columns_is_asked_about():
    table = Table({"origin_x_A": [0.0], "origin_y_A": [0.0]})
    with pytest.raises(UserError, match="origin_x_A or origin_y_A"):
        rule.rows(table, "origin > 1")
