"""New coordinates for particles that are cut out again: moved by their refined origins, also onto a point of the reference."""

import torch

from vitreous.maths.rotations import from_euler
from vitreous.methods.extraction.settings import Recentring
from vitreous.tables.table import Table


def recentred(
    particles: Table, recentring: Recentring, *, micrograph_pixel_size_A: float, reference_pixel_size_A: float
) -> Table:
    """The particles with coordinates x_px, y_px (pixels of the micrograph) and origins that go with them.

    A particle sits at coordinate - origin. Re-centring moves the coordinate there and sets the origin to 0; with a centre
    c in the reference (pixels from its middle), to where the pose projects c. Resetting drops the origins. Otherwise both
    stay as they are.
    """
    zero = {"origin_x_A": 0.0, "origin_y_A": 0.0}
    if recentring.reset_offsets:
        return particles.with_(**zero)
    if not recentring.recentre:
        return particles.with_(**{name: particles.get(name, 0.0) for name in zero})
    x, y = (particles.get(name, 0.0).astype(float) for name in zero)
    centre = torch.tensor([recentring.x_px, recentring.y_px, recentring.z_px], dtype=torch.float64) * reference_pixel_size_A
    if centre.any():
        angles = (torch.from_numpy(particles[name].astype(float)) for name in ("rot_deg", "tilt_deg", "psi_deg"))
        projected = (from_euler(*angles) @ centre).numpy()
        x, y = x - projected[:, 0], y - projected[:, 1]
    return particles.with_(
        x_px=particles["x_px"] - x / micrograph_pixel_size_A, y_px=particles["y_px"] - y / micrograph_pixel_size_A, **zero
    )
