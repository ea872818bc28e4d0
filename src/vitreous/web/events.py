"""What has changed, told to every browser as it happens: one watcher for all streams, and the last events kept, so that a
browser that lost its connection goes on where it was. An event says what changed, not the new value."""

import asyncio
import json
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from vitreous.project.layout import Layout
from vitreous.web.watch import Change, Watcher

LOOK_S, SOONEST_S = 1.0, 0.25
"""Seconds between two looks; after an act the next comes sooner, but never more than four in a second."""
BEAT_S = 15.0
KEPT = 1000
RETRY_MS = 4000
MOST_WAITING = 500
"""Events that wait for one slow browser; one that is further behind is told to read all again."""

_log = logging.getLogger("vitreous.web")


@dataclass(eq=False)
class Stream:
    """One browser that listens."""

    loop: asyncio.AbstractEventLoop
    waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def put(self, parts: Iterable[bytes]) -> None:
        """Hand on events; called in the stream's own loop."""
        self.waiting.extend(parts)
        self.news.set()


class Events:
    """All streams of a server and the thread that looks at the project for them; it rests while nobody listens."""

    def __init__(self, layout: Layout, *, look_s: float = LOOK_S, beat_s: float = BEAT_S) -> None:
        self._watcher = Watcher(layout)
        self._look_s, self._beat_s = look_s, beat_s
        self._streams: set[Stream] = set()
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT)
        self._told: dict[str, Change] = {}
        self._number = 0
        self._boot = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._over = False

    def tell(self, *changes: Change) -> None:
        """Say that something has changed, after an act: every browser hears of it within a quarter of a second."""
        with self._lock:
            self._told.update((change.topic, change) for change in changes)
        self._wake.set()

    def end(self) -> None:
        """The server stops: say so to every browser, and end all streams. Jobs run on."""
        with self._lock:
            self._over = True
            for stream in self._streams:
                stream.ended = True
            self._publish([Change("bye")])
        self._wake.set()

    async def stream(self, since: str = "") -> AsyncIterator[bytes]:
        """The text of one browser's stream, from the event after `since`, until it goes away or the server stops."""
        stream = Stream(asyncio.get_running_loop())
        with self._lock:
            missed = self._after(since)
            stream.waiting.extend([self._hello(resumed=missed is not None), *(missed or ())])
            stream.ended = self._over
            self._streams.add(stream)
            self._begin()
        try:
            while True:
                if stream.waiting:
                    parts = b"".join(stream.waiting)
                    stream.waiting.clear()
                    yield parts
                    continue
                if stream.ended:
                    return
                stream.news.clear()
                if not await _within(stream.news, self._beat_s):
                    yield b"event: beat\ndata: \n\n"
        finally:
            with self._lock:
                self._streams.discard(stream)

    def _hello(self, *, resumed: bool) -> bytes:
        """The first event of a stream: whether it goes on where the browser was, or all must be asked for again."""
        body = json.dumps({"topic": "hello", "resumed": resumed, "rev": self._number})
        return f"retry: {RETRY_MS}\nid: {self._boot}-{self._number}\ndata: {body}\n\n".encode()

    def _after(self, since: str) -> list[bytes] | None:
        """The events after one that a browser has seen; None when they are not kept any more."""
        boot, _, number = since.partition("-")
        if boot != self._boot or not number.isdecimal() or len(number) > 12:
            return None
        last = int(number)
        if last > self._number or (self._kept and last < self._kept[0][0] - 1):
            return None
        return [part for at, part in self._kept if at > last]

    def _begin(self) -> None:
        if self._over or (self._thread and self._thread.is_alive()):
            return
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        """Look, tell, wait; ends when nobody listens any more. What changes meanwhile is told by the next look."""
        while True:
            began = time.monotonic()
            try:
                found = self._watcher.look()
            except Exception:  # the next look may go well; the pages themselves say what is wrong
                _log.exception("a look at the project failed")
                found = []
            with self._lock:
                told, self._told = self._told, {}
                self._publish([*found, *told.values()])
                if self._over or not self._streams:
                    self._thread = None
                    return
            self._wake.wait(self._look_s)
            time.sleep(max(0.0, SOONEST_S - (time.monotonic() - began)))
            self._wake.clear()

    def _publish(self, changes: list[Change]) -> None:
        """Give events to all streams, one for each topic; the lock is held."""
        parts = []
        for change in _by_topic(changes):
            self._number += 1
            name = f"{self._boot}-{self._number}"
            body = json.dumps({"id": name, "rev": self._number, **change.said()})
            parts.append(f"id: {name}\ndata: {body}\n\n".encode())
            self._kept.append((self._number, parts[-1]))
        if not parts:
            return
        for stream in self._streams:
            try:
                stream.loop.call_soon_threadsafe(stream.put, parts)
            except RuntimeError:
                stream.ended = True  # its loop is gone, and the browser with it


def _by_topic(changes: list[Change]) -> list[Change]:
    """One change for each topic; one that several files have brought names none."""
    merged: dict[str, Change] = {}
    for change in changes:
        before = merged.get(change.topic)
        merged[change.topic] = change if before in (None, change) else Change(change.topic, change.job)
    return list(merged.values())


async def _within(news: asyncio.Event, wait_s: float) -> bool:
    """Whether news came within a time."""
    try:
        await asyncio.wait_for(news.wait(), wait_s)
    except TimeoutError:
        return False
    return True
