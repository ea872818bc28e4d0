"""Hashes of files."""

import hashlib

import pytest

from vitreous.context import UserError
from vitreous.files.digest import digest


def test_it_follows_the_content_and_not_the_name(tmp_path):
    for name, text in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / name).write_text(text)
    assert digest(tmp_path / "a") == digest(tmp_path / "b") == hashlib.sha256(b"one").hexdigest()[:16]
    assert digest(tmp_path / "a") != digest(tmp_path / "c")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UserError, match=r"there is no file .*none\.star"):
        digest(tmp_path / "none.star")
