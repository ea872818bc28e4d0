import json
import os
import subprocess
import sys

import pytest

from vitreous import cli
from vitreous.job import as_star, registry
from vitreous.job.placement import Placement
from vitreous.project.project import Project


def vitreous(*words):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    return ended.value.code


@pytest.fixture
def place(toys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("a 1\nbad 2\nc 3\n")
    (tmp_path / "start.txt").write_text("1")
    return tmp_path


def test_a_job_runs_in_a_folder(place, capsys):
    assert vitreous("toy-map", "--listing", "list.txt", "--out", "there/", "--factor", "3", "--no-careful", "--seed", "3") == 0
    assert json.loads((place / "there" / "table.json").read_text())[2]["result"] == 9
    assert "done in" in capsys.readouterr().out
    note = (place / "there" / "note.txt").read_text()
    assert "vitreous toy-map --listing list.txt --out there/ --factor 3 --no-careful --seed 3" in note
    assert as_star.load(place / "there" / "job.star").seed == 3


def test_relions_pipeliner_can_start_it(place):
    assert vitreous("toy-map", "--listing", "list.txt", "--pipeline_control", "External/job005/") == 0
    assert (place / "External" / "job005" / "RELION_JOB_EXIT_SUCCESS").exists()


@pytest.mark.relion
def test_it_is_the_program_of_an_external_job(relion, place):
    program = place / "toy-map"
    tool = os.path.join(os.path.dirname(__file__), "toys", "toy_vitreous.py")
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {tool} toy-map "$@"\n')
    program.chmod(0o755)
    assert vitreous("project", "new", ".") == 0
    options = {
        "fn_exe": str(program),
        "in_mask": "list.txt",
        "param1_label": "listing",
        "param1_value": "list.txt",
        "nr_threads": 2,
    }
    rows = "\n".join(f"{name} {value}" for name, value in options.items())
    (place / "ext.star").write_text(
        f"data_job\n\n_rlnJobType 99\n_rlnJobIsContinue 0\n\ndata_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n"
        f"_rlnJobOptionValue #2\n{rows}\n"
    )
    for words in (["--addJobFromStar", "ext.star"], ["--schedule", "s", "--RunJobs", "External/job001/"]):
        ran = subprocess.run(["relion_pipeliner", *words], capture_output=True, text=True, timeout=120)
        assert ran.returncode == 0, ran.stderr
    subprocess.run(["relion_pipeliner", "--check_job_completion"], capture_output=True, timeout=60, check=True)
    project = Project.open(".")
    assert project.graph().processes["External/job001/"].status == "Succeeded"
    assert ("External/job001/", "External/job001/table.json") in project.graph().outputs
    assert json.loads((place / "External" / "job001" / "table.json").read_text())[2]["result"] == 6
    assert as_star.read(place / "External" / "job001" / "job.star").values["fn_exe"] == str(program), "RELION's job.star is kept"
    assert (place / "External" / "job001" / "run.out").read_text().count("done in") == 1


def test_a_job_star_runs_with_changes_by_either_name(place, toys):
    as_star.write(place / "job.star", toys.ToyMap(listing="list.txt"), Placement())
    assert vitreous("run", "job.star", "--out", "o", "--set", "factor_x=4", "--set", "looks=3") == 0
    assert json.loads((place / "o" / "table.json").read_text())[0]["result"] == 4
    assert as_star.load(place / "o" / "job.star").job.manner.looks == 3


def test_in_a_project_it_takes_the_next_number(place, capsys):
    assert vitreous("project", "new", "P") == 0
    os.chdir("P")
    assert vitreous("toy-map", "--listing", "../list.txt", "--alias", "mine") == 0
    assert vitreous("toy-loop", "--start", "../start.txt") == 0
    as_star.write("job.star", registry.by_command("toy-map")(listing="../list.txt"), Placement())
    assert vitreous("run", "job.star") == 0
    capsys.readouterr()
    assert vitreous("project", "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["External/job001", "External/job002", "External/job003"]
    assert "mine" in lines[0]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("toy-map", "--listing", "list.txt"), 1, "give --out DIR"),
        (("toy-map", "--listing", "nosuch.txt", "--out", "o"), 1, "no such file"),
        (("toy-map", "--listing", "list.txt", "--out", "o", "--factor", "x"), 1, "--factor is 'x'"),
        (("toy-map", "--listing", "list.txt", "--out", "o", "--trouble", "all"), 1, "all 3 units failed"),
        (("run", "nosuch.star", "--out", "o"), 1, "no such file"),
        (("project", "list"), 1, "no project directory"),
        (("toy-map", "--out", "o"), 2, "--listing"),
        (("toy-map", "--listing", "list.txt", "--wings", "2"), 2, "--wings"),
        (("dreaming",), 2, "no command 'dreaming'"),
        (("project", "dream"), 2, "invalid choice"),
    ],
)
def test_errors_are_one_sentence_and_a_code(place, capsys, words, code, said):
    assert vitreous(*words) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    if code == 1:
        assert len(err.strip().splitlines()) == 1


def test_help_names_every_job_and_command(place, capsys):
    assert vitreous("--help") == 0
    out = capsys.readouterr().out
    for word in (*registry.job_types(), *cli.OWN_COMMANDS):
        assert f"  {word} " in out
    assert vitreous("toy-map", "--help") == 0
    assert "--pipeline_control" in capsys.readouterr().out


def test_check_job_and_version(place, capsys):
    assert vitreous("check-job", "toy_jobs:ToyMap") == 0
    assert "every contract is kept" in capsys.readouterr().out
    assert vitreous("check-job", "toy_jobs:Nothing") == 1
    assert vitreous("version") == 0
    assert "vitreous" in capsys.readouterr().out


def fresh(code):
    """What code prints in a fresh interpreter."""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


LOADED = "import sys; print(sorted({'torch','numba','scipy','polars','pandas','distributed'} & set(sys.modules)))"


def test_help_and_declarations_load_no_torch():
    out = fresh(f"from vitreous import cli\ntry: cli.main(['--help'])\nexcept SystemExit: pass\n{LOADED}")
    assert out.splitlines()[-1] == "[]"
    out = fresh(f"from vitreous.job import registry as r, as_form\n[as_form.form(c) for c in r.job_types().values()]\n{LOADED}")
    assert out.splitlines()[-1] == "[]"
    out = fresh(f"import vitreous.project.commands, vitreous.run.runner, vitreous.job.as_star\n{LOADED}")
    assert out.splitlines()[-1] == "[]"
