"""Defocus and astigmatism of each micrograph, into the table that picking and extraction read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from vitreous.context import Context, UserError
from vitreous.job.declare import MapJob, Size, Unit, group, input, job, output
from vitreous.methods.ctf.settings import CtfSearch
from vitreous.param import param
from vitreous.tables.places import below_job, without_suffix

if TYPE_CHECKING:
    from vitreous.methods.ctf.fit import CtfFit
    from vitreous.methods.ctf.rings import Microscope

OPTICS = ("voltage_kV", "cs_mm", "amplitude_contrast", "micrograph_pixel_size_A")


@job(
    "relion.ctffind",
    number=2,
    folder="CtfFind",
    title="CTF estimation",
    version=1,
    command="ctf-find",
    fixed={"use_gctf": "No"},
    ignored=(
        *("fn_ctffind_exe", "use_ctffind4", "fn_gctf_exe", "other_gctf_args", "do_ignore_ctffind_params", "do_EPA"),
        *("localsearch_nominal_defocus", "exp_factor_dose"),
    ),
)
class CtfFind(MapJob):
    """Fit defocus and astigmatism to the power spectrum of each micrograph."""

    follows: ClassVar[bool] = True
    micrographs: str = input(kind="micrographs", relion="input_star_mics", help="STAR file with the micrographs.")
    use_spectra: bool = param(
        True, relion="use_given_ps", tab="I/O",
        help="Fit the power spectra that motion correction has written, where the table names them.",
    )  # fmt: skip
    use_unweighted: bool = param(
        False, relion="use_noDW", tab="I/O", help="Use the sums without dose weighting, where no power spectra are used."
    )
    search: CtfSearch = group(CtfSearch, tab="CTF")
    fitted = output("micrographs_ctf.star", kind="micrographs.ctf", help="The micrographs with their CTF")

    def size(self) -> Size | None:
        """A picture of the spectrum for each micrograph."""
        from vitreous.files import glance

        count = glance.table(self.micrographs, "micrographs").rows
        return Size(count * 4 * self.search.box**2, f"{count:,} pictures of {self.search.box} x {self.search.box} pixels")

    def units(self, context: Context) -> Sequence[Unit]:
        """One unit a micrograph."""
        from vitreous.files import micrographs

        table = micrographs.read_table(self.micrographs)
        if self.use_unweighted and "micrograph_no_dw" not in table:
            raise UserError(
                f"{self.micrographs} has no column rlnMicrographNameNoDW: let motion correction save the sums without dose "
                "weighting (do_save_noDW), or set use_noDW to No"
            )
        missing = [name for name in OPTICS if table.optics is None or name not in (*table.optics, *table)]
        if missing:
            raise UserError(f"{self.micrographs} says nothing of {', '.join(missing)} in its optics table: import it again")
        optics = {name: table.optics_column(name) for name in OPTICS}
        units = []
        for index, row in enumerate(table.rows()):
            spectrum = row.get("power_spectrum", "") if self.use_spectra else ""
            source = row["micrograph_no_dw"] if self.use_unweighted else row["micrograph"]
            values = {name: float(optics[name][index]) for name in OPTICS}
            units.append(Unit(key=row["micrograph"], row={"image": source, "spectrum": spectrum, **values}))
        return units

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Fit one micrograph; write its picture, log and curves. A fit whose log was deleted is made again on continuing."""
        from vitreous.methods.ctf.rings import Microscope

        row = unit.row
        microscope = Microscope(row["voltage_kV"], row["cs_mm"], row["amplitude_contrast"])
        try:
            found = self._fit(row, microscope, context)
        except UserError as error:
            raise UserError(f"{row['spectrum'] or row['image']}: {error}") from error
        root = context.folder / without_suffix(below_job(row["spectrum"] or unit.key))
        _write(root, unit.key, found, microscope)
        return {
            "micrograph": unit.key,
            "log": f"{root}_ctffind4.log",
            "ctf_image": f"{root}.ctf:mrc",
            "defocus_u_A": found.defocus_u_A,
            "defocus_v_A": found.defocus_v_A,
            "ctf_astigmatism_A": found.astigmatism.difference_A,
            "defocus_angle_deg": found.defocus_angle_deg,
            "ctf_fom": found.score,
            "ctf_resolution_A": found.resolution_A,
            **({"phase_shift_deg": found.phase_shift_deg} if self.search.fit_phase else {}),
        }

    def taken_over(self, unit: Unit, context: Context) -> dict[str, Any] | None:
        """What RELION's table of a finished run says of the micrograph; without the table it is fitted again."""
        from vitreous.files import lookup

        row = lookup.row_of(context.folder / self.fitted.name, "micrographs", "micrograph", unit.key)
        wanted = ["ctf_image", "defocus_u_A", "defocus_v_A", "ctf_astigmatism_A", "defocus_angle_deg", "ctf_fom"]
        wanted += ["ctf_resolution_A", *(["phase_shift_deg"] if self.search.fit_phase else [])]
        if any(name not in row for name in wanted):
            return None
        return {"micrograph": unit.key, **{name: row[name] for name in wanted}}

    def _fit(self, row: Mapping[str, Any], microscope: "Microscope", context: Context) -> "CtfFit":
        from vitreous.files import mrc
        from vitreous.methods.ctf import fit, spectrum

        if row["spectrum"]:
            picture, pixel_size_A = mrc.read_image(row["spectrum"])
            if pixel_size_A <= 0:
                raise UserError("its header has no pixel size; fit the micrograph instead (use_given_ps No)")
            averaged = spectrum.from_power_spectrum(picture, pixel_size_A, box=self.search.box)
            return fit.fit(averaged, microscope=microscope, search=self.search)
        image, _ = mrc.read_image(row["image"])
        return fit.estimate(image, row["micrograph_pixel_size_A"], microscope=microscope, search=self.search, context=context)

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Write the input's rows that were fitted, with the fit beside each."""
        import numpy as np

        from vitreous.files import micrographs, star

        table = micrographs.read_table(self.micrographs)
        place = {name: index for index, name in enumerate(table["micrograph"].tolist())}
        rows = [record for record in records if record["micrograph"] in place]
        table = table.select([place[record["micrograph"]] for record in rows])
        columns = {name: np.array([record[name] for record in rows]) for name in rows[0] if name not in ("micrograph", "log")}
        star.write_table(context.folder / self.fitted.name, table.with_(**columns))
        defocus = 0.5 * (columns["defocus_u_A"] + columns["defocus_v_A"])
        context.note(
            f"{len(rows)} micrographs, defocus {defocus.min():.0f} to {defocus.max():.0f} Å, rings to "
            f"{np.median(columns['ctf_resolution_A']):.2f} Å (median)"
        )


def _write(root: Path, name: str, found: "CtfFit", microscope: "Microscope") -> None:
    """The picture (MRC under the name .ctf), the log and the curves of one micrograph."""
    from vitreous.files import atomic, mrc
    from vitreous.methods.ctf import report

    root.parent.mkdir(parents=True, exist_ok=True)
    mrc.write_image(Path(f"{root}.ctf"), report.picture(found, microscope), pixel_size_A=found.spectrum.pixel_size_A)
    atomic.write_text(Path(f"{root}_avrot.txt"), report.curves_text(found, name))
    atomic.write_text(Path(f"{root}_ctffind4.log"), report.log_text(found, name))
