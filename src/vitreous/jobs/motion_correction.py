"""Each movie into one corrected micrograph, with its motion, power spectrum and defects beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Size, Unit, group, input, job, output
from vitreous.methods.motion.settings import Alignment, Exposure, Gain, SavedSums
from vitreous.tables.places import below_job, without_suffix

if TYPE_CHECKING:
    from vitreous.files.movie import Movie
    from vitreous.methods.motion.correct import Corrected, Detector

SPECTRUM_BYTES = 4 * 512**2
FLIPS = {"none": 0, "upside down": 1, "left to right": 2}


@job(
    "relion.motioncorr",
    number=1,
    folder="MotionCorr",
    title="Motion correction",
    version=1,
    command="motion-correction",
    fixed={"do_own_motioncor": "Yes"},
    ignored=("fn_motioncor2_exe", "other_motioncor2_args"),
)
class MotionCorrection(MapJob):
    """Align the frames of each movie, whole and in patches, and sum them weighted by exposure."""

    follows: ClassVar[bool] = True
    movies: str = input(kind="movies", relion="input_star_mics", help="STAR file with the movies.")
    gain_reference: str = input(
        kind="file",
        relion="fn_gain_ref",
        optional=True,
        tab="Gain",
        help="Gain reference (MRC, TIFF or .gain); empty if applied.",
    )
    defects: str = input(
        kind="file",
        relion="fn_defect",
        optional=True,
        tab="Gain",
        help="Bad pixels: lines of 'x y width height', or a map (1 = bad).",
    )
    gain: Gain = group(Gain, tab="Gain")
    exposure: Exposure = group(Exposure, tab="Exposure")
    alignment: Alignment = group(Alignment, tab="Motion")
    sums: SavedSums = group(SavedSums, tab="Output")
    corrected = output("corrected_micrographs.star", kind="micrographs", help="The corrected micrographs")

    def size(self) -> Size | None:
        """The sums of all movies, each the size of the first one's."""
        from vitreous.files import frames, glance

        seen = glance.table(self.movies, "movies")
        name = str(seen.first.get("rlnMicrographMovieName", ""))
        if not name or not Path(name).is_file():
            return None
        y, x = frames.open_movie(name, eer_fractions=self.exposure.eer_grouping).shape
        pixels = round(y / self.alignment.bin_factor) * round(x / self.alignment.bin_factor)
        sums = 1 + (self.sums.save_unweighted and self.exposure.dose_weighting)
        each = pixels * sums * (2 if self.sums.half_precision else 4) + SPECTRUM_BYTES * self.sums.save_spectrum
        return Size(seen.rows * each, f"{seen.rows:,} micrographs of {each / 1e6:.1f} MB")

    def units(self, context: Context) -> Sequence[Unit]:
        """One unit a movie."""
        from vitreous.files import star

        table = star.read_table(self.movies, "movies")
        if not len(table):
            raise UserError(f"{self.movies} lists no movies: nothing to correct")
        pixel = table.optics_column("original_pixel_size_A")
        voltage = table.optics_column("voltage_kV")
        return [
            Unit(key=str(name), row={"movie": str(name), "pixel_size_A": float(px), "voltage_kV": float(kV)})
            for name, px, kV in zip(table["movie"], pixel, voltage, strict=True)
        ]

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Correct one movie and write all that belongs to it."""
        from vitreous.files import frames
        from vitreous.methods.motion.correct import correct

        row = unit.row
        movie = frames.open_movie(row["movie"], eer_fractions=self.exposure.eer_grouping)
        first, last = self._range(row["movie"], movie.count)
        detector = self._detector(row["movie"], movie)
        try:
            found = correct(
                movie.read(first - 1, last),
                row["pixel_size_A"],
                voltage_kV=row["voltage_kV"],
                alignment=self.alignment,
                exposure=self.exposure,
                sums=self.sums,
                detector=detector,
                context=context,
            )
        except UserError as error:
            raise UserError(f"{row['movie']}: {error}") from error
        root = context.folder / without_suffix(below_job(row["movie"]))
        written = self._write(root, found)
        self._write_motion(root.with_name(root.name + ".star"), unit, movie, found)
        total, early, late = found.motion_A
        return {
            **written,
            "movie": row["movie"],
            "micrograph_metadata": f"{root}.star",
            "accumulated_motion_A": total,
            "early_motion_A": early,
            "late_motion_A": late,
            "pixel_size_A": found.pixel_size_A,
            "bad_pixels": len(found.bad_px),
            "local": found.local.moves,
        }

    def taken_over(self, unit: Unit, context: Context) -> dict[str, Any] | None:
        """RELION leaves the same files for each movie; the length of the track is told anew, for RELION tells it in pixels."""
        from vitreous.files import motion
        from vitreous.methods.motion.correct import path_lengths

        root = context.folder / without_suffix(below_job(unit.key))
        written = {"micrograph": f"{root}.mrc", "micrograph_metadata": f"{root}.star"}
        if self.sums.save_spectrum:
            written["power_spectrum"] = f"{root}_PS.mrc"
        if self.sums.save_unweighted and self.exposure.dose_weighting:
            written["micrograph_no_dw"] = f"{root}_noDW.mrc"
        if not all(Path(path).is_file() for path in written.values()):
            return None
        found = motion.read(written["micrograph_metadata"])
        total, early, late = path_lengths(found.shifts_px * found.pixel_size_A, self.exposure)
        return {
            **written,
            "movie": unit.key,
            "accumulated_motion_A": total,
            "early_motion_A": early,
            "late_motion_A": late,
            "pixel_size_A": unit.row["pixel_size_A"] * self.alignment.bin_factor,
            "bad_pixels": len(found.bad_px),
            "local": found.coefficients is not None,
        }

    def _range(self, path: str, count: int) -> tuple[int, int]:
        """First and last frame to use, both from 1."""
        first = self.exposure.first_frame
        last = self.exposure.last_frame if self.exposure.last_frame > 0 else count
        if not first <= last <= count:
            raise UserError(f"{path} has {count} frames; frames {first} to {last} were asked for: correct the range")
        return first, last

    def _detector(self, path: str, movie: "Movie") -> "Detector":
        from vitreous.files import frames
        from vitreous.methods.motion.correct import Detector

        gain = bad = None
        if self.gain_reference:
            gain = frames.read_gain(
                self.gain_reference,
                shape=movie.shape,
                rotation=int(self.gain.gain_rotation_deg),
                flip=FLIPS[self.gain.gain_flip],
                eer=path.lower().endswith(".eer"),
            )
        if self.defects:
            bad = frames.read_defects(self.defects, movie.shape)
        return Detector(gain, bad)

    def _write(self, root: Path, found: "Corrected") -> dict[str, Any]:
        """Write the sums and the spectrum; the columns that name them."""
        from vitreous.files import mrc

        root.parent.mkdir(parents=True, exist_ok=True)
        dtype: Any = "float16" if self.sums.half_precision else "float32"
        mrc.write_image(Path(f"{root}.mrc"), found.average, pixel_size_A=found.pixel_size_A, dtype=dtype)
        written: dict[str, Any] = {}
        if found.spectrum is not None:
            mrc.write_image(Path(f"{root}_PS.mrc"), found.spectrum.amplitude, pixel_size_A=found.spectrum.pixel_size_A)
            written["power_spectrum"] = f"{root}_PS.mrc"
        if found.unweighted is not None:
            mrc.write_image(Path(f"{root}_noDW.mrc"), found.unweighted, pixel_size_A=found.pixel_size_A, dtype=dtype)
            written["micrograph_no_dw"] = f"{root}_noDW.mrc"
        written["micrograph"] = f"{root}.mrc"
        return written

    def _write_motion(self, path: Path, unit: Unit, movie: "Movie", found: "Corrected") -> None:
        """Write the motion of a movie as RELION's polishing reads it."""
        from vitreous.files import motion

        motion.write(
            path,
            motion.Motion(
                movie=unit.row["movie"],
                gain=self.gain_reference,
                shape=(movie.count, *movie.shape),
                pixel_size_A=unit.row["pixel_size_A"],
                voltage_kV=unit.row["voltage_kV"],
                binning=self.alignment.bin_factor,
                dose_per_frame_e_A2=self.exposure.dose_per_frame_e_A2,
                pre_exposure_e_A2=self.exposure.pre_exposure_e_A2,
                first_frame=self.exposure.first_frame,
                shifts_px=found.shifts_px,
                coefficients=found.local.coefficients if found.local.moves else None,
                bad_px=found.bad_px,
            ),
        )

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Write corrected_micrographs.star."""
        import numpy as np

        from vitreous.files import star
        from vitreous.tables.table import Table

        table = star.read_table(self.movies, "movies")
        place = {name: index for index, name in enumerate(table["movie"].tolist())}
        rows = [record for record in records if record["movie"] in place]
        order = ("power_spectrum", "micrograph_no_dw", "micrograph", "micrograph_metadata")
        columns: dict[str, Any] = {name: np.array([row[name] for row in rows], object) for name in order if name in rows[0]}
        columns["optics_group"] = table["optics_group"][[place[row["movie"]] for row in rows]]
        for name in ("accumulated_motion_A", "early_motion_A", "late_motion_A"):
            columns[name] = np.array([row[name] for row in rows])
        optics = table.optics
        if optics is not None:
            optics = optics.with_(micrograph_pixel_size_A=optics["original_pixel_size_A"] * self.alignment.bin_factor)
        star.write_table(context.folder / self.corrected.name, Table(columns, "micrographs", optics))
        local = sum(bool(row["local"]) for row in rows)
        patches = f", local motion in {local}" if self.alignment.patches_x * self.alignment.patches_y > 1 else ""
        context.note(f"{len(rows)} movies, {np.mean(columns['accumulated_motion_A']):.1f} Å of motion on average{patches}")
