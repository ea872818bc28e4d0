"""Every address of the window, called with what its own description allows and much that it does not: never a fault of the
server, never a status that the description does not name. Acts run on a copy; nothing is started."""

import os
import shutil
import traceback
from types import SimpleNamespace

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.conftest import RIGHT, TOKEN

from vitreous.context import UserError
from vitreous.project import follow
from vitreous.run.places import local
from vitreous.web.access import Access
from vitreous.web.app import create_app

EXAMPLES = int(os.environ.get("VITREOUS_FUZZ_EXAMPLES", "12"))
NUMBERS = ["001", "002", "003", "004", "005", "006", "007", "008", "009", "010", "011", "last", "classified", "999", "-1"]
TYPES = ["class2d", "import", "refine3d", "auto-pick", "select", "mask-create", "manual-pick", "post-process"]
PATHS = [
    "CtfFind/job003/micrographs_ctf.star",
    "Class2D/job006/run_it200_model.star",
    "Class2D/job006/run_it200_optimiser.star",
    "Class2D/job006/run_it200_classes.mrcs",
    "Extract/job005/particles.star",
    "Refine3D/job009/run_class001.mrc",
    "PostProcess/job011/postprocess.star",
    "AutoPick/job004/autopick.star",
    "session/movies/movie_00001.tiff",
    "default_pipeline.star",
    "broken.star",
    "broken.mrc",
    "empty.star",
    "Class2D",
    "demo.html",
    "../..",
    "nosuch.star",
]
NOT_CALLED = {("GET", "/api/p/{project}/events")}
"""A stream never ends."""
FITTING = {
    "image": ["MotionCorr/job002/session/movies/movie_00001.mrc", "session/movies/movie_00001.tiff"],
    "spectrum": ["MotionCorr/job002/session/movies/movie_00001.mrc", "CtfFind/job003/micrographs_ctf.star"],
    "volume": ["Refine3D/job009/run_class001.mrc", "MaskCreate/job010/mask.mrc", "broken.mrc"],
    "stack": ["Class2D/job006/run_it200_classes.mrcs", "Extract/job005/particles.star"],
    "micrographs": ["CtfFind/job003/micrographs_ctf.star", "MotionCorr/job002/corrected_micrographs.star"],
    "table": ["Extract/job005/particles.star", "CtfFind/job003/micrographs_ctf.star", "broken.star", "empty.star"],
}
"""Paths of which the addresses of a family can make something."""
KINDS = ["particles", "micrographs", "micrographs.ctf", "map", "mask", "movies", "coordinates", "optimiser"]
OFTEN = {
    "job": st.sampled_from(NUMBERS),
    "a": st.sampled_from(NUMBERS),
    "b": st.sampled_from(NUMBERS),
    "from": st.sampled_from(NUMBERS),
    "kind": st.sampled_from(KINDS),
    "block": st.sampled_from(["particles", "micrographs", "optics", "nosuch"]),
    "n": st.sampled_from(NUMBERS),
    "number": st.sampled_from(NUMBERS),
    "path": st.sampled_from(PATHS),
    "type": st.sampled_from(TYPES),
    "it": st.sampled_from(["0", "10", "20", "-1", "99999999999999999999"]),
}


def refuse(*args, **kwargs):
    """In place of what starts a process."""
    raise UserError("nothing is started here")


@pytest.fixture
def call(project, monkeypatch):
    """Sends a request to the window of a copy of the project that has broken files too."""
    for name in ("start_own", "start_detached"):
        monkeypatch.setattr(local, name, refuse)
    monkeypatch.setattr(local, "end", lambda pid, **_: False)
    monkeypatch.setattr(follow, "start_own", refuse)
    monkeypatch.setattr("vitreous.web.ranking.subprocess", SimpleNamespace(Popen=refuse, STDOUT=0, DEVNULL=0))
    monkeypatch.setattr("vitreous.web.refitting.subprocess", SimpleNamespace(run=refuse, TimeoutExpired=TimeoutError))
    (project / "broken.star").write_bytes(b"data_particles\nloop_\n_rlnA #1\n_rlnB #2\n1\n\xff\xfe 'x\n")
    (project / "broken.mrc").write_bytes(os.urandom(3000))
    (project / "empty.star").touch()
    with TestClient(create_app(".", access=Access(TOKEN)), base_url="http://127.0.0.1:8014", headers=RIGHT) as client:
        client.acted = False
        yield client


