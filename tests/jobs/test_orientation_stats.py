"""The orientation job: scores and curves in its file and in the window; bad input."""

import numpy as np
import pytest

from vitreous.context import UserError
from vitreous.files import mrc, star
from vitreous.jobs.orientation_stats import OrientationStats
from vitreous.run.runner import run
from vitreous.tables.table import Table
from vitreous.web.map_sheets import of_orientation

BOX = 32


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Half maps with a little noise, and even views."""
    monkeypatch.chdir(tmp_path)
    made = np.random.default_rng(0)
    truth = made.normal(size=(BOX,) * 3)
    for n in (1, 2):
        noisy = truth + 0.5 * made.normal(size=(BOX,) * 3)
        mrc.write_volume(f"half{n}.mrc", noisy.astype(np.float32), pixel_size_A=2.0)
    columns = {"rot_deg": made.uniform(-180, 180, 5000), "tilt_deg": np.degrees(np.arccos(made.uniform(-1, 1, 5000)))}
    star.write_table("views.star", Table(columns, "particles"))
    return tmp_path


def test_both_are_judged(folder):
    job = OrientationStats(half1="half1.mrc", particles="views.star", symmetry="C2")
    assert run(job, "out", quiet=True).status == "succeeded"
    general = star.read_list("out/orientation.star", "general")
    assert float(general["vitreousConeEvenness"]) > 0.5 and float(general["vitreousSamplingFactorFloored"]) > 0.9
    file = star.read("out/orientation.star")
    assert np.asarray(file["views"]["vitreousCount"], float).sum() == 10_000 and len(file["cones"]) > 90
    sheets = {sheet.kind: sheet for sheet in of_orientation(folder / "out/orientation.star")}
    assert {curve.name for curve in sheets["directional"].curves} == {"worst direction", "mean", "best direction"}
    assert "directions" in sheets["directional"].sentence


def test_one_of_them_is_enough(folder):
    run(OrientationStats(particles="views.star"), "views", quiet=True)
    assert "cones" not in star.read("views/orientation.star") and of_orientation(folder / "views/orientation.star") == []
    run(OrientationStats(half1="half2.mrc"), "halves", quiet=True)
    assert "views" not in star.read("halves/orientation.star")


def test_bad_input(folder):
    with pytest.raises(UserError, match="give half maps"):
        run(OrientationStats(), "one", quiet=True)
    with pytest.raises(UserError, match="Q9"):
        run(OrientationStats(particles="views.star", symmetry="Q9"), "two", quiet=True)
    star.write_table("bare.star", Table({"rot_deg": np.zeros(3)}, "particles"))
    with pytest.raises(UserError, match="rlnAngleTilt"):
        run(OrientationStats(particles="bare.star"), "three", quiet=True)
