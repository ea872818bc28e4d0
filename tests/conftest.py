"""What tests share: where the real data lie, a project folder, RELION's programs."""

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """The tests of a file stay on one worker, so that what they share (a whole demonstration, say) is made once."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log) if config.getvalue("dist") == "load" else None


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data and files written by the peers."""
    for candidate in (os.environ.get("VITREOUS_TEST_DATA"), HERE.parent.parent / "shared" / "data"):
        if candidate and Path(candidate).is_dir():
            return Path(candidate)
    pytest.skip("the real test data are not here; set VITREOUS_TEST_DATA to their folder")


@pytest.fixture(scope="session")
def relion() -> str:
    """Where RELION's programs are."""
    found = shutil.which("relion_refine")
    if not found:
        pytest.skip("RELION 3.1 is not installed (apt-get install relion)")
    return str(Path(found).parent)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of toy jobs, importable also in worker processes, its jobs known to the registry."""
    folder = str(HERE / "toys")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH", "")))))
    importlib.import_module("toy_vitreous")
    yield importlib.import_module("toy_jobs")