def replaced(case, data):
    """A case in which some words are ones that this project knows."""
    family = case.path.split("/")[4]
    often = {**OFTEN, "path": st.sampled_from(FITTING.get(family, PATHS))} if data.draw(st.booleans()) else OFTEN
    body = case.body if isinstance(case.body, dict) else {}
    for place in (case.path_parameters, case.query, body):
        for name in list(place or {}):
            if name == "project":
                place[name] = "demo"
            elif name in often and data.draw(st.integers(0, 3)):
                place[name] = data.draw(often[name])
    return case


def fault_of(client, operation, case):
    """What is wrong with the answer to a case; empty when nothing is."""
    said = case.as_transport_kwargs(base_url="http://127.0.0.1:8014")
    said.pop("cookies", None)
    headers = {name: value for name, value in (said.pop("headers", None) or {}).items() if name.lower() == "content-type"}
    body = said.pop("data", None)
    if body is not None:
        said["content"] = body.encode("utf-8", "replace") if isinstance(body, str) else body
    try:
        answer = client.request(**said, headers={**headers, **RIGHT}, follow_redirects=False)
    except (UnicodeError, TypeError):
        return ""  # no client can send this
    except Exception:
        return traceback.format_exc(limit=-4)
    client.acted |= answer.status_code < 300
    known = operation.definition.raw["responses"]
    if answer.status_code >= 500 or (str(answer.status_code) not in known and answer.status_code not in (206, 405)):
        return f"status {answer.status_code}, documented are {', '.join(known)}: {answer.text[:200]}"
    if answer.status_code >= 400 and set(answer.json()) != {"sentence"}:
        return f"status {answer.status_code} without one sentence: {answer.text[:200]}"
    return ""


def faults(client, operation):
    """The first fault that an operation shows, made as small as can be; None when it shows none."""
    shown = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=operation.as_strategy(), data=st.data())
    def run(case, data):
        fault = fault_of(client, operation, replaced(case, data))
        if fault:
            shown.append(f"{case.method} {case.formatted_path} {case.query} {case.body!r:.300}\n{fault}")
            raise AssertionError(fault)

    try:
        run()
    except AssertionError:
        pass
    except Exception as error:  # the description itself is at fault
        shown.append(repr(error))
    return shown[-1] if shown else None


@pytest.mark.slow
def test_no_request_brings_the_window_down(call, project, tmp_path):
    schema = schemathesis.openapi.from_dict(call.get("/api/openapi.json").json())
    found, count = {}, 0
    operations = [result.ok() for result in schema.get_all_operations()]
    looks_first = sorted(operations, key=lambda one: (one.method.upper() != "GET", one.method.upper() == "DELETE", one.path))
    kept = tmp_path / "kept"
    shutil.copytree(project, kept, symlinks=True)
    for operation in looks_first:
        key = (operation.method.upper(), operation.path)
        if key in NOT_CALLED:
            continue
        count += 1
        fault = faults(call, operation)
        if fault:
            found[" ".join(key)] = fault
        if key[0] != "GET" and call.acted:
            call.acted = False
            _put_back(kept, project)
    assert count > 10
    assert not found, "\n\n".join(f"{key}\n{fault}" for key, fault in found.items())


def _put_back(kept, project):
    """The project as it was before an act."""
    for child in project.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
    shutil.copytree(kept, project, symlinks=True, dirs_exist_ok=True)
