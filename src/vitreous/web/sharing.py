"""Shared links: each lets somebody look, until a day, and can be taken back. The project keeps what names a link, never the
link itself, so that who reads the file cannot come in by it."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from vitreous.context import UserError
from vitreous.files import atomic
from vitreous.web.problems import Missing

MOST = 200
DAY_S = 86400.0


class Share(BaseModel):
    """One shared link, as the project keeps it."""

    id: str
    label: str
    made: float
    ends: float
    mark: str

    def holds(self) -> bool:
        """Whether its time has not ended."""
        return time.time() < self.ends


class Sharing:
    """The shared links of a project, in a file that is read again when it has changed."""

    def __init__(self, root: Path) -> None:
        self._path = root / ".vitreous" / "window" / "shares.json"
        self._lock = threading.Lock()

    def all(self) -> list[Share]:
        """The links that are not over, the newest first."""
        try:
            rows: Any = json.loads(self._path.read_text(encoding="utf-8"))
            shares = [Share.model_validate(row) for row in rows]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, ValidationError):
            return []  # a file that cannot be read lets nobody in
        return [share for share in shares if share.holds()]

    def make(self, label: str, days: float) -> tuple[Share, str]:
        """A new link, and its token, which is told this once."""
        token, now = secrets.token_urlsafe(24), time.time()
        share = Share(id=secrets.token_hex(4), label=label, made=now, ends=now + days * DAY_S, mark=_mark(token))

        def add(shares: list[Share]) -> list[Share]:
            if len(shares) >= MOST:
                raise UserError(f"there are {MOST} shared links already; take some back first")
            return [share, *shares]

        self._change(add)
        return share, token

    def revoke(self, number: str) -> Share:
        """Take a link back; it lets nobody in from now on."""
        gone: list[Share] = []

        def take(shares: list[Share]) -> list[Share]:
            gone.extend(share for share in shares if share.id == number)
            return [share for share in shares if share.id != number]

        self._change(take)
        if not gone:
            raise Missing(f"there is no shared link {number}, or its time is over")
        return gone[0]

    def lets_in(self, token: str) -> bool:
        """Whether a token is one of a link that holds."""
        mark = _mark(token)
        return any(secrets.compare_digest(share.mark, mark) for share in self.all())

    def _change(self, change: Callable[[list[Share]], list[Share]]) -> None:
        with self._lock:
            shares = change(self.all())
            atomic.write_text(self._path, json.dumps([share.model_dump() for share in shares], indent=1) + "\n")


def _mark(token: str) -> str:
    """What is kept of a token: nobody can find the token from it."""
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
