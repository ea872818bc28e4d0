"""Records of finished units are found again after paths were changed: each gets the identity that its unit has now."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.files.path_text import Prefix, mapped
from vitreous.job import as_star
from vitreous.job.declare import Unit
from vitreous.job.options import build, canonical, identity, options, value_of, values
from vitreous.project import graph as graphs
from vitreous.project.layout import Layout
from vitreous.run import units
from vitreous.run.folder import JobFolder


@dataclass(frozen=True)
class Rewritten:
    """A file whose paths change: how many, its digest before and after (as in files.digest), and its length after."""

    count: int
    digest_before: str
    digest_after: str
    bytes_after: int

    @classmethod
    def of(cls, file: Path, prefix: Prefix) -> "Rewritten | None":
        """What becomes of a file; None when nothing in it changes."""
        before = file.read_bytes()
        after, count = prefix.contents(before)
        return cls(count, _digest(before), _digest(after), len(after)) if count else None


def _digest(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()[:16]


@dataclass(frozen=True)
class Change:
    """How a job's values change: paths by their beginning, digests of files that are rewritten, and those files' lengths."""

    prefix: Prefix
    rewritten: Mapping[str, Rewritten]
    root: Path

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digest of each rewritten file before, and after."""
        return {one.digest_before: one.digest_after for one in self.rewritten.values()}

    def value(self, text: str) -> str:
        """One text of a unit or record."""
        return self.digests.get(text) or self.prefix.path(text)

    def job(self, job: Any) -> Any:
        """The job with its paths changed."""
        return build(type(job), {name: self.prefix.values(value) for name, value in values(job).items()})

    def stamp(self, job: Any, stamp: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
        """Size and time of a job's input files as they will be: those that are rewritten keep their time."""
        path = {option.name: str(value_of(job, option)) for option in options(type(job)) if option.is_input}
        after = {name: self.rewritten[path[name]].bytes_after for name in path if path[name] in self.rewritten}
        return [(name, after.get(name, size), when) for name, size, when in stamp]


def rematch(
    layout: Layout, prefix: Prefix, rewritten: Mapping[str, Rewritten], *, backup: Path | None = None, dry_run: bool = False
) -> dict[str, int]:
    """Change the records and settings in every job folder of ours; gives how many records of which job were matched anew."""
    change = Change(prefix, rewritten, layout.root)
    found: dict[str, int] = {}
    for name in graphs.read(layout.graph).processes:
        folder = JobFolder(layout.job(name))
        if not folder.hidden.is_dir():
            continue
        count = _rematch_job(folder, change, backup / name if backup and not dry_run else None)
        if count:
            found[name] = count
    return found


def _rematch_job(folder: JobFolder, change: Change, backup: Path | None) -> int:
    """Change one job's records; a job.star that is not of ours any more leaves them as they are."""
    own = folder.hidden / "job.star"
    try:
        loaded = as_star.load(own if own.is_file() else folder.job_star)
    except UserError:
        return 0
    if folder.settings.is_file():
        _settings(folder, loaded.job, change, backup)
    matches = _identities(loaded, change)
    count = 0
    for path in sorted(folder.rows.glob("*.jsonl")):
        done, text = _lines(path, matches, change)
        count += done
        if text is not None and backup is not None:
            _replace(path, text, backup)
    return count


def _identities(loaded: as_star.Loaded, change: Change) -> dict[str, str]:
    """The identities that the job's units may have been recorded under, and what each becomes."""
    seed = values(loaded.job).get("seed", loaded.seed)
    seed = seed if isinstance(seed, int) else loaded.seed
    now = change.job(loaded.job)
    before, after = identity(loaded.job, seed=seed), identity(now, seed=seed)
    stamp = _stamp(loaded.job, change.root)
    whole_before = canonical([before, stamp])
    return {before: after, whole_before: canonical([after, _stamp_after(loaded.job, now, stamp, change)])}


def _stamp(job: Any, root: Path) -> list[tuple[str, int, int]]:
    found = []
    for option in options(type(job)):
        path = root / str(value_of(job, option)) if option.is_input and value_of(job, option) else None
        if path is not None and path.is_file():
            found.append((option.name, path.stat().st_size, path.stat().st_mtime_ns))
    return found


def _stamp_after(job: Any, now: Any, stamp: list[tuple[str, int, int]], change: Change) -> list[tuple[str, int, int]]:
    """The stamp when all is done: of files in the project foretold, of those outside as they lie where they are now."""
    foretold = {name: (name, size, when) for name, size, when in change.stamp(job, stamp)}
    for name, size, when in _stamp(now, change.root):
        foretold.setdefault(name, (name, size, when))
    return [foretold[option.name] for option in options(type(now)) if option.name in foretold]


def _lines(path: Path, matches: Mapping[str, str], change: Change) -> tuple[int, str | None]:
    """The lines of one file of records as they are to be, and how many were matched anew; None when none changes."""
    count, text, differs = 0, [], False
    for line in units.lines(path):
        after = mapped(line, change.value)
        match = _match(line, after, matches)
        if match is not None:
            after["identity"] = match
            count += match != line["identity"]
        else:
            after["identity"] = line.get("identity", "")
        differs |= after != line
        text.append(json.dumps(after))
    return count, "".join(f"{line}\n" for line in text) if differs else None


def _match(line: Mapping[str, Any], after: Mapping[str, Any], matches: Mapping[str, str]) -> str | None:
    """The new identity of a record whose unit is one of the job as it stands."""
    if "row" not in line or "key" not in line:
        return None
    for before, now in matches.items():
        if units.identity(Unit(line["key"], line["row"]), before) == line.get("identity"):
            return units.identity(Unit(after["key"], after["row"]), now)
    return None


def _settings(folder: JobFolder, job: Any, change: Change, backup: Path | None) -> None:
    """The options of the last run and the stamps of its input, so that a continued job does not take them for changed."""
    said = json.loads(folder.settings.read_text())
    after = mapped(said, change.prefix.path)
    stamps = [(str(name), int(size), int(when)) for name, size, when in said.get("inputs", [])]
    after["inputs"] = [list(stamp) for stamp in change.stamp(job, stamps)]
    if after != said and backup is not None:
        _replace(folder.settings, json.dumps(after, indent=1), backup)


def _replace(path: Path, text: str, backup: Path) -> None:
    kept = backup / path.parent.name / path.name
    atomic.write_bytes(kept, path.read_bytes())
    atomic.write_text(path, text)
