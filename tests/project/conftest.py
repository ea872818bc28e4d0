"""A fresh project with two small input files, and the project that RELION 3.1.3 made."""

import tarfile

import pytest

from vitreous.project.project import Project


@pytest.fixture
def project(toys, tmp_path, monkeypatch):
    """A new project, as the current directory, with a list for ToyMap and a number for ToyLoop."""
    made = Project.new(tmp_path / "P")
    monkeypatch.chdir(tmp_path / "P")
    (tmp_path / "P" / "list.txt").write_text("a 1\nbad 2\nc 3\n")
    (tmp_path / "P" / "start.txt").write_text("1")
    return made


@pytest.fixture
def relions(data, tmp_path, monkeypatch):
    """The project of RELION 3.1.3, as the current directory: a job deleted by its window, a cleaned, a failed, an aborted one."""
    root = tmp_path / "R"
    with tarfile.open(data / "relion_projects" / "relion313_small.tar.gz") as archive:
        archive.extractall(root, filter="data")
    monkeypatch.chdir(root)
    return Project.open(root)
