"""Where files made from a micrograph or movie go inside another job's folder: its path without the job that made it."""

import re
from pathlib import PurePosixPath

_JOB = re.compile(r"^[^/]+/job\d{3,}/")


def below_job(path: str) -> str:
    """MotionCorr/job002/Movies/a.mrc -> Movies/a.mrc; a path of no job stays whole, but never leaves the folder it is put in.

    A leading slash and steps upwards are taken away, so that the result can stand behind any folder.
    """
    found = _JOB.match(path)
    parts = [part for part in PurePosixPath(path[found.end() :] if found else path).parts if part not in ("/", "//", "..", ".")]
    return "/".join(parts)


def without_suffix(path: str) -> str:
    """The path less its last suffix: a.b.mrc -> a.b."""
    return path[: len(path) - len(PurePosixPath(path).suffix)]
