"""Paths in the text of STAR files."""

import pytest

from vitreous.files.path_text import Prefix, outward

TABLE = b"""
# version 30001
# by /usr/bin/relion_refine --o x

data_particles

loop_
_rlnImageName #1
_rlnMicrographName #2
_rlnRatio #3
000001@/data/a/m1.mrcs MotionCorr/job002/m1.mrc 1/2
000002@/data/a/m1.mrcs "/data/my movies/m1.mrc"   0.500000
000003@Extract/job004/data/a/m1.mrcs ../raw/m2.mrc  3
  4@../raw/s.mrcs '/data/ab/x.mrc' /data/abc
"""


def test_what_leads_outward_is_found_once_and_nothing_else():
    assert outward(TABLE) == {
        "/data/a/m1.mrcs",
        "/data/my movies/m1.mrc",
        "../raw/m2.mrc",
        "../raw/s.mrcs",
        "/data/ab/x.mrc",
        "/data/abc",
    }
    assert outward(b"data_\n\n_rlnA Extract/job001/x.star\n_rlnB 1/2\n_rlnC /\n") == set()
    assert outward(b"fn_in == /data/run x.star\n") == {"/data/run"}
    assert outward(b'"--ref /data/ref.mrc --j 1"\n') == {"/data/ref.mrc"}


@pytest.mark.parametrize(
    ("old", "new", "line", "after", "count"),
    [
        (
            "/data/a",
            "/scratch/b",
            b"1@/data/a/m.mrcs  /data/ab/m.mrc /x/data/a/y",
            b"1@/scratch/b/m.mrcs  /data/ab/m.mrc /x/data/a/y",
            1,
        ),
        ("/data/a", "/b", b"\"/data/a/my movies/x\" '/data/a'\n/data/a", b"\"/b/my movies/x\" '/b'\n/b", 3),
        ("/old/P", "", b"2@/old/P/Extract/x.mrcs /old/P /old/P2/y", b"2@Extract/x.mrcs . /old/P2/y", 2),
        ("../raw", "../../raw2", b"../raw/x ../../raw/x A/../raw/x", b"../../raw2/x ../../raw/x A/../raw/x", 1),
        ("/a", "/b", b"/a/a /a/aa/a", b"/b/a /b/aa/a", 2),
        ("/a", "/b", b"/aa/x x/a 1.5   0.25\n", b"/aa/x x/a 1.5   0.25\n", 0),
        ("/d\xe4ta", "/\xfc", "1@/d\xe4ta/m".encode(), "1@/\xfc/m".encode(), 1),
    ],
)
def test_a_beginning_is_changed_and_every_other_byte_stays(old, new, line, after, count):
    assert Prefix(old, new).contents(line) == (after, count)


def test_in_plain_values_too():
    change = Prefix("/old/P", "")
    assert change.values({"a": ["3@/old/P/x", "/old/P", 1.5, None], "/old/P": "/old/P2/x"}) == {
        "a": ["3@x", ".", 1.5, None],
        "/old/P": "/old/P2/x",
    }
    assert Prefix("/old", "/new").path("2@/old/x") == "2@/new/x"
