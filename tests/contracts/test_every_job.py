"""Contracts of every job type, built in or plugged in; and that RELION's own job files of that type load."""

import io
import tarfile
from collections.abc import Iterator

import jsonschema
import pytest

from vitreous.context import UserError
from vitreous.job import as_star, registry
from vitreous.job.as_form import form
from vitreous.job.contract import check, sample
from vitreous.job.options import as_plain
from vitreous.job.placement import FIXED_FOR_ALL
from vitreous.jobs import BUILT_IN

ARCHIVES = ("relion5_job_stars.tar.xz", "relion31_tutorial_betagal.tar.xz", "relion5_class2d.tar.xz", "relion313_small.tar.gz")


@pytest.fixture(params=BUILT_IN)
def job_type(request):
    return registry.load(request.param)


def test_every_contract_is_kept(job_type):
    assert check(job_type) == []


def test_every_plugged_in_type_loads():
    assert dict(registry.failures()) == {}
    assert len(registry.job_types()) >= len(BUILT_IN)


def test_the_form_is_valid_and_takes_a_job(job_type):
    made = form(job_type)
    jsonschema.Draft202012Validator.check_schema(made["schema"])
    for job in (sample(job_type), sample(job_type, changed=True)):
        jsonschema.validate(as_plain(job), made["schema"])
    named = [field["name"] for tab in made["tabs"] for field in tab["fields"]]
    assert len(named) == len(set(named))


def test_every_input_and_output_is_explained(job_type):
    for tab in form(job_type)["tabs"]:
        for field in tab["fields"]:
            assert field["help"].strip(), field["name"]


@pytest.fixture(scope="module")
def relion_files(data, tmp_path_factory) -> list[as_star.JobFile]:
    """Every job.star and run.job in the projects that RELION wrote."""
    folder = tmp_path_factory.mktemp("relion")
    return list(_read_all(data, folder))


def _read_all(data, folder) -> Iterator[as_star.JobFile]:
    for name in ARCHIVES:
        with tarfile.open(fileobj=io.BytesIO((data / "relion_projects" / name).read_bytes())) as archive:
            archive.extractall(folder / name, filter="data")
        for pattern in ("job.star", "run.job"):
            for path in sorted((folder / name).rglob(pattern)):
                if not any(part.is_symlink() for part in path.parents):
                    yield as_star.read(path)


@pytest.mark.data
def test_relions_job_files_of_that_type_load(job_type, relion_files):
    """Each loads as it is, or stops with the name of an option that it sets to what is not supported; all else is understood."""
    tried = 0
    for file in relion_files:
        try:
            if as_star.job_class(file) is not job_type:
                continue
        except UserError:
            continue
        tried += 1
        broken = as_star.unsupported(job_type, file.values)
        for name, _ in broken:
            with pytest.raises(UserError, match="does not support"):
                as_star.to_job(file, job_type)
            assert name in {*job_type.type.fixed, *FIXED_FOR_ALL}
        loaded = as_star.to_job(file.with_values(dict(broken)), job_type)
        assert isinstance(loaded.job, job_type)
    if job_type.type.number == 99 and job_type.type.label != registry.EXTERNAL:
        assert tried == 0
    elif job_type.type.command != "import-other":
        assert tried > 0, "RELION has this type, but none of its files was recognised"


@pytest.mark.data
def test_types_that_are_not_ours_stop_with_their_name(relion_files):
    unknown = [file for file in relion_files if file.label.startswith(("relion.multibody", "relion.polish"))]
    assert unknown
    for file in unknown:
        with pytest.raises(UserError, match=file.label):
            as_star.job_class(file)
