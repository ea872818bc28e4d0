"""Writes docs/jobs/: a page for each job type and their index. python -m vitreous.job.pages [DIR]"""

import sys
from pathlib import Path

from vitreous.files import atomic
from vitreous.job import registry
from vitreous.job.as_page import page

FOLDER = Path("docs/jobs")


def pages() -> dict[str, str]:
    """The text of every page by file name: the built-in and plugged-in job types, and index.md."""
    found = {f"{command}.md": page(cls) for command, cls in registry.job_types().items()}
    lines = ["# Jobs", "", "A page for each job type, made from its declaration.", ""]
    lines += [
        f"- [{cls.type.title}]({command}.md): {(cls.__doc__ or '').strip().partition(chr(10))[0]}"
        for command, cls in registry.job_types().items()
    ]
    found["index.md"] = "\n".join(lines) + "\n"
    return found


def main(folder: Path = FOLDER) -> None:
    """Write all pages."""
    for name, text in pages().items():
        atomic.write_text(folder / name, text)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
