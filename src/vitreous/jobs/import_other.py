"""Particles, coordinates, micrograph tables, references, masks and half maps from elsewhere, copied under their own names."""

import glob
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Unit, job, output
from vitreous.param import param
from vitreous.tables.places import below_job

WHAT = {
    "coordinates": "Particle coordinates (*.box, *_pick.star)",
    "particles": "Particles STAR file (.star)",
    "references": "Multiple (2D or 3D) references (.star or .mrcs)|2D references (.star or .mrcs)",
    "micrographs": "Micrographs STAR file (.star)",
    "map": "3D reference (.mrc)",
    "mask": "3D mask (.mrc)",
    "half map": "Unfiltered half-map (unfil.mrc)",
}


@job(
    "relion.import.other",
    number=0,
    folder="Import",
    title="Import of other files",
    version=1,
    command="import-other",
    fixed={"do_raw": "No", "do_other": "Yes"},
    ignored=(
        *("fn_in_raw", "is_multiframe", "optics_group_name", "fn_mtf", "angpix", "kV", "Cs", "Q0"),
        *("beamtilt_x", "beamtilt_y"),
    ),
)
class ImportOther(MapJob):
    """Take a file made elsewhere into the project: particles, coordinates, references, a map, a mask or half maps."""

    file: str = param(
        relion="fn_in_other",
        tab="Files",
        help="The file; for coordinates a wildcard such as 'Micrographs/*_pick.star'; for half maps either of the two.",
    )
    what: str = param(
        "coordinates",
        choices=tuple(WHAT),
        relion="node_type",
        relion_values=WHAT,
        tab="Files",
        help="What the file is.",
    )
    optics_group_name: str = param(
        "",
        relion="optics_group_particles",
        tab="Files",
        help="New name for the one optics group of a particles file; empty keeps it.",
    )
    coordinates = output("coords_suffix*", kind="coordinates", when="what", equals="coordinates", help="How the copied files end")
    particles = output("*.star", kind="particles", when="what", equals="particles", help="The particles")
    references = output("*.*", kind="references2d", when="what", equals="references", help="The references")
    micrographs = output("*.star", kind="micrographs", when="what", equals="micrographs", help="The micrographs")
    map = output("*.m*", kind="map", when="what", equals="map", help="The map")
    mask = output("*.m*", kind="mask", when="what", equals="mask", help="The mask")
    halfmap = output("*half[12]*.m*", kind="halfmap", when="what", equals="half map", help="Both half maps")

    def units(self, context: Context) -> Sequence[Unit]:
        """One unit a file."""
        if self.what == "coordinates":
            if "*" not in Path(self.file).name:
                raise UserError(
                    f"{self.file!r} must be a wildcard in which * stands for the micrograph: 'Micrographs/*_pick.star'"
                )
            found = sorted(glob.glob(self.file))
        elif self.what == "half map":
            found = _both_halves(self.file)
        else:
            found = [self.file]
        missing = [path for path in found if not Path(path).is_file()]
        if missing or not found:
            raise UserError(f"nothing to import: there is no file {(missing or [self.file])[0]} from {Path.cwd()}")
        return [Unit(key=path, row={"path": path}) for path in found]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Check the file and copy it under its own name."""
        path = unit.row["path"]
        name = below_job(path) if self.what == "coordinates" else Path(path).name
        target = context.folder / name
        if self.what in ("particles", "micrographs"):
            self._table(path, target)
            return {"file": str(target)}
        self._check(path)
        _copy(path, target)
        return {"file": str(target)}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """For coordinates, write the file that says how their names end."""
        from vitreous.files import atomic

        if self.what == "coordinates":
            ending = Path(self.file).name.split("*")[-1]
            atomic.write_text(context.folder / f"coords_suffix{ending}", self.file + "\n")
        context.note(f"{len(records)} imported: " + ", ".join(record["file"] for record in records[:3]))

    def _table(self, path: str, target: Path) -> None:
        from vitreous.files import star

        table = star.read_table(path, self.what)
        if not len(table):
            raise UserError(f"{path} lists no {self.what}: nothing to import")
        if not self.optics_group_name or self.what != "particles":
            _copy(path, target)
            return
        if table.optics is None or len(table.optics) != 1:
            raise UserError(f"{path} has more than one optics group; only a single one can be renamed: leave the name empty")
        star.write_table(target, table.with_optics(table.optics.with_(optics_group_name=[self.optics_group_name])))

    def _check(self, path: str) -> None:
        """Refuse what cannot be read as what it is said to be."""
        from vitreous.files import coordinates, mrc, star

        if self.what == "coordinates":
            coordinates.read(path)
        elif path.endswith(".star"):
            star.read(path)
        else:
            header = mrc.read_header(path)
            if self.what in ("map", "mask", "half map") and header.shape[0] == 1:
                raise UserError(f"{path} is a single image of {header.shape[2]} x {header.shape[1]} pixels, not a map")


def _both_halves(path: str) -> list[str]:
    """A half map and its partner, half1 first."""
    name = Path(path).name
    for one, other in (("half1", "half2"), ("half2", "half1")):
        if one in name:
            return sorted([path, str(Path(path).with_name(name.replace(one, other)))])
    raise UserError(f"{path}: the name of a half map must hold half1 or half2, so that its partner can be found")


def _copy(path: str, target: Path) -> None:
    from vitreous.files import atomic

    target.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "rb") as source, atomic.writing(target) as copy:
        shutil.copyfileobj(source, copy)
