"""Answers made small: data carry a tag, by which a browser that has them already gets none, and text is compressed.

Streams, pictures and long files pass as they are.
"""

import gzip
from collections import OrderedDict
from hashlib import blake2b

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST_BYTES, MOST_BYTES = 800, 8_000_000
"""Shorter texts gain nothing by compression; longer ones pass as they come."""
LEVEL = 4
KEPT = 64
LASTING = "private, max-age=31536000, immutable"
"""Of scripts and styles, whose names change with their content."""
TEXT = ("application/json", "text/", "image/svg", "application/javascript", "application/manifest")


class Packing:
    """Middleware that tags and compresses what has its whole length in its head."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packed: OrderedDict[str, bytes] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            await self._app(scope, receive, send)
            return
        lasting = LASTING if scope["path"].startswith("/assets/") else "no-cache"
        answer = _Answer(self, Headers(scope=scope), send, asked=scope["method"] == "GET", lasting=lasting)
        await self._app(scope, receive, answer.send)

    def packed(self, body: bytes, tag: str) -> bytes:
        """A body compressed; of the last few that were asked for the result is kept, as of scripts and unchanged data."""
        if tag in self._packed:
            self._packed.move_to_end(tag)
            return self._packed[tag]
        small = gzip.compress(body, LEVEL, mtime=0)
        self._packed[tag] = small
        if len(self._packed) > KEPT:
            self._packed.popitem(last=False)
        return small


class _Answer:
    """One answer on its way out, held back until it is whole."""

    def __init__(self, packing: Packing, request: Headers, send: Send, *, asked: bool, lasting: str) -> None:
        self._packing, self._request, self._send, self._asked, self._lasting = packing, request, send, asked, lasting
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            length = headers.get("content-length", "")
            if _is_text(headers) and length.isdecimal() and 0 < int(length) <= MOST_BYTES and "content-encoding" not in headers:
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        body, headers = bytes(self._body), MutableHeaders(scope=start)
        tag = headers.get("etag") or f'"{blake2b(body, digest_size=12).hexdigest()}"'
        if self._asked and start["status"] == 200:
            headers["ETag"] = tag
            headers.setdefault("Cache-Control", self._lasting)
            if _matches(self._request.get("if-none-match", ""), tag):
                for name in ("content-length", "content-type"):
                    del headers[name]
                await self._send({**start, "status": 304})
                await self._send({"type": "http.response.body", "body": b""})
                return
        whole = start["status"] != 206 and len(body) >= LEAST_BYTES
        if whole:
            headers.add_vary_header("Accept-Encoding")
        if whole and "gzip" in self._request.get("accept-encoding", ""):
            body = self._packing.packed(body, tag)
            headers["Content-Encoding"] = "gzip"
            headers["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_text(headers: MutableHeaders) -> bool:
    kind = headers.get("content-type", "")
    return kind.startswith(TEXT) and not kind.startswith("text/event-stream")


def _matches(said: str, tag: str) -> bool:
    """Whether a browser's If-None-Match holds the tag, weak or strong."""
    return any(one.strip().removeprefix("W/") == tag.removeprefix("W/") for one in said.split(","))
