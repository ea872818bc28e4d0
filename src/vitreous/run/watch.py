"""Whether all members of a team are alive, by the beats that each puts into the first member's store; no clock is compared."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from vitreous.context import UserError

BEAT_S = 1.0
LOST_S = 60.0  # without a beat, and a member is taken for gone
GONE = "iterations that were saved are kept: continue the job to go on from the last"


class Lost(UserError):
    """A member of the team is gone. What was saved is whole, and the job may be continued."""


def _never() -> bool:
    return False


class Watch(threading.Thread):
    """Beats for this member, listens for the others, and passes on that something ends.

    fault: the sentence on a member that is gone, empty while all are well. Read by the working thread.
    """

    def __init__(self, store: Any, rank: int, size: int, *, names: Mapping[int, str], asked: Callable[[], bool] = _never) -> None:
        super().__init__(name="team watch", daemon=True)
        self.fault = ""
        self._off = -1
        self._store, self._rank, self._size, self._names = store, rank, size, names
        self._asked = asked
        self._ended = threading.Event()
        self._round = 0
        self._heard: dict[int, tuple[bytes, float]] = {}
        self.children: list[Any] = []

    def run(self) -> None:
        """Beat and listen until the team ends."""
        count = 0
        while not self._ended.wait(BEAT_S):
            count += 1
            try:
                self._store.set(f"beat {self._rank}", str(count))
                self._listen()
            except RuntimeError as error:
                self._lose(self.sentence(str(error)))
            if self.fault:
                return

    def stop_asked(self) -> bool:
        """Whether the work in hand is to be left: a stop was asked for somewhere, an error met, a member lost."""
        return self._off == self._round or bool(self.fault) or self._asked()

    def call_off(self) -> None:
        """Let all members leave what they are doing at their next look."""
        number = self._off = self._round
        self._store.set(f"off {number}", "1")

    def calm(self) -> None:
        """What was called off is over, of which all members learn in the same exchange."""
        self._round += 1

    def end(self) -> None:
        """No more beats, and none expected."""
        self._ended.set()

    def sentence(self, why: str) -> str:
        """What to tell of an exchange that broke."""
        if self.fault:
            return self.fault
        dead = self._dead_child()
        if dead:
            return dead
        plain = why.strip().splitlines()[0][:200] if why.strip() else "the connection broke"
        who = "a member of the team" if self._rank == 0 else "the first member of the team, or another,"
        return f"{who} is gone ({plain}): {GONE}"

    def _listen(self) -> None:
        number = self._round
        if self._off != number and self._store.check([f"off {number}"]):
            self._off = number
        if self._off != number and self._asked():
            self.call_off()
        dead = self._dead_child()
        if dead:
            self._lose(dead)
        if self._rank == 0:
            self._listen_for_beats()

    def _listen_for_beats(self) -> None:
        now = time.monotonic()
        for rank in range(1, self._size):
            beat = self._store.get(f"beat {rank}") if self._store.check([f"beat {rank}"]) else b""
            before = self._heard.get(rank)
            if before is None or before[0] != beat:
                self._heard[rank] = (beat, now)
            elif now - before[1] > LOST_S:
                self._lose(f"member {rank + 1} of {self._size} ({self._names[rank]}) has been silent for {LOST_S:.0f} s: {GONE}")

    def _dead_child(self) -> str:
        for rank, child in enumerate(self.children, start=1):
            code = child.poll()
            if code:
                how = (
                    f"was killed by signal {-code}; perhaps there was not enough memory"
                    if code < 0
                    else f"ended with code {code}"
                )
                return f"member {rank + 1} of {self._size} {how}: {GONE}"
        return ""

    def _lose(self, said: str) -> None:
        if not self._ended.is_set() and not self.fault:
            self.fault = said
