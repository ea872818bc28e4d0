"""Schemes made in a few words, in a project of their own."""

import pytest

from vitreous.project.project import Project
from vitreous.project.schemes import scheme_file
from vitreous.project.schemes.door import ProjectScheme
from vitreous.project.schemes.folder import SchemeFolder
from vitreous.project.schemes.model import Edge, Operator, Scheme, SchemeJob, Variable

TABLES = """
data_a

loop_
_rlnDefocusU #1
_rlnMicrographName #2
_rlnGroupNumber #3
_rlnDoZeroMask #4
30.5 c.mrc 7 1
10.25 a.mrc 9 0
20.125 b.mrc 8 1

data_b

_rlnDefocusU 4.75
_rlnMicrographName hello
"""
PARTICLES = """
data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnVoltage #3
_rlnSphericalAberration #4
_rlnAmplitudeContrast #5
_rlnImagePixelSize #6
_rlnImageSize #7
_rlnImageDimensionality #8
g 1 300 2.7 0.1 1.0 64 2

data_particles

loop_
_rlnImageName #1
_rlnOpticsGroup #2
1@x.mrcs 1
2@x.mrcs 1
3@x.mrcs 1
"""


@pytest.fixture
def project(toys, tmp_path, monkeypatch):
    """A new project as the current directory, with tables to read, files to glob, and the toy jobs' input."""
    Project.new(tmp_path / "P")
    monkeypatch.chdir(tmp_path / "P")
    files = {"t.star": TABLES, "parts.star": PARTICLES, "list.txt": "a 1\nbad 2\nc 3\n", "start.txt": "1"}
    for name, text in {**files, "x1.txt": "1", "x2.txt": "2", "y3.txt": "3"}.items():
        (tmp_path / "P" / name).write_text(text)
    return Project.open(".")


@pytest.fixture
def build(project):
    """build("s", variables, operators, edges, jobs): a Scheme on disk. Operators and edges are tuples, as in the model."""

    def make(word, variables=(), operators=(), edges=(), jobs=(), *, flavour="scheme"):
        folder = SchemeFolder(project.layout.root, flavour, word)
        scheme = Scheme(folder.name, flavour)
        scheme.variables = {name: Variable(value, value) for name, value in dict(variables).items()}
        scheme.operators = {words[0]: Operator(*words) for words in operators}
        scheme.edges = [Edge(*words) for words in edges]
        for name, mode, text in jobs:
            scheme.jobs[name] = SchemeJob(name, name, mode)
            folder.job_star(name).parent.mkdir(parents=True)
            folder.job_star(name).write_text(text)
        scheme_file.write(folder, scheme)
        return ProjectScheme(project, folder)

    return make


def toy_job(label="relion.external.vitreous.toymap", **values):
    """A job.star of a toy job; values may hold $$names."""
    rows = "".join(f'{name} "{value}"\n' for name, value in values.items())
    head = f"data_job\n\n_rlnJobTypeLabel {label}\n_rlnJobIsContinue 0\n\n"
    return f"{head}data_joboptions_values\n\nloop_\n_rlnJobOptionVariable #1\n_rlnJobOptionValue #2\n{rows}\n"


@pytest.fixture
def job_star():
    """job_star(label=..., option=value): the text of a job.star."""
    return toy_job
