import resource
import stat
from pathlib import Path

import pytest

from vitreous.context import UserError
from vitreous.files import atomic


def test_a_file_gets_its_name_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.star"
    with atomic.writing(target, "w") as file:
        file.write("half")
        file.flush()
        assert not target.exists()
    assert target.read_text() == "half"
    assert [p.name for p in target.parent.iterdir()] == ["a.star"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.star"
    atomic.write_text(target, "old")
    with pytest.raises((error, UserError)), atomic.writing(target) as file:
        file.write(b"new")
        raise error
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.star"]


def test_no_space_is_one_clear_sentence(tmp_path: Path) -> None:
    target = tmp_path / "big.mrc"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # the kernel's own refusal to write more
    try:
        with pytest.raises(UserError, match=r"no space left on the disk while writing .*big\.mrc"):
            atomic.write_bytes(target, bytes(1 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_another_files_trouble_is_not_blamed_on_the_target(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="input"), atomic.writing(tmp_path / "out"):
        (tmp_path / "input").read_bytes()


def test_a_name_that_cannot_be_made_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file"):
        atomic.write_text(tmp_path / "file" / "below.txt", "x")


def test_text_is_utf8_and_the_file_is_readable_by_others(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    atomic.write_text(target, "2 Å\n")
    assert target.read_bytes() == "2 Å\n".encode()
    assert target.stat().st_mode & stat.S_IRUSR


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path):
    path = tmp_path / "shared.star"
    path.write_text("before")
    path.chmod(0o664)
    atomic.write_text(path, "after")
    assert path.stat().st_mode & 0o777 == 0o664
