"""The picking job: files where RELION looks for them, bad input in one sentence, the real micrograph."""

from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import coordinates, mrc, star
from vitreous.job.declare import Unit
from vitreous.jobs.auto_pick import AutoPick
from vitreous.methods.picking.settings import BlobSearch
from vitreous.tables.table import Table

PLACES = np.array([[120.0, 100], [120, 300], [300, 130], [290, 290], [210, 200]])
OPTICS = Table(
    {"optics_group_name": ["a"], "optics_group": [1], "micrograph_pixel_size_A": [2.5], "voltage_kV": [300.0]}, "optics"
)


def micrograph(seed: int, places: np.ndarray = PLACES) -> np.ndarray:
    image = np.random.default_rng(seed).normal(50, 3, (400, 420))
    y, x = np.indices(image.shape)
    for cy, cx in places:
        image[np.hypot(y - cy, x - cx) < 30] -= 3
    return image.astype(np.float32)


def write_table(names: list[str], path: str = "micrographs.star") -> None:
    columns = {"micrograph": np.array(names, object), "optics_group": np.ones(len(names), int)}
    star.write_table(path, Table(columns, "micrographs", OPTICS))


def carry_out(job: AutoPick, folder: str) -> list[dict]:
    context = Context(folder=Path(folder))
    records = [job.work(unit, context) for unit in job.units(context)]
    job.gather(records, context)
    return records


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("a", "b")):
        mrc.write_image(Path("MotionCorr/job002/Movies") / f"{name}.mrc", micrograph(seed), pixel_size_A=2.5)
    write_table(["MotionCorr/job002/Movies/a.mrc", "MotionCorr/job002/Movies/b.mrc"])
    return tmp_path


SEARCH = BlobSearch(min_diameter_A=130, max_diameter_A=170, false_picks=0.05)


def test_coordinates_are_written_in_both_conventions(project):
    job = AutoPick(micrographs="micrographs.star", blobs=SEARCH)
    records = carry_out(job, "AutoPick/job003")
    assert [record["picks"] for record in records] == [5, 5]
    picks = coordinates.read("AutoPick/job003/Movies/a_autopick.star")
    for cy, cx in PLACES:
        assert np.hypot(picks["x_px"] - cx, picks["y_px"] - cy).min() < 4
    assert list(picks) == ["x_px", "y_px", "pick_fom", "class_number", "psi_deg"]
    names = ["MotionCorr/job002/Movies/a.mrc", "MotionCorr/job002/Movies/b.mrc"]
    by_table = coordinates.files_of("AutoPick/job003/autopick.star", names)
    by_suffix = coordinates.files_of("AutoPick/job003/coords_suffix_autopick.star", names)
    assert by_table == by_suffix
    assert list(by_table) == names
    assert Path("AutoPick/job003/coords_suffix_autopick.star").read_text() == "micrographs.star\n"
    assert star.read("AutoPick/job003/autopick.star").names() == ["coordinate_files"]


def test_a_missing_or_unfit_micrograph_is_named(project):
    job, context = AutoPick(micrographs="micrographs.star", blobs=SEARCH), Context(folder=project)
    image = micrograph(3)
    image[3, 5:8] = np.nan
    mrc.write_image("nan.mrc", image, pixel_size_A=2.5)
    with pytest.raises(UserError, match=r"nan\.mrc: 3 of 168000 pixels are no numbers"):
        job.work(Unit("nan.mrc", {"micrograph": "nan.mrc", "pixel_size_A": 2.5}), context)
    with pytest.raises(UserError, match=r"gone\.mrc"):
        job.work(Unit("gone.mrc", {"micrograph": "gone.mrc", "pixel_size_A": 2.5}), context)


def test_bad_input_ends_with_a_sentence(project):
    with pytest.raises(UserError, match="exchange"):
        AutoPick(micrographs="micrographs.star", blobs=BlobSearch(min_diameter_A=200, max_diameter_A=100)).units(Context())
    with pytest.raises(UserError, match=r"nowhere\.star"):
        AutoPick(micrographs="nowhere.star").units(Context())
    write_table([], "empty.star")
    with pytest.raises(UserError, match="lists no micrographs"):
        AutoPick(micrographs="empty.star").units(Context())


