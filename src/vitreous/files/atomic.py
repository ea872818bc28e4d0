"""Write aside, flush, rename: a file under its final name is always whole, and an error leaves nothing behind."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from vitreous.context import UserError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _blame(path: Path, error: OSError) -> UserError:
    """The sentence for the user when the file system refuses."""
    if error.errno in _FULL:
        return UserError(f"no space left on the disk while writing {path}: free some space, then continue the job")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError(f"not allowed to write {path}: check the permissions of {path.parent}")
    return UserError(f"cannot write {path}: {error.strerror or error}")


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _take_over_rights(target: Path, aside: Path) -> None:
    """Let a file that is replaced keep its permissions and group, as where several people share a project."""
    with suppress(OSError):
        before, now = target.stat(), aside.stat()
        if before.st_gid != now.st_gid:
            os.chown(aside, -1, before.st_gid)
        if stat.S_IMODE(before.st_mode) != stat.S_IMODE(now.st_mode):
            aside.chmod(stat.S_IMODE(before.st_mode))


@contextmanager
def writing(path: str | os.PathLike[str], mode: str = "wb", *, durable: bool = True) -> Iterator[IO[Any]]:
    """A file object beside `path` that takes its name when the block ends well; on any error it is removed.

    mode is "wb", "w" or, to read back what was written, "w+b". Missing folders are made. A full disk or a forbidden
    folder becomes a UserError that names the file. The name is replaced in one step, so a reader sees old or new.
    durable=False does not wait for the disk: for copies that a loss of power may take.
    """
    target = Path(path)
    aside = target.with_name(f".{target.name[:200]}.{os.getpid()}.{os.urandom(4).hex()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = aside.open(mode, encoding=None if "b" in mode else "utf-8", newline=None if "b" in mode else "")
    except OSError as error:
        raise _blame(target, error) from error
    try:
        yield file
        file.flush()
        if durable:
            os.fsync(file.fileno())
        file.close()
        _take_over_rights(target, aside)
        aside.replace(target)
    except OSError as error:
        if error.filename is not None and error.errno not in _FULL:
            raise  # another file's trouble inside the block, such as an input that is missing
        raise _blame(target, error) from error
    finally:
        with suppress(OSError):
            file.close()
        aside.unlink(missing_ok=True)
    if durable:
        _sync_folder(target.parent)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Replace `path` by this text (UTF-8) in one step."""
    with writing(path, "w") as file:
        file.write(text)


def write_bytes(path: str | os.PathLike[str], data: bytes | memoryview, *, durable: bool = True) -> None:
    """Replace `path` by these bytes in one step."""
    with writing(path, durable=durable) as file:
        file.write(data)
