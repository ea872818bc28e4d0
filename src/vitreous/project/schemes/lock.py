"""The lock of a Scheme that runs: RELION's folder with its owner inside, so that one left by a crash is told and broken."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.project.lock import Owner, owner_in
from vitreous.project.schemes.folder import SchemeFolder


@contextmanager
def held(folder: SchemeFolder) -> Iterator[None]:
    """Hold the lock for as long as the block lasts; one that is there already is an error with its owner and the cure."""
    try:
        folder.lock_folder.mkdir()
    except FileExistsError:
        check_free(folder)
        raise UserError(f"{folder.name} was locked by somebody else a moment ago; try again") from None
    try:
        atomic.write_text(folder.lock_file, Owner.here().text())
        yield
    finally:
        _remove(folder)


def check_free(folder: SchemeFolder) -> None:
    """A lock that is there is an error with its owner and the cure."""
    if is_held(folder):
        raise UserError(f"{folder.name} is locked by {owner(folder)}; {_cure(folder)}")


def is_held(folder: SchemeFolder) -> bool:
    """Whether there is a lock, dead or alive."""
    return folder.lock_folder.is_dir()


def owner(folder: SchemeFolder) -> str:
    """Who holds the lock, in words."""
    return str(owner_in(folder.lock_file) or "RELION, or a program that left no name")


def is_dead(folder: SchemeFolder) -> bool:
    """Whether it can be said for sure that the lock's owner lives no more."""
    found = owner_in(folder.lock_file)
    return found is not None and found.is_dead()


def broken(folder: SchemeFolder, *, force: bool = False) -> str:
    """Take away a lock whose owner is dead; force: any lock. Says what was done."""
    if not is_held(folder):
        return f"{folder.name} is not locked"
    said = owner(folder)
    if not (is_dead(folder) or force):
        raise UserError(
            f"{folder.name} is locked by {said}, of which it cannot be said that it works no more; stop it with "
            f"vitreous project scheme abort {folder.word}, or if you know that it is gone: scheme unlock {folder.word} --force"
        )
    _remove(folder)
    return f"{folder.name} is free; the lock was of {said}"


def _remove(folder: SchemeFolder) -> None:
    folder.lock_file.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        folder.lock_folder.rmdir()


def _cure(folder: SchemeFolder) -> str:
    if is_dead(folder):
        return f"that process has died: vitreous project scheme unlock {folder.word}, then run it again"
    return f"stop it with vitreous project scheme abort {folder.word}, or wait"
