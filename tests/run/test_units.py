import pytest

from vitreous.context import UserError
from vitreous.job.declare import Unit
from vitreous.run.runner import run
from vitreous.run.units import Listing, checked, input_stamp


def test_a_key_that_comes_twice_is_an_error():
    with pytest.raises(UserError, match="x stands twice"):
        checked([Unit("x"), Unit("y"), Unit("x")])


def test_a_record_whose_file_is_gone_does_not_count(tmp_path):
    there = tmp_path / "a.mrcs"
    there.touch()
    assert not Listing(tmp_path).lacks({"n": 3, "x": f"000001@{there}", "y": f"{there}:mrc", "z": "elsewhere/b.mrc"})
    there.unlink()
    for value in (f"000001@{there}", f"{there}:mrc", str(there)):
        assert Listing(tmp_path).lacks({"x": value})


def test_one_unit_is_done_again_when_its_input_is_new_or_its_output_gone(toys, tmp_path):
    listing = tmp_path / "list.txt"
    listing.write_text("a 1\n")
    job, folder = toys.ToyMap(listing=str(listing)), tmp_path / "out"
    assert [run(job, folder, quiet=True).did for _ in range(2)] == [1, 0]
    stamp = input_stamp(job)
    listing.touch()
    assert input_stamp(job) != stamp
    assert run(job, folder, quiet=True).did == 1
    (folder / "table.json").unlink()
    assert run(job, folder, quiet=True).did == 1
