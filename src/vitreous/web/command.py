"""The command `vitreous web`: opens the window on a project directory and prints its address."""

import argparse
import contextlib
import errno
import os
import signal
import socket
import ssl
import sys
import threading
import webbrowser
from pathlib import Path
from types import FrameType

import uvicorn

from vitreous.context import UserError
from vitreous.web import tokens
from vitreous.web.access import LOOPBACK, Access
from vitreous.web.app import create_app
from vitreous.web.events import Events

PORT, NEXT_PORTS = 8014, 50
LAST_WORDS_S = 3
"""How long a stopping server waits for answers that are on their way."""


def main(arguments: list[str]) -> int:
    """Serve the project of a directory until interrupted; gives the exit code."""
    said = _parser().parse_args(arguments)
    if bool(said.tls_cert) != bool(said.tls_key):
        raise UserError("give --tls-cert and --tls-key together")
    files = {name: Path(path).resolve() for name, path in vars(said).items() if name in FILES and path}
    folder = Path(said.project)
    if not folder.is_dir():
        raise UserError(f"{folder} is no directory; make it first, or leave it out to open this one")
    os.chdir(folder)
    access = _access(said, files.get("token_file"))
    app = create_app(".", readonly=said.read_only, access=access)
    listening = _listen(said.host, said.port)
    address = _address(said.host, listening.getsockname()[1], access.token, tls="tls_cert" in files)
    sys.stdout.write(f"vitreous: {Path.cwd().name} is open at {address} (Ctrl-C closes the window; jobs run on)\n")
    sys.stdout.flush()
    if said.open:
        webbrowser.open(address)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=LAST_WORDS_S,
        ssl_certfile=files.get("tls_cert"),
        ssl_keyfile=files.get("tls_key"),
    )
    with contextlib.suppress(KeyboardInterrupt):
        _serve(config, app.state.events, listening)
    return 0


FILES = ("token_file", "tls_cert", "tls_key")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vitreous web",
        description="Open the window on a project directory, or on an empty one, where a project can be made.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("project", nargs="?", default=".", metavar="DIR", help="project directory [default: this one]")
    add("--port", type=int, metavar="N", help=f"port; 0: any that is free [default: {PORT}, or the next that is free]")
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on [default: this machine alone]")
    add("--name", action="append", default=[], metavar="HOST", help="a name under which the window is reached, beside localhost")
    add("--read-only", action="store_true", help="nobody may act by this window, and nothing in the project is changed")
    add("--tls-cert", default="", metavar="FILE", help="certificate (PEM), for https; with --tls-key")
    add("--tls-key", default="", metavar="FILE", help="private key of the certificate (PEM)")
    add("--token-file", default="", metavar="FILE", help="keep the token there [default: below .vitreous in your home]")
    add("--open", action=argparse.BooleanOptionalAction, default=False, help="open the address in the browser of this machine")
    add("--no-browser", dest="open", action="store_false", help="the same as --no-open")
    return parser


def _access(said: argparse.Namespace, token_file: Path | None) -> Access:
    """Who is let in: who has the token, under the names of this window."""
    try:
        token = tokens.kept(token_file or tokens.place_of(Path.cwd()))
    except UserError as error:
        if token_file:
            raise
        token = tokens.fresh()
        sys.stderr.write(f"vitreous: {error}; this run's token is not kept\n")
    beyond = said.host not in LOOPBACK
    if beyond and not said.tls_cert:
        sys.stderr.write("vitreous: others on the network can read the token and all data; give --tls-cert, or use ssh -L\n")
    names = {name.lower() for name in said.name} | ({said.host.lower(), socket.gethostname().lower()} if beyond else set())
    return Access(token, frozenset(names), any_address=beyond)


def _listen(host: str, port: int | None) -> socket.socket:
    """A listening socket; without a wish for a port the first free one from the usual on, and it is said if that is another."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wished = range(PORT, PORT + NEXT_PORTS) if port is None else (port,)
    for number in wished:
        try:
            listening = socket.create_server((host, number), family=family, backlog=200)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise UserError(f"cannot listen on {host}, port {number}: {error.strerror}") from None
            continue
        except OverflowError:
            raise UserError(f"there is no port {number}; they end at 65535") from None
        if port is None and number != PORT:
            sys.stderr.write(f"vitreous: port {PORT} is taken, perhaps by another window; this one is at {number}\n")
        return listening
    raise UserError(f"port {wished[0]} is taken; choose another with --port, or 0 for any that is free")


def _address(host: str, port: int, token: str, *, tls: bool) -> str:
    name = socket.gethostname() if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{name}:{port}/?token={token}"


class _Server(uvicorn.Server):
    """A server that says goodbye to the streams first, for it waits until all answers have ended."""

    def __init__(self, config: uvicorn.Config, events: Events) -> None:
        super().__init__(config)
        self._events = events

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        threading.Thread(target=self._events.end).start()  # not in the handler, which may stand within the lock
        super().handle_exit(sig, frame)


def _serve(config: uvicorn.Config, events: Events, listening: socket.socket) -> None:
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise UserError(f"the certificate or its key cannot be used: {error}") from None
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _Server(config, events).run([listening])
