"""A report on one job, to be sent to who may help: command, releases, settings that are no defaults, state, ends of its logs."""

import json
from collections.abc import Iterator
from contextlib import suppress

from vitreous.project.history import last_commands
from vitreous.project.layout import Layout
from vitreous.run.folder import JobFolder
from vitreous.run.record import versions
from vitreous.web.telling import log
from vitreous.web.telling.settings import settings

LAST_LINES = 50


def report(layout: Layout, name: str, sentence: str) -> str:
    """The report as plain text; it holds what the job's folder holds, and nothing of this machine's users or keys."""
    folder = JobFolder(layout.job(name))
    parts = [
        (f"Job {name.rstrip('/')}", [sentence]),
        ("Command", last_commands(layout, name) or ["not noted"]),
        ("Settings that are no defaults", list(_settings(layout, name))),
        ("Releases", list(_releases(folder))),
        (f"Last {LAST_LINES} lines of run.out", log.window(folder.out, from_line=-LAST_LINES, count=LAST_LINES).lines),
        (f"Last {LAST_LINES} lines of run.err", log.window(folder.err, from_line=-LAST_LINES, count=LAST_LINES).lines),
    ]
    return "\n\n".join(f"{head}\n{'-' * len(head)}\n" + ("\n".join(lines) or "none") for head, lines in parts) + "\n"


def _settings(layout: Layout, name: str) -> Iterator[str]:
    said = settings(layout, name)
    if said.why_not:
        yield said.why_not
    for one in said.settings:
        if not one.is_default:
            yield f"{one.name} = {one.value}{f' {one.unit}' if one.unit else ''}"


def _releases(folder: JobFolder) -> Iterator[str]:
    """What did the work, as the job noted it; else what is installed here now."""
    with suppress(OSError, ValueError):
        said = json.loads(folder.versions.read_text())
        yield from (f"{key} {value}" for key, value in said.items())
        return
    yield "this job noted none; installed here now are"
    yield from (f"{key} {value}" for key, value in versions().items())
