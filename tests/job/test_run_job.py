import tarfile

import pytest

from vitreous.context import UserError
from vitreous.job import as_star
from vitreous.job.run_job import read_run_job


def test_labels_become_names(tmp_path):
    path = tmp_path / "run.job"
    path.write_text("job_type == 2\nis_continue == true\nMinimum defocus value (A): == 5000\nAdditional arguments: == \n")
    assert read_run_job(path) == (2, True, {"dfmin": "5000", "other_args": ""})


def test_a_label_with_two_meanings(tmp_path):
    path = tmp_path / "run.job"
    path.write_text("job_type == 4\nis_continue == false\nSymmetry: == D2\n")
    assert read_run_job(path)[2] == {"ref3d_symmetry": "D2"}
    path.write_text("job_type == 10\nis_continue == false\nSymmetry: == D2\n")
    assert read_run_job(path)[2] == {"sym_name": "D2"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello\n", "line 1"),
        ("job_type == 2\nDream: == 1\n", "'Dream:' is not known"),
        ("Voltage (kV): == 1\n", "no line job_type"),
    ],
)
def test_what_is_no_run_job(tmp_path, text, said):
    path = tmp_path / "run.job"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        read_run_job(path)


@pytest.mark.data
def test_run_job_says_what_job_star_says_in_a_real_project(data, tmp_path):
    with tarfile.open(data / "relion_projects" / "relion31_tutorial_betagal.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    checked = 0
    for run_job in sorted(tmp_path.glob("*/*/job*/run.job")):
        old, new = as_star.read(run_job), as_star.read(run_job.with_name("job.star"))
        assert old.number == new.number
        for name, value in old.values.items():
            there = new.values[name].strip().replace("__", " ")
            assert there == value, (run_job, name)
            checked += 1
    assert checked > 500
