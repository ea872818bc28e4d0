"""Optimiser files: RELION's lines, and ours beside them."""

import pytest

from vitreous.context import UserError
from vitreous.files import optimiser, star
from vitreous.files.star_blocks import StarFile, list_block


def test_values_override_the_plain_ones_and_ours_stand_beside(tmp_path):
    path = tmp_path / "run_it002_optimiser.star"
    optimiser.write(path, {"rlnRandomSeed": 7}, command="vitreous refine3d", own={"vitreousReach": 12})
    said = optimiser.read_ours(path)
    assert (said["rlnRandomSeed"], said["vitreousReach"]) == ("7", "12")
    assert "vitreousReach" not in optimiser.read(path)
    assert {**optimiser.read(path), "rlnRandomSeed": "0"} == {label: str(value) for label, value in optimiser.PLAIN.items()}
    assert path.read_text().splitlines()[0] == "# vitreous refine3d"


def test_a_file_of_another_program_lacks_ours(tmp_path):
    path = tmp_path / "o.star"
    star.write(path, StarFile([list_block("optimiser_general", {"rlnRandomSeed": 1})]))
    assert optimiser.read(path) == {"rlnRandomSeed": "1"}
    with pytest.raises(UserError, match="data_vitreous"):
        optimiser.read_ours(path)
