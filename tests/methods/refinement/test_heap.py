"""The C library is asked for few heaps, where it knows how."""

import ctypes
import sys
from types import SimpleNamespace

import pytest

from vitreous.methods.refinement import heap


@pytest.mark.parametrize(("platform", "asked"), [("linux", [(-8, 4)]), ("darwin", [])])
def test_one_heap_more_than_threads(monkeypatch: pytest.MonkeyPatch, platform: str, asked: list[tuple[int, int]]) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=lambda *given: told.append(given)))
    monkeypatch.setattr(sys, "platform", platform)
    heap.few_heaps(3)
    assert told == asked


def test_a_c_library_that_knows_no_heaps_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: asked.append(name) or SimpleNamespace())
    monkeypatch.setattr(sys, "platform", "linux")
    heap.few_heaps(3)
    assert asked == [None]


def test_freed_memory_is_kept_but_for_the_largest_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=lambda *given: told.append(given)))
    monkeypatch.setattr(sys, "platform", "linux")
    heap.keep_freed()
    assert told == [(-3, 2**30), (-1, 2**31 - 1)]
