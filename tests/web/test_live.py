"""The session's page: its chain, values in order, and monitors whose limits and silences are kept in the project."""

import json
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import star
from vitreous.web import monitors
from vitreous.web.monitors import Kept


def states(values, figures=None, hidden=Path("none")):
    return {one.id: one for one in monitors.read_all(hidden, values, figures or {})}


def test_a_fit_is_an_alarm_only_after_ten_in_a_row():
    good, bad = np.full(60, 4.0), np.full(9, 12.0)
    assert states({"ctf_resolution_A": np.r_[good, bad]})["fit"].state == "look"
    found = states({"ctf_resolution_A": np.r_[good, bad, 9.0]})["fit"]
    assert (found.state, found.value, found.note) == ("alarm", 9.0, "10 in a row")
    assert states({"ctf_resolution_A": good})["fit"].state == "ok"
    assert states({"ctf_resolution_A": np.full(5, np.nan)})["fit"].state == "no data"


def test_low_and_high_limits_look_at_their_own_side():
    found = states({"defocus_u_A": np.array([20000.0, 500.0])}, {"disk": 4.0, "gpu": 60.0})
    assert (found["defocus_low"].state, found["defocus_high"].state) == ("alarm", "ok")
    assert (found["disk"].state, found["gpu"].state, found["quiet"].state) == ("alarm", "ok", "no data")


def test_limits_and_silences_last_and_an_unknown_monitor_is_refused(tmp_path):
    monitors.keep(tmp_path, "disk", Kept(limit=2.0))
    assert states({}, {"disk": 4.0}, tmp_path)["disk"].state == "ok"
    monitors.keep(tmp_path, "disk", Kept(limit=20.0, snoozed_until_s=4e9))
    assert states({}, {"disk": 4.0}, tmp_path)["disk"].state == "snoozed"
    with pytest.raises(UserError, match="no monitor 'moon'"):
        monitors.keep(tmp_path, "moon", Kept())
    (tmp_path / monitors.FILE).write_text("[1")
    with pytest.raises(UserError, match=r"monitors\.json"):
        monitors.load(tmp_path)


def test_the_session_is_the_newest_import_and_what_follows(client, project):
    found = client.get("/api/p/demo/live").json()
    assert [step["title"] for step in found["steps"]] == ["imported", "aligned", "focused", "picked", "extracted", "classified"]
    assert (found["movies"], found["micrographs"], found["behind"], found["running"]) == (4, 4, 0, False)
    table = star.read_table(found["table"], "micrographs")
    series = {one["name"]: one["values"] for one in found["series"]}
    assert np.allclose(series["defocus_u_A"], table["defocus_u_A"], atol=1e-3)
    assert found["newest"] == [str(name) for name in table["micrograph"]][::-1]


def test_a_limit_is_set_over_the_api_and_written_into_the_project(client, project):
    said = client.put("/api/p/demo/monitors/motion", json={"limit": 1.0})
    assert next(one for one in said.json() if one["id"] == "motion")["state"] in ("alarm", "look")
    assert json.loads((project / ".vitreous" / "monitors.json").read_text())["motion"]["limit"] == 1.0
    assert client.put("/api/p/demo/monitors/motion", json={"limit": "NaN"}).status_code == 422
    assert client.put("/api/p/demo/monitors/none", json={"limit": 1}).status_code == 422
