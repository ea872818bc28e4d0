"""The head of a model or optimiser file, without the spectra of classes and groups that make most of it."""

from pathlib import Path

from vitreous.context import UserError
from vitreous.files import star_scan
from vitreous.files.star_blocks import StarFile

_ENDS = (b"\ndata_model_class_", b"\ndata_model_group", b"\ndata_model_optics_group", b"\ndata_sampling_directions")
_PART_BYTES = 1 << 16


def read(path: Path) -> StarFile:
    """The blocks before the first of the spectra: what is general, and the table of classes."""
    try:
        with path.open("rb") as file:
            head = file.read(_PART_BYTES)
            while (end := _end(head)) < 0 and (more := file.read(_PART_BYTES)):
                head += more
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    return star_scan.scan(head if end < 0 else head[: end + 1])


def _end(head: bytes) -> int:
    """Where the spectra begin; -1 when that is not in sight. model_groups, a table of names, may come before them."""
    found = [at for at in (head.find(word) for word in _ENDS) if at >= 0]
    return min(found) if found else -1
