import json

from vitreous.run.folder import JobFolder
from vitreous.run.screen import Screen


def test_progress_goes_to_its_file_with_the_time_left(tmp_path, monkeypatch):
    clock = iter(range(0, 2000, 20))
    monkeypatch.setattr("vitreous.run.screen.time.monotonic", lambda: float(next(clock)))
    folder = JobFolder(tmp_path)
    folder.hidden.mkdir()
    with Screen(folder, "Toy", quiet=True) as screen:
        screen.progress(0, 4)
        screen.progress(1, 4, "one")
        screen.progress(4, 4, "all")
    said = [json.loads(line) for line in folder.progress.read_text().splitlines()]
    assert [(line["done"], line["total"], line["note"]) for line in said][:3] == [(0, 4, ""), (1, 4, "one"), (4, 4, "all")]
    assert said[0]["left_s"] is None
    assert said[1]["left_s"] > 0
    assert said[-1]["left_s"] == 0
    assert "1 of 4" in folder.out.read_text()
    assert "left" in folder.out.read_text()


def test_notes_go_to_the_log_and_the_terminal_once(tmp_path, capsys):
    folder = JobFolder(tmp_path)
    folder.hidden.mkdir()
    with Screen(folder, "Toy") as screen:
        screen.note("hello")
    assert folder.out.read_text() == "hello\n"
    assert capsys.readouterr().out == "hello\n"


def test_fractions_are_shown_in_percent(tmp_path):
    folder = JobFolder(tmp_path)
    folder.hidden.mkdir()
    with Screen(folder, "Toy", quiet=True) as screen:
        screen.progress(0.25, 1.0, "x")
        assert screen.sentence() == "25%, x"
