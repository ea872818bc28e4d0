"""Addresses by which processes on other machines reach this one, and whether somebody answers at one of theirs."""

import contextlib
import socket

import psutil

CALL_S = 3.0
LOOPBACK = "127."
ITSELF = f"{LOOPBACK}0.0.1"


def of_this_machine() -> list[str]:
    """The addresses (IPv4) of this machine, the likeliest first, and last that of the machine to itself."""
    found = []
    with contextlib.suppress(OSError):
        found += [str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("192.0.2.1", 9))  # nothing is sent: it only asks which of the machine's addresses leads outside
        found.append(str(line.getsockname()[0]))
    parts = [part for parts in psutil.net_if_addrs().values() for part in parts]
    found += [part.address for part in parts if part.family == socket.AF_INET and part.address]
    return [*(address for address in dict.fromkeys(found) if not address.startswith(LOOPBACK)), ITSELF]


def answers(address: str, port: int) -> str:
    """This machine's own address on the way to another one; empty where nobody answers."""
    try:
        with socket.create_connection((address, port), CALL_S) as line:
            return str(line.getsockname()[0])
    except OSError:
        return ""
