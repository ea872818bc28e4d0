"""The CTF of one micrograph to be looked at: Thon rings beside the fit, radial curves, and fitting it again with other ranges."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from vitreous.context import UserError
from vitreous.files import mrc
from vitreous.tables.table import Table
from vitreous.web import picture_parts, rings
from vitreous.web.opened import Acting, Opened, ProjectHere
from vitreous.web.problems import Missing
from vitreous.web.refitting import Ranges, Refitted, fit_again
from vitreous.web.sheets import tag
from vitreous.web.views.micrographs import table_of

router = APIRouter(prefix="/spectrum", tags=["micrographs"])
MOST_POINTS = 1200
Row = Annotated[int, Query(ge=0, description="row of the table, from 0")]
_NEEDED = ("voltage_kV", "cs_mm", "amplitude_contrast", "defocus_u_A", "defocus_v_A", "defocus_angle_deg")


class Spectrum(BaseModel):
    """Radial curves by frequency in 1/Å. source: "job" as the fit has left them, "now" reckoned from the
    picture, "fit" the fit alone, whose data are not on disk any more."""

    name: str
    source: str
    tag: str
    k: list[float]
    data: list[float]
    fit: list[float]
    agreement: list[float]
    resolution_A: float | None
    defocus_u_A: float | None
    defocus_v_A: float | None
    defocus_angle_deg: float | None
    edge_1_A: float


@router.get("")
def spectrum(here: ProjectHere, path: str, row: Row) -> Spectrum:
    """The curves of one micrograph of a table."""
    table = _table(here, path, row)
    fit = _fit(table, row)
    left = _curves_file(here, table, row)
    found, source = (rings.read_curves(left), "job") if left else (None, "now")
    if found is None:
        if fit is None:
            raise Missing(f"{path} holds no CTF of this micrograph: run CTF estimation")
        known = _spectrum_of(here, table, row)
        found = rings.curves(*known, fit) if known else rings.model_only(_pixel(table, row), fit)[0]
        source = "now" if known else "fit"
    step = max(1, -(-len(found.k) // MOST_POINTS))
    said = {name: np.nan_to_num(getattr(found, name)[::step]).round(5).tolist() for name in ("data", "fit", "agreement")}
    return Spectrum(
        name=str(table["micrograph"][row]),
        source=source,
        tag=tag(here.inside(path)),
        k=found.k[::step].round(7).tolist(),
        edge_1_A=float(found.k[-1]),
        resolution_A=fit.resolution_A or None if fit else None,
        defocus_u_A=fit.defocus_u_A if fit else None,
        defocus_v_A=fit.defocus_v_A if fit else None,
        defocus_angle_deg=fit.defocus_angle_deg if fit else None,
        **said,
    )


@router.get("/picture", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def picture(here: ProjectHere, path: str, row: Row, asked: Annotated[str, Query(alias="tag")] = "") -> Response:
    """Thon rings, the data at the left and the fit at the right, as a grey JPEG; the address is lasting with the table's tag."""
    table = _table(here, path, row)
    made = _named(here, table, row, "ctf_image")
    if made is not None:
        found = rings.read_picture(made, _fit(table, row))
    else:
        found = _reckoned(here, table, row)
    grey = np.clip(found * 255, 0, 255).astype(np.uint8)
    lasting = "public, max-age=31536000, immutable" if asked == tag(here.inside(path)) else "no-cache"
    return Response(picture_parts.jpeg(grey), media_type="image/jpeg", headers={"Cache-Control": lasting})


def _reckoned(here: Opened, table: Table, row: int) -> rings.Floats:
    """The picture made now, of what is still there."""
    fit, known = _fit(table, row), _spectrum_of(here, table, row)
    if known is not None:
        return rings.beside(*known, fit)
    if fit is None:
        raise Missing(f"{table['micrograph'][row]} is not on disk, and no picture of its spectrum was kept")
    return rings.model_only(_pixel(table, row), fit)[1]


@router.post("/again")
def again(here: Acting, path: str, row: Row, ranges: Ranges) -> Refitted:
    """Fit one micrograph anew with other ranges, as a process of its own in a folder that is thrown away; changes nothing."""
    return fit_again(here, path, _table(here, path, row), row, ranges)


def _table(here: Opened, path: str, row: int) -> Table:
    table = table_of(here, path)
    if "micrograph" not in table:
        raise UserError(f"{path} lists movies: their spectra come with motion correction and CTF estimation")
    if row >= len(table):
        raise Missing(f"{path} has {len(table)} micrographs; there is no row {row}")
    return table


def _fit(table: Table, row: int) -> rings.Fit | None:
    """What the table says of the CTF; None where it says too little."""
    said: dict[str, Any] = {}
    for name in (*_NEEDED, "phase_shift_deg", "ctf_resolution_A"):
        if name in table or (table.optics is not None and name in table.optics):
            said[name.removeprefix("ctf_")] = float(table.optics_column(name)[row])
    return rings.Fit(**said) if set(_NEEDED) <= set(said) else None


def _named(here: Opened, table: Table, row: int, column: str) -> Path | None:
    """The file that a column names, without ":mrc" behind it; None where it is not there."""
    if column not in table:
        return None
    try:
        found = here.inside(str(table[column][row]).removesuffix(":mrc"))
    except UserError:
        return None
    return found if found.is_file() else None


def _curves_file(here: Opened, table: Table, row: int) -> Path | None:
    """The text with curves that lies beside the picture of the fit."""
    if "ctf_image" not in table:
        return None
    name = str(table["ctf_image"][row]).removesuffix(":mrc").removesuffix(".ctf")
    try:
        return here.inside(f"{name}_avrot.txt")
    except UserError:
        return None


def _spectrum_of(here: Opened, table: Table, row: int) -> tuple[rings.Floats, float] | None:
    """The power spectrum that motion correction has left, else one of the micrograph; with its pixel size in Å. None: gone."""
    kept = _named(here, table, row, "power_spectrum")
    if kept is not None:
        spectrum, pixel = mrc.read_image(kept)
        if pixel > 0 and spectrum.shape[0] == spectrum.shape[1]:
            return spectrum, pixel
    image = _named(here, table, row, "micrograph")
    if image is None:
        return None
    pixels, pixel = mrc.read_image(image)
    return rings.periodogram(pixels), pixel if pixel > 0 else _pixel(table, row)


def _pixel(table: Table, row: int) -> float:
    """Å of a micrograph's pixel as the table says; 1 where it does not."""
    for name in ("micrograph_pixel_size_A", "original_pixel_size_A"):
        if table.optics is not None and name in table.optics:
            return float(table.optics_column(name)[row])
    return 1.0
