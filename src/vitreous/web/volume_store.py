"""What has been worked out of large maps, kept on disk with the other pictures, so that they open at once the next time."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from vitreous.context import UserError
from vitreous.web.picture_cache import PictureCache

WORTH_BYTES = 100_000_000
"""Smaller maps are read again faster than a person sees."""


def kept(cache: PictureCache, where: Path, words: str, make: Callable[[], bytes]) -> bytes:
    """The bytes that `make` gives for a map in its present state; `words` tell them from others of the same map."""
    if where.stat().st_size < WORTH_BYTES:
        return make()
    key = f"volume {words}"
    with cache.lock(key):
        pack = cache.find(key)
        data = pack.read("data") if pack else None
        if data is None:
            data = make()
            with suppress(UserError):  # no room, or no right to write: shown all the same
                cache.write(key, {}, {"data": data})
    return data
