"""How workers on other machines find who leads a job: a file with its addresses and the keys of its encrypted lines."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitreous.files import atomic
from vitreous.run.folder import JobFolder
from vitreous.run.places import addresses

NAME = "offer.json"
SIDES = ("client", "scheduler", "worker")
KEYS = ("tls_ca_file", *(f"tls_{side}_{what}" for side in SIDES for what in ("key", "cert")))


@dataclass(frozen=True)
class Offer:
    """Where the leader listens ("tls://10.0.0.1:4711", tried in turn) and the keys that both sides must hold."""

    addresses: tuple[str, ...]
    keys: dict[str, str]

    def security(self) -> Any:
        """The keys as Dask takes them."""
        from distributed.security import Security

        return Security(require_encryption=True, **self.keys)  # type: ignore[no-untyped-call]


def new_keys() -> dict[str, str]:
    """Keys made for this run alone. Whoever holds them may command the workers, so they are kept from others' eyes."""
    from distributed.security import Security

    made = Security.temporary()  # type: ignore[no-untyped-call]
    return {name: str(getattr(made, name)) for name in KEYS}


def post(folder: JobFolder, offer: Offer) -> Path:
    """Write an offer into the job folder, in a directory that only this user may enter; gives its file."""
    folder.crew.mkdir(parents=True, exist_ok=True)
    folder.crew.chmod(0o700)
    path = folder.crew / NAME
    atomic.write_text(path, json.dumps({"addresses": offer.addresses, "keys": offer.keys}))
    return path


def read(path: Path) -> Offer | None:
    """The offer as it stands; None while nobody leads."""
    try:
        said: Any = json.loads(path.read_text())
        return Offer(tuple(said["addresses"]), dict(said["keys"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def machine_addresses(port: int, given: str = "") -> tuple[str, ...]:
    """Every address of this machine that a worker may try, those of other machines' networks first; or the given one alone."""
    return tuple(f"tls://{name}:{port}" for name in ([given] if given else addresses.of_this_machine()))


def answers(address: str) -> bool:
    """Whether somebody listens at an address, "tls://10.0.0.1:4711"."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    return bool(addresses.answers(host, int(port)))
