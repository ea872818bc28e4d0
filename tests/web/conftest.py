"""What tests of the window share: a finished small project, the application in this process, a real server, a real Chromium."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from vitreous.web.access import Access
from vitreous.web.app import STATIC, create_app

MOVIES = 4
TOKEN = "a-token-of-the-tests-that-is-long-enough-000"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
"""What a script sends to be let in, to a Window as to the client."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the finished project, which takes minutes to make, is not in the quick set."""
    for item in items:
        if "finished" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished demonstration of four movies, made once for all workers; VITREOUS_TEST_DEMO names one that is there already."""
    ready = os.environ.get("VITREOUS_TEST_DEMO")
    if ready:
        return Path(ready)
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "demonstration"
    with (shared / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "demo.html").is_file():
            command = [sys.executable, "-m", "vitreous", "demo", "--out", str(folder), "--movies", str(MOVIES)]
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            made = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1500, check=False)
            assert made.returncode == 0, made.stdout + made.stderr
    return folder


def _linked(source: str, target: str) -> None:
    """A picture as a second name of the same file, since ours are only ever replaced as a whole; other files as a copy."""
    if source.endswith((".mrc", ".mrcs", ".ctf", ".tiff")):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def _but_session(finished: Path) -> Callable[[str, list[str]], set[str]]:
    return lambda folder, _: {"session"} if Path(folder) == finished else set()


@pytest.fixture
def project(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished project, which a test may change; the current directory."""
    copy = tmp_path / "demo"
    shutil.copytree(finished, copy, symlinks=True, ignore=_but_session(finished), copy_function=_linked)
    (copy / "session").symlink_to(finished / "session")
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def client(project: Path) -> Iterator[TestClient]:
    """The application on that project, in this process, with the right to act; addresses begin with /api/p/demo/."""
    with TestClient(create_app(".", access=Access(TOKEN)), base_url="http://127.0.0.1:8014") as client:
        client.headers.update({"X-Vitreous": "1", **RIGHT})
        yield client


@dataclass(frozen=True)
class Window:
    """A running server: the address that it printed, the project's folder, its process."""

    address: str
    folder: Path
    process: subprocess.Popen[str]

    @property
    def base(self) -> str:
        """The address without page and token."""
        found = re.match(r"https?://[^/]+", self.address)
        assert found
        return found.group()


@contextlib.contextmanager
def serving(folder: Path, *options: str) -> Iterator[Window]:
    """`vitreous web` in a folder, on a free port, with the token of the tests; ends it afterwards. Jobs that it started go on."""
    kept = folder.parent / f"{folder.name}.token"
    kept.touch(mode=0o600)
    kept.write_text(TOKEN)
    command = [sys.executable, "-m", "vitreous", "web", "--port", "0", "--token-file", str(kept), *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            found = re.search(r"https?://\S+", line)
            if found:
                yield Window(found.group(), folder, process)
                return
        raise AssertionError(f"the server did not say its address: {''.join(said)}")
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        process.kill()


@pytest.fixture
def window(project: Path) -> Iterator[Window]:
    """A real server on the copy of the finished project."""
    with serving(project) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, for one file of tests: what drives it holds the process's event loop, which others need too."""
    where = shutil.which("chromium") or shutil.which("google-chrome")
    if not where:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    assert (STATIC / "index.html").is_file(), "the front end is not built: make frontend"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=where, args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        )
        yield started
        started.close()


@pytest.fixture(params=["light"])
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A tab of 1280 x 800 that has the token of the tests; a test that leaves an error in its console fails.

    Parametrise indirectly with "dark" or "light".
    """
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=request.param)
    context.set_default_timeout(15000)
    cookie = {"name": Access(TOKEN).cookie, "value": TOKEN, "domain": "127.0.0.1", "path": "/"}
    context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Strict"}])
    tab = context.new_page()
    errors: list[str] = []
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert not errors, errors
