"""Who may come in, and what they may do: the rules, pure. A request is judged by its Host, its token, where it comes from,
and whether it acts or only looks."""

import hmac
import ipaddress
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIE_LASTS_S = 30 * 24 * 3600


@dataclass(frozen=True)
class Access:
    """The rules of one window.

    token: empty asks for none (tests, and programs that guard by themselves); hosts: names beside loopback under which the
    window is reached; any_address: whether it is also reached by plain addresses, as when it listens beyond this machine.
    """

    token: str = ""
    hosts: frozenset[str] = frozenset()
    any_address: bool = False

    @property
    def cookie(self) -> str:
        """The cookie's name, another for each token: browsers do not keep cookies apart by port."""
        return f"vitreous_{sha256(self.token.encode()).hexdigest()[:10]}"

    def knows_host(self, said: str) -> bool:
        """Whether a Host header names this window; that of another site whose name leads here does not (DNS rebinding)."""
        name = host_name(said)
        if name in LOOPBACK or name in self.hosts:
            return True
        return self.any_address and _is_address(name)

    def is_token(self, said: str) -> bool:
        """Whether this is the token, in a time that does not tell how much of it is right."""
        return hmac.compare_digest(said.encode(), self.token.encode())

    def lets_in(self, headers: Headers) -> bool:
        """Whether a request has the token, in its cookie or as a script's header."""
        if not self.token:
            return True
        kind, _, said = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.is_token(said.strip())
        return any(self.is_token(value) for value in _cookies(headers, self.cookie))


def host_name(said: str) -> str:
    """The name in a Host header, without its port, in small letters; empty when it is none."""
    try:
        return (urlsplit(f"//{said}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def fault_of_origin(headers: Headers, method: str) -> str:
    """Why a request may come from another site's page; empty when it comes from ours, or from no page at all."""
    site = headers.get("sec-fetch-site", "")
    if site and site not in ("same-origin", "none"):
        return "the request comes from a page of another site"
    if method in LOOKS:
        return ""
    origin = headers.get("origin")
    if origin is not None and _netloc(origin) != headers.get("host", "").lower():
        return "the act comes from a page of another site"
    if "x-vitreous" not in headers and "authorization" not in headers:
        return "an act needs the header X-Vitreous, which a page of another site cannot send"
    return ""


def _netloc(origin: str) -> str:
    try:
        split = urlsplit(origin)
    except ValueError:
        return ""
    return split.netloc.lower() if split.scheme in ("http", "https") else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookies(headers: Headers, name: str) -> list[str]:
    """The values of a cookie in a request; what cannot be read counts as none."""
    found = []
    for line in headers.getlist("cookie"):
        for part in line.split(";"):
            try:
                found += [morsel.value for key, morsel in SimpleCookie(part.strip()).items() if key == name]
            except CookieError:
                continue
    return found
