"""The secret by which a browser is let in: one for each project and user, kept between runs of the server, so that open tabs
go on after a new start. It lies in the user's home, not in the project, which is copied and shared."""

import os
import secrets
import stat
from hashlib import blake2b
from pathlib import Path

from vitreous.context import UserError
from vitreous.files import atomic

BYTES = 32


def place_of(root: Path) -> Path:
    """Where the token of a project directory is kept: a file that only its user may read."""
    return Path.home() / ".vitreous" / "windows" / f"{blake2b(os.fsencode(root.resolve()), digest_size=12).hexdigest()}.token"


def fresh() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(BYTES)


def kept(path: Path) -> str:
    """The token of a file, which is made if it is not there.

    Raises UserError where others could have read it, or the file cannot be made.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="ascii") as file:
            found = os.fstat(file.fileno())
            token = file.read().strip()
    except FileNotFoundError:
        return _made(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the window's token in {path}: {error}; remove the file, and a new one is made") from None
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise UserError(f"{path} holds the window's token and can be read by others; remove it, and a new one is made")
    if len(token) < BYTES:
        raise UserError(f"{path} holds no token of a window; remove it, and a new one is made")
    return token


def _made(path: Path) -> str:
    token = fresh()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UserError(f"cannot make {path.parent}: {error.strerror}; give --token-file a file that can be kept") from None
    with atomic.writing(path, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(token + "\n")
    return token
