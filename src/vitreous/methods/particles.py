"""What every method takes of a particle table: that there are rows, one pixel size, the CTFs, sound images."""

import numpy as np
from numpy.typing import NDArray

from vitreous.context import UserError
from vitreous.maths.ctf import CtfParams
from vitreous.tables.columns import label_of
from vitreous.tables.table import Table

_OWN = {  # our name in CtfParams: the particles' column, and what stands for one that is not there
    "defocus_angle_deg": ("defocus_angle_deg", 0.0),
    "phase_shift_deg": ("phase_shift_deg", 0.0),
    "bfactor_A2": ("ctf_bfactor_A2", 0.0),
    "scale": ("ctf_scale", 1.0),
}
_OF_OPTICS = ("voltage_kV", "cs_mm", "amplitude_contrast")


def ctf_of(particles: Table) -> CtfParams | None:
    """The CTFs of a table's rows; None if it has no defocus. A defocus that is no number is a UserError."""
    if "defocus_u_A" not in particles:
        return None
    own = {ours: np.array(particles.get(column, default), float) for ours, (column, default) in _OWN.items()}
    optics = {name: np.array(particles.optics_column(name), float) for name in _OF_OPTICS}
    first = np.array(particles["defocus_u_A"], float)
    second = np.array(particles["defocus_v_A"], float) if "defocus_v_A" in particles else first
    even = even_zernike_of(particles)
    wrong = np.flatnonzero(~np.isfinite(first + second))
    if len(wrong):
        raise UserError(
            f"the defocus of {len(wrong)} particles is no number, the first of them in row {wrong[0] + 1}: "
            "leave them out (vitreous select --by-value), or find their CTF again"
        )
    return CtfParams.of(first, second, **own, **optics, even_zernike=even)


def ctf_to_model(particles: Table, *, wanted: bool) -> CtfParams | None:
    """The CTFs that images are compared with, None if not wanted; a UserError where they have none, or were multiplied by it."""
    if not wanted:
        return None
    if said_of_all(particles, "ctf_premultiplied"):
        raise UserError("the images are multiplied by their CTF already: extract them without that, or choose --correct-ctf No")
    ctf = ctf_of(particles)
    if ctf is None:
        raise UserError("the particles have no defocus: find the CTF first, or switch the CTF correction off")
    return ctf


def said_of_all(particles: Table, name: str) -> bool:
    """Whether a column of the optics table or the rows is true; not of some only."""
    known = name in particles or (particles.optics is not None and name in particles.optics)
    said = np.unique(particles.optics_column(name).astype(bool)) if known else np.zeros(1, bool)
    if len(said) > 1:
        raise UserError(f"{label_of(name)} holds for some of the particles only: take the two kinds by themselves")
    return bool(said[0])


def even_zernike_of(particles: Table) -> NDArray[np.float64]:
    """The symmetric aberrations (n, E) of a table's rows; E is 0 where its optics have none."""
    if "even_zernike" not in particles and (particles.optics is None or "even_zernike" not in particles.optics):
        return np.zeros((len(particles), 0))
    text, member = np.unique(particles.optics_column("even_zernike").astype(str), return_inverse=True)
    groups = [numbers_of(one, "rlnEvenZernike") for one in text.tolist()]
    wide = np.zeros((len(groups), max(map(len, groups), default=0)))
    for row, values in enumerate(groups):
        wide[row, : len(values)] = values
    return wide[member] if wide.any() else np.zeros((len(particles), 0))


def numbers_of(text: str, label: str) -> tuple[float, ...]:
    """The numbers of a vector as STAR files hold it, "[1,2,3]"; what is none is a UserError that names the label."""
    try:
        return tuple(float(part) for part in str(text).strip("[] ").split(",") if part.strip())
    except ValueError:
        raise UserError(f'{label} holds "{text}", which is no list of numbers like [0.1,0.2]') from None


def pixel_size_of(particles: Table, name: str = "the particle table") -> float:
    """The one pixel size (Å) of a table's images. No row, or several sizes, is a UserError that names the table."""
    if len(particles) == 0:
        raise UserError(f"{name} holds no particles: give one with at least a few hundred rows")
    sizes = np.unique(particles.optics_column("pixel_size_A").astype(float).round(4))
    if len(sizes) > 1:
        listed = ", ".join(f"{size:g}" for size in sizes)
        raise UserError(f"{name} holds images of several pixel sizes ({listed} Å): extract them with one")
    return float(particles.optics_column("pixel_size_A")[0])


def faults(images: NDArray[np.float32]) -> dict[int, str]:
    """Which of some images (n, y, x) no method can use, by their place, and why in words."""
    flat = images.reshape(len(images), -1)
    with np.errstate(invalid="ignore", over="ignore"):
        mean, square = flat.mean(1), np.einsum("ni,ni->n", flat, flat) / max(flat.shape[1], 1)
    if bool((np.isfinite(square) & (np.abs(mean) < 0.99 * np.sqrt(square))).all()):
        return {}  # sound at a glance: sums are not finite where a pixel is not, and the mean is all there is of equal pixels
    finite: NDArray[np.bool_] = np.asarray(np.isfinite(images).all(axis=(1, 2)))
    equal: NDArray[np.bool_] = np.asarray(np.where(finite[:, None, None], images, np.float32(0.0)).std(axis=(1, 2)) < 1e-12)
    found = {int(at): "is empty (all pixels are equal)" for at in np.flatnonzero(equal)}
    return found | {int(at): "holds values that are not numbers" for at in np.flatnonzero(~finite)}
