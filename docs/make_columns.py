"""Writes docs/columns.md from the dictionary of columns."""

from pathlib import Path

from vitreous.tables.page import page

if __name__ == "__main__":
    Path(__file__).with_name("columns.md").write_text(page(), encoding="utf-8")
