"""The units of a map job while its inputs grow: asked for again when an input has changed, until all are closed and done."""

import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitreous.context import Context, UserError
from vitreous.job.declare import Arrivals, MapJob, Unit
from vitreous.job.options import canonical
from vitreous.run.folder import JobFolder
from vitreous.run.ledger import Ledger
from vitreous.run.nodes_file import made_nodes
from vitreous.run.units import checked, identity, input_stamp
from vitreous.run.watching import Inputs

LEAST_PAUSE_S, MOST_PAUSE_S = 0.1, 2.0
SHARE = 20.0  # of the time, at most one part in so many goes into asking for units
PATIENCE_S = 30.0  # with an input that cannot be read while it grows


class Growing:
    """A feed (run.feed.Feed) that knows what is done, set aside and in hand, and looks for more."""

    def __init__(self, job: MapJob, where: JobFolder, context: Context, *, ledger: Ledger, known: str) -> None:
        self._job, self._where, self._known = job, where, known
        self._context = replace(context, on_note=_once(context.on_note))
        self._note = context.note
        self._ledger = ledger
        self._inputs = Inputs.of(job, where) if job.follows else Inputs()
        self._arrivals: Arrivals | None = job.arrivals(context, ledger.keys_before)
        self.deciding = ""
        self.keys: list[str] = []
        self.failed: set[str] = set()
        self._refused: dict[str, str] = {}
        self._ready: deque[Unit] = deque()
        self._hand: dict[str, str] = {}
        self._again: dict[str, Unit] = {}
        self._stamps: dict[str, tuple[int, int]] = {}
        self.open = True
        self._complete = False
        self._pause_s, self._next_ask, self._next_read = LEAST_PAUSE_S, 0.0, 0.0
        self._bad_since: float | None = None
        self._trusted = True
        self._last: Sequence[Unit] = ()
        self._reads = 0

    def begin(self, stop_asked: Callable[[], bool]) -> bool:
        """Wait for the first units; False when a stop was asked for before. No unit at all is an error."""
        said = False
        while not stop_asked():
            self._look()
            if self.keys:
                return True
            if not self.open and self._inputs.missing():
                raise UserError(
                    f"{self._job.type.title}: {self._inputs.missing()[0]} was not made: look at the job that should make it"
                )
            if not self.open and self._arrivals is not None:
                raise UserError(f"{self._job.type.title}: nothing has come while it watched; look at the wildcard and the folder")
            if not self.open:
                raise UserError(
                    f"{self._job.type.title}: the input holds nothing to work on; look at it with the job that made it"
                )
            if not said:
                self._note(f"waiting for {', '.join(self._inputs.missing()) or 'the first input'}")
                said = True
            time.sleep(self.pause_s())
        return False

    def take(self, most: int) -> list[Unit]:
        if self.open and time.monotonic() >= self._next_ask:
            self._look()
        found: list[Unit] = []
        while self._ready and len(found) < most:
            unit = self._ready.popleft()
            self._hand[unit.key] = identity(unit, self.deciding)
            found.append(unit)
        return found

    def waiting(self) -> int:
        return len(self._ready)

    def closed(self) -> bool:
        """One last look is taken when the inputs have closed and all is done, but by a job that was told to take nothing more."""
        if self._ready or self.open:
            return False
        if self._arrivals is not None or self._where.close.exists():
            return True
        if not self._complete:
            self._complete = True
            self._look()
            self._complete = not self._ready
        return not self._ready and not self.open

    def pause_s(self) -> float:
        self._pause_s = min(1.5 * self._pause_s, MOST_PAUSE_S)
        return self._pause_s

    def landed(self, unit: Unit, record: dict[str, Any] | None, *, stopped: bool = False) -> None:
        """Enter what became of a unit that was taken."""
        known = self._hand.pop(unit.key)
        if record is not None:
            self._ledger.enter(sys.intern(unit.key), known, record)
        elif not stopped:
            self.failed.add(unit.key)
            self._refused[unit.key] = known
        if unit.key in self._again:
            self._ready.append(self._again.pop(unit.key))

    def stamps(self) -> dict[str, tuple[int, int]]:
        """Size and time of the inputs when they were read last."""
        return dict(self._stamps)

    def _look(self) -> None:
        """Ask for the units, if an input has changed and it is time, or at once when the inputs have closed.

        Whether they are open is asked before they are read, so that nothing is missed.
        """
        began = time.monotonic()
        self._next_ask = began + self._pause_s
        arriving = self._arrivals is not None and self._arrivals.is_open()
        was_open, self.open = self.open, (self._inputs.is_open() or arriving) and not self._where.close.exists()
        for text in self._inputs.told():
            self._note(text)
        ending = self._complete or self.open != was_open
        stamps = self._inputs.stamps()
        same = stamps == self._stamps and self._arrivals is None and bool(self.keys)
        if not ending and (same or began < self._next_read):
            return
        if self._job.follows and self._inputs.missing():
            return
        before = len(self._ready)
        if self._read(began):
            self._stamps = stamps
        if len(self._ready) > before:
            self._pause_s = LEAST_PAUSE_S
        spent_s = time.monotonic() - began if self._reads else 0.0  # the first loads what it needs
        self._reads += 1
        self._next_read = time.monotonic() + SHARE * spent_s

    def _read(self, now: float) -> bool:
        """Take the rows as they are now; False when an input that grows cannot be read, which is borne for a while."""
        context = replace(self._context, growing=self.open)
        try:
            found = self._arrivals.look() if self._arrivals is not None else self._job.units(context)
            if found is self._last and self.keys and not self._complete:
                return True
            units = checked(found)
        except UserError as error:
            self._bad_since = self._bad_since if self._bad_since is not None else now
            if not self.open or now - self._bad_since > PATIENCE_S:
                raise
            self._context.note(f"not to be read yet: {error}")
            return False
        self._bad_since = None
        self._last = found if self._arrivals is not None else ()
        if not self.deciding:
            whole = len(units) == 1 and not self._job.follows
            self.deciding = canonical([self._known, input_stamp(self._job)]) if whole else self._known
            self._trusted = not whole or all(
                Path(node.name).exists() for node in made_nodes(self._where.path, self._job, exist=False)
            )
        self._sort(units)
        return True

    def _sort(self, units: list[Unit]) -> None:
        """Put the units that are neither done nor in hand nor refused into the queue, and keep the order of all."""
        self._ready.clear()
        self._again.clear()
        for unit in units:
            known = identity(unit, self.deciding)
            if unit.key in self._hand:
                if self._hand[unit.key] != known:
                    self._again[unit.key] = unit
            elif not (self._trusted and self._ledger.is_done(unit.key, known)) and self._refused.get(unit.key) != known:
                self.failed.discard(unit.key)
                self._ready.append(unit)
        self._trusted = True
        self.keys = [sys.intern(unit.key) for unit in units]
        self._ledger.forget_listing()


def _once(note: Callable[[str], None]) -> Callable[[str], None]:
    """A note that does not say the same again."""
    said: set[str] = set()

    def new(text: str) -> None:
        if text not in said:
            said.add(text)
            note(text)

    return new
