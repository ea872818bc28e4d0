"""Files that arrive in folders while a microscope or a copy writes them: which are complete, and what is odd about others."""

import glob
import os
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch, fnmatchcase
from pathlib import Path

from vitreous.files import star
from vitreous.files.star_blocks import StarFile, loop_block
from vitreous.tables.places import without_suffix

SAID_AT_MOST = 20  # lines of the log on one kind of oddity; the list has them all
LIST_EVERY_S = 30.0
CHECK_EVERY_S = 300.0  # whether complete files are as they were
SURE_AFTER_S = 5.0  # until the time of a folder is believed, which on some file systems counts whole seconds


@dataclass(slots=True)
class _File:
    size: int
    changed_ns: int
    since: float
    complete: bool = False
    there: bool = True


class Incoming:
    """The complete files of a wildcard, by name. A file is complete when its size and time have not changed for settle_s.

    All times are taken by this computer's own running clock, so clocks of file servers do not matter. It closes when
    `last_file` is there or nothing has changed for time_out_s (0: never), and no file is growing. Odd things are told by
    `note` and listed in `listing`: files that vanished, changed after they were complete, were renamed, or came twice.
    """

    def __init__(
        self,
        pattern: str,
        endings: tuple[str, ...],
        *,
        settle_s: float,
        time_out_s: float,
        last_file: str,
        known: Collection[str] = (),
        listing: Path,
        note: Callable[[str], None],
    ) -> None:
        self._pattern, self._endings = pattern, endings
        self._settle_s, self._time_out_s, self._last_file = settle_s, time_out_s, last_file
        self._listing, self._note = listing, note
        self._files: dict[str, _File] = {}
        self._growing: set[str] = set()
        self._broken: set[str] = set()
        self._inside: dict[str, set[str]] = {}
        self._folders: dict[str, tuple[int, float, bool]] = {}
        self._complete: list[str] = []
        self._changed = True
        self._stems: dict[int, str] = {}
        self._places: dict[int, str] = {}
        self._odd: dict[str, str] = {}
        self._said: dict[str, int] = {}
        self._active = self._listed = self._checked = self._looked = time.monotonic()
        self._listed_odd = 0
        self._closed = False
        for path in sorted(known):
            if fnmatch(path, pattern) and not os.path.exists(path):
                self._files[path] = _File(0, 0, self._active, complete=True, there=False)
                self._stems[hash(without_suffix(path))] = path

    def is_open(self) -> bool:
        """Whether more may come; False once a look has found the end. When the end is in sight, a look is taken."""
        now = time.monotonic()
        in_sight = self._is_quiet(now) or (bool(self._last_file) and os.path.exists(self._last_file))
        if in_sight and not self._closed and now - self._looked >= self._settle_s:
            self.look()
        return not self._closed

    def _is_quiet(self, now: float) -> bool:
        return bool(self._time_out_s) and now - self._active > self._time_out_s

    def look(self) -> Sequence[str]:
        """The complete files so far, in the order of their names; the same object as before when there is nothing new."""
        self._looked = now = time.monotonic()
        ended = bool(self._last_file) and os.path.exists(self._last_file)  # before the folders are read, to miss nothing
        thorough = now - self._checked >= CHECK_EVERY_S or ended
        came = [self._changes(folder, now) for folder in sorted(glob.glob(os.path.dirname(self._pattern) or "."))]
        for path in sorted(path for paths in came for path in paths):
            self._saw(path, now)
        if thorough:
            self._checked = now
        for path in sorted(self._files if thorough else self._growing):
            if path in self._files and self._files[path].there:
                self._saw(path, now)
        for path in sorted(self._broken):
            self._saw(path, now)
        settling = any(self._files[path].size for path in self._growing)
        self._closed = self._closed or (ended and not settling) or self._is_quiet(now)
        if self._closed:
            for path in sorted(self._growing):
                self._is_odd(path, "was never complete", "empty or still growing when watching ended")
        self._write_listing(now)
        if self._changed:
            self._complete = sorted(path for path, file in self._files.items() if file.complete)
            self._changed = False
        return self._complete

    def _changes(self, folder: str, now: float) -> set[str]:
        """Note what has gone from a folder and give what has come. One that has not changed for a while is not listed again."""
        try:
            stamp = os.stat(folder).st_mtime_ns
        except OSError:
            return set()
        before = self._folders.get(folder)
        if before is not None and before[0] == stamp and before[2]:
            return set()
        sure = before is not None and before[0] == stamp and now - before[1] >= SURE_AFTER_S
        seen_at = before[1] if before is not None and before[0] == stamp else now
        self._folders[folder] = (stamp, seen_at, sure)
        mask = os.path.basename(self._pattern)
        names = [name for name in os.listdir(folder) if fnmatchcase(name, mask) and name.lower().endswith(self._endings)]
        start = "" if not os.path.dirname(self._pattern) else os.path.join(folder, "")
        there = {start + name for name in names if not name.startswith(".") or mask.startswith(".")}
        known = self._inside.setdefault(folder, set())
        for path in sorted(known - there):
            self._vanished(path)
        self._inside[folder] = there
        return there - known

    def _saw(self, path: str, now: float) -> None:
        """Follow one file that is there."""
        try:
            about = os.stat(path)
        except OSError:
            if path not in self._files:
                self._broken.add(path)
                self._is_odd(path, "cannot be read", "a link to nowhere, or gone again")
            return
        self._broken.discard(path)
        place = hash((about.st_dev, about.st_ino))
        file = self._files.get(path)
        if file is None:
            if not self._is_new(path, about, place):
                return
            self._files[path] = _File(about.st_size, about.st_mtime_ns, now)
            self._growing.add(path)
            self._stems[hash(without_suffix(path))] = path
            self._places[place] = path
            self._active = now
            file = self._files[path]
        if not file.there:
            file.there = True
            if not file.changed_ns:  # imported by an earlier run, back again
                file.size, file.changed_ns = about.st_size, about.st_mtime_ns
        if (file.size, file.changed_ns) != (about.st_size, about.st_mtime_ns):
            if file.complete:
                how = "truncated" if about.st_size < file.size else "replaced"
                self._is_odd(path, f"was {how} after it was imported", f"{file.size} bytes before, {about.st_size} now")
            file.size, file.changed_ns, file.since = about.st_size, about.st_mtime_ns, now
            self._active = now
        elif not file.complete and file.size and now - file.since >= self._settle_s:
            file.complete = self._changed = True
            self._growing.discard(path)
            self._active = now

    def _is_new(self, path: str, about: os.stat_result, place: int) -> bool:
        """Whether a path is a new file: not the same under another name, nor one whose results would bear the same name.

        A number of a file that is gone may be used again for another file, so size and time must be the same as well.
        """
        before = self._places.get(place, "")
        file = self._files.get(before)
        if file is not None and (file.size, file.changed_ns) == (about.st_size, about.st_mtime_ns):
            if file.there:
                self._is_odd(path, "came twice", f"the same file as {before}; not taken")
                return False
            self._is_odd(before, "was renamed", f"{path} takes its place")
            self._forget(before)
        twin = self._stems.get(hash(without_suffix(path)))
        if twin is not None and without_suffix(twin) == without_suffix(path):
            self._is_odd(path, "came twice", f"differs from {twin} only in its ending; not taken")
            return False
        return True

    def _vanished(self, path: str) -> None:
        """A complete file stays in the table, for its micrograph may be made already; another is forgotten."""
        self._broken.discard(path)
        file = self._files.get(path)
        if file is None or not file.there:
            return
        file.there = False
        if file.complete:
            self._is_odd(path, "vanished after it was imported", "its row stays")
        else:
            self._is_odd(path, "vanished before it was complete", "not taken")
            self._forget(path)

    def _forget(self, path: str) -> None:
        self._stems.pop(hash(without_suffix(path)), None)
        self._changed = self._changed or self._files[path].complete
        self._growing.discard(path)
        del self._files[path]

    def _is_odd(self, path: str, what: str, more: str) -> None:
        said = f"{what}: {more}"
        if self._odd.get(path) == said:
            return
        self._odd[path] = said
        self._said[what] = self._said.get(what, 0) + 1
        if self._said[what] <= SAID_AT_MOST:
            self._note(f"{path} {said}")
        if self._said[what] == SAID_AT_MOST:
            self._note(f"more files of that kind are only listed in {self._listing}")

    def _write_listing(self, now: float) -> None:
        if len(self._odd) == self._listed_odd or (now - self._listed < LIST_EVERY_S and not self._closed):
            return
        self._listed, self._listed_odd = now, len(self._odd)
        columns = {"rlnMicrographMovieName": list(self._odd), "vitreousReason": list(self._odd.values())}
        star.write(self._listing, StarFile([loop_block("irregular", columns, ("# version 30001", ""))]))
