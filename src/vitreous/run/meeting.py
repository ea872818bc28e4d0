"""How the members of a team find each other: the first writes its address into the job's folder, and the others call there.

No port is agreed on beforehand and no lock is needed, only that a file written on one node is seen on another in time.
"""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from vitreous.context import Stopped, UserError
from vitreous.files import atomic
from vitreous.run.folder import JobFolder
from vitreous.run.places import addresses
from vitreous.run.places.members import Member
from vitreous.run.team import Group, distributed
from vitreous.run.watch import Watch

MEET_S = 300.0  # the members of a batch job may begin minutes apart
LOOK_EVERY_S = 0.1


class Dismissed(Exception):
    """The first member has ended before the team met: there is nothing to help with."""


def meet(
    folder: JobFolder, member: Member, *, asked: Callable[[], bool], children: Sequence[Any] = (), cuda: bool = False
) -> Group:
    """The team of this start, when all its members are there. children: processes of members that this one began.

    asked: whether the user wants a stop, which calls off what all members are doing; and while they still come together,
    whether this member is not wanted any more.
    """
    store, address, names = _first(folder, member, asked, children) if member.rank == 0 else _other(folder, member, asked)
    watch = Watch(store.clone(), member.rank, member.size, names=names, asked=asked)
    watch.children = list(children)
    group = Group(store, member.rank, member.size, address=address, watch=watch, cuda=cuda)
    watch.start()
    return group


def dismiss(folder: JobFolder, member: Member) -> None:
    """Tell members that still look for the first that there is nothing for them to do."""
    if member.size > 1:
        with contextlib.suppress(OSError):
            atomic.write_text(_file(folder), json.dumps({"token": member.token, "over": True}))


def _file(folder: JobFolder) -> Any:
    return folder.hidden / "team.json"


def _first(
    folder: JobFolder, member: Member, asked: Callable[[], bool], children: Sequence[Any]
) -> tuple[Any, str, dict[int, str]]:
    store = distributed().TCPStore(
        addresses.ITSELF, 0, None, is_master=True, wait_for_workers=False, timeout=timedelta(seconds=MEET_S)
    )
    store.set("token", member.token)
    known = [addresses.ITSELF] if children else addresses.of_this_machine()
    said = {"token": member.token, "host": socket.gethostname(), "addresses": known, "port": store.port}
    atomic.write_text(_file(folder), json.dumps(said))
    until = time.monotonic() + MEET_S
    names: dict[int, str] = {}
    reached: set[str] = set()
    while len(names) < member.size - 1:
        if asked():
            raise Stopped
        for rank in range(1, member.size):
            if rank not in names and store.check([f"called {rank}"]):
                address, names[rank] = json.loads(store.get(f"called {rank}"))
                reached.add(address)
        dead = next((rank for rank, child in enumerate(children, start=1) if child.poll()), 0)
        if dead or time.monotonic() > until:
            missing = [str(rank + 1) for rank in range(1, member.size) if rank not in names]
            what = (
                f"member {dead + 1} ended before it began" if dead else f"waited {MEET_S:.0f} s in vain for {', '.join(missing)}"
            )
            raise UserError(f"the {member.size} members of the job did not come together: {what} (see {folder.err})")
        time.sleep(0.02)
    own = next((address for address in sorted(reached) if not address.startswith(addresses.LOOPBACK)), addresses.ITSELF)
    return store, own, names


def _other(folder: JobFolder, member: Member, asked: Callable[[], bool]) -> tuple[Any, str, dict[int, str]]:
    until = time.monotonic() + MEET_S
    while time.monotonic() < until:
        said = _said(folder, member.token)
        if said.get("over") or asked():
            raise Dismissed
        for address in said.get("addresses", ()):
            own = addresses.answers(address, said["port"])
            if not own:
                continue
            store = distributed().TCPStore(
                address, said["port"], None, is_master=False, wait_for_workers=False, timeout=timedelta(seconds=MEET_S)
            )
            if not store.check(["token"]) or store.get("token").decode() != member.token:
                continue
            store.set(f"called {member.rank}", json.dumps([address, socket.gethostname()]))
            return store, own, {0: said["host"]}
        time.sleep(LOOK_EVERY_S)
    raise UserError(
        f"member {member.rank + 1} of {member.size} on {socket.gethostname()} could not reach the first of {folder.path}"
    )


def _said(folder: JobFolder, token: str) -> dict[str, Any]:
    """What the first member of this start has written, nothing while there is none."""
    try:
        said: dict[str, Any] = json.loads(_file(folder).read_text())
    except (OSError, ValueError):
        return {}
    return said if said["token"] == token else {}
