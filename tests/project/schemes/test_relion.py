"""The same schedules by RELION 3.1.3's relion_scheduler and by us."""

import itertools
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from vitreous.project.project import Project
from vitreous.project.schemes import scheme_file
from vitreous.project.schemes.model import Edge, Operator, Variable

pytestmark = pytest.mark.relion

VARIABLES = {
    "f": 7.25, "two": 2.0, "one": 1.0, "zero": 0.0, "minus": -1.0, "half": 2.5, "low": -2.5, "tiny": 0.0125, "large": 250000.0,
    "yes": True, "no": False, "parts": "parts.star", "kind": "particles", "none": "nofile.star", "words": "aa,bb,cc",
    "nothing": "undefined", "defocus": "t.star,a,rlnDefocusU", "group": "t.star,a,rlnGroupNumber",
    "name": "t.star,a,rlnMicrographName", "mask": "t.star,a,rlnDoZeroMask", "single": "t.star,b,rlnDefocusU",
    "path": "a/b/c.d", "slash": "/", "dash": "-", "texts": "x*.txt", "zeds": "z*.txt", "new": "new.txt",
    "copy": "deep/down/y.txt", "folder": "copies/", "moved": "moved/y.txt", "gone": "x1.txt",
}  # fmt: skip
OPERATORS = [
    "float=set f", "float=plus f two", "float=minus f two", "float=mult f tiny", "float=divide f two", "float=round half",
    "float=round low", "float=round f", "float=count_images parts kind", "float=count_words words", "float=count_words nothing",
    "float=read_star defocus zero", "float=read_star defocus two", "float=read_star single", "float=read_star group one",
    "float=star_table_max defocus", "float=star_table_min defocus", "float=star_table_avg defocus", "float=star_table_max group",
    "float=star_table_sort_idx defocus one", "float=star_table_sort_idx defocus two", "float=star_table_sort_idx defocus minus",
    "bool=and yes no", "bool=or yes no", "bool=not no", "bool=gt f two", "bool=lt f two", "bool=ge two two", "bool=le two two",
    "bool=eq two two", "bool=file_exists parts", "bool=file_exists none", "bool=file_exists texts", "bool=read_star mask zero",
    "bool=read_star mask one", "string=join words path", "string=before_first path slash", "string=after_first path slash",
    "string=before_last path slash", "string=after_last path slash", "string=before_first path dash",
    "string=after_first path dash", "string=before_last path dash", "string=after_last path dash", "string=read_star name one",
    "string=glob texts", "string=glob zeds", "string=nth_word words one", "string=nth_word words two", "touch_file new",
    "copy_file path2 copy", "copy_file texts folder", "move_file copy moved", "delete_file gone", "bool=file_exists new",
    "bool=file_exists gone", "bool=file_exists moved", "string=join moved new", "float=mult large f",
]  # fmt: skip


