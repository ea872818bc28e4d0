"""The tables of a simulated session: particles, micrographs and movies as they truly are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vitreous.simulation.layer import Plan
from vitreous.simulation.settings import SessionSettings
from vitreous.tables.table import Table, from_rows


def _optics(settings: SessionSettings, **more: Any) -> Table:
    microscope, pixel = settings.microscope, settings.camera.pixel_size_A
    row = {
        "optics_group_name": "simulated",
        "optics_group": 1,
        "original_pixel_size_A": pixel,
        "voltage_kV": microscope.voltage_kV,
        "cs_mm": microscope.cs_mm,
        "amplitude_contrast": microscope.amplitude_contrast,
    }
    return from_rows([row | more], "optics")


def movies_table(settings: SessionSettings, paths: Sequence[Path]) -> Table:
    """The movies as an import would list them."""
    return from_rows([{"movie": str(path), "optics_group": 1} for path in paths], "movies", _optics(settings))


def micrographs_truth(settings: SessionSettings, plans: Sequence[Plan], paths: Sequence[Path]) -> Table:
    """Each micrograph's mean defocus, and whether there is carbon on it ("vtrCarbon", 0 or 1)."""
    rows = [
        {
            "micrograph": str(path),
            "optics_group": 1,
            "defocus_u_A": plan.defocus.u_A,
            "defocus_v_A": plan.defocus.v_A,
            "defocus_angle_deg": plan.defocus.angle_deg,
            "phase_shift_deg": settings.microscope.phase_shift_deg,
            "vtrCarbon": int(plan.carbon),
        }
        for plan, path in zip(plans, paths)
    ]
    return from_rows(rows, "micrographs", _optics(settings, micrograph_pixel_size_A=settings.camera.pixel_size_A))


def particles_truth(settings: SessionSettings, plans: Sequence[Plan], paths: Sequence[Path]) -> Table:
    """All particles: micrograph, coordinates in the first frame, angles, defocus; origins are 0 by definition."""
    rows = []
    for plan, path in zip(plans, paths):
        for i, (rot, tilt, psi) in enumerate(plan.angles_deg.tolist()):
            defocus = plan.particle_defocus(i)
            rows.append(
                {"micrograph": str(path), "optics_group": 1, "x_px": float(plan.x_px[i]), "y_px": float(plan.y_px[i])}
                | {"rot_deg": rot, "tilt_deg": tilt, "psi_deg": psi, "origin_x_A": 0.0, "origin_y_A": 0.0}
                | {"defocus_u_A": defocus.u_A, "defocus_v_A": defocus.v_A, "defocus_angle_deg": defocus.angle_deg}
                | {"phase_shift_deg": settings.microscope.phase_shift_deg, "class_number": 1}
            )
    optics = _optics(settings, micrograph_pixel_size_A=settings.camera.pixel_size_A)
    if not rows:
        return Table({"micrograph": np.empty(0, object), "x_px": np.empty(0), "y_px": np.empty(0)}, "particles", optics)
    return from_rows(rows, "particles", optics)
