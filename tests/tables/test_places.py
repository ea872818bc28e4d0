"""Where files made from a micrograph go inside another job's folder."""

import pytest

from vitreous.tables.places import below_job, without_suffix


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("MotionCorr/job002/Movies/a.mrc", "Movies/a.mrc"),
        ("MotionCorr/job1234/a.mrc", "a.mrc"),
        ("Micrographs/a.mrc", "Micrographs/a.mrc"),
        ("deep/MotionCorr/job002/a.mrc", "deep/MotionCorr/job002/a.mrc"),
        ("/data/day/a.mrc", "data/day/a.mrc"),
        ("../../other/./a.mrc", "other/a.mrc"),
        ("a.mrc", "a.mrc"),
    ],
)
def test_the_path_below_the_job_that_made_it(path, place):
    assert below_job(path) == place


def test_only_the_last_suffix_goes():
    assert without_suffix("Movies/a.b.mrc") == "Movies/a.b"
    assert without_suffix("x.y/plain") == "x.y/plain"
