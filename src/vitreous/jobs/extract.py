"""Cuts particles out of micrographs, at picks or at the coordinates of particles that were refined before."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Size, Unit, group, input, job, output
from vitreous.methods.extraction.settings import Recentring, Windows
from vitreous.param import param
from vitreous.tables.places import below_job, without_suffix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vitreous.files.stacks import StackWriter
    from vitreous.methods.extraction.particles import Extracted
    from vitreous.tables.table import Table

_OF_MICROGRAPH = (
    *("optics_group", "ctf_resolution_A", "ctf_fom", "defocus_u_A", "defocus_v_A", "defocus_angle_deg"),
    *("ctf_bfactor_A2", "ctf_scale", "phase_shift_deg"),
)
LOOKED_AT = 20  # files of coordinates, to tell about how many picks there are
_PLAIN_CTF = {"ctf_bfactor_A2": 0.0, "ctf_scale": 1.0, "phase_shift_deg": 0.0}


@job(
    "relion.extract",
    number=5,
    folder="Extract",
    title="Particle extraction",
    version=1,
    command="extract",
    fixed={"do_extract_helix": "No", "do_set_angpix": "No"},
    ignored=(
        *("angpix", "do_cut_into_segments", "do_extract_helical_tubes", "helical_bimodal_angular_priors", "helical_nr_asu"),
        *("helical_rise", "helical_tube_outer_diameter"),
    ),
)
class Extract(MapJob):
    """Cut out, rescale and normalise the particles of each micrograph."""

    follows: ClassVar[bool] = True
    micrographs: str = input(kind="micrographs", relion="star_mics", help="STAR file with the micrographs, best with their CTF.")
    coordinates: str = input(
        kind="coordinates",
        relion="coords_suffix",
        optional=True,
        help="Picks: autopick.star or coords_suffix_autopick.star of a picking job.",
    )
    again: bool = param(
        False, relion="do_reextract", tab="I/O", help="Cut out the particles of an earlier job again, in place of picks."
    )
    particles: str = input(
        kind="particles", relion="fndata_reextract", optional=True, help="The particles that are to be cut out again."
    )
    recentring: Recentring = group(Recentring, tab="I/O")
    windows: Windows = group(Windows, tab="Extract")
    use_threshold: bool = param(
        False, relion="do_fom_threshold", tab="Extract", help="Leave out picks of too low a figure of merit."
    )
    least_fom: float = param(
        0,
        relion="minimum_pick_fom",
        when="use_threshold",
        tab="Extract",
        help="The lowest figure of merit (signal over noise of our own picks) that is taken.",
    )
    extracted = output("particles.star", kind="particles", help="All particles")
    places = output("reextract.star", kind="coordinates", help="Where the particles were cut out", when="again")
    suffix = output("coords_suffix_extract.star", kind="coordinates", help="The same for RELION 3.1", when="again")

    def size(self) -> Size | None:
        """The images, by the number of picks in some of the files of coordinates."""
        from vitreous.files import coordinates, glance, micrographs

        if self.again:
            count = glance.table(self.particles, "particles").rows if self.particles else 0
        elif self.coordinates:
            names = [str(name) for name in micrographs.read_table(self.micrographs)["micrograph"]]
            some = names[:: max(1, len(names) // LOOKED_AT)]
            found = coordinates.files_of(self.coordinates, some).values()
            count = round(sum(len(coordinates.read(file)) for file in found) * len(names) / len(some))
        else:
            count = 0
        box = self.windows.final_box_px
        each = box**2 * (2 if self.windows.float16 else 4)
        return Size(count * each, f"{count:,} images of {box} x {box} pixels") if count else None

    def units(self, context: Context) -> Sequence[Unit]:
        """One unit a micrograph that has coordinates; its row holds a digest of them, so that new picks are new work."""
        from vitreous.files import micrographs

        if sentence := self.windows.wrong():
            raise UserError(sentence)
        table = micrographs.read_table(self.micrographs)
        files = self._coordinate_files(table)
        table = table.with_(pixel_size_A=table.optics_column("micrograph_pixel_size_A"))
        table = _with_plain_ctf(table)
        rows = (
            {name: row[name] for name in ("micrograph", "pixel_size_A", *_OF_MICROGRAPH) if name in row} for row in table.rows()
        )
        units = [
            Unit(key=row["micrograph"], row={**row, **files[row["micrograph"]]}) for row in rows if row["micrograph"] in files
        ]
        if not units and not context.growing:
            raise UserError(
                f"none of the {len(table)} micrographs of {self.micrographs} has coordinates in "
                f"{self.particles if self.again else self.coordinates}: do both come from the same micrographs?"
            )
        if len(units) < len(table) and not context.growing:
            context.note(f"{len(table) - len(units)} of {len(table)} micrographs have no coordinates and are left out")
        return units

    def _coordinate_files(self, table: "Table") -> dict[str, dict[str, str]]:
        """For each micrograph with coordinates: the file that holds them and a digest of its content."""
        from vitreous.files import coordinates
        from vitreous.files.digest import digest

        if not self.again:
            if not self.coordinates:
                raise UserError("no coordinates were given: name the picks with --coordinates, or particles with --again")
            found = coordinates.files_of(self.coordinates, [str(name) for name in table["micrograph"]])
            return {name: {"file": str(file), "digest": digest(file)} for name, file in found.items()}
        if not self.particles:
            raise UserError("no particles were given to be cut out again: name them with --particles")
        once = {"file": self.particles, "digest": digest(self.particles)}
        return dict.fromkeys(_by_micrograph(self.particles, once["digest"])[1], once)

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Cut the particles of one micrograph and write their stack and their table."""
        import numpy as np

        from vitreous.files import micrographs, star
        from vitreous.methods.extraction.particles import extract

        picks = self._picks(unit)
        image = micrographs.read_finite(unit.row["micrograph"])
        if self.windows.box_px > min(image.shape):
            raise UserError(
                f"the box of {self.windows.box_px} pixels is larger than the micrograph of {image.shape[1]} x {image.shape[0]}: "
                "give a smaller --box-px"
            )
        seeded = replace(context, seed=context.seed_for(unit.key))
        x, y = picks["x_px"].astype(np.float64), picks["y_px"].astype(np.float64)
        stem = str(context.folder / without_suffix(below_job(unit.key)))
        with self._writer(f"{stem}.mrcs", unit) as stack:
            out = extract(image, x, y, windows=self.windows, context=seeded, keep=stack.append)
        for rows, why in ((out.outside, "wholly outside the micrograph"), (out.empty, "without any contrast around")):
            if len(rows):
                context.note(f"{unit.key}: {len(rows)} of {len(picks)} particles dropped, {why}")
        table = f"{stem}_extract.star"
        if len(out.rows):
            star.write_table(table, _rows_of(picks, out, unit.row, f"{stem}.mrcs"))
        return {"micrograph": unit.key, "file": table, "particles": len(out.rows)}

    def _writer(self, path: str, unit: Unit) -> "StackWriter":
        """The stack of one micrograph, written as its particles are cut out."""
        from vitreous.files.stacks import StackWriter

        pixel = unit.row["pixel_size_A"] * self.windows.box_px / self.windows.final_box_px
        dtype: Literal["float16", "float32"] = "float16" if self.windows.float16 else "float32"
        return StackWriter(path, box=self.windows.final_box_px, pixel_size_A=pixel, dtype=dtype)

    def _picks(self, unit: Unit) -> "Table":
        """The rows that are to be cut out of one micrograph, with x_px and y_px."""
        from vitreous.files import coordinates

        if self.again:
            from vitreous.methods.extraction.recentre import recentred

            table, rows = _by_micrograph(self.particles, unit.row["digest"])
            mine = table.select(rows[unit.key])
            sizes = {
                "micrograph_pixel_size_A": unit.row["pixel_size_A"],
                "reference_pixel_size_A": _pixel_size(mine, self.particles),
            }
            return recentred(mine, self.recentring, **sizes)
        picks = coordinates.read(unit.row["file"])
        if not self.use_threshold:
            return picks
        if "pick_fom" not in picks:
            raise UserError(f"{unit.row['file']} has no rlnAutopickFigureOfMerit: leave --use-threshold out")
        return picks.select(picks["pick_fom"] >= self.least_fom)

    def taken_over(self, unit: Unit, context: Context) -> dict[str, Any] | None:
        """RELION leaves the same stack and table for each micrograph."""
        from vitreous.files import mrc, star

        stem = str(context.folder / without_suffix(below_job(unit.key)))
        stack, table = Path(f"{stem}.mrcs"), Path(f"{stem}_extract.star")
        if not (stack.is_file() and table.is_file()):
            return None
        count, box = len(star.read_table(table, optics="optional")), self.windows.final_box_px
        if mrc.read_header(stack).shape != (count, box, box):
            return None
        return {"micrograph": unit.key, "file": str(table), "particles": count}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Write all particles as one table."""
        from vitreous.files import atomic, coordinates, micrographs, star
        from vitreous.tables.table import concatenate

        kept = [record for record in records if record["particles"]]
        context.note(f"{sum(record['particles'] for record in kept)} particles of {len(records)} micrographs")
        if not kept:
            if not context.growing and len(records) == len(self.units(context)):
                raise UserError(f"not one particle was cut out of {len(records)} micrographs: look at the coordinates")
            return
        optics = micrographs.read_table(self.micrographs).optics
        assert optics is not None
        sizes = optics["micrograph_pixel_size_A"] * self.windows.box_px / self.windows.final_box_px
        optics = optics.with_(pixel_size_A=sizes, box=self.windows.final_box_px, dimensions=2)
        table = concatenate([star.read_table(record["file"], "particles", optics="optional") for record in kept])
        star.write_table(context.folder / self.extracted.name, table.as_kind("particles").with_optics(optics))
        if self.again:
            coordinates.write_list(context.folder / self.places.name, {record["micrograph"]: record["file"] for record in kept})
            atomic.write_text(context.folder / self.suffix.name, self.micrographs + "\n")


@lru_cache(maxsize=1)
def _by_micrograph(path: str, digest: str) -> "tuple[Table, dict[str, NDArray[np.intp]]]":
    """A particles table and its rows by micrograph; read once for all units as long as its digest is the same."""
    from vitreous.files import star

    table = star.read_table(path, "particles")
    for name, label in (("x_px", "rlnCoordinateX"), ("y_px", "rlnCoordinateY"), ("micrograph", "rlnMicrographName")):
        if name not in table:
            raise UserError(f"{path} has no column {label}, so its particles cannot be cut out again")
    return table, table.split_by("micrograph")


def _pixel_size(particles: "Table", path: str) -> float:
    if particles.optics is None or "pixel_size_A" not in particles.optics:
        raise UserError(f"{path} has no rlnImagePixelSize in its optics table: add it, or take the particles of another job")
    return float(particles.optics_column("pixel_size_A")[0])


def _with_plain_ctf(table: "Table") -> "Table":
    """CTF columns that every particle with a defocus has, at the values that mean nothing special where they are absent."""
    if "defocus_u_A" not in table:
        return table
    return table.with_(**{name: value for name, value in _PLAIN_CTF.items() if name not in table})


def _rows_of(picks: "Table", out: "Extracted", micrograph: Mapping[str, Any], stack: str) -> "Table":
    """The particles' table: the picks' own columns, then image and micrograph, CTF, and what rounding left as origin."""
    import numpy as np

    kept = picks.select(out.rows).without("image", "micrograph", "group_number", *_OF_MICROGRAPH).with_optics(None)
    pixel = micrograph["pixel_size_A"]
    names = np.array([f"{index + 1:06d}@{stack}" for index in range(len(kept))], object)
    kept = kept.with_(x_px=out.x_px, y_px=out.y_px, image=names)
    kept = kept.with_(**{name: micrograph[name] for name in ("micrograph", *_OF_MICROGRAPH) if name in micrograph})
    origins = {"origin_x_A": out.origin_x_px * pixel, "origin_y_A": out.origin_y_px * pixel}
    return kept.with_(**{name: kept.get(name, 0.0) + value for name, value in origins.items()}).as_kind("particles")
