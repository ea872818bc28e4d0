import numpy as np
import pytest

from vitreous.context import Context
from vitreous.methods.initial_model.levels import Shrunk, known_origins, regridded


def test_images_come_centred_by_the_origins_they_have(simulated):
    made = simulated(32, 75, 20, snr=1e6)
    table = made.table.with_(origin_x_A=made.origins[:, 0] * 4.0, origin_y_A=made.origins[:, 1] * 4.0)
    origins_px = known_origins(table) / 4.0
    assert np.allclose(origins_px, made.origins)
    centred = Shrunk(made, 32, Context(), origins_px=origins_px).read(np.arange(20))
    still = made.blobs.images(made.turns, np.zeros((20, 2)))
    as_given = made.read(np.arange(20))
    apart = [np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(images, still)]) for images in (centred, as_given)]
    assert apart[0] > apart[1] + 0.05


def test_a_map_keeps_its_projections_grey_on_another_grid(specimen):
    volume = specimen(48, 76, count=12).volume()
    small = regridded(volume, 24)
    assert small.shape == (24, 24, 24)
    assert np.allclose(regridded(small, 48), volume, atol=0.1 * volume.max())
    ours, theirs = small.sum(0).max(), volume.sum(0).max()
    assert ours == pytest.approx(theirs, rel=0.1)
