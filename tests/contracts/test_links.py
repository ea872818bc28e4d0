"""Links in the documents lead somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_documents_name_only_files_that_are_there():
    """Links in the documents, and paths of source files in them, exist."""
    bad = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text()
        for target in re.findall(r"\]\(([^)#\s]+)\)", text):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                bad.append(f"{page.relative_to(ROOT)} -> {target}")
    assert not bad, "\n".join(bad)
