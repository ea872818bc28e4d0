import csv
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, UserError
from vitreous.files import mrc, star
from vitreous.jobs.ctf_find import CtfFind
from vitreous.methods.ctf.settings import CtfSearch
from vitreous.tables.table import Table


def micrographs(path, names, *, pixel=1.5, voltage=300.0, cs=2.7, **columns):
    optics = {
        "optics_group_name": np.array(["one"], object),
        "optics_group": np.array([1]),
        "voltage_kV": np.array([voltage]),
        "cs_mm": np.array([cs]),
        "amplitude_contrast": np.array([0.1]),
        "micrograph_pixel_size_A": np.array([pixel]),
    }
    rows = {"micrograph": np.array(names, object), "optics_group": np.ones(len(names), int), **columns}
    star.write_table(path, Table(rows, "micrographs", Table(optics)))


def rings(seed, u, v, angle, shape=(900, 900), pixel=1.5):
    generator = np.random.default_rng(seed)
    ky, kx = np.fft.fftfreq(shape[0], pixel)[:, None], np.fft.rfftfreq(shape[1], pixel)[None, :]
    k2 = kx**2 + ky**2
    defocus = (u + v) / 2 + (u - v) / 2 * np.cos(2 * (np.arctan2(ky, kx) - np.deg2rad(angle)))
    chi = np.pi * 0.0196876 * defocus * k2 - np.pi / 2 * 2.7e7 * 0.0196876**3 * k2**2 + np.arcsin(0.1)
    ice = np.fft.irfft2(np.fft.rfft2(generator.normal(size=shape)) * np.sin(chi) * np.exp(-20 * k2), s=shape)
    return (0.6 * ice / ice.std() + generator.normal(size=shape)).astype(np.float32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("CtfFind/job003")
    folder.mkdir(parents=True)
    Path("MotionCorr/job002/Movies").mkdir(parents=True)
    return folder


def run(job, folder):
    context = Context(folder=folder)
    records = [job.work(unit, context) for unit in job.units(context)]
    job.gather(records, context)
    return star.read_table(folder / "micrographs_ctf.star", "micrographs")


def test_each_micrograph_gets_its_ctf_and_its_files(folder):
    truths = [(15000.0, 14600.0, 20.0), (9000.0, 8900.0, -70.0)]
    names = []
    for index, truth in enumerate(truths):
        names.append(f"MotionCorr/job002/Movies/m{index}.mrc")
        mrc.write_image(names[-1], rings(index, *truth), pixel_size_A=1.5)
    micrographs("mics.star", names, rlnSomething=np.array(["a", "b"], object))
    table = run(CtfFind(micrographs="mics.star"), folder)
    assert table["micrograph"].tolist() == names
    for row, (u, v, _angle) in zip(table.rows(), truths, strict=True):
        assert row["defocus_u_A"] == pytest.approx(u, abs=60)
        assert row["defocus_v_A"] == pytest.approx(v, abs=60)
        assert row["ctf_astigmatism_A"] == pytest.approx(row["defocus_u_A"] - row["defocus_v_A"], abs=1e-3)
    assert abs(table["defocus_angle_deg"][0] - 20) < 8
    assert table["rlnSomething"].tolist() == ["a", "b"]
    assert table["ctf_image"][0] == "CtfFind/job003/Movies/m0.ctf:mrc"
    assert "phase_shift_deg" not in table
    picture, pixel = mrc.read_image(folder / "Movies/m0.ctf")
    assert picture.shape == (512, 512) and pixel == pytest.approx(1.5, rel=0.1)
    assert "Estimated defocus values" in (folder / "Movies/m1_ctffind4.log").read_text()
    assert (folder / "Movies/m1_avrot.txt").is_file()


def test_a_phase_plate_adds_a_column(folder):
    mrc.write_image("m.mrc", rings(3, 12000, 11800, 0), pixel_size_A=1.5)
    micrographs("mics.star", ["m.mrc"])
    table = run(CtfFind(micrographs="mics.star", search=CtfSearch(fit_phase=True)), folder)
    assert 0 <= table["phase_shift_deg"][0] <= 180


def test_unweighted_sums_and_spectra_are_taken_where_asked(folder):
    mrc.write_image("dw.mrc", rings(1, 20000, 20000, 0), pixel_size_A=1.5)
    mrc.write_image("plain.mrc", rings(1, 12000, 12000, 0), pixel_size_A=1.5)
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2(rings(2, 9000, 9000, 0, (512, 512))))).astype(np.float32)
    mrc.write_image("m_PS.mrc", spectrum, pixel_size_A=1.5)
    micrographs(
        "mics.star",
        ["dw.mrc"],
        micrograph_no_dw=np.array(["plain.mrc"], object),
        power_spectrum=np.array(["m_PS.mrc"], object),
    )
    for job, defocus in (
        (CtfFind(micrographs="mics.star"), 9000),
        (CtfFind(micrographs="mics.star", use_spectra=False), 20000),
        (CtfFind(micrographs="mics.star", use_spectra=False, use_unweighted=True), 12000),
    ):
        assert run(job, folder)["defocus_u_A"][0] == pytest.approx(defocus, abs=250)


