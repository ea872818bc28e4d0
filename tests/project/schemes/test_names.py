from dataclasses import replace

import pytest

from vitreous.context import UserError
from vitreous.project.schemes import scheme_file
from vitreous.project.schemes.model import as_text, guessed
from vitreous.project.schemes.names import resolved, with_jobs, with_values

VARIABLES = {"do": True, "do_log": False, "n": 50.0, "x": 0.1234567891, "big": 1234567.0, "path": "a/b.star", "small": 1.25e-5}


@pytest.mark.parametrize(
    "text, value",
    [
        ("$$do", "Yes"),
        ("$$do_log", "No"),
        ("--do_at_most $$n", "--do_at_most 50"),
        ("$$x and $$small", "0.123457 and 1.25e-05"),
        ("$$big", "1234567"),
        ("in/$$path,data", "in/a/b.star,data"),
        ("costs 5 $", "costs 5 $"),
    ],
)
def test_values_are_put_in(build, text, value):
    assert with_values(text, build("s", VARIABLES).read()) == value


def test_a_name_that_is_no_variable_is_an_error_in_an_option_and_stays_in_a_string(build):
    scheme = build("s", VARIABLES).read()
    with pytest.raises(UserError, match="names the variable 'nothing', which Schemes/s/ does not have"):
        with_values("$$nothing", scheme)
    with pytest.raises(UserError, match="'path_to'"):
        with_values("$$path_to", scheme)
    assert with_values("$$nothing", scheme, strict=False) == "$$nothing"


def test_a_job_of_any_scheme_stands_for_the_folder_where_it_runs(build, project, job_star):
    prep = build("prep", jobs=[("ctf", "continue", job_star()), ("mics", "new", job_star())])
    scheme = prep.read()
    scheme.jobs["ctf"] = replace(scheme.jobs["ctf"], name="CtfFind/job003/", has_started=True)
    scheme_file.write(prep.folder, scheme)
    proc = build("proc", {"f": "Schemes/prep/ctf/m.star"}, jobs=[("p", "new", job_star())]).read()
    root = project.layout.root
    assert with_jobs("Schemes/prep/ctf/m.star", proc, root) == "CtfFind/job003/m.star"
    assert resolved("$$f", proc, root) == "CtfFind/job003/m.star"
    for unstarted in ("Schemes/prep/mics/m.star", "Schemes/proc/p/m.star", "Schemes/other/p/m.star"):
        assert with_jobs(unstarted, proc, root) == unstarted
    proc.jobs["p"] = replace(proc.jobs["p"], name="AutoPick/job004/", has_started=True)
    assert with_jobs("Schemes/proc/p/a,Schemes/prep/ctf/b", proc, root) == "AutoPick/job004/a,CtfFind/job003/b"


def test_types_are_guessed_as_relion_does():
    assert [guessed(text) for text in ("1e3", "True", "false", "map.mrc", "nan", "0")] == [
        1000.0,
        True,
        False,
        "map.mrc",
        "nan",
        0.0,
    ]
    assert as_text(guessed("0.5")) == "0.5"
