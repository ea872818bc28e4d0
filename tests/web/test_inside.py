"""Which files a browser may name: those of the project, and data behind its own links; nothing else by any trick."""

import pytest

from vitreous.context import UserError
from vitreous.project.project import Project
from vitreous.web.opened import Opened
from vitreous.web.problems import Missing


@pytest.fixture
def here(tmp_path):
    root = tmp_path / "project"
    Project.new(root)
    (root / "Import").mkdir()
    (root / "Import" / "a.star").write_text("data_\n")
    disk = tmp_path / "disk" / "session"
    disk.mkdir(parents=True)
    (disk / "one.tiff").write_bytes(b"II")
    (disk / "one.mrc.bz2").write_bytes(b"BZ")
    (disk / "passwords").write_text("secret")
    (tmp_path / "disk" / "other.tiff").write_bytes(b"II")
    (disk / "away.tiff").symlink_to(tmp_path / "disk" / "other.tiff")
    (root / "Movies").symlink_to(disk)
    return Opened(Project.open(root), "project", may_act=True)


@pytest.mark.parametrize("path", ["Import/a.star", "./Import//a.star", "Movies", "Movies/one.tiff", "Movies/one.mrc.bz2", ""])
def test_files_of_the_project_and_data_behind_its_links(here, path):
    assert here.inside(path).exists()


@pytest.mark.parametrize(
    "path",
    [
        "../disk/session/one.tiff",
        "Import/../../disk",
        "Movies/../other.tiff",
        "/etc/passwd",
        "Movies/passwords",
        "Movies/away.tiff",
        "Import/\0",
        "a" * 5000,
    ],
)
def test_nothing_else(here, path):
    with pytest.raises(UserError):
        here.inside(path)


@pytest.mark.parametrize("target", ["/", "/etc", "..", "~"])
def test_a_link_that_comes_with_a_project_opens_nothing_of_the_machine(here, target):
    place = here.root.parent if target == ".." else type(here.root).home() if target == "~" else type(here.root)(target)
    (here.root / "trap").symlink_to(place)
    for path in ("trap", "trap/passwd", "trap/etc/passwd", "trap/project/Import/a.star"):
        if path == "trap/project/Import/a.star" and target == "..":
            assert here.inside(path) == here.root / "Import" / "a.star", "it is a file of the project after all"
            continue
        with pytest.raises(UserError):
            here.inside(path)


def test_keys_are_shown_to_nobody(here):
    for folder in (here.root / ".vitreous" / "window", here.root / "Import" / ".vitreous" / "crew"):
        folder.mkdir(parents=True)
        (folder / "key.txt").write_text("secret")
        with pytest.raises(UserError, match="keys"):
            here.inside(str((folder / "key.txt").relative_to(here.root)))
    (here.root / "link").symlink_to(here.root / ".vitreous" / "window")
    with pytest.raises(UserError, match="keys"):
        here.inside("link/key.txt")


def test_what_is_not_there_is_missing(here):
    with pytest.raises(Missing):
        here.inside("Import/b.star")
