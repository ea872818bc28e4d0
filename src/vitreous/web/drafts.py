"""Answers that are not given yet, in a job's hidden folder: entries by key, merged between browsers, with each one's history."""

import fcntl
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.run.folder import JobFolder

NAME = "draft.json"
MOST_STEPS = 2000
"""Steps that can be undone; older ones are forgotten."""
MOST_BROWSERS = 8
_one_at_a_time = threading.Lock()


@dataclass
class Entry:
    """What stands under a key, and the revision that put it there; value None: taken away."""

    rev: int
    value: Any


@dataclass
class Draft:
    """One draft. entries: what is chosen so far; histories: by browser, its steps and how many of them stand."""

    rev: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)
    histories: dict[str, dict[str, Any]] = field(default_factory=dict)

    def since(self, rev: int) -> dict[str, Entry]:
        """Entries that changed after a revision."""
        return {key: entry for key, entry in self.entries.items() if entry.rev > rev}

    def history(self, who: str) -> dict[str, Any]:
        """The steps of a browser, and how many of them stand."""
        return self.histories.get(who, {"steps": [], "at": 0})

    def put(self, ops: Mapping[str, Any]) -> None:
        """Set entries; None takes one away, which is kept as such so that others hear of it."""
        self.rev += 1
        for key, value in ops.items():
            self.entries[key] = Entry(self.rev, value)

    def put_history(self, who: str, first: int, steps: Sequence[Any], at: int) -> None:
        """Replace the steps of a browser from `first` on; `at` of all of them stand."""
        kept = [*self.history(who)["steps"][:first], *steps]
        gone = max(len(kept) - MOST_STEPS, 0)
        self.histories.pop(who, None)
        self.histories[who] = {"steps": kept[gone:], "at": max(min(at, len(kept)) - gone, 0)}
        while len(self.histories) > MOST_BROWSERS:
            self.histories.pop(next(iter(self.histories)))


def read(folder: Path, of: str) -> Draft:
    """The draft of a job's folder under a name such as "picks"; an empty one where there is none."""
    return _drafts(folder).get(of, Draft())


@contextmanager
def changing(folder: Path, of: str) -> Iterator[Draft]:
    """A draft to be changed; written when the block ends well. One at a time, also between servers."""
    hidden = JobFolder(folder).hidden
    with _one_at_a_time:
        try:
            hidden.mkdir(exist_ok=True)
            lock = (hidden / "draft.lock").open("w")
        except OSError as error:
            raise UserError(f"the draft cannot be kept in {folder.name}: {error.strerror}") from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            drafts = _drafts(folder)
            draft = drafts.setdefault(of, Draft())
            yield draft
            plain = {name: _as_plain(one) for name, one in drafts.items()}
            data = json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
            atomic.write_bytes(hidden / NAME, data, durable=False)


def discard(folder: Path, of: str) -> None:
    """Forget a draft, once it has become an answer."""
    with changing(folder, of) as draft:
        rev = draft.rev + 1
        draft.entries, draft.histories, draft.rev = {}, {}, rev


def _as_plain(draft: Draft) -> dict[str, Any]:
    entries = {key: [entry.rev, entry.value] for key, entry in draft.entries.items()}
    return {"rev": draft.rev, "entries": entries, "histories": draft.histories}


def _drafts(folder: Path) -> dict[str, Draft]:
    path = JobFolder(folder).hidden / NAME
    try:
        found = json.loads(path.read_bytes())
        return {
            name: Draft(
                rev=int(one["rev"]),
                entries={key: Entry(int(rev), value) for key, (rev, value) in one["entries"].items()},
                histories=dict(one["histories"]),
            )
            for name, one in found.items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(f"the draft {path} is damaged: delete it to begin again") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
