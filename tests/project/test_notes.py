import stat

import pytest

from vitreous.context import UserError
from vitreous.project import notes
from vitreous.project.commands import main


@pytest.fixture
def editor(tmp_path):
    """A program that adds a line to the file it is given, after its own options."""
    program = tmp_path / "my editor"
    program.write_text('#!/bin/sh\necho "edited $1" >> "$2"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"'{program}' --wait"


def test_notes_of_jobs_and_of_the_project(project, toys, editor, capsys):
    name = project.add(toys.ToyMap(listing="list.txt"), alias="mine")
    assert project.note("mine") == ""
    assert main(["note", "mine"]) == 0
    assert "nothing is written there yet" in capsys.readouterr().out
    assert main(["note", "mine", "--add", "good ice, µ"]) == 0
    project.run(name, quiet=True)
    assert main(["note", "mine", "--edit", editor]) == 0
    said = project.note("mine").splitlines()
    assert said[0].endswith("  good ice, µ") and "Executing new job" in said[1] and said[-1] == "edited --wait"
    project.add_note("a session of two days")
    assert (project.layout.root / "project_note.txt").read_text().endswith("a session of two days\n")
    capsys.readouterr()
    main(["notes"])
    together = capsys.readouterr().out
    assert (
        together.index("a session of two days")
        < together.index("External/job001/  External/mine/\n====")
        < together.index("good ice")
    )
    main(["note"])
    assert capsys.readouterr().out == project.note()


def test_editors_that_do_not_work(project, toys):
    with pytest.raises(UserError, match="cannot be started"):
        notes.edit(project.layout, "/no/such/editor")
    with pytest.raises(UserError, match="ended with code 1"):
        notes.edit(project.layout, "false")
    with pytest.raises(UserError, match="name an editor"):
        notes.edit(project.layout, "  ")


def test_a_job_without_a_folder(project, toys):
    name = project.add(toys.ToyMap(listing="list.txt"))
    for path in project.layout.job(name).iterdir():
        path.unlink()
    project.layout.job(name).rmdir()
    with pytest.raises(UserError, match="has no folder that could hold a note"):
        project.add_note("x", name)
