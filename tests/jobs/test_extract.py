"""The extraction job: stacks, tables and origins; drops; re-extraction; agreement with RELION's windows."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import coordinates, mrc, star
from vitreous.jobs.extract import Extract
from vitreous.methods.extraction.settings import Recentring, Windows
from vitreous.tables.table import Table

OPTICS = Table(
    {
        "optics_group_name": ["a"],
        "optics_group": [1],
        "micrograph_pixel_size_A": [1.5],
        "voltage_kV": [300.0],
        "cs_mm": [2.7],
        "amplitude_contrast": [0.1],
    },
    "optics",
)


def carry_out(job: Extract, folder: str) -> list[dict]:
    context = Context(folder=Path(folder), seed=3)
    records = [job.work(unit, context) for unit in job.units(context)]
    job.gather(records, context)
    return records


def picks(path: str, x: list[float] | np.ndarray, y: list[float] | np.ndarray) -> None:
    fom = np.arange(len(x), 0, -1) / 10
    coordinates.write(path, Table({"x_px": np.asarray(x, float), "y_px": np.asarray(y, float), "pick_fom": fom}))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two micrographs with a slope, spots at known places, picks of a job in both conventions."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(21)
    y, x = np.indices((256, 300))
    names = []
    for name in ("a", "b"):
        image = 500 + x / 3 + rng.normal(0, 5, (256, 300)) - 80 * np.exp(-((y - 100.3) ** 2 + (x - 140.6) ** 2) / 20)
        names.append(f"MotionCorr/job002/Movies/{name}.mrc")
        mrc.write_image(names[-1], image.astype(np.float32), pixel_size_A=1.5)
        picks(f"AutoPick/job003/Movies/{name}_autopick.star", [140.6, 2000, 50], [100.3, 30, 200])
    columns = {"micrograph": np.array(names, object), "optics_group": [1, 1], "defocus_u_A": [9000.0, 12000.0]}
    columns |= {"defocus_v_A": [8800.0, 11800.0], "defocus_angle_deg": [10.0, 20.0], "ctf_fom": [0.2, 0.3]}
    star.write_table("micrographs_ctf.star", Table(columns, "micrographs", OPTICS))
    coordinates.write_list(
        "AutoPick/job003/autopick.star", {n: f"AutoPick/job003/Movies/{Path(n).stem}_autopick.star" for n in names}
    )
    Path("AutoPick/job003/coords_suffix_autopick.star").write_text("micrographs_ctf.star\n")
    return tmp_path


def job(**changes) -> Extract:
    return Extract(**{"micrographs": "micrographs_ctf.star", "coordinates": "AutoPick/job003/autopick.star", **changes})


def test_particles_stack_and_table(project):
    records = carry_out(job(windows=Windows(box_px=64, resize=True, rescaled_box_px=48)), "Extract/job004")
    assert [record["particles"] for record in records] == [2, 2]
    table = star.read_table("Extract/job004/particles.star", "particles")
    assert table["image"].tolist()[0] == "000001@Extract/job004/Movies/a.mrcs"
    assert table["image"].tolist()[3] == "000002@Extract/job004/Movies/b.mrcs"
    assert table["defocus_u_A"].tolist() == [9000, 9000, 12000, 12000]
    assert table["ctf_scale"].tolist() == [1] * 4
    assert "group_number" not in table
    assert table.optics["pixel_size_A"][0] == pytest.approx(2.0)
    assert table.optics["box"][0] == 48
    stack, pixel = mrc.read_stack("Extract/job004/Movies/a.mrcs")
    assert stack.shape == (2, 48, 48)
    assert pixel == pytest.approx(2.0)
    assert stack[0, 24, 24] > 4
    assert table["x_px"][0] - table["origin_x_A"][0] / 1.5 == pytest.approx(140.6, abs=1e-5)
    assert table["y_px"][0] - table["origin_y_A"][0] / 1.5 == pytest.approx(100.3, abs=1e-5)


def test_both_conventions_of_coordinates_give_the_same(project):
    carry_out(job(), "Extract/job004")
    carry_out(job(coordinates="AutoPick/job003/coords_suffix_autopick.star"), "Extract/job005")
    one, two = (mrc.read_stack(f"Extract/job00{n}/Movies/b.mrcs")[0] for n in (4, 5))
    assert np.array_equal(one, two)


def test_the_figure_of_merit_can_be_asked_for_and_halves_of_the_size_written(project):
    records = carry_out(job(use_threshold=True, least_fom=0.25, windows=Windows(box_px=64, float16=True)), "Extract/job004")
    assert [record["particles"] for record in records] == [1, 1]
    assert mrc.read_header("Extract/job004/Movies/a.mrcs").mode == 12


def test_new_picks_are_new_work(project):
    before = [unit.row["digest"] for unit in job().units(Context())]
    picks("AutoPick/job003/Movies/a_autopick.star", [50.0], [60.0])
    after = [unit.row["digest"] for unit in job().units(Context())]
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_cutting_out_again_moves_by_the_origins_or_keeps_or_drops_them(project):
    carry_out(job(windows=Windows(box_px=64)), "Extract/job004")
    table = star.read_table("Extract/job004/particles.star", "particles")
    moved = table.with_(origin_x_A=[3.0, -4.5, 0, 7.3], origin_y_A=[0.2, 1.5, -3.0, 0], half=[1, 2, 1, 2])
    star.write_table("refined.star", moved)
    truth = moved["x_px"] - moved["origin_x_A"] / 1.5
    for n, recentring in enumerate((Recentring(recentre=True), Recentring(), Recentring(reset_offsets=True))):
        again = Extract(micrographs="micrographs_ctf.star", again=True, particles="refined.star", recentring=recentring)
        carry_out(again, f"Extract/job01{n}")
        out = star.read_table(f"Extract/job01{n}/particles.star", "particles")
        assert out["half"].tolist() == [1, 2, 1, 2]
        assert out.optics["pixel_size_A"][0] == pytest.approx(1.5)
        place = out["x_px"] - out["origin_x_A"] / 1.5
        assert np.allclose(place, table["x_px"] if recentring.reset_offsets else truth, atol=1e-4)
        if recentring.recentre:
            assert np.abs(out["origin_x_A"]).max() <= 0.75 + 1e-6
    assert Path("Extract/job010/reextract.star").is_file()


def test_recentring_on_a_point_of_the_reference(project):
    carry_out(job(windows=Windows(box_px=64)), "Extract/job004")
    table = star.read_table("Extract/job004/particles.star", "particles")
    posed = table.with_(
        rot_deg=[0.0, 90, 0, 30], tilt_deg=[0.0, 0, 90, 40], psi_deg=[0.0, 0, 0, 50], origin_x_A=0.0, origin_y_A=0.0
    )
    star.write_table("posed.star", posed)
    centre = Recentring(recentre=True, x_px=6, y_px=2, z_px=-4)
    carry_out(
        Extract(micrographs="micrographs_ctf.star", again=True, particles="posed.star", recentring=centre), "Extract/job005"
    )
    out = star.read_table("Extract/job005/particles.star", "particles")
    moved_x = out["x_px"] - out["origin_x_A"] / 1.5 - table["x_px"]
    moved_y = out["y_px"] - out["origin_y_A"] / 1.5 - table["y_px"]
    assert np.allclose(moved_x[:3], [6, 2, 4], atol=1e-4)
    assert np.allclose(moved_y[:3], [2, -6, 2], atol=1e-4)


def test_bad_input_ends_with_a_sentence(project):
    for bad, words in (
        (job(windows=Windows(box_px=63)), "odd"),
        (job(coordinates=""), "no coordinates were given"),
        (job(coordinates="nowhere.star"), "nowhere.star"),
        (job(again=True), "--particles"),
        (job(again=True, particles="gone.star"), "gone.star"),
        (job(coordinates="micrographs_ctf.star"), "no coordinate files"),
    ):
        with pytest.raises(UserError, match=words):
            bad.units(Context())
    with pytest.raises(UserError, match="the box of 258 pixels is larger than the micrograph of 300 x 256"):
        carry_out(job(windows=Windows(box_px=258)), "Extract/job004")
    picks("AutoPick/job003/Movies/a_autopick.star", [5000.0], [60.0])
    picks("AutoPick/job003/Movies/b_autopick.star", [], [])
    with pytest.raises(UserError, match="not one particle was cut out of 2 micrographs"):
        carry_out(job(), "Extract/job004")
    assert not Path("Extract/job004/particles.star").exists()


@pytest.mark.relion
@pytest.mark.parametrize("dust", [-1, 4])
def test_windows_agree_with_those_of_relion(project, relion, dust):
    rng = np.random.default_rng(8)
    x, y = rng.integers(0, 300, 12), rng.integers(0, 256, 12)
    for name in ("a", "b"):
        picks(f"AutoPick/job003/Movies/{name}_autopick.star", x, y)
    radius = 18
    options = (
        f"--extract_size 96 --scale 48 --norm --bg_radius {radius} --white_dust {dust} --black_dust {dust} --invert_contrast"
    )
    where = "--coord_dir AutoPick/job003/ --coord_suffix _autopick.star --part_star theirs/particles.star --part_dir theirs/"
    subprocess.run(
        f"{relion}/relion_preprocess --i micrographs_ctf.star {where} --extract {options}".split(),
        check=True,
        capture_output=True,
    )
    windows = Windows(
        box_px=96, resize=True, rescaled_box_px=48, background_diameter_px=4 * radius, white_dust=dust, black_dust=dust
    )
    carry_out(job(windows=windows), "Extract/job004")
    for name in ("a", "b"):
        ours, _ = mrc.read_stack(f"Extract/job004/Movies/{name}.mrcs")
        theirs, _ = mrc.read_stack(f"theirs/Movies/{name}.mrcs")
        assert ours.shape == theirs.shape
        # dust is replaced by random numbers, which also move the mean and the scale a little
        for a, b in zip(ours, theirs):
            assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.9999 or dust > 0
            assert (np.abs(a - b) < 0.05).mean() > 0.98


@pytest.mark.relion
def test_relion_goes_on_from_our_particles(project, relion):
    """relion_refine classifies them; relion_preprocess cuts them out again, moved by the same origins as we move them."""
    rng = np.random.default_rng(9)
    for name in ("a", "b"):
        picks(f"AutoPick/job003/Movies/{name}_autopick.star", rng.uniform(40, 250, 10), rng.uniform(40, 200, 10))
    carry_out(job(windows=Windows(box_px=64)), "Extract/job004")
    Path("theirs").mkdir()
    search = "--oversampling 0 --psi_step 45 --offset_range 1 --offset_step 1 --pad 1"
    command = f"--i Extract/job004/particles.star --o theirs/run --iter 1 --K 1 --ctf --particle_diameter 80 {search}"
    subprocess.run([f"{relion}/relion_refine", *command.split()], check=True, capture_output=True)
    assert len(star.read_table("theirs/run_it001_data.star", "particles")) == 20
    table = star.read_table("Extract/job004/particles.star", "particles")
    moved = table.with_(origin_x_A=rng.normal(0, 6, 20), origin_y_A=rng.normal(0, 6, 20))
    star.write_table("refined.star", moved)
    command = (
        "--i micrographs_ctf.star --reextract_data_star refined.star --recenter --recenter_x 0 --recenter_y 0 --recenter_z 0"
    )
    where = (
        "--part_star theirs/particles.star --part_dir theirs/ --extract --extract_size 64 --norm --bg_radius 24 --invert_contrast"
    )
    subprocess.run([f"{relion}/relion_preprocess", *command.split(), *where.split()], check=True, capture_output=True)
    again = Extract(
        micrographs="micrographs_ctf.star",
        again=True,
        particles="refined.star",
        recentring=Recentring(recentre=True),
        windows=Windows(box_px=64),
    )
    carry_out(again, "Extract/job005")
    ours, theirs = (star.read_table(f"{where}/particles.star", "particles") for where in ("Extract/job005", "theirs"))
    for axis in "xy":
        place = [t[f"{axis}_px"] - t[f"origin_{axis}_A"] / 1.5 for t in (ours, theirs)]
        assert np.allclose(*place, atol=0.01)


def test_what_it_will_write_is_told_before(project):
    job = Extract(micrographs="micrographs_ctf.star", coordinates="AutoPick/job003/autopick.star", windows=Windows(box_px=64))
    size = job.size()
    assert size.bytes == 6 * 64 * 64 * 4
    assert size.made_of == "6 images of 64 x 64 pixels"
    carry_out(job, "Extract/job004")
    written = sum(path.stat().st_size for path in Path("Extract/job004").rglob("*") if path.is_file())
    assert 0.5 < written / size.bytes < 1.5, "two of the six picks lie outside"
    again = Extract(micrographs="micrographs_ctf.star", again=True, particles="Extract/job004/particles.star")
    assert again.size().made_of.startswith("4 images of")
