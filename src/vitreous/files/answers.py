"""A person's answer to a job: a JSON object with the word `kind` in a file; the window writes it, a command line takes it."""

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from vitreous.context import UserError

LARGEST_BYTES = 256 * 2**20


def read(path: str | os.PathLike[str], kinds: Collection[str]) -> dict[str, Any]:
    """The answer in a file, whose kind must be one of these; a UserError says what is wrong with it."""
    where = Path(path)
    try:
        if where.stat().st_size > LARGEST_BYTES:
            raise UserError(f"{path} is too large for an answer ({where.stat().st_size / 2**20:.0f} MB)")
        found = json.loads(where.read_bytes())
    except FileNotFoundError:
        raise UserError(f"there is no file {path}: give the answer.json of a job that was answered") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError):
        raise UserError(f"{path} is no answer: it is not a file of JSON") from None
    if not isinstance(found, dict) or found.get("kind") not in kinds:
        said = found.get("kind") if isinstance(found, dict) else None
        raise UserError(f"{path} holds an answer of the kind {said!r} where {' or '.join(sorted(kinds))} is expected")
    return found
