"""Stands before everything: Host, token, origin and size of each request are judged here, and every answer gets the heads
that keep hostile text from becoming script. Shared links lose their first words here and may only look."""

import json
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vitreous.web.access import COOKIE_LASTS_S, LOOKS, Access, fault_of_origin
from vitreous.web.sharing import Sharing

MOST_BYTES = 64 * 1024 * 1024
"""No answer of a person, not of a million picks, is longer."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox; frame-ancestors 'none'"
HEADS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=()",
}
CLOSED = "this window asks for its token: open the address that vitreous web printed when it started"


@dataclass(frozen=True)
class Rights:
    """What the sender of a request may do; before: the words of a shared link that stood before the path."""

    may_act: bool
    before: str = ""


class Refused(Exception):
    """A request that is not answered, with status and sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Guard:
    """Middleware; what comes through has scope["rights"]."""

    def __init__(self, app: ASGIApp, access: Access, sharing: Sharing, *, readonly: bool) -> None:
        self._app, self._access, self._sharing, self._readonly = app, access, sharing, readonly

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError("the window speaks plain HTTP")
        headed = _headed(send, is_page=not _is_data(scope["path"]))
        try:
            let_in = self._with_token_in_address(scope)
            if let_in is not None:
                await _answer(headed, 303, b"", let_in)
                return
            passed, limited = self._judged(scope), _limited(receive, scope)
        except Refused as no:
            await _refuse(scope, headed, no)
            return
        await self._app(passed, limited, headed)

    def _judged(self, scope: Scope) -> Scope:
        """The request with the rights of its sender; raises Refused."""
        headers, method = Headers(scope=scope), scope["method"]
        self._check_host(headers)
        shared = self._shared(scope)
        if shared is not None:
            if method not in LOOKS:
                raise Refused(403, "a shared link may only look")
            return shared
        if scope["path"].startswith("/assets/") and method in LOOKS:
            return {**scope, "rights": Rights(may_act=False)}
        if not self._access.lets_in(headers):
            raise Refused(401, CLOSED)
        if _is_data(scope["path"]) or method not in LOOKS:
            fault = fault_of_origin(headers, method)
            if fault:
                raise Refused(403, fault)
        return {**scope, "rights": Rights(may_act=not self._readonly)}

    def _check_host(self, headers: Headers) -> None:
        if not self._access.knows_host(headers.get("host", "")):
            raise Refused(403, "the window is not reached under this name; start it with --name to allow it")

    def _shared(self, scope: Scope) -> Scope | None:
        """The request of a shared link without the link's words; None for others."""
        if not scope["path"].startswith("/s/"):
            return None
        token, _, rest = scope["path"].removeprefix("/s/").partition("/")
        if not self._sharing.lets_in(token):
            raise Refused(404, "this shared link is not known, was taken back, or its time is over")
        before = f"/s/{token}"
        raw = scope.get("raw_path", b"")[len(before) :] or b"/"
        return {**scope, "path": f"/{rest}", "raw_path": raw, "rights": Rights(may_act=False, before=before)}

    def _with_token_in_address(self, scope: Scope) -> dict[str, str] | None:
        """The heads that give a browser its cookie and send it to the same page without the token; None if it brings none."""
        if scope["method"] != "GET" or _is_data(scope["path"]) or b"token=" not in scope["query_string"]:
            return None
        self._check_host(Headers(scope=scope))
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        said = next((value for name, value in asked if name == "token"), "")
        if not self._access.token or not self._access.is_token(said):
            raise Refused(401, CLOSED)
        rest = urlencode([(name, value) for name, value in asked if name != "token"])
        path = "/" + quote(scope["path"].lstrip("/\\"))
        secure = "; Secure" if scope["scheme"] == "https" else ""
        cookie = f"{self._access.cookie}={said}; Path=/; Max-Age={COOKIE_LASTS_S}; HttpOnly; SameSite=Strict{secure}"
        return {"Location": f"{path}?{rest}" if rest else path, "Set-Cookie": cookie, "Cache-Control": "no-store"}


def _limited(receive: Receive, scope: Scope) -> Receive:
    """The body of a request, as long as it is not too long."""
    said = Headers(scope=scope).get("content-length", "0")
    if not said.isdecimal() or len(said) > 15 or int(said) > MOST_BYTES:
        raise Refused(413, _too_long())
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise HTTPException(413, _too_long())
        return message

    return bounded


def _too_long() -> str:
    return f"the request is longer than {MOST_BYTES} bytes"


def _is_data(path: str) -> bool:
    """Whether an address gives data, also under a shared link; else it is a page or a part of one."""
    if path.startswith("/s/"):
        path = "/" + path.split("/", 3)[-1]
    return path.startswith("/api/")


def _headed(send: Send, *, is_page: bool) -> Send:
    """Answers with the heads that every one of them has; what a route has said itself stays."""

    async def with_heads(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else DATA_POLICY)
            for name, value in HEADS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_heads


async def _refuse(scope: Scope, send: Send, no: Refused) -> None:
    """Say no: to a page as a page, to a program in the words of all problems."""
    heads = {"Cache-Control": "no-store"}
    if _is_data(scope["path"]) or scope["method"] not in LOOKS:
        body = json.dumps({"sentence": str(no)}).encode()
        await _answer(send, no.status, body, {**heads, "Content-Type": "application/json"})
        return
    again = '<p>If you were let in before, <a href="">open it again</a>.</p>' if no.status == 401 else ""
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>vitreous</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:20vh auto;padding:0 1em;"
        "color-scheme:light dark}</style>"
        f"<main><h1>vitreous</h1><p>{str(no).capitalize()}.</p>{again}</main></html>"
    )
    await _answer(send, no.status, text.encode(), {**heads, "Content-Type": "text/html; charset=utf-8"})


async def _answer(send: Send, status: int, body: bytes, heads: dict[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in heads.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
