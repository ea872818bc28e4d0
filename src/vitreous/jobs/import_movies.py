"""Movies or single micrographs into a project: a table of the files that a wildcard names, with their optics."""

import glob
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, group, input, job, output
from vitreous.param import param, settings

if TYPE_CHECKING:
    from vitreous.files.incoming import Incoming

ENDINGS = (".mrc", ".mrcs", ".tif", ".tiff", ".eer", ".gz", ".bz2")


@settings
class Watching:
    """How files are taken while they arrive."""

    watch: bool = param(False, usual=True, help="Stay, and take each file that the wildcard names as soon as it is complete.")
    settle_s: float = param(
        30.0, unit="s", low=2, high=300, minimum=0, when="watch",
        help="A file is complete when its size and time have not changed for so long.",
    )  # fmt: skip
    time_out_s: float = param(
        43200.0, unit="s", low=600, high=172800, minimum=0, when="watch",
        help="The job ends when no file has come or grown for so long; 0: never.",
    )  # fmt: skip
    last_file: str = param(
        "", when="watch",
        help="The job ends when this file is there and all others are complete, as Movies/DONE; 'project close' ends it too.",
    )  # fmt: skip


@job(
    "relion.import.movies",
    number=0,
    folder="Import",
    title="Import of movies or micrographs",
    version=1,
    command="import",
    fixed={"do_raw": "Yes", "do_other": "No"},
    ignored=("fn_in_other", "node_type", "optics_group_particles"),
)
class ImportMovies(MapJob):
    """Take the movies or micrographs that a wildcard names into the project; run again, it adds what is new.

    With watch it stays and takes each file as it is complete, so that the steps behind it work while movies arrive.
    """

    follows: ClassVar[bool] = True
    files: str = param(
        relion="fn_in_raw",
        tab="Files",
        help="Wildcard of the files, relative to the project: 'Movies/*.tiff'. MRC, TIFF and EER; quote it in a shell.",
    )
    multiframe: bool = param(
        True, relion="is_multiframe", tab="Files", usual=True, help="Movies of many frames; No for single micrographs."
    )
    pixel_size_A: float = param(
        unit="Å", low=0.5, high=3, step=0.1, minimum=0.01, relion="angpix", tab="Optics", help="Pixel size of the files."
    )
    voltage_kV: float = param(
        unit="kV", low=50, high=500, step=10, minimum=1, relion="kV", tab="Optics", help="Acceleration voltage."
    )
    cs_mm: float = param(
        2.7, unit="mm", low=0, high=8, step=0.1, minimum=0, relion="Cs", tab="Optics",
        usual=True,
        help="Spherical aberration: 2.7 for most microscopes, 1.4 for some, 0.01 with a Cs corrector.",
    )  # fmt: skip
    amplitude_contrast: float = param(
        0.1, low=0, high=0.3, step=0.01, minimum=0, maximum=1, relion="Q0", tab="Optics",
        usual=True,
        help="Fraction of amplitude contrast; 0.1 often works best.",
    )  # fmt: skip
    optics_group_name: str = param(
        "opticsGroup1", relion="optics_group_name", tab="Optics",
        help="Name of the group that shares these optics: letters, digits, dash and underscore.",
    )  # fmt: skip
    mtf: str = input(kind="file", relion="fn_mtf", optional=True, tab="Optics", help="STAR file with the detector's MTF.")
    beam_tilt_x_mrad: float = param(
        0.0, unit="mrad", low=-1, high=1, step=0.1, relion="beamtilt_x", tab="Optics", help="Known beam tilt along x."
    )
    beam_tilt_y_mrad: float = param(
        0.0, unit="mrad", low=-1, high=1, step=0.1, relion="beamtilt_y", tab="Optics", help="Known beam tilt along y."
    )
    watching: Watching = group(Watching, tab="Watching")
    movies = output("movies.star", kind="movies", when="multiframe", help="The movies with their optics")
    micrographs = output(
        "micrographs.star", kind="micrographs", when="multiframe", equals=False, help="The micrographs with their optics"
    )

    def arrivals(self, context: Context, known: Collection[str]) -> "_Movies | None":
        """When watching: what has arrived in full."""
        from vitreous.files.incoming import Incoming

        self._check()
        if not self.watching.watch:
            return None
        return _Movies(
            Incoming(
                self.files,
                ENDINGS,
                settle_s=self.watching.settle_s,
                time_out_s=self.watching.time_out_s,
                last_file=self.watching.last_file,
                known=known,
                listing=context.folder / "irregular_files.star",
                note=context.note,
            )
        )

    def _check(self) -> None:
        if not re.fullmatch(r"[\w-]+", self.optics_group_name):
            raise UserError(
                f"the optics group name {self.optics_group_name!r} may hold only letters, digits, dash and underscore"
            )

    def units(self, context: Context) -> Sequence[Unit]:
        """One unit a file, in the order of names."""
        self._check()
        found = sorted(path for path in glob.glob(self.files) if path.lower().endswith(ENDINGS))
        if not found:
            others = glob.glob(self.files)
            why = f"the {len(others)} files it names are not MRC, TIFF or EER" if others else "it names no file"
            raise UserError(f"nothing to import by {self.files!r}: {why}; it counts from the project, {Path.cwd()}")
        return _units(found)

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Look that the file is there and not empty; one that came while watching was looked at then."""
        path = Path(unit.row["path"])
        if self.watching.watch:
            return {"path": str(path)}
        try:
            size = path.stat().st_size
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); check the link or the rights of the file") from error
        if not size:
            raise UserError(f"{path} is empty (0 bytes); copy it again, or take it away")
        return {"path": str(path)}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Write movies.star or micrographs.star."""
        import numpy as np

        from vitreous.files import star
        from vitreous.tables.table import Table

        kind = "movies" if self.multiframe else "micrographs"
        names = np.array([record["path"] for record in records], object)
        optics = {
            "optics_group_name": np.array([self.optics_group_name], object),
            "optics_group": np.array([1]),
            "original_pixel_size_A": np.array([self.pixel_size_A]),
            "voltage_kV": np.array([self.voltage_kV]),
            "cs_mm": np.array([self.cs_mm]),
            "amplitude_contrast": np.array([self.amplitude_contrast]),
        }
        if self.mtf:
            optics["mtf_path"] = np.array([self.mtf], object)
        if not self.multiframe:
            optics["micrograph_pixel_size_A"] = np.array([self.pixel_size_A])
        if self.beam_tilt_x_mrad or self.beam_tilt_y_mrad:
            optics["beam_tilt_x_mrad"] = np.array([self.beam_tilt_x_mrad])
            optics["beam_tilt_y_mrad"] = np.array([self.beam_tilt_y_mrad])
        column = "movie" if self.multiframe else "micrograph"
        table = Table({column: names, "optics_group": np.ones(len(names), np.int64)}, kind, Table(optics, "optics"))
        name = self.movies.name if self.multiframe else self.micrographs.name
        star.write_table(context.folder / name, table)
        context.note(f"{len(names)} {kind} imported")


def _units(paths: Sequence[str]) -> list[Unit]:
    return [Unit(key=path, row={"path": path}) for path in paths]


@dataclass
class _Movies:
    """Arriving files as units (vitreous.job.declare.Arrivals)."""

    incoming: "Incoming"
    paths: Sequence[str] = ()
    units: Sequence[Unit] = ()

    def look(self) -> Sequence[Unit]:
        paths = self.incoming.look()
        if paths is not self.paths:
            self.paths, self.units = paths, _units(paths)
        return self.units

    def is_open(self) -> bool:
        return self.incoming.is_open()
