"""Our selections beside those of relion_star_handler and relion_image_handler, and one made by hand in RELION's window."""

import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context
from vitreous.files import mrc, star
from vitreous.jobs.select import Select
from vitreous.methods.selection.choose import centred
from vitreous.methods.selection.settings import ClassChoice, RowChoice, Splitting
from vitreous.tables.table import Table

COUNT, PIXEL_A, MICROGRAPH_PIXEL_A = 120, 3.0, 1.5


def carry_out(job: Select, folder: str) -> dict:
    context = Context(folder=Path(folder), seed=3)
    records = [job.work(unit, context) for unit in job.units(context)]
    return records[0]


def called(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True, timeout=60)


@pytest.fixture
def particles(tmp_path, monkeypatch) -> str:
    """Particles of three micrographs: some in isolated pairs, some images with odd grey values."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(11)
    places = np.stack(np.meshgrid(np.arange(10), np.arange(8)), -1).reshape(-1, 2)[:80] * 200.0 + 100
    places = np.concatenate([places, places[:40] + rng.uniform(-9, 9, (40, 2))])
    origins = rng.uniform(-4, 4, (COUNT, 2))
    places += origins / MICROGRAPH_PIXEL_A
    images = rng.normal(size=(COUNT, 16, 16)).astype(np.float32) + rng.normal(0, 0.3, COUNT)[:, None, None].astype(np.float32)
    images[[7, 70]] += 9
    images[[9, 90]] *= 6
    mrc.write_stack("images.mrcs", images, pixel_size_A=PIXEL_A)
    columns = {
        "image": np.array([f"{i + 1:06d}@images.mrcs" for i in range(COUNT)], object),
        "micrograph": np.array([f"mic{i % 40 % 3}.mrc" for i in range(COUNT)], object),
        "optics_group": np.ones(COUNT, int),
        "x_px": places[:, 0],
        "y_px": places[:, 1],
        "origin_x_A": origins[:, 0],
        "origin_y_A": origins[:, 1],
        "ctf_fom": rng.uniform(size=COUNT).round(3),
    }
    optics = {"optics_group_name": ["a"], "optics_group": [1], "pixel_size_A": [PIXEL_A], "voltage_kV": [300.0]}
    optics |= {"cs_mm": [2.7], "amplitude_contrast": [0.1], "box": [16], "dimensions": [2]}
    star.write_table("particles.star", Table(columns, "particles", Table(optics, "optics")))
    return "particles.star"


def images_of(path: str) -> list[str]:
    return star.read_table(path, "particles")["image"].tolist()


def test_values_and_statistics_keep_the_rows_that_relion_keeps(relion, particles):
    handler = Path(relion) / "relion_star_handler"
    called(
        handler, "--i", particles, "--o", "by_value.star", "--select", "rlnCtfFigureOfMerit", "--minval", 0.2, "--maxval", 0.713
    )
    carry_out(
        Select(particles=particles, rows=RowChoice(by_value=True, column="ctf_fom", lowest=0.2, highest=0.713)), "Select/job001"
    )
    assert images_of("Select/job001/particles.star") == images_of("by_value.star")
    called(handler, "--i", particles, "--o", "by_statistics.star", "--discard_on_stats", "--discard_sigma", 3)
    carry_out(Select(particles=particles, rows=RowChoice(by_statistics=True, sigma=3)), "Select/job002")
    kept = images_of("Select/job002/particles.star")
    assert kept == images_of("by_statistics.star")
    assert 0 < COUNT - len(kept) < 8


def test_relion_reads_the_score_of_particles(relion, particles):
    table = star.read_table(particles, "particles")
    star.write_table("scored.star", table.with_(particle_fom=np.linspace(0, 1, COUNT)))
    words = ("--select", "rlnParticleFigureOfMerit", "--minval", 0.5)
    called(Path(relion) / "relion_star_handler", "--i", "scored.star", "--o", "kept.star", *words)
    assert images_of("kept.star") == images_of("scored.star")[COUNT // 2 :]


def test_parts_are_relions(relion, particles):
    handler = Path(relion) / "relion_star_handler"
    for said, splitting in (
        (("--size_split", 50), Splitting(split=True, part_size=50)),
        (("--nr_split", 7), Splitting(split=True, part_size=-1, part_count=7)),
        (("--nr_split", 2, "--size_split", 30), Splitting(split=True, part_size=30, part_count=2)),
    ):
        folder = f"Select/job00{said[-1]}"
        Path(folder).mkdir(parents=True)
        called(handler, "--i", particles, "--o", f"{folder}/theirs.star", "--split", *said)
        count = len(carry_out(Select(particles=particles, splitting=splitting), folder)["parts"])
        assert count == len(list(Path(folder).glob("theirs_split*.star")))
        for number in range(1, count + 1):
            assert images_of(f"{folder}/particles_split{number}.star") == images_of(f"{folder}/theirs_split{number}.star")


def test_of_each_pair_of_duplicates_one_stays_as_in_relion(relion, particles):
    handler = Path(relion) / "relion_star_handler"
    called(handler, "--i", particles, "--o", "single.star", "--remove_duplicates", 12, "--image_angpix", MICROGRAPH_PIXEL_A)
    choice = RowChoice(remove_duplicates=True, duplicate_distance_A=12, coordinate_pixel_size_A=MICROGRAPH_PIXEL_A)
    carry_out(Select(particles=particles, rows=choice), "Select/job001")
    ours, theirs = images_of("Select/job001/particles.star"), images_of("single.star")
    assert len(ours) == len(theirs) < COUNT
    number = [[int(name.split("@")[0]) - 1 for name in names] for names in (ours, theirs)]
    place = [sorted(i if i < 80 else i - 80 for i in one) for one in number]
    assert place[0] == place[1]
    assert sum(i >= 80 for i in number[0]) < sum(i >= 80 for i in number[1])  # ours keeps the first of a pair, theirs the last


def test_averages_are_centred_where_relion_centres_them(relion, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(12)
    y, x = np.indices((64, 64)) - 32.0
    images = np.stack(
        [
            sum(
                h * np.exp(-((y - 4 - cy) ** 2 + (x + 6 - cx) ** 2) / 9)
                for h, cy, cx in zip(rng.uniform(0.2, 1, 15), *rng.normal(0, 6, (2, 15)))
            )
            - 0.02
            for _ in range(5)
        ]
    ).astype(np.float32)
    mrc.write_stack("averages.mrcs", images, pixel_size_A=PIXEL_A)
    for number in range(5):
        called(
            Path(relion) / "relion_image_handler",
            "--i",
            f"{number + 1}@averages.mrcs",
            "--o",
            f"theirs{number}.mrc",
            "--shift_com",
        )
    ours = centred(images)
    for number in range(5):
        theirs = mrc.read_image(f"theirs{number}.mrc")[0]
        inner = (slice(12, -12),) * 2
        assert np.corrcoef(ours[number][inner].ravel(), theirs[inner].ravel())[0, 1] > 0.998
        assert np.corrcoef(images[number][inner].ravel(), theirs[inner].ravel())[0, 1] < 0.9


@pytest.mark.data
def test_a_selection_made_in_relions_window_is_made_again(data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tarfile.open(data / "relion_projects" / "relion31_tutorial_betagal.tar.xz") as archive:
        wanted = [m for m in archive.getmembers() if "/Class2D/job013/run_it025" in m.name or "/Select/job014/" in m.name]
        archive.extractall(tmp_path, members=wanted, filter="data")
    monkeypatch.chdir(next(tmp_path.glob("*/Class2D")).parent)
    theirs = star.read_table("Select/job014/class_averages.star")
    chosen = tuple(theirs["class_number"].tolist())
    carry_out(Select(model="Class2D/job013/run_it025_model.star", choice=ClassChoice(classes=chosen)), "Select/job099")
    ours = star.read_table("Select/job099/class_averages.star")
    assert set(theirs) <= set(ours)
    assert all(ours[name].tolist() == theirs[name].tolist() for name in theirs)
    kept, known = (star.read_table(f"Select/{job}/particles.star", "particles") for job in ("job099", "job014"))
    assert sorted(kept["image"].tolist()) == sorted(known["image"].tolist())
    backup = [star.read_table(f"Select/{job}/backup_selection.star")["selected"].tolist() for job in ("job099", "job014")]
    assert backup[0] == backup[1]
