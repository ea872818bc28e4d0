"""Path names of the Schemes in a project directory, pure but for the look which of them are there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vitreous.context import UserError

Flavour = Literal["scheme", "schedule"]
PARENTS: dict[str, Flavour] = {"Schemes": "scheme", "Schedules": "schedule"}


@dataclass(frozen=True)
class SchemeFolder:
    """The names in the folder of one Scheme (RELION 4, 5) or schedule (3.1). root is the project directory."""

    root: Path
    flavour: Flavour
    word: str

    @property
    def name(self) -> str:
        """As it stands in the file: Schemes/prep/."""
        return f"{'Schemes' if self.flavour == 'scheme' else 'Schedules'}/{self.word}/"

    @property
    def path(self) -> Path:
        return self.root / self.name.rstrip("/")

    @property
    def star(self) -> Path:
        return self.path / f"{self.flavour}.star"

    @property
    def backup(self) -> Path:
        """The file as it was before the last write."""
        return self.path / f"{self.flavour}.star.bck"

    @property
    def pipeline(self) -> Path:
        """3.1: the graph of the schedule's own jobs, without which it does not open the schedule."""
        return self.path / f"{self.flavour}_pipeline.star"

    @property
    def changed(self) -> Path:
        """Touched after each write, so that open windows read again."""
        return self.path / f".{self.flavour}_has_changed"

    @property
    def abort_now(self) -> Path:
        """RELION's request to stop."""
        return self.path / "RELION_JOB_ABORT_NOW"

    @property
    def aborted(self) -> Path:
        return self.path / "RELION_JOB_EXIT_ABORTED"

    @property
    def visit(self) -> Path:
        """Which job was started at the current node, so that a Scheme that was killed takes it up."""
        return self.path / ".vitreous" / "visit.json"

    @property
    def log(self) -> Path:
        return self.path / "run.out"

    @property
    def lock_folder(self) -> Path:
        return self.root / f".relion_lock_{self.flavour}_{self.word}"

    @property
    def lock_file(self) -> Path:
        return self.lock_folder / f"lock_{self.flavour}"

    def job_star(self, original: str) -> Path:
        """The options of one of its jobs."""
        return self.path / original / "job.star"


def all_of(root: Path) -> list[SchemeFolder]:
    """The Schemes and schedules of a project."""
    found = []
    for parent, flavour in PARENTS.items():
        for star in sorted((root / parent).glob(f"*/{flavour}.star")):
            found.append(SchemeFolder(root, flavour, star.parent.name))
    return found


def find(root: Path, word: str) -> SchemeFolder:
    """A Scheme by its name ("prep") or its folder ("Schemes/prep/"); a Scheme comes before a schedule of the same name."""
    plain = word.rstrip("/")
    for folder in all_of(root):
        if plain in (folder.word, folder.name.rstrip("/")):
            return folder
    there = ", ".join(folder.word for folder in all_of(root)) or "none"
    raise UserError(f"the project has no scheme {word!r}; it has {there} (a scheme lies in Schemes/NAME/scheme.star)")


def named(word: str) -> str:
    """A word that may be a part of file names; one that may not is an error."""
    if not word or any(c.isspace() for c in word) or set("/$*?\"'") & set(word):
        raise UserError(f"{word!r} cannot be a name: it must have no blanks, slashes, quotes, * ? or $")
    return word
