"""What a person looks at after a CTF fit: the spectrum beside the fitted rings, and the curves as text."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from vitreous.methods.ctf.fit import CtfFit
from vitreous.methods.ctf.rings import Microscope

SMOOTHING_PX = 1.2  # of the picture, for the eye


def picture(found: CtfFit, microscope: Microscope) -> NDArray[np.float32]:
    """The background-free spectrum, smoothed for the eye and scaled to about 0..1, with the fit in its left half; (N, N)."""
    size = found.spectrum.box
    kx, ky = (np.ascontiguousarray(k) for k in np.broadcast_arrays(*found.spectrum.frequencies()))
    chi = microscope.phase(kx, ky, found.astigmatism) + np.deg2rad(found.phase_shift_deg)
    k2 = kx**2 + ky**2
    smooth = gaussian_filter(found.flat, SMOOTHING_PX)
    low, high = np.percentile(smooth[k2 < 2 / found.resolution_A**2], [2, 98])
    out = np.clip((smooth - low) / max(float(high - low), 1e-30), -0.2, 1.2).astype(np.float32)
    model = np.abs(np.sin(chi)).astype(np.float32)
    seen = k2 <= 1 / found.resolution_A**2
    left = np.broadcast_to(np.arange(size)[None, :] < size // 2, (size, size))
    return np.where(left, np.where(seen, model, 0.5 + 0.5 * (model - 0.5)), out).astype(np.float32)


def curves_text(found: CtfFit, name: str) -> str:
    """Radial curves in CTFFIND's order of rows, so that its plotting scripts read them.

    Rows: spatial frequency (1/Å), radial mean, equi-phase mean brought to 0..1, |CTF|, local correlation, its noise level.
    """
    curves = found.profile
    count = np.maximum(np.pi * np.arange(len(curves.k)), 1)
    rows = [curves.k, curves.radial, curves.normalised, curves.model, curves.correlation, 2 / np.sqrt(count)]
    head = [
        f"# CTF fit of {name}",
        f"# Pixel size of the spectrum: {found.spectrum.pixel_size_A:.6f} Å, box {found.spectrum.box} px",
        "# Columns of the summary: defocus 1 and 2 (Å), angle (degrees), phase shift (rad), score, resolution (Å)",
        f"# {found.defocus_u_A:.2f} {found.defocus_v_A:.2f} {found.defocus_angle_deg:.2f} "
        f"{np.deg2rad(found.phase_shift_deg):.6f} {found.score:.6f} {found.resolution_A:.4f}",
        "# Rows: frequency (1/Å); radial mean; equi-phase mean, 0..1; |CTF|; local correlation; its noise level",
    ]
    return "\n".join(head + [" ".join(f"{value:.7g}" for value in row) for row in rows]) + "\n"


def log_text(found: CtfFit, name: str) -> str:
    """The figures of a fit in the words that readers of CTFFIND's log look for."""
    return (
        f"CTF fit of {name}\n\n"
        f"Estimated defocus values        : {found.defocus_u_A:.2f} , {found.defocus_v_A:.2f} Angstroms\n"
        f"Estimated azimuth of astigmatism: {found.defocus_angle_deg:.2f} degrees\n"
        f"Estimated phase shift           : {found.phase_shift_deg:.2f} degrees\n"
        f"Standard error of mean defocus  : {found.error_A:.2f} Angstroms\n"
        f"Score                           : {found.score:.5f}\n"
        f"Thon rings with good fit up to  : {found.resolution_A:.2f} Angstroms\n"
    )
