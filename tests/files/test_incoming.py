"""Files that arrive: complete ones are taken once, and what is odd is listed."""

import os

import pytest

from vitreous.files import star
from vitreous.files.incoming import Incoming


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr("vitreous.files.incoming.time.monotonic", made)
    return made


@pytest.fixture
def said():
    return []


@pytest.fixture
def watch(tmp_path, monkeypatch, clock, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Movies").mkdir()

    def made(known=(), time_out_s=0.0):
        return Incoming(
            "Movies/*",
            (".tiff", ".mrc"),
            settle_s=10,
            time_out_s=time_out_s,
            last_file="Movies/DONE",
            known=known,
            listing=tmp_path / "odd.star",
            note=said.append,
        )

    return made


def put(name, size=10, when=None):
    with open(f"Movies/{name}", "wb") as file:
        file.write(b"x" * size)
    if when is not None:
        os.utime(f"Movies/{name}", (when, when))


def settled(incoming, clock):
    incoming.look()
    clock.now += 11
    return list(incoming.look())


def test_a_file_counts_when_it_has_not_grown_for_a_while(watch, clock):
    incoming = watch()
    put("a.tiff", 5, when=1)
    put("notes.txt")
    assert list(incoming.look()) == []
    clock.now += 6
    put("a.tiff", 9, when=2)
    assert list(incoming.look()) == []
    clock.now += 6
    assert list(incoming.look()) == []
    clock.now += 5
    assert list(incoming.look()) == ["Movies/a.tiff"]
    put("b.tiff", 0)
    assert settled(incoming, clock) == ["Movies/a.tiff"], "an empty file never counts"
    assert incoming.is_open()


def test_times_of_the_file_server_do_not_matter(watch, clock):
    incoming = watch()
    put("a.tiff", when=4e9)
    assert settled(incoming, clock) == ["Movies/a.tiff"]


def test_the_last_file_closes_when_all_others_are_complete(watch, clock):
    incoming = watch()
    put("a.tiff")
    put("DONE")
    incoming.look()
    assert incoming.is_open()
    clock.now += 11
    assert list(incoming.look()) == ["Movies/a.tiff"]
    assert not incoming.is_open()


def test_the_end_is_found_without_a_look_from_outside(watch, clock):
    incoming = watch()
    put("a.tiff")
    incoming.look()
    put("DONE")
    clock.now += 11
    assert not incoming.is_open()
    assert list(incoming.look()) == ["Movies/a.tiff"]


def test_a_time_out_counts_from_the_last_sign_of_life(watch, clock, said):
    incoming = watch(time_out_s=60)
    clock.now += 50
    put("a.tiff")
    assert settled(incoming, clock) == ["Movies/a.tiff"]
    clock.now += 50
    put("b.tiff", 0)
    incoming.look()
    assert incoming.is_open()
    clock.now += 61
    incoming.look()
    assert not incoming.is_open()
    assert any("b.tiff was never complete" in line for line in said)


def test_odd_files_are_listed(watch, clock, said, tmp_path):
    incoming = watch()
    for name in ("gone.tiff", "short.tiff", "other.tiff", "kept.tiff"):
        put(name, 10, when=1)
    assert len(settled(incoming, clock)) == 4
    os.unlink("Movies/gone.tiff")
    put("short.tiff", 4, when=2)
    put("other.tiff", 20, when=2)
    put("kept.mrc")
    os.link("Movies/kept.tiff", "Movies/again.tiff")
    os.symlink("nowhere", "Movies/dangling.tiff")
    clock.now += 301
    assert settled(incoming, clock) == [f"Movies/{name}.tiff" for name in ("gone", "kept", "other", "short")]
    rows = {row["rlnMicrographMovieName"]: row["vitreousReason"] for row in star.read(tmp_path / "odd.star")["irregular"].rows()}
    for name, why in (
        ("gone.tiff", "vanished after"),
        ("short.tiff", "was truncated"),
        ("other.tiff", "was replaced"),
        ("kept.mrc", "came twice"),
        ("again.tiff", "came twice"),
        ("dangling.tiff", "cannot be read"),
    ):
        assert why in rows[f"Movies/{name}"]
        assert any(name in line and why in line for line in said)


def test_a_link_whose_file_comes_later_is_taken_then(watch, clock):
    incoming = watch()
    os.symlink("../later.tiff", "Movies/a.tiff")
    assert settled(incoming, clock) == []
    with open("later.tiff", "wb") as file:
        file.write(b"movie")
    assert settled(incoming, clock) == ["Movies/a.tiff"]


def test_folders_that_come_later_are_watched_too(watch, clock, tmp_path):
    incoming = Incoming(
        "Grid_*/Data/*", (".tiff",), settle_s=10, time_out_s=0, last_file="", listing=tmp_path / "odd.star", note=print
    )
    assert settled(incoming, clock) == []
    os.makedirs("Grid_1/Data")
    with open("Grid_1/Data/x.tiff", "wb") as file:
        file.write(b"movie")
    assert settled(incoming, clock) == ["Grid_1/Data/x.tiff"]
    same = incoming.look()
    assert same is incoming.look(), "nothing new, nothing made anew"


def test_a_renamed_file_replaces_itself(watch, clock):
    incoming = watch()
    put("a.tiff", when=1)
    assert settled(incoming, clock) == ["Movies/a.tiff"]
    os.rename("Movies/a.tiff", "Movies/b.tiff")
    assert settled(incoming, clock) == ["Movies/b.tiff"]


def test_a_file_that_moves_to_another_folder_is_not_taken_twice(watch, clock, tmp_path):
    for name in ("A", "B"):
        (tmp_path / name).mkdir()
    incoming = Incoming("[AB]/*", (".tiff",), settle_s=10, time_out_s=0, last_file="", listing=tmp_path / "odd.star", note=print)
    (tmp_path / "B" / "x.tiff").write_bytes(b"movie")
    assert settled(incoming, clock) == ["B/x.tiff"]
    os.rename("B/x.tiff", "A/x.tiff")
    assert settled(incoming, clock) == ["A/x.tiff"]


def test_a_number_of_a_deleted_file_that_is_used_again_is_another_file(watch, clock):
    incoming = watch()
    put("a.tiff", 10, when=1)
    settled(incoming, clock)
    os.rename("Movies/a.tiff", "Movies/b.tiff")
    with open("Movies/b.tiff", "ab") as file:
        file.write(b"more")
    assert settled(incoming, clock) == ["Movies/a.tiff", "Movies/b.tiff"]


def test_files_of_an_earlier_run_that_were_taken_away_keep_their_rows(watch, clock):
    put("b.tiff")
    incoming = watch(known=["Movies/a.tiff", "Movies/b.tiff", "Other/c.tiff"])
    assert settled(incoming, clock) == ["Movies/a.tiff", "Movies/b.tiff"]


def test_many_odd_files_do_not_fill_the_log(watch, clock, said):
    incoming = watch()
    for number in range(50):
        put(f"m{number:02d}.tiff")
    settled(incoming, clock)
    for number in range(50):
        os.unlink(f"Movies/m{number:02d}.tiff")
    incoming.look()
    assert len(said) == 21
    assert "only listed in" in said[-1]
