"""Picks by hand: a person's answer (picks added, removed, erased, thresholds) to coordinate files in both conventions."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from vitreous.context import Context, UserError
from vitreous.job.declare import AskJob, Unit, input, job, output
from vitreous.param import param

# how RELION's own window draws, which cannot change the picks
_DISPLAY = (
    *("angpix", "micscale", "sigma_contrast", "black_val", "white_val", "ctfscale"),
    *("do_color", "color_label", "fn_color", "blue_value", "red_value", "do_topaz_denoise", "fn_topaz_exec", "fn_topaz_exe"),
)


@job(
    "relion.manualpick",
    number=3,
    folder="ManualPick",
    title="Manual picking",
    version=1,
    command="manual-pick",
    fixed={"do_startend": "No"},
    ignored=_DISPLAY,
)
class ManualPick(AskJob):
    """Pick particles by hand in the window, or correct the picks of another job."""

    micrographs: str = input(
        kind="micrographs", relion="fn_in", help="STAR file with the micrographs to pick from, with or without CTF."
    )
    start_from: str = input(
        kind="coordinates", optional=True, help="Picks to begin with, such as those of automatic picking. Empty: none."
    )
    by_score: bool = param(
        False, relion="do_fom_threshold", help="Leave out picks of the beginning whose figure of merit is below a limit."
    )
    least_score: float = param(
        0, low=-5, high=10, step=0.1, relion="minimum_pick_fom", when="by_score", help="The lowest figure of merit that counts."
    )
    answer: str = param(
        "", help="What a person picked in the window: a file of JSON, as the window saves it (answer.json in the job's folder)."
    )
    diameter_A: float = param(
        100,
        unit="Å",
        low=0,
        high=500,
        step=50,
        minimum=0,
        relion="diameter",
        tab="Display",
        usual=True,
        help="Diameter of the circles around picks in the window; it changes no pick.",
    )
    lowpass_A: float = param(
        20,
        unit="Å",
        low=10,
        high=100,
        step=5,
        relion="lowpass",
        tab="Display",
        help="Low-pass with which the window shows the micrographs. A negative value: none.",
    )
    highpass_A: float = param(
        -1,
        unit="Å",
        low=100,
        high=1000,
        step=100,
        relion="highpass",
        tab="Display",
        help="High-pass with which the window shows the micrographs, against ramps of the ice. A negative value: none.",
    )

    picks = output("manualpick.star", kind="coordinates", help="The coordinate file of each micrograph with picks")
    suffix = output(
        "coords_suffix_manualpick.star",
        kind="coordinates",
        help="The same as RELION 3.1 has it: the name of the micrographs' file",
    )
    selected = output("micrographs_selected.star", kind="micrographs", help="The micrographs that were not left out")

    def question(self) -> str:
        """The picks, until there is an answer."""
        return "" if self.answer else "picks"

    def units(self, context: Context) -> Sequence[Unit]:
        """One unit a micrograph, which knows a digest of its edits and of the picks it begins with."""
        import json

        from vitreous.files import coordinates, micrographs
        from vitreous.files.digest import digest, digest_of

        answer = _answer(self.answer, digest(self.answer))
        table = micrographs.read_table(self.micrographs)
        names = [str(name) for name in table["micrograph"]]
        unknown = sorted(set(answer["micrographs"]) - set(names))
        if unknown:
            raise UserError(f"{self.answer} has picks of {unknown[0]}, which is not in {self.micrographs}")
        older = coordinates.files_of(self.start_from, names) if self.start_from else {}
        found = []
        for name, size in zip(names, table.optics_column("micrograph_pixel_size_A"), strict=True):
            row: dict[str, Any] = {"micrograph": name, "pixel_size_A": float(size)}
            if name in older:
                row["older"] = {"file": str(older[name]), "digest": digest(older[name])}
                row["threshold"] = self._limits(answer)
            said = json.dumps(answer["micrographs"].get(name, {}), sort_keys=True)
            found.append(Unit(key=name, row={**row, "edits": digest_of(said.encode())}))
        return found

    def work(self, unit: Unit, context: Context) -> dict[str, Any]:
        """Put the picks of one micrograph together and write them; no file where there are none, as RELION does."""
        import numpy as np

        from vitreous.files import coordinates
        from vitreous.files.digest import digest
        from vitreous.methods.picking import edited
        from vitreous.tables.table import Table

        name = unit.row["micrograph"]
        answer = _answer(self.answer, digest(self.answer))
        try:
            change = edited.edits(answer["micrographs"].get(name, {}), name)
            limits = edited.limits(unit.row.get("threshold"))
        except ValueError as error:
            raise UserError(f"{self.answer}: {error}") from error
        older = (
            coordinates.read(unit.row["older"]["file"])
            if "older" in unit.row
            else Table({name: np.zeros(0) for name in ("x_px", "y_px")})
        )
        picks = edited.edited(older, change, limits, pixel_size_A=unit.row["pixel_size_A"])
        file = coordinates.file_in(context.folder, name, "manualpick")
        file.unlink(missing_ok=True)
        if len(picks):
            coordinates.write(file, picks)
        return {"micrograph": name, "file": str(file), "picks": len(picks), "selected": change.selected}

    def gather(self, records: Sequence[Mapping[str, Any]], context: Context) -> None:
        """Write the list of coordinate files, the coords_suffix file, and the micrographs that stay."""
        import numpy as np

        from vitreous.files import atomic, coordinates, star

        picked = {record["micrograph"]: record["file"] for record in records if record["picks"]}
        total = sum(record["picks"] for record in records)
        context.note(f"{total} particles on {len(picked)} of {len(records)} micrographs")
        if not picked:
            raise UserError("there is not one pick on any micrograph: add some in the window, then save again")
        coordinates.write_list(context.folder / self.picks.name, picked)
        atomic.write_text(context.folder / self.suffix.name, self.micrographs + "\n")
        table = star.read_table(self.micrographs, "micrographs")
        kept = {record["micrograph"] for record in records if record["selected"]}
        stay = np.array([str(name) in kept for name in table["micrograph"]], bool)
        if not stay.any():
            raise UserError("every micrograph was left out: keep some in the window, then save again")
        star.write_table(context.folder / self.selected.name, table.select(np.flatnonzero(stay)))

    def _limits(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The limits of older picks: the answer's, and the option's where it is higher."""
        found = dict(answer["threshold"])
        if self.by_score:
            least = found.get("least")
            found["least"] = self.least_score if least is None else max(least, self.least_score)
        return found


@lru_cache(maxsize=2)
def _answer(path: str, digest: str) -> dict[str, Any]:
    """The answer: edits by micrograph, and thresholds; read once for all units as long as its digest is the same."""
    from vitreous.files import answers

    found = answers.read(path, {"picks"})
    said, threshold = found.get("micrographs", {}), found.get("threshold") or {}
    if not isinstance(said, dict) or not isinstance(threshold, dict):
        raise UserError(f"{path} is no answer with picks: `micrographs` and `threshold` must be objects")
    return {"micrographs": said, "threshold": threshold}
