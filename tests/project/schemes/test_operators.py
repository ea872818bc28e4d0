from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.project.schemes import operators
from vitreous.project.schemes.model import Operator, Variable

FLOATS = {"f": 7.25, "two": 2.0, "one": 1.0, "zero": 0.0, "minus": -1.0, "half": 2.5, "low": -2.5, "out": -77.0}
BOOLS = {"yes": True, "no": False, "flag": False}
STRINGS = {
    "parts": "parts.star", "kind": "particles", "none": "nofile.star", "words": "aa,bb,cc", "nothing": "undefined",
    "defocus": "t.star,a,rlnDefocusU", "group": "t.star,a,_rlnGroupNumber", "name": "t.star,a,rlnMicrographName",
    "mask": "t.star,a,rlnDoZeroMask", "single": "t.star,b,rlnDefocusU", "path": "a/b/c.d", "slash": "/", "dash": "-",
    "texts": "x*.txt", "zeds": "z*.txt", "text": "",
}  # fmt: skip


@pytest.fixture
def scheme(build):
    return build("s", {**FLOATS, **BOOLS, **STRINGS}).read()


def done(scheme, kind, *inputs):
    """What an operator makes of its output."""
    output = {"float": "out", "bool": "flag", "string": "text"}[kind.partition("=")[0]]
    scheme.operators["o"] = Operator("o", kind, output, *inputs)
    assert operators.faults(scheme) == []
    operators.perform(scheme, scheme.operators["o"], Path())
    return scheme.variables[output].value


@pytest.mark.parametrize(
    "kind, inputs, value",
    [
        ("float=set", ["f"], 7.25),
        ("float=plus", ["f", "two"], 9.25),
        ("float=plus", ["f", "3.5"], 10.75),
        ("float=minus", ["f", "two"], 5.25),
        ("float=mult", ["f", "two"], 14.5),
        ("float=divide", ["f", "two"], 3.625),
        ("float=round", ["half"], 3),
        ("float=round", ["low"], -3),
        ("float=round", ["f"], 7),
        ("float=count_images", ["parts", "kind"], 3),
        ("float=count_words", ["words"], 3),
        ("float=count_words", ["nothing"], 0),
        ("float=read_star", ["defocus", "zero"], 30.5),
        ("float=read_star", ["defocus", "two"], 20.125),
        ("float=read_star", ["single"], 4.75),
        ("float=star_table_max", ["defocus"], 30.5),
        ("float=star_table_min", ["defocus"], 10.25),
        ("float=star_table_avg", ["defocus"], pytest.approx(20.2916667)),
        ("float=star_table_max_idx", ["defocus"], 0),
        ("float=star_table_min_idx", ["defocus"], 1),
        ("float=star_table_sort_idx", ["defocus", "one"], 1),
        ("float=star_table_sort_idx", ["defocus", "two"], 2),
        ("float=star_table_sort_idx", ["defocus", "minus"], 0),
        ("float=star_table_max", ["group"], 9),
        ("bool=set", ["yes"], True),
        ("bool=and", ["yes", "no"], False),
        ("bool=or", ["yes", "no"], True),
        ("bool=not", ["no"], True),
        ("bool=gt", ["f", "two"], True),
        ("bool=lt", ["f", "two"], False),
        ("bool=ge", ["two", "two"], True),
        ("bool=le", ["two", "two"], True),
        ("bool=eq", ["two", "2"], True),
        ("bool=eq", ["two", "f"], False),
        ("bool=file_exists", ["parts"], True),
        ("bool=file_exists", ["none"], False),
        ("bool=read_star", ["mask", "zero"], True),
        ("bool=read_star", ["mask", "one"], False),
        ("string=set", ["path"], "a/b/c.d"),
        ("string=join", ["words", "path"], "aa,bb,cca/b/c.d"),
        ("string=before_first", ["path", "slash"], "a"),
        ("string=after_first", ["path", "slash"], "b/c.d"),
        ("string=before_last", ["path", "slash"], "a/b"),
        ("string=after_last", ["path", "slash"], "c.d"),
        ("string=before_first", ["path", "dash"], "a/b/c.d"),
        ("string=after_last", ["path", "dash"], "a/b/c.d"),
        ("string=read_star", ["name", "one"], "a.mrc"),
        ("string=glob", ["texts"], "x1.txt,x2.txt"),
        ("string=glob", ["zeds"], "undefined"),
        ("string=nth_word", ["words", "one"], "aa"),
        ("string=nth_word", ["words", "minus"], "cc"),
        ("string=nth_word", ["words", "f"], "undefined"),
    ],
)
def test_each_operator(scheme, kind, inputs, value):
    assert done(scheme, kind, *inputs) == value


def test_every_type_is_tried():
    tried = {case[0] for mark in test_each_operator.pytestmark for case in mark.args[1]}
    assert tried == set(operators.WORKERS)


def test_files_are_touched_copied_moved_and_deleted(scheme, project):
    scheme.variables |= {
        name: Variable(value, value)
        for name, value in {"new": "made/new.txt", "wild": "x*.txt", "folder": "copies/", "goal": "deep/down/y.txt"}.items()
    }
    root = project.layout.root

    def act(kind, *inputs):
        return operators.perform(scheme, Operator("o", kind, "undefined", *inputs), root)

    assert act("touch_file", "new") == "touched made/new.txt"
    assert act("copy_file", "wild", "folder") == "copied x1.txt, x2.txt to copies/"
    assert (root / "copies/x2.txt").read_text() == "2" and (root / "x2.txt").exists()
    scheme.variables["one_file"] = Variable("y3.txt", "")
    assert act("move_file", "one_file", "goal") == "moved y3.txt to deep/down/y.txt"
    assert not (root / "y3.txt").exists() and (root / "deep/down/y.txt").read_text() == "3"
    assert act("delete_file", "wild") == "deleted x1.txt, x2.txt (x*.txt)"
    assert act("delete_file", "wild") == "deleted nothing (x*.txt)"
    with pytest.raises(UserError, match=r"there is no file y3.txt to move"):
        act("move_file", "one_file", "goal")


@pytest.mark.parametrize(
    "kind, inputs, sentence",
    [
        ("float=count_images", ["none", "kind"], "there is no file nofile.star"),
        ("float=divide", ["f", "zero"], "divides by zero, which is 0"),
        ("float=plus", ["f", "yes"], "input2 of the operator o .* is the bool yes, but must be a float"),
        ("float=plus", ["f", "unknown"], "no variable 'unknown'"),
        ("float=star_table_max", ["name"], "does not hold numbers"),
        ("float=star_table_sort_idx", ["defocus", "f"], "rank 7 is asked for, but there are 3 values"),
        ("float=read_star", ["defocus", "f"], "row 7 is asked for"),
        ("float=read_star", ["path"], "does not name a column"),
        ("bool=read_star", ["defocus", "zero"], "must be true or false"),
    ],
)
def test_what_cannot_be_is_said(scheme, kind, inputs, sentence):
    with pytest.raises(UserError, match=sentence):
        done(scheme, kind, *inputs)


def test_wrong_types_are_found_before_the_run(scheme):
    scheme.operators["o"] = Operator("o", "float=plus", "flag", "f", "two")
    scheme.operators["p"] = Operator("p", "float=root", "out", "f")
    first, second = operators.faults(scheme)
    assert "the operator o gives a float, but its output 'flag' is none" in first
    assert "'float=root'" in second
