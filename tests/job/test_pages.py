from pathlib import Path

from vitreous.job import registry
from vitreous.job.as_page import page
from vitreous.job.pages import pages

DOCS = Path(__file__).resolve().parents[2] / "docs" / "jobs"


def test_a_page_has_every_option_and_output(toys):
    text = page(toys.ToyMap)
    for word in (
        "--factor",
        "`2` Å",
        "`factor_x`",
        "at least -100",
        "`table.json`",
        "`do_magic` = `No`",
        "`1` or `2`",
        "`fn_exe`",
    ):
        assert word in text, word


def test_the_pages_in_docs_are_fresh():
    built_in = {path.partition(":")[2] for path in registry.paths() if path.startswith("vitreous.jobs.")}
    fresh = {name: text for name, text in pages().items() if name != "index.md"}
    checked = 0
    for command, cls in registry.job_types().items():
        if cls.__name__ in built_in and cls.__module__.startswith("vitreous.jobs."):
            assert (DOCS / f"{command}.md").read_text() == fresh[f"{command}.md"], "run python -m vitreous.job.pages"
            assert f"({command}.md)" in (DOCS / "index.md").read_text()
            checked += 1
    assert checked == len(built_in)
