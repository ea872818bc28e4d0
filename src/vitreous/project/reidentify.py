"""Records of finished units are found again after paths were changed: each gets the identity that its unit has now."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.files.digest import digest_of
from vitreous.files.path_text import Prefix, mapped
from vitreous.job import as_star
from vitreous.job.declare import Unit
from vitreous.job.options import build, canonical, identity, options, value_of, values
from vitreous.project import graph as graphs
from vitreous.project.layout import Layout
from vitreous.run import units
from vitreous.run.folder import JobFolder
from vitreous.run.opening import seed_of

Stamp = list[tuple[str, int, int]]


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
        return cls(count, digest_of(before), digest_of(after), len(after)) if count else None


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

    def stamp(self, now: Any, stamp: Stamp) -> Stamp:
        """Size and time of a job's input files as the next run will see them; `now` is the job with its paths changed.

        A file that is rewritten keeps its time. One that lies elsewhere now is the same if it has the same length.
        """
        path = {option.name: str(value_of(now, option)) for option in options(type(now)) if option.is_input}
        found = []
        for name, size, when in stamp:
            file = self.root / path.get(name, "")
            about = file.stat() if file.is_file() else None
            if about is not None and path[name] in self.rewritten:
                found.append((name, self.rewritten[path[name]].bytes_after, about.st_mtime_ns))
            elif about is not None and about.st_size == size:
                found.append((name, size, about.st_mtime_ns))
            else:
                found.append((name, size, when))
        return found


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
    now = change.job(loaded.job)
    stamp = _recorded_stamp(folder)
    matches = _identities(loaded, now, stamp, change.stamp(now, stamp))
    if folder.settings.is_file() and backup is not None:
        _settings(folder, change, change.stamp(now, stamp), backup)
    count = 0
    for path in sorted(folder.rows.glob("*.jsonl")):
        done, text = _lines(path, matches, change)
        count += done
        if text is not None and backup is not None:
            _replace(path, text, backup)
    return count


def _recorded_stamp(folder: JobFolder) -> Stamp:
    """Size and time of the input files in the last run."""
    if not folder.settings.is_file():
        return []
    said = json.loads(folder.settings.read_text()).get("inputs", [])
    return [(str(name), int(size), int(when)) for name, size, when in said]


def _identities(loaded: as_star.Loaded, now: Any, before: Stamp, after: Stamp) -> dict[str, str]:
    """The identities that the job's units may have been recorded under, and what each becomes.

    A job of one unit is known by its input files too.
    """
    seed = seed_of(loaded.job, loaded.seed)
    first, then = identity(loaded.job, seed=seed), identity(now, seed=seed)
    return {first: then, canonical([first, before]): canonical([then, after])}


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


def _settings(folder: JobFolder, change: Change, stamp: Stamp, backup: Path) -> None:
    """The options of the last run and the stamps of its input, so that a continued job does not take them for changed."""
    said = json.loads(folder.settings.read_text())
    after = mapped(said, change.prefix.path)
    after["inputs"] = [list(one) for one in stamp]
    if after != said:
        _replace(folder.settings, json.dumps(after, indent=1), backup)


def _replace(path: Path, text: str, backup: Path) -> None:
    kept = backup / path.parent.name / path.name
    atomic.write_bytes(kept, path.read_bytes())
    atomic.write_text(path, text)
