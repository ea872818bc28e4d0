"""Options of reading images: RELION's names both ways, and only where a job reads images."""

import pytest

from vitreous import cli
from vitreous.job import as_star, registry
from vitreous.job.as_form import form
from vitreous.job.disk import Disk
from vitreous.job.options import options
from vitreous.job.placement import Placement, placement_options
from vitreous.jobs.class2d import Class2D
from vitreous.jobs.ctf_find import CtfFind

READERS = {"class2d", "class3d", "refine3d", "initial-model", "reconstruct"}
NAMES = {option.name for option in options(Disk)}


def test_relions_options_of_disk_are_obeyed(tmp_path):
    disk = Disk(parallel_reads=False, pool=3, preread=True, scratch="/ssd", keep_free_scratch_GB=2.5, keep_scratch=True)
    as_star.write(tmp_path / "job.star", Class2D(particles="p.star"), Placement(disk=disk))
    said = as_star.read(tmp_path / "job.star").values
    relions = {"do_parallel_discio": "No", "nr_pool": "3", "do_preread_images": "Yes", "scratch_dir": "/ssd"}
    assert {name: said[name] for name in relions} == relions
    assert as_star.load(tmp_path / "job.star").placement.disk == disk


def test_what_relion_says_of_combining_through_disc_is_passed_over(tmp_path):
    as_star.write(tmp_path / "job.star", Class2D(particles="p.star"), Placement())
    text = (tmp_path / "job.star").read_text()
    (tmp_path / "job.star").write_text(text + "do_combine_thru_disc Yes\n")
    assert as_star.load(tmp_path / "job.star").placement == Placement()
    assert "do_combine_thru_disc" not in text


@pytest.mark.parametrize("command", sorted(registry.job_types()))
def test_a_form_shows_them_only_where_images_are_read(command):
    cls = registry.by_command(command)
    shown = {field["name"] for tab in form(cls)["tabs"] for field in tab["fields"]}
    assert (shown >= NAMES) if command in READERS else not (shown & NAMES)


def test_a_job_star_holds_them_only_where_images_are_read():
    assert not NAMES & {option.name for option in placement_options(CtfFind)}
    said = as_star.to_values(CtfFind(micrographs="m.star"), Placement())
    assert not {"scratch_dir", "nr_pool", "scratch", "pool"} & set(said)


@pytest.mark.parametrize(("more", "expected"), [([], "/ssd"), (["--scratch", ""], ""), (["--scratch", "/other"], "/other")])
def test_relions_environment_names_a_scratch_disk_for_jobs_that_are_given_none(monkeypatch, more, expected):
    seen = []
    monkeypatch.setenv("RELION_SCRATCH_DIR", "/ssd")
    monkeypatch.setattr(cli, "_start", lambda job, placement, **rest: seen.append(placement) or 0)
    for command in (["class2d", "--particles", "p.star", *more], ["ctf-find", "--micrographs", "m.star"]):
        with pytest.raises(SystemExit):
            cli.main(command)
    assert [placement.disk.scratch for placement in seen] == [expected, ""]
