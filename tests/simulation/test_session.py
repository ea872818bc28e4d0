"""Whole movies: counts, places, motion, damage, repeatability, formats."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vitreous.context import Context, Stopped, UserError
from vitreous.files import mrc, star
from vitreous.files.frames import open_movie, read_gain
from vitreous.simulation.exposure import Exposure, critical_dose_e_A2
from vitreous.simulation.ice import white_transform
from vitreous.simulation.layer import ParticleLayer, Plan, plan_session
from vitreous.simulation.microscope import Defocus, transfer
from vitreous.simulation.orientations import euler_matrix
from vitreous.simulation.projector import Projector, frequencies, to_image
from vitreous.simulation.session import simulate_session, suggested_box
from vitreous.simulation.settings import Camera, Ice, Microscope, Motion, Particles, SessionSettings, Specimen
from vitreous.simulation.specimen import make_specimen

SMALL = SessionSettings(
    movies=2,
    specimen=Specimen(symmetry="C2", mass_kDa=60),
    particles=Particles(per_micrograph=4),
    camera=Camera(width=256, height=224, frames=6, dose_e_A2=30),
)
STILL = Motion(drift_A=0, local_A=0)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("session") / "sim"
    simulate_session(SMALL, folder, Context(seed=3, threads=2))
    return folder


def planned(settings: SessionSettings, seed: int = 3) -> tuple[Exposure, Plan]:
    atoms = make_specimen(settings.specimen)
    context = Context(seed=seed)
    plan = plan_session(settings, atoms.diameter_A, context)[0]
    return Exposure(plan, ParticleLayer(atoms, settings), context), plan


def test_a_movie_reads_back_with_the_dose_it_was_given(session: Path) -> None:
    movie = open_movie(session / "movies" / "movie_00001.tiff")
    assert (movie.count, movie.shape, movie.dtype) == (6, (224, 256), np.uint8)
    gain = read_gain(session / "gain.mrc", shape=movie.shape)
    corrected = movie.read() * gain
    assert np.isclose(corrected[:, gain > 0].mean(), 30 / 6 * 4, rtol=0.02)
    assert np.isclose(movie.pixel_size_A, 2.0, rtol=1e-3)


def test_the_tables_say_what_is_there(session: Path) -> None:
    movies = star.read_table(session / "movies.star", "movies")
    assert all(Path(path).is_file() for path in movies["movie"])
    assert movies.optics is not None
    assert movies.optics["voltage_kV"][0] == 300
    particles = star.read_table(session / "particles_truth.star", "particles")
    assert len(particles) == 8
    assert set(particles["micrograph"]) == set(movies["movie"])
    assert (particles["x_px"] < 256).all() and (particles["y_px"] < 224).all()
    micrographs = star.read_table(session / "micrographs_truth.star", "micrographs")
    own = particles.select(particles["micrograph"] == micrographs["micrograph"][0])
    assert np.abs(own["defocus_u_A"] - micrographs["defocus_u_A"][0]).max() <= 75.001
    volume, pixel = mrc.read_volume(session / "true_map.mrc")
    assert volume.shape[0] == suggested_box(make_specimen(SMALL.specimen).diameter_A, 2.0)
    assert np.isclose(pixel, 2.0)


def test_gain_correction_flattens(session: Path) -> None:
    movie = open_movie(session / "movies" / "movie_00002.tiff")
    gain = read_gain(session / "gain.mrc", shape=movie.shape)
    alive = gain > 0
    total = movie.read().sum(axis=0)[alive].astype(float)
    hot = total > np.median(total) * 1.8
    assert 5 <= hot.sum() <= 12
    assert np.var((total * gain[alive])[~hot]) < 0.93 * np.var(total[~hot])


def test_continuing_keeps_what_is_there_and_makes_the_same_again(session: Path) -> None:
    one, two = (session / "movies" / f"movie_0000{i}.tiff" for i in (1, 2))
    before, stamp = two.read_bytes(), one.stat().st_mtime_ns
    two.unlink()
    simulate_session(SMALL, session, Context(seed=3))
    assert one.stat().st_mtime_ns == stamp
    assert two.read_bytes() == before


def test_more_movies_later_do_not_touch_the_first(session: Path) -> None:
    one = session / "movies" / "movie_00001.tiff"
    stamp = one.stat().st_mtime_ns
    simulate_session(replace(SMALL, movies=3), session, Context(seed=3))
    assert one.stat().st_mtime_ns == stamp
    assert (session / "movies" / "movie_00003.tiff").is_file()
    simulate_session(SMALL, session, Context(seed=3))


def test_another_seed_makes_another_session(session: Path, tmp_path: Path) -> None:
    simulate_session(replace(SMALL, movies=1), tmp_path / "other", Context(seed=4))
    name = "movies/movie_00001.tiff"
    assert (tmp_path / "other" / name).read_bytes() != (session / name).read_bytes()


def test_a_stop_leaves_nothing_half_written(tmp_path: Path) -> None:
    asked = iter([False] * 4 + [True] * 100)
    with pytest.raises(Stopped):
        simulate_session(SMALL, tmp_path, Context(stop_asked=lambda: next(asked)))
    assert not list((tmp_path / "movies").glob("*"))


@pytest.mark.parametrize("form", ["mrc", "eer"])
def test_other_formats_hold_the_same_scene(form: str, tmp_path: Path) -> None:
    """The same plan: sums agree with those of the TIFF up to counting noise, rows in the same order."""
    camera = replace(SMALL.camera, dose_e_A2=12.0, hot_pixels=0)
    sums = []
    for name in ("tiff", form):
        settings = replace(SMALL, movies=1, camera=replace(camera, format=name, eer_frames_per_fraction=20))
        simulate_session(settings, tmp_path / name, Context(seed=3))
        (path,) = (tmp_path / name / "movies").iterdir()
        movie = open_movie(path, eer_fractions=20)
        assert movie.count == 6
        gain = read_gain(tmp_path / name / "gain.mrc", shape=movie.shape, eer=name == "eer")
        total = (movie.read() * gain).sum(axis=0)
        total[gain == 0] = total[gain > 0].mean()
        sums.append(smoothed(total, 5.0))
    right, wrong = (np.corrcoef(sums[0].ravel(), second.ravel())[0, 1] for second in (sums[1], sums[1][::-1]))
    assert right > 0.4
    assert right > wrong + 0.3
    per_frame = 12.0 / 6 / 20 * 4
    counted = (1 - np.exp(-per_frame)) / per_frame if form == "eer" else 1.0  # two electrons in a pixel of a frame count once
    assert np.isclose(sums[1].mean(), sums[0].mean() * counted, rtol=0.02)


def smoothed(image: np.ndarray, sigma_px: float) -> np.ndarray:
    ky, kx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None]
    return np.fft.irfft2(np.fft.rfft2(image) * np.exp(-2 * (np.pi * sigma_px) ** 2 * (kx**2 + ky**2)), s=image.shape)


def test_particles_are_dark_at_their_coordinates_in_the_frames_as_read(tmp_path: Path) -> None:
    """A matched filter made from the truth peaks at the truth, in counts; turned upside down it does not."""
    settings = replace(SMALL, movies=1, motion=STILL, particles=Particles(per_micrograph=12), damage=0.0)
    settings = replace(settings, camera=Camera(width=400, height=320, frames=6, dose_e_A2=150, hot_pixels=0))
    table = simulate_session(settings, tmp_path, Context(seed=8))
    movie = open_movie(tmp_path / "movies" / "movie_00001.tiff")
    gain = read_gain(tmp_path / "gain.mrc", shape=movie.shape)
    total = (movie.read() * gain).sum(axis=0)
    total[gain == 0] = total[gain > 0].mean()
    projector = Projector(make_specimen(settings.specimen), box=96, pixel_size_A=2.0)
    inside = [r for r in table.rows() if 60 < r["x_px"] < 340 and 60 < r["y_px"] < 260]
    assert len(inside) >= 3
    kx, ky = frequencies(96, 2.0)
    for row in inside:
        defocus = Defocus(row["defocus_u_A"], row["defocus_v_A"], row["defocus_angle_deg"])
        clean = projector.transform(euler_matrix(row["rot_deg"], row["tilt_deg"], row["psi_deg"]))
        template = to_image(clean * transfer(settings.microscope, defocus, kx, ky), 96)
        wide = np.zeros(total.shape)
        wide[:96, :96] = template - template.mean()
        found = np.fft.irfft2(np.fft.rfft2(total.mean() - total) * np.fft.rfft2(wide).conj(), s=total.shape)
        y, x = (round(row[name]) - 48 for name in ("y_px", "x_px"))
        near = found[y - 10 : y + 11, x - 10 : x + 11]
        peak = np.unravel_index(near.argmax(), near.shape)
        assert np.hypot(peak[0] - 10, peak[1] - 10) < 1.5
        assert near.max() > 4 * found.std()


@pytest.mark.parametrize("side", [512, 511])
def test_frames_follow_the_track(side: int) -> None:
    """Cross-correlation of noise-free frames finds the whole-frame path; patches find the local movement."""
    settings = replace(SMALL, ice=Ice(water_motion_A2=0), motion=Motion(drift_A=30, local_A=12), damage=0.0)
    exposure, plan = planned(replace(settings, camera=replace(SMALL.camera, width=side, height=side)))
    frames = list(exposure.frames())
    for y, x in ((0, 0), (0, 380), (380, 0), (192, 192)):
        one, two = (np.asarray(frames[i][y : y + 128, x : x + 128], float) for i in (0, 5))
        window = np.outer(np.hanning(128), np.hanning(128))
        product = np.fft.rfft2((two - two.mean()) * window) * np.fft.rfft2((one - one.mean()) * window).conj()
        peak = np.array(subpixel_peak(np.fft.irfft2(product)))
        middle = np.array([(x + 64) / side - 0.5]), np.array([(y + 64) / side - 0.5])
        assert np.allclose(peak[::-1], plan.track.at(5, *middle)[0], atol=0.6)


def subpixel_peak(correlation: np.ndarray) -> tuple[float, float]:
    y, x = np.unravel_index(correlation.argmax(), correlation.shape)
    side = correlation.shape[0]

    def finer(before: float, here: float, after: float) -> float:
        return 0.5 * (before - after) / (before - 2 * here + after)

    dy = finer(correlation[y - 1, x], correlation[y, x], correlation[(y + 1) % side, x])
    dx = finer(correlation[y, x - 1], correlation[y, x], correlation[y, (x + 1) % side])
    return ((y + dy + side / 2) % side - side / 2, (x + dx + side / 2) % side - side / 2)


def test_damage_takes_fine_detail_first() -> None:
    settings = replace(SMALL, ice=Ice(thickness_A=0), motion=STILL)
    exposure, _ = planned(replace(settings, camera=replace(SMALL.camera, width=224)))
    window = np.outer(np.hanning(224), np.hanning(224))  # particles cut by the edge would leak from ring to ring
    frames = np.fft.rfft2(np.stack(list(exposure.frames())) * window)
    k = np.hypot(np.fft.rfftfreq(224, 2.0)[None], np.fft.fftfreq(224, 2.0)[:, None])
    for wanted in (1 / 30, 1 / 10, 1 / 5):
        ring = np.abs(k - wanted) < 0.004
        ratio = np.sqrt((np.abs(frames[5][ring]) ** 2).sum() / (np.abs(frames[0][ring]) ** 2).sum())
        expected = np.exp(-25.0 / (2 * critical_dose_e_A2(np.array([wanted]), 300)[0]))
        assert np.isclose(ratio, expected, rtol=0.08)


def test_critical_dose_as_published() -> None:
    assert np.allclose(critical_dose_e_A2(np.array([1 / 10, 1 / 5, 1 / 3]), 300), [14.1, 6.4, 4.3], atol=0.06)


@pytest.mark.parametrize("shape", [(64, 64), (50, 64), (49, 62)])
def test_noise_has_the_power_it_should(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape[0])
    variance = np.mean([np.fft.irfft2(white_transform(shape, rng), s=shape).var() for _ in range(60)])
    assert np.isclose(variance * shape[0] * shape[1], 1, rtol=0.04)


def test_ice_keeps_its_variance_and_forgets_fine_detail() -> None:
    settings = replace(SMALL, particles=Particles(per_micrograph=0), motion=STILL, microscope=Microscope(envelope_bfactor_A2=0))
    exposure, _ = planned(replace(settings, camera=replace(SMALL.camera, height=256, frames=8, dose_e_A2=80)))
    frames = np.stack(list(exposure.frames()))
    assert np.allclose(frames.std(axis=(1, 2)), frames.std(), rtol=0.05)
    transforms = np.fft.rfft2(frames)
    k = np.hypot(np.fft.rfftfreq(256, 2.0)[None], np.fft.fftfreq(256, 2.0)[:, None])
    kept = []
    for low, high in ((0.03, 0.05), (0.1, 0.14), (0.2, 0.24)):
        ring = (k > low) & (k < high)
        one, two = transforms[0][ring], transforms[1][ring]
        kept.append((one * two.conj()).real.sum() / np.sqrt((np.abs(one) ** 2).sum() * (np.abs(two) ** 2).sum()))
    assert kept[0] > 0.85 and kept[0] > kept[1] > kept[2]
    assert kept[2] < 0.2


def test_carbon_darkens_a_part() -> None:
    settings = replace(SMALL, particles=Particles(per_micrograph=0), motion=STILL, ice=Ice(carbon_fraction=1.0))
    exposure, plan = planned(replace(settings, camera=replace(SMALL.camera, width=512, height=512)))
    assert plan.carbon
    frame = smoothed(next(exposure.frames()), 8.0)
    assert 0.05 < np.quantile(frame, 0.98) - np.quantile(frame, 0.02) < 0.2


def test_crowding_lets_particles_overlap_and_spacing_does_not() -> None:
    def nearest(spacing: float) -> float:
        particles = Particles(per_micrograph=40, spacing=spacing)
        plan = plan_session(replace(SMALL, particles=particles, camera=Camera(width=700, height=700)), 100.0, Context(seed=2))[0]
        apart = np.hypot(plan.x_px[:, None] - plan.x_px, plan.y_px[:, None] - plan.y_px) + 1e9 * np.eye(len(plan.x_px))
        return float(apart.min()) * 2.0

    assert nearest(1.05) >= 105
    assert nearest(0.0) < 60


def test_tilt_gives_a_slope_of_defocus() -> None:
    settings = replace(SMALL, ice=Ice(tilt_deg=30.0, height_spread_A=0.0), particles=Particles(per_micrograph=30, spacing=0))
    plan = plan_session(settings, 100.0, Context(seed=1))[0]
    defoci = [plan.particle_defocus(i).u_A for i in range(30)]
    assert np.isclose(np.polyfit(plan.x_px * 2.0, defoci, 1)[0], np.tan(np.deg2rad(30)), rtol=1e-6)


def test_sums_in_place_of_movies(tmp_path: Path) -> None:
    table = simulate_session(replace(SMALL, movies=1, movies_as_sums=True), tmp_path, Context(seed=3))
    image, _ = mrc.read_image(table["micrograph"][0])
    assert image.shape == (224, 256)
    assert np.isclose(image.mean(), 30 * 4, rtol=0.02)
    assert not (tmp_path / "gain.mrc").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (replace(SMALL, specimen=Specimen(model="nowhere.pdb")), "nowhere.pdb is not there"),
        (replace(SMALL, specimen=Specimen(symmetry="X2")), "'X2'"),
        (replace(SMALL, motion=Motion(tracks="nowhere/*.star")), "nowhere"),
    ],
)
def test_bad_settings_are_sentences(settings: SessionSettings, words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        simulate_session(settings, tmp_path)


def test_odd_frames_without_a_particle(tmp_path: Path) -> None:
    camera = Camera(width=201, height=155, frames=1, dose_e_A2=4, format="mrc")
    table = simulate_session(replace(SMALL, movies=1, particles=Particles(per_micrograph=0), camera=camera), tmp_path)
    assert len(table) == 0
    assert len(star.read_table(tmp_path / "particles_truth.star", "particles")) == 0
    movie = open_movie(tmp_path / "movies" / "movie_00001.mrcs")
    assert (movie.count, movie.shape) == (1, (155, 201))
    assert movie.read().max() > 60  # hot pixels
