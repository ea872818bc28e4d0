"""Acts: each is done once however often its key arrives, and what it may have changed is told to all browsers at once."""

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitreous.web.access import LOOKS
from vitreous.web.events import Events
from vitreous.web.watch import Change

KEPT, LONGEST_KEY, MOST_BYTES = 500, 200, 1_000_000
JOB = re.compile(r"^/api/p/[^/]+/jobs/(?P<number>\d{3,9})(?:/(?P<act>\w+))?$")


@dataclass
class _Done:
    """One act: over once its answer is there."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    answer: list[Message] = field(default_factory=list)
    whole: bool = False


class Acts:
    """Middleware. The answers to the last few hundred acts are kept while the server runs."""

    def __init__(self, app: ASGIApp, events: Events) -> None:
        self._app, self._events = app, events
        self._done: OrderedDict[tuple[str, ...], _Done] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] in LOOKS:
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("idempotency-key", "")[:LONGEST_KEY]
        key = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"), said)
        if said and key in self._done:
            before = self._done[key]
            await before.over.wait()
            if before.whole:
                for message in before.answer:
                    await send({**message})
                return
        await self._act(scope, receive, send, self._begin(key) if said else _Done())

    def _begin(self, key: tuple[str, ...]) -> _Done:
        self._done[key] = _Done()
        if len(self._done) > KEPT:
            self._done.popitem(last=False)
        return self._done[key]

    async def _act(self, scope: Scope, receive: Receive, send: Send, done: _Done) -> None:
        status, taken = 500, 0

        async def keep(message: Message) -> None:
            nonlocal status, taken
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": list(message.get("headers", []))}
                done.answer.append({**message, "headers": list(message["headers"])})
            else:
                done.answer.append(message)
                taken += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, keep)
            done.whole = status < 500 and taken <= MOST_BYTES
        finally:
            if not done.whole:
                done.answer.clear()
            done.over.set()
        if status < 400:
            self._events.tell(*_changed_by(scope["path"]))


def _changed_by(path: str) -> list[Change]:
    """What an act at an address may have changed."""
    found = JOB.match(path)
    if not found:
        trash = [Change("trash")] if "/trash" in path or "/undo" in path else []
        return [Change("jobs"), *trash]
    number = found["number"]
    if found["act"] == "draft":
        return [Change(f"draft:{number}", number)]
    return [Change(f"job:{number}", number), Change("jobs")]
