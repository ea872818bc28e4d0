"""Review of a CTF job: limits on any column, micrographs by hand, a live count, and the table of those that are kept."""

from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.drawing.drawings import IMAGE_SIGMA, figure, show_curves, show_micrograph
from vitreous.drawing.shown import Shown
from vitreous.files import mrc, star
from vitreous.files.picture import to_grey
from vitreous.project.project import Project
from vitreous.tables.columns import name_of
from vitreous.tables.inline import table_html
from vitreous.tables.table import Table

TABLE, SELECTED = "micrographs_ctf.star", "selected_micrographs_ctf.star"
RINGS_PX = 360


def ctf_jobs(project: Project) -> list[str]:
    """The names of the project's jobs that have a table of CTF fits, in their order."""
    root = project.layout.root
    return [name for name in project.graph().processes if (root / name / TABLE).is_file()]


class CtfReview:
    """Which micrographs of a CTF job are kept. Limits and choices by hand are only written by save()."""

    def __init__(self, project: Project, job: str = "last") -> None:
        known = ctf_jobs(project)
        if job == "last" and not known:
            raise UserError("the project has no CTF job that has run; run vitreous ctf-find first")
        self.root = project.layout.root
        self.name = known[-1] if job == "last" else project.find(job)
        self.path = self.root / self.name / TABLE
        if not self.path.is_file():
            raise UserError(f"{self.name} has no {TABLE}; jobs with one are {', '.join(known) or 'none'}")
        self.table = star.read_table(self.path, "micrographs")
        self.limits: dict[str, tuple[float | None, float | None]] = {}
        self.by_hand: dict[str, bool] = {}
        self.order, self.falling = "", False

    def limit(self, column: str, low: float | None = None, high: float | None = None) -> "CtfReview":
        """Keep micrographs whose value lies between low and high; None: open. Without either the limit goes."""
        name = name_of(column)
        if name not in self.table or self.table[name].dtype.kind not in "fiu":
            raise UserError(f"{self.path} has no column of numbers {column!r}; it has {', '.join(self._numbers())}")
        self.limits.pop(name, None)
        if low is not None or high is not None:
            self.limits[name] = (low, high)
        return self

    def keep(self, *micrographs: str) -> "CtfReview":
        """Keep these whatever the limits say."""
        return self._decide(micrographs, True)

    def leave_out(self, *micrographs: str) -> "CtfReview":
        """Leave these out whatever the limits say."""
        return self._decide(micrographs, False)

    def sort(self, column: str, *, falling: bool = False) -> "CtfReview":
        """The order in which the table is shown; what is saved keeps the order of the job."""
        if name_of(column) not in self.table:
            raise UserError(f"{self.path} has no column {column!r}; it has {', '.join(self.table)}")
        self.order, self.falling = name_of(column), falling
        return self

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which rows of the table are kept."""
        inside = np.ones(len(self.table), bool)
        for name, (low, high) in self.limits.items():
            column = self.table[name].astype(float)
            inside &= np.isfinite(column)
            inside &= column >= (-np.inf if low is None else low)
            inside &= column <= (np.inf if high is None else high)
        for row, micrograph in enumerate(self.table["micrograph"]):
            inside[row] = self.by_hand.get(str(micrograph), inside[row])
        return inside

    def curves(self, *columns: str) -> Shown:
        """Columns over the order of the micrographs."""
        rows = np.arange(1, len(self.table) + 1)
        wanted = [name_of(column) for column in columns] or ["ctf_resolution_A"]
        return show_curves({name: (rows, self.table[name]) for name in wanted}, x_name="micrograph", y_name=", ".join(wanted))

    def show(self, micrograph: str) -> Shown:
        """A micrograph with its power spectrum against the fit (the left half is the data, the right half the fit)."""
        row = self._row(micrograph)
        image, pixel = mrc.read_image(self.root / micrograph)
        drawn = show_micrograph(image, pixel, name=Path(micrograph).name)
        if "ctf_image" in self.table:
            spectrum, _ = mrc.read_image(self.root / str(self.table["ctf_image"][row]).removesuffix(":mrc"))
            drawn += Shown(figure(to_grey(spectrum, sigma=IMAGE_SIGMA), "power spectrum", width=RINGS_PX), "power spectrum")
        return drawn

    def selected(self) -> Table:
        """The rows that are kept."""
        return self.table.select(self.kept)

    def save(self) -> Path:
        """Write selected_micrographs_ctf.star into the folder of the CTF job, for use in RELION or here; gives its path."""
        chosen = self.selected()
        if not len(chosen):
            raise UserError(f"none of the {len(self.table)} micrographs of {self.path} is kept: widen the limits")
        path = self.path.with_name(SELECTED)
        star.write_table(path, chosen)
        return path

    def __len__(self) -> int:
        return int(self.kept.sum())

    def __repr__(self) -> str:
        return f"{len(self)} of {len(self.table)} micrographs of {self.name} kept"

    def _repr_html_(self) -> str:
        said = [f"{name} {_range(*limit)}" for name, limit in self.limits.items()]
        said += [f"{len(self.by_hand)} by hand"] if self.by_hand else []
        table = self.selected()
        if self.order:
            table = table.sorted_by(self.order)
            table = table.select(np.arange(len(table))[::-1]) if self.falling else table
        return f"<p><b>{escape(repr(self))}</b> {escape('; '.join(said))}</p>{table_html(table)[0]}"

    def _decide(self, micrographs: tuple[str, ...], kept: bool) -> "CtfReview":
        for micrograph in micrographs:
            self._row(micrograph)
            self.by_hand[micrograph] = kept
        return self

    def _row(self, micrograph: str) -> int:
        found = np.flatnonzero(self.table["micrograph"] == micrograph)
        if not len(found):
            raise UserError(f"{self.path} has no micrograph {micrograph}")
        return int(found[0])

    def _numbers(self) -> list[str]:
        return [name for name in self.table if self.table[name].dtype.kind in "fiu"]


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"up to {high:g}"
    return f"from {low:g}" if high is None else f"{low:g} to {high:g}"
