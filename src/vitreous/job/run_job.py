"""Reads run.job, in which RELION 3.0 keeps a job's options as lines "label == value"."""

from pathlib import Path

from vitreous.context import UserError
from vitreous.job.run_job_labels import AUTO_PICK, LABELS

AUTO_PICK_NUMBER = 4


def read_run_job(path: Path) -> tuple[int, bool, dict[str, str]]:
    """The type number, whether the job continues, and its options by the names of job.star.

    A file to which RELION appended several times counts with its last values. An unknown label is a UserError.
    """
    number, is_continue = -1, False
    said: dict[str, str] = {}
    for count, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        label, mark, value = line.partition(" ==")
        if not mark:
            raise UserError(f"{path}, line {count}: {line.strip()[:60]!r} is not of the form label == value")
        label, value = label.strip(), value.strip()
        if label == "job_type":
            number = int(value)
        elif label == "is_continue":
            is_continue = value == "true"
        else:
            special = AUTO_PICK if number == AUTO_PICK_NUMBER else {}
            name = special.get(label) or LABELS.get(label)
            if name is None:
                raise UserError(f"{path}, line {count}: the option {label!r} is not known; write a job.star instead")
            said[name] = value
    if number < 0:
        raise UserError(f"{path} has no line job_type ==; it is not a run.job of RELION")
    return number, is_continue, said