def scheduler(where, *words):
    """Run RELION's own scheduler in a project."""
    line = ["relion_scheduler", "--schedule", *words]
    done = subprocess.run(line, cwd=where, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "ERROR" not in done.stderr, done.stdout + done.stderr
    return done.stdout


def values_of(scheme):
    """The variables as RELION writes them: numbers of twelve characters."""
    cells = {name: variable.value for name, variable in scheme.variables.items()}
    return {name: pytest.approx(v, rel=2e-6, abs=1e-6) if isinstance(v, float) else v for name, v in cells.items()}


def files_of(root):
    return {str(p.relative_to(root)) for p in Path(root).rglob("*.txt")}


def test_every_operator_that_relion_has(build, project, relion, tmp_path):
    variables, operators = {**VARIABLES, "path2": "y3.txt"}, []
    for number, line in enumerate(OPERATORS):
        kind, *inputs = line.split()
        output = f"out{number}" if "=" in kind else "undefined"
        if "=" in kind:
            variables[output] = {"float": -77.0, "bool": False, "string": "unset"}[kind.partition("=")[0]]
        operators.append((f"n{number:02d}", kind, output, *inputs))
    operators.append(("EXIT", "exit"))
    names = [operator[0] for operator in operators]
    door = build("s", variables, operators, list(itertools.pairwise(names)), flavour="schedule")
    door.reset()
    theirs = tmp_path / "theirs"
    shutil.copytree(project.layout.root, theirs)
    scheduler(theirs, "s", "--run")
    assert door.run().how == "exited"
    after = Project.open(theirs).scheme("s").read()
    assert after.current == "EXIT"
    assert {name: variable.value for name, variable in after.variables.items()} == values_of(door.read())
    assert files_of(theirs) == files_of(project.layout.root) - {"External"}


def with_map(where):
    """The map that the fixture's schedule makes its mask of, which the archive leaves out."""
    cube = np.zeros((32, 32, 32), np.float32)
    cube[10:22, 10:22, 10:22] = 1
    with mrcfile.new(Path(where) / "Import/job007/truth64.mrc", overwrite=True) as file:
        file.set_data(cube)
        file.voxel_size = 3.54


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("wanted", ["10", "100"])
def test_relions_own_schedule_ends_alike(relions, relion, tmp_path, wanted):
    with_map(".")
    door = relions.scheme("demo")
    door.set_variable("wanted", wanted)
    assert relions.scheme("demo").read().current == "EXIT"
    scheme = door.read()
    scheme.variables["wanted"] = replace(scheme.variables["wanted"], reset=float(wanted))
    scheme_file.write(door.folder, scheme)
    door.reset()
    theirs = tmp_path / "theirs"
    shutil.copytree(".", theirs, symlinks=True)
    scheduler(theirs, "demo", "--run")
    door.run(here=True)
    other = Project.open(theirs)
    ours, after = door.read(), other.scheme("demo").read()
    assert (after.current, after.jobs, after.edges) == (ours.current, ours.jobs, ours.edges)
    assert {name: variable.value for name, variable in after.variables.items()} == values_of(ours)
    mine, graph = relions.graph(), other.graph()
    assert [(p.name, p.status) for p in mine.processes.values()] == [(p.name, p.status) for p in graph.processes.values()]
    assert set(mine.inputs) == set(graph.inputs) and set(mine.outputs) == set(graph.outputs)


@pytest.mark.slow
@pytest.mark.data
def test_relion_runs_a_schedule_that_was_built_here(relions, relion):
    with_map(".")
    door = relions.new_scheme("made", schedule=True)
    for name, value in {
        "n": "0",
        "one": "1",
        "most": "2",
        "more": "false",
        "edge": "4",
        "map": "Import/job007/truth64.mrc",
    }.items():
        door.add_variable(name, value)
    door.add_variable("mask", "Schedules/made/work/mask.mrc")
    door.add_variable("there", "false")
    door.add_job("work", "Schedules/demo/mymask/job.star", "new")
    door.set_option("work", "fn_in", "$$map")
    door.set_option("work", "width_mask_edge", "$$edge")
    steps = [("ADD", "float=plus", "n", "n", "one"), ("THERE", "bool=file_exists", "there", "mask"),
             ("LESS", "bool=lt", "more", "n", "most"), ("EXIT", "exit")]  # fmt: skip
    for step in steps:
        door.add_operator(Operator(*step))
    for edge in (Edge("work", "ADD"), Edge("ADD", "THERE"), Edge("THERE", "LESS"), Edge("LESS", "EXIT", True, "work", "more")):
        door.add_edge(edge)
    scheduler(".", "made", "--run")
    scheme = door.read()
    assert (scheme.current, scheme.variables["n"].value, scheme.variables["there"].value) == ("EXIT", 2.0, True)
    assert scheme.jobs["work"].name == "MaskCreate/job016/"
    assert relions.graph().processes["MaskCreate/job016/"].status == "Succeeded"
    assert "--width_soft_edge 4" in Path("MaskCreate/job016/note.txt").read_text()
    scheduler(".", "made", "--reset")
    assert door.run(here=True).passed == 9
    assert door.read().jobs["work"].name == "MaskCreate/job018/"
    assert scheduler(".", "made", "--set_var", "n", "--value", "5") is not None
    assert door.read().variables["n"] == Variable(5.0, 0.0)
