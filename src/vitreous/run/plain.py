"""The surroundings of work that is no job, such as a simulation: progress in the terminal, Ctrl-C, a log in its folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vitreous.context import Context
from vitreous.run.folder import JobFolder
from vitreous.run.screen import Screen
from vitreous.run.stopping import StopQuestion, signals_ask


@contextmanager
def surroundings(folder: Path, title: str, *, seed: int = 0, threads: int = 1) -> Iterator[Context]:
    """A Context that shows progress and hears Ctrl-C; its log is run.out in the folder, which is made if need be."""
    where = JobFolder(folder)
    where.hidden.mkdir(parents=True, exist_ok=True)
    where.stop.unlink(missing_ok=True)
    question = StopQuestion(where)
    with Screen(where, title) as screen, signals_ask(question, screen.note):
        screen.note(f"{title} in {folder}/")
        try:
            yield Context(
                folder=folder,
                seed=seed,
                threads=threads,
                on_progress=screen.progress,
                on_note=screen.note,
                stop_asked=question,
            )
        finally:
            where.stop.unlink(missing_ok=True)
        screen.note(f"{title}: done")
