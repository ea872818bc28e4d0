import json

from vitreous.job.declare import Unit
from vitreous.run import record
from vitreous.run.folder import JobFolder
from vitreous.run.units import identity, lines, recorded


def test_a_torn_last_line_costs_that_line_only(tmp_path):
    path = tmp_path / "rows" / "one.jsonl"
    record.append_line(path, {"identity": "a", "record": {"v": 1}})
    with path.open("ab") as stream:
        stream.write(b'{"identity": "b", "rec')
    assert [line["identity"] for line in lines(path)] == ["a"]
    record.append_line(path, {"identity": "c", "record": {"v": 3}})
    assert [line["identity"] for line in lines(path)] == ["a", "c"]
    assert recorded(path.parent) == {"a": {"v": 1}, "c": {"v": 3}}


def test_numpy_values_become_plain(tmp_path):
    import numpy as np

    record.append_line(tmp_path / "x.jsonl", {"a": np.float32(0.5), "b": np.arange(3), "c": tmp_path})
    assert json.loads((tmp_path / "x.jsonl").read_text()) == {"a": 0.5, "b": [0, 1, 2], "c": str(tmp_path)}


def test_identity_of_a_unit_follows_settings_key_and_row():
    unit = Unit("a", {"x": 1})
    others = [identity(Unit("b", {"x": 1}), "s"), identity(Unit("a", {"x": 2}), "s"), identity(unit, "t")]
    assert identity(unit, "s") == identity(Unit("a", {"x": 1}), "s")
    assert len({identity(unit, "s"), *others}) == 4


def test_note_is_written_as_relion_does(tmp_path):
    folder = JobFolder(tmp_path)
    record.note_start(folder, "vitreous x --y", goes_on=False)
    record.note_start(folder, "vitreous x --y", goes_on=True)
    said = folder.note.read_text().splitlines()
    assert said[0].startswith(" ++++ Executing new job on ")
    assert said[1:4] == [" ++++ with the following command(s): ", "vitreous x --y", " ++++ "]
    assert "continuing" in said[4]


def test_one_marker_at_a_time(tmp_path):
    folder = JobFolder(tmp_path)
    record.mark(folder, "failed")
    folder.abort_now.touch()
    record.clear_markers(folder)
    record.mark(folder, "aborted")
    assert [path.name for path in tmp_path.iterdir()] == ["RELION_JOB_EXIT_ABORTED"]


def test_durations():
    assert [record.duration(s) for s in (0, 0.24, 59, 60, 200, 7500)] == [
        "0 s",
        "0.2 s",
        "59 s",
        "1 min",
        "3 min 20 s",
        "2 h 5 min",
    ]


def test_versions_name_the_libraries():
    assert record.versions()["pydantic"][0].isdigit()
