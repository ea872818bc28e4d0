"""Pictures once made, on disk: bounded, written aside and renamed, and gone without harm when somebody deletes them."""

import atexit
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vitreous.context import UserError
from vitreous.files import atomic

LIMIT_BYTES = 2_000_000_000
_SWEEP_EVERY_BYTES = 100_000_000
_TOUCH_AFTER_S = 3600.0


@dataclass(frozen=True)
class Pack:
    """Many small pictures in one file: what is known of them, and where each lies."""

    path: Path
    known: Mapping[str, Any]
    places: Mapping[str, tuple[int, int]]
    held: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, name: str) -> bytes | None:
        """One of the pictures; None where there is none of that name, or the file has gone."""
        if name in self.held:
            return self.held[name]
        place = self.places.get(name)
        if place is None:
            return None
        try:
            with self.path.open("rb") as file:
                file.seek(place[0])
                data = file.read(place[1])
        except OSError:
            return None
        return data if len(data) == place[1] else None


@dataclass
class PictureCache:
    """A folder of packs; when it grows over its limit those that were not used for longest go first."""

    folder: Path
    limit_bytes: int = LIMIT_BYTES
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _written: int = _SWEEP_EVERY_BYTES  # so that the first write looks at what earlier servers left
    _opened: dict[str, Pack] = field(default_factory=dict)

    @classmethod
    def of(cls, hidden: Path, *, writable: bool) -> "PictureCache":
        """The cache in a project's hidden folder, or where nothing may be written there, one that ends with this process."""
        if writable and os.access(hidden if hidden.is_dir() else hidden.parent, os.W_OK):
            return cls(hidden / "window" / "pictures")
        folder = Path(tempfile.mkdtemp(prefix="vitreous-pictures-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return cls(folder)

    def lock(self, key: str) -> threading.Lock:
        """A lock for the maker of one pack, so that many who ask at once wait for one."""
        with self._guard:
            if len(self._locks) > 4096:
                self._locks = {name: lock for name, lock in self._locks.items() if lock.locked()}
            return self._locks.setdefault(key, threading.Lock())

    def find(self, key: str) -> Pack | None:
        """The pack of a key, if it is there."""
        path = self._path(key)
        pack = self._opened.get(key)
        try:
            age_s = time.time() - path.stat().st_mtime
            if pack is None:
                pack = _open(path)
                if len(self._opened) > 256:
                    self._opened.clear()
                self._opened[key] = pack
            if age_s > _TOUCH_AFTER_S:
                os.utime(path)
        except (OSError, ValueError, KeyError):
            self._opened.pop(key, None)
            return None
        return pack

    def write(self, key: str, known: Mapping[str, Any], pictures: Mapping[str, bytes]) -> Pack:
        """Keep pictures under a key; where the disk is full or forbidden they are given back and forgotten."""
        path, places, at = self._path(key), {}, 0
        for name, data in pictures.items():
            places[name] = (at, len(data))
            at += len(data)
        head = json.dumps({"known": known, "places": places}).encode()
        try:
            with atomic.writing(path, durable=False) as file:
                file.write(len(head).to_bytes(8, "little") + head)
                for data in pictures.values():
                    file.write(data)
        except UserError:
            return Pack(path, known, {}, dict(pictures))
        self._opened[key] = _open(path)
        self._written += at
        if self._written > min(_SWEEP_EVERY_BYTES, self.limit_bytes // 4):
            self.sweep()
        return self._opened[key]

    def sweep(self) -> None:
        """Bring the folder below its limit; the oldest go."""
        self._written = 0
        found = []
        for path in self.folder.rglob("*.pack"):
            with contextlib.suppress(OSError):
                seen = path.stat()
                found.append((seen.st_mtime, seen.st_size, path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self.limit_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size

    def _path(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()[:40]
        return self.folder / name[:2] / f"{name[2:]}.pack"


def _open(path: Path) -> Pack:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length < 1 << 24:
            raise ValueError(f"{path} is no pack of pictures")
        head = json.loads(file.read(length))
    start = 8 + length
    places = {str(name): (start + int(at), int(size)) for name, (at, size) in head["places"].items()}
    return Pack(path, head["known"], places)
