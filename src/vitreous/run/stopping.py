"""Being asked to stop: RELION's abort file, a signal, or Ctrl-C; the same question in the runner and in its workers."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from vitreous.context import Stopped
from vitreous.run.folder import JobFolder

LOOK_EVERY_S = 0.25


@dataclass
class StopQuestion:
    """Callable: has the user asked this job to stop? The files are looked at a few times a second at most."""

    folder: JobFolder
    _looked: float = field(default=-1e9, repr=False)
    _asked: bool = False

    def __call__(self) -> bool:
        now = time.monotonic()
        if not self._asked and now - self._looked > LOOK_EVERY_S:
            self._looked = now
            self._asked = self.folder.abort_now.exists() or self.folder.stop.exists()
        return self._asked

    def ask(self) -> None:
        """Ask for the stop, in every process of the job."""
        self._asked = True
        self.folder.stop.touch()


@contextmanager
def signals_ask(question: StopQuestion, say: Any) -> Iterator[None]:
    """Within the block, SIGINT and SIGTERM ask for a stop; a second one stops at once by raising Stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen = 0

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal seen
        seen += 1
        question.ask()
        if seen > 1:
            raise Stopped
        say(f"{signal.Signals(number).name}: stopping after the work in hand; once more to stop at once")

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