def test_no_picks_at_all_end_the_job_with_advice(project):
    mrc.write_image("noise.mrc", micrograph(7, np.zeros((0, 2))), pixel_size_A=2.5)
    write_table(["noise.mrc"], "noise.star")
    strict = BlobSearch(min_diameter_A=130, max_diameter_A=170, false_picks=0.001)
    with pytest.raises(UserError, match="not one particle was found on the 1 micrographs"):
        carry_out(AutoPick(micrographs="noise.star", blobs=strict), "AutoPick/job004")
    assert len(coordinates.read("AutoPick/job004/noise_autopick.star")) == 0


@pytest.mark.data
def test_a_real_micrograph_with_strong_illumination(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = str(data / "micrographs" / "fei-extended.mrc")
    columns = {"micrograph": np.array([path], object), "optics_group": [1]}
    optics = OPTICS.with_(micrograph_pixel_size_A=0.85378)
    star.write_table("m.star", Table(columns, "micrographs", optics))
    records = carry_out(
        AutoPick(micrographs="m.star", blobs=BlobSearch(min_diameter_A=150, max_diameter_A=180)), "AutoPick/job001"
    )
    assert 95 <= records[0]["picks"] <= 150
    assert records[0]["median_signal"] > 1.4 * records[0]["threshold"]
    picks = coordinates.read(records[0]["file"])
    # the picture's brightest and darkest quarter hold the same density of particles to the eye
    left, right = (picks["x_px"] < 1855).sum(), (picks["x_px"] >= 1855).sum()
    assert 0.6 < left / right < 1.6
    # particles clear to the eye, in pixels
    for x, y in ((269, 1042), (2152, 1450), (1060, 3687), (3254, 757), (2400, 569), (3465, 2748)):
        assert np.hypot(picks["x_px"] - x, picks["y_px"] - y).min() < 40


@pytest.mark.slow
@pytest.mark.parametrize(("count", "carbon"), [(40, 0.0), (20, 1.0), (0, 0.0)])
def test_simulated_micrographs_with_ice_carbon_and_nothing(tmp_path, monkeypatch, count, carbon):
    from vitreous.simulation.session import simulate_session
    from vitreous.simulation.settings import Camera, Ice, Particles, SessionSettings

    monkeypatch.chdir(tmp_path)
    settings = SessionSettings(
        movies=1,
        movies_as_sums=True,
        particles=Particles(per_micrograph=count),
        ice=Ice(carbon_fraction=carbon),
        camera=Camera(width=1024, height=1024, pixel_size_A=2.0, frames=4, dose_e_A2=40),
    )
    truth = simulate_session(settings, tmp_path, Context(seed=6))
    job = AutoPick(micrographs="micrographs_truth.star", blobs=BlobSearch(min_diameter_A=110, max_diameter_A=180))
    record = job.work(job.units(Context())[0], Context(folder=Path("AutoPick/job001")))
    if not count:
        assert record["picks"] <= 2
        return
    picks = coordinates.read(record["file"])
    away = np.hypot(picks["x_px"][:, None] - truth["x_px"], picks["y_px"][:, None] - truth["y_px"])
    whole = ((truth["x_px"] > 40) & (truth["x_px"] < 984) & (truth["y_px"] > 40) & (truth["y_px"] < 984)).astype(bool)
    assert (away.min(0)[whole] < 25).mean() > 0.85
    assert (away.min(1) < 30).sum() >= len(picks) - 4


def relions(tmp_path, **values):
    """A job.star of RELION's for picking by LoG, in which options of other ways of picking stand at Yes."""
    said = {"fn_input_autopick": "m.star", "do_log": "Yes", "do_refs": "No", "do_ref3d": "Yes", "do_topaz": "No", **values}
    rows = "".join(f"{name} {value}\n" for name, value in said.items())
    head = "data_job\n\n_rlnJobTypeLabel relion.autopick\n_rlnJobIsContinue 0\n\ndata_joboptions_values\n\nloop_\n"
    path = tmp_path / "job.star"
    path.write_text(f"{head}_rlnJobOptionVariable #1\n_rlnJobOptionValue #2\n{rows}\n")
    return path


def test_options_of_ways_of_picking_that_are_off_mean_nothing(tmp_path):
    from vitreous.job import as_star

    assert as_star.load(relions(tmp_path, do_topaz_pick="Yes", do_topaz_train="Yes")).job.micrographs == "m.star"
    with pytest.raises(UserError, match="does not support do_refs = 'Yes'"):
        as_star.load(relions(tmp_path, do_refs="Yes"))
    with pytest.raises(UserError, match="does not support do_topaz: pick with do_log = Yes, or let an External job run Topaz"):
        as_star.load(relions(tmp_path, do_topaz="Yes", do_log="No"))