def test_what_is_missing_is_said(folder):
    micrographs("mics.star", ["gone.mrc"])
    with pytest.raises(UserError, match="rlnMicrographNameNoDW"):
        CtfFind(micrographs="mics.star", use_unweighted=True).units(Context())
    job = CtfFind(micrographs="mics.star")
    with pytest.raises(UserError, match=r"gone\.mrc"):
        job.work(job.units(Context())[0], Context(folder=folder))
    mrc.write_image("gone.mrc", np.full((700, 700), np.nan, np.float32), pixel_size_A=1.5)
    with pytest.raises(UserError, match=r"gone\.mrc: the micrograph has no finite pixel"):
        job.work(job.units(Context())[0], Context(folder=folder))


def test_an_empty_micrograph_leaves_no_files(folder):
    mrc.write_image("flat.mrc", np.zeros((700, 700), np.float32), pixel_size_A=1.5)
    micrographs("mics.star", ["flat.mrc"])
    job = CtfFind(micrographs="mics.star")
    with pytest.raises(UserError, match="same value"):
        job.work(job.units(Context())[0], Context(folder=folder))
    assert not list(folder.iterdir())


def test_a_fit_whose_log_is_deleted_is_made_again(folder):
    from vitreous.run.runner import run as carry_out

    for index in range(2):
        mrc.write_image(f"m{index}.mrc", rings(index, 9000, 9000, 0), pixel_size_A=1.5)
    micrographs("mics.star", ["m0.mrc", "m1.mrc"])
    job = CtfFind(micrographs="mics.star")
    assert carry_out(job, folder, quiet=True).did == 2
    assert carry_out(job, folder, quiet=True).did == 0
    (folder / "m1_ctffind4.log").unlink()
    assert carry_out(job, folder, quiet=True).did == 1
    assert (folder / "m1_ctffind4.log").is_file()


@pytest.mark.data
def test_the_tutorials_spectra(folder, data):
    source = data / "betagal_particles"
    with (source / "ctf_truth.csv").open() as stream:
        rows = list(csv.DictReader(stream))[:3]
    spectra = [str(source / "power_spectra" / f"{row['micrograph']}_frameImage_PS.mrc") for row in rows]
    names = [f"MotionCorr/job002/Movies/{row['micrograph']}.mrc" for row in rows]
    micrographs("mics.star", names, pixel=0.885, voltage=200.0, cs=1.4, power_spectrum=np.array(spectra, object))
    table = run(CtfFind(micrographs="mics.star"), folder)
    truth = np.array([[float(row["truth_defocusU"]), float(row["truth_defocusV"])] for row in rows])
    found = np.stack([table["defocus_u_A"], table["defocus_v_A"]], axis=1)
    assert np.abs(found.mean(1) - truth.mean(1)).max() < 100
