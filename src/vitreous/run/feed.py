"""Where an engine takes its units from, a source that may grow while the inputs of the job do; and how many at once."""

from typing import Protocol

from vitreous.job.declare import Unit


class Feed(Protocol):
    """Units that are to be done, in order. Whoever takes one must give a Result for it, or lose it until the next run."""

    def take(self, most: int) -> list[Unit]:
        """Up to so many units that are to be done now; none when there are none at the moment."""
        ...

    def waiting(self) -> int:
        """How many units could be taken now."""
        ...

    def closed(self) -> bool:
        """Whether nothing is left to be taken and nothing more will come."""
        ...

    def pause_s(self) -> float:
        """Seconds to wait before asking again, when nothing could be taken; longer the longer nothing came."""
        ...


class Portions:
    """How many units to hand to a worker at once: one, or of very short ones as many as fill a fraction of a second."""

    FILL_S = 0.25
    MOST = 200

    def __init__(self) -> None:
        self._unit_s = self.FILL_S

    def saw(self, units: int, seconds: float) -> None:
        """Learn from a portion that came back: its units and the seconds the worker spent on them; 0 for one that was lost."""
        if not seconds:
            return
        now = seconds / max(units, 1)
        self._unit_s = now if now > self._unit_s else 0.5 * (self._unit_s + now)

    def size(self, waiting: int, workers: int) -> int:
        """Units for the next portion; a share of what waits, so that no worker goes idle at the end."""
        by_time = int(self.FILL_S / max(self._unit_s, 1e-6))
        return max(1, min(by_time, self.MOST, waiting // (2 * max(workers, 1))))


class AtMost:
    """A feed that gives out so many units and then is closed, whatever else waits behind it."""

    def __init__(self, feed: Feed, most: int) -> None:
        self._feed, self._left = feed, most

    def take(self, most: int) -> list[Unit]:
        found = self._feed.take(min(most, self._left)) if self._left else []
        self._left -= len(found)
        return found

    def waiting(self) -> int:
        return min(self._feed.waiting(), self._left)

    def closed(self) -> bool:
        return not self._left or self._feed.closed()

    def pause_s(self) -> float:
        return self._feed.pause_s()
