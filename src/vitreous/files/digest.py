"""A short hash of what a file holds, by which a unit of work sees that its input was made anew."""

import hashlib
import os
from pathlib import Path

from vitreous.context import UserError

DIGITS = 16


def digest(path: str | os.PathLike[str]) -> str:
    """16 hexadecimal digits of SHA-256; a file that is not there is a UserError."""
    where = Path(path)
    if not where.is_file():
        raise UserError(f"there is no file {where}: check the path, which counts from {Path.cwd()}")
    with where.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:DIGITS]


def digest_of(contents: bytes) -> str:
    """The same of what a file is to hold."""
    return hashlib.sha256(contents).hexdigest()[:DIGITS]
