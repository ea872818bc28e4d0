"""$$variable and Schemes/NAME/JOB/ in texts: replaced by values, and by the folders of the jobs that run under those names."""

import re
from pathlib import Path

from vitreous.context import UserError
from vitreous.project.schemes import scheme_file
from vitreous.project.schemes.folder import all_of, find
from vitreous.project.schemes.model import Scheme, as_text

_DOLLARS = re.compile(r"\$\$(\S+)")
_SCHEME_JOB = re.compile(r"(Schemes|Schedules)/([^/\s]+)/([^/\s]+)/")


def with_values(text: str, scheme: Scheme, *, strict: bool = True) -> str:
    """Each $$name replaced by the value of that variable. A name ends at a blank, or where the longest known name ends.

    With strict, a name that is no variable is an error; else it stays.
    """

    def value(found: re.Match[str]) -> str:
        word = found[1]
        name = max((n for n in scheme.variables if _begins(word, n)), key=len, default="")
        if not name:
            if strict:
                raise UserError(f"{text!r} names the variable {word!r}, which {scheme.name} does not have")
            return found[0]
        return as_text(scheme.variables[name].value) + word[len(name) :]

    return _DOLLARS.sub(value, text)


def _begins(word: str, name: str) -> bool:
    """Whether a word begins with a whole name, one that no letter, digit or underscore goes on with."""
    rest = word[len(name) :]
    return word.startswith(name) and not (rest[:1].isalnum() or rest[:1] == "_")


def with_jobs(text: str, scheme: Scheme, root: Path) -> str:
    """Each Schemes/NAME/JOB/ replaced by the folder in which that job of that Scheme runs, where it has been started.

    Of the Scheme in hand the jobs count as they stand in memory, of all others as in their files.
    """

    def folder(found: re.Match[str]) -> str:
        parent, word, original = found.groups()
        other = scheme
        if f"{parent}/{word}/" != scheme.name:
            name = f"{parent}/{word}"
            there = [f for f in all_of(root) if f.name.rstrip("/") == name]
            if not there:
                return found[0]
            other = scheme_file.read(find(root, name))
        job = other.jobs.get(original)
        return f"{job.name.rstrip('/')}/" if job is not None and job.name.rstrip("/") != original else found[0]

    return _SCHEME_JOB.sub(folder, text)


def resolved(text: str, scheme: Scheme, root: Path, *, strict: bool = False) -> str:
    """A text as an operator or a job sees it: values first, since a value may name a job."""
    return with_jobs(with_values(text, scheme, strict=strict), scheme, root)
