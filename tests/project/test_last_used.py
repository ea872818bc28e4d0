import shutil
import subprocess
import tarfile

import pytest

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.options import build
from vitreous.job.placement import Placement
from vitreous.jobs.class2d import Class2D
from vitreous.jobs.mask_create import MaskCreate
from vitreous.project import last_used
from vitreous.project.commands import main
from vitreous.project.layout import Layout
from vitreous.project.project import Project


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    made = Project.new(tmp_path)
    monkeypatch.chdir(tmp_path)
    return made


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("relion.class2d", ".gui_class2djob.star"),
        ("relion.class2d.helical", ".gui_class2djob.star"),
        ("relion.refine3d", ".gui_auto3djob.star"),
        ("relion.polish", ".gui_bayespolishjob.star"),
        ("relion.external", ".gui_externaljob.star"),
        ("relion.external.vitreous.flip_hand", ".gui_vitreous_flip_handjob.star"),
    ],
)
def test_the_files_have_relions_names(tmp_path, label, name):
    assert last_used.file_of(Layout(tmp_path), label).name == name


def test_a_job_leaves_its_parameters_for_the_next(project):
    assert last_used.last(project.layout, MaskCreate) is None
    project.add(build(MaskCreate, {"map": "map.mrc", "extend_px": 7.0}))
    begun = project.begin(MaskCreate, {"map": "other.mrc"})
    assert (begun.job.map, begun.job.creation.extend_px) == ("other.mrc", 7)


def test_defaults_where_nothing_was_used(project):
    assert project.begin(MaskCreate, {"map": "m.mrc"}).job == MaskCreate(map="m.mrc")
    with pytest.raises(UserError):
        project.begin(MaskCreate)


def test_the_file_of_relion_30_is_read(project):
    (project.layout.root / ".gui_maskcreaterun.job").write_text(
        "job_type == 12\nis_continue == false\nInput 3D map: == old.mrc\nAdd a soft-edge of this many pixels: == 9\n"
    )
    assert project.begin(MaskCreate).job.map == "old.mrc"


def test_another_type_under_the_same_name_is_not_taken(project):
    as_star.write(last_used.file_of(project.layout, "relion.maskcreate"), Class2D(particles="p.star"), Placement())
    assert last_used.last(project.layout, MaskCreate) is None


def test_a_draft_to_edit_and_add(project, capsys):
    project.add(build(MaskCreate, {"map": "map.mrc", "extend_px": 7.0}))
    assert main(["draft", "mask-create", "--set", "map=new.mrc"]) == 0
    assert "parameters last used here" in capsys.readouterr().out
    assert as_star.load("job.star").job == build(MaskCreate, {"map": "new.mrc", "extend_px": 7.0})
    with pytest.raises(UserError, match="there already"):
        main(["draft", "mask-create"])
    with pytest.raises(UserError, match="no job type"):
        main(["draft", "mask"])


@pytest.mark.data
def test_parameters_that_relion_used_are_read(data, tmp_path):
    with tarfile.open(data / "relion_projects" / "relion313_small.tar.gz") as opened:
        opened.extractall(tmp_path, filter="data")
    project = Project.open(tmp_path)
    begun = project.begin(MaskCreate)
    said = as_star.read(tmp_path / ".gui_maskcreatejob.star").values
    assert begun.job.map == said["fn_in"]


@pytest.mark.relion
def test_relion_reads_what_we_leave(relion, project):
    (project.layout.root / "map.mrc").touch()
    project.add(build(MaskCreate, {"map": "map.mrc", "extend_px": 7.0}))
    shutil.copy(".gui_maskcreatejob.star", "from_us_job.star")

    ran = subprocess.run(["relion_pipeliner", "--addJobFromStar", "from_us_job.star"], timeout=90, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert project.graph().processes["MaskCreate/job002/"].label.startswith("relion.maskcreate")


def test_a_job_of_relion_30_is_shown_and_read(project, capsys):
    name = project.add(MaskCreate(map="map.mrc"))
    (project.layout.job(name) / "job.star").unlink()
    (project.layout.job(name) / "run.job").write_text("job_type == 12\nis_continue == false\nInput 3D map: == old.mrc\n")
    assert project.loaded(name).job.map == "old.mrc"
    assert main(["show", "1"]) == 0
    assert "fn_in = old.mrc" in capsys.readouterr().out
