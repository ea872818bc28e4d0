import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from vitreous.context import Context, UserError
from vitreous.methods.motion.correct import Detector, correct
from vitreous.methods.motion.settings import Alignment, Exposure, SavedSums

SHAPE = (480, 520)
BOTH = SavedSums(save_unweighted=True)


def scene(seed, shape=SHAPE):
    """A picture with structure at all frequencies that alignment sees, mean 0, standard deviation 1."""
    noise = np.random.default_rng(seed).normal(size=shape)
    ky, kx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    picture = np.fft.irfft2(np.fft.rfft2(noise) * np.exp(-(kx**2 + ky**2) / (2 * 0.08**2)), s=shape)
    return picture / picture.std()


def movie(seed, *, track, field=None, counts=6.0, contrast=0.15, shape=SHAPE):
    """Counts (n, y, x) of a specimen that moves by track (n, 2) and by field (2, 6) times frame / (n - 1)."""
    generator = np.random.default_rng(50 + seed)
    transform = np.fft.rfft2(scene(seed, shape))
    ky, kx = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    x, y = columns / shape[1] - 0.5, rows / shape[0] - 0.5
    terms = np.stack([np.ones_like(x), x, x**2, y, y**2, x * y])
    out = []
    for index, (dx, dy) in enumerate(track):
        picture = np.fft.irfft2(transform * np.exp(-2j * np.pi * (kx * dx + ky * dy)), s=shape)
        if field is not None:
            bent = np.einsum("dp,pyx->dyx", field, terms) * index / (len(track) - 1)
            picture = map_coordinates(picture, [rows - bent[1], columns - bent[0]], order=3, mode="grid-wrap")
        out.append(generator.poisson(counts * np.clip(1 + contrast * picture, 0.1, None)))
    return np.stack(out).astype(np.uint8)


def drift(count, speed=1.0):
    t = np.arange(count)
    return np.stack([speed * 5 * (1 - np.exp(-t / 4)), -speed * 0.2 * t], axis=1)


def run(frames, **changed):
    given = {"alignment": Alignment(), "exposure": Exposure(), "sums": BOTH, "detector": Detector(), **changed}
    return correct(frames, 1.5, voltage_kV=300, **given)


def agreement(image, seed):
    return float(np.corrcoef(image.ravel(), scene(seed).ravel())[0, 1])


def test_the_sum_is_sharp_again():
    frames = movie(1, track=drift(20))
    made = run(frames)
    assert made.shifts_px == pytest.approx(-drift(20), abs=0.15)
    assert agreement(made.unweighted, 1) > agreement(frames.sum(0), 1) + 0.2
    assert agreement(made.unweighted, 1) > 0.8
    assert made.unweighted.mean() == pytest.approx(frames.sum(0).mean(), rel=1e-3)
    length = 1.5 * np.hypot(*np.diff(drift(20), axis=0).T).sum()
    assert made.motion_A[0] == pytest.approx(length, rel=0.1)
    assert made.motion_A[1] + made.motion_A[2] == pytest.approx(made.motion_A[0])


def test_local_motion_is_found_and_undone():
    field = np.array([[0, 6, 2, -2, 0, 3], [0, -2, 0, 7, -3, 0]], float)
    frames = movie(2, track=drift(24, 0.5), field=field, counts=10.0)
    whole = run(frames)
    patches = run(frames, alignment=Alignment(patches_x=4, patches_y=4))
    assert patches.local.moves
    assert agreement(patches.unweighted, 2) > agreement(whole.unweighted, 2) + 0.02
    grid = np.linspace(-0.4, 0.4, 5)
    x, y = (g.ravel() for g in np.meshgrid(grid, grid))
    z = np.arange(24.0)
    truth = np.einsum("dp,np->nd", field, np.stack([np.ones_like(x), x, x**2, y, y**2, x * y], 1))[:, None] * (z / 23)[:, None]
    truth = truth + drift(24, 0.5)
    error = patches.shifts_px + patches.local.at(x, y, z) + truth
    assert np.sqrt(np.mean((error - error.mean(1, keepdims=True)) ** 2)) < 0.2


def test_there_is_no_local_motion_where_there_is_none():
    made = run(movie(3, track=drift(20)), alignment=Alignment(patches_x=4, patches_y=4))
    x, y = (g.ravel() for g in np.meshgrid([-0.4, 0, 0.4], [-0.4, 0, 0.4]))
    assert np.abs(made.local.at(x, y, np.arange(20.0))).max() < 0.4


def test_pure_noise_has_no_local_motion():
    frames = np.random.default_rng(4).poisson(3, (16, *SHAPE)).astype(np.uint8)
    assert not run(frames, alignment=Alignment(patches_x=3, patches_y=3)).local.moves


def test_dose_weighted_noise_has_a_flat_spectrum():
    frames = np.random.default_rng(5).normal(0, 1, (30, 256, 256)).astype(np.float32)
    made = run(frames, exposure=Exposure(dose_per_frame_e_A2=1.5))
    ky, kx = np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)[None, :]
    ring = np.minimum((np.hypot(kx, ky) * 40).astype(int), 19).ravel()
    power = np.bincount(ring, (np.abs(np.fft.fft2(made.average)) ** 2).ravel()) / np.bincount(ring)
    assert power[1:] / 256**2 == pytest.approx(np.ones(19), rel=0.15)


def test_without_dose_weights_there_is_one_sum():
    frames = movie(6, track=np.zeros((40, 2)))
    made = run(frames, exposure=Exposure(dose_per_frame_e_A2=2.0))
    plain = run(frames, exposure=Exposure(dose_weighting=False))
    assert plain.unweighted is None
    assert plain.average == pytest.approx(made.unweighted)


def test_a_still_movie_is_weighted_by_the_published_curve():
    frame = scene(6)[None].astype(np.float32) + 10
    made = run(np.repeat(frame, 20, axis=0), exposure=Exposure(dose_per_frame_e_A2=2.0, pre_exposure_e_A2=1.0, first_frame=3))
    ratio = np.abs(np.fft.fft2(made.average)) / np.abs(np.fft.fft2(frame[0]))
    for row, column in ((5, 9), (40, 3), (100, 120)):
        k = np.hypot(row / SHAPE[0], column / SHAPE[1]) / 1.5
        doses = 1.0 + 2.0 * (np.arange(20) + 3)
        q = np.exp(-doses / (2 * (0.24499 * k**-1.6649 + 2.8141)))
        assert ratio[row, column] == pytest.approx(q.sum() / np.sqrt((q**2).sum()), rel=2e-3)


def test_gain_and_bad_pixels_are_undone():
    generator = np.random.default_rng(7)
    frames = movie(7, track=drift(16)).astype(np.float32)
    gain = generator.uniform(0.7, 1.4, SHAPE).astype(np.float32)
    raw = frames / gain
    gain[100, 200] = 0
    raw[:, 40, 50] = 200.0
    raw[:, 300, 20] = np.nan
    listed = np.zeros(SHAPE, bool)
    listed[200:204, 100:104] = True
    raw[:, 200:204, 100:104] = 77.0
    made = run(raw, detector=Detector(gain, listed))
    clean = run(frames)
    assert {(50, 40), (20, 300)} <= {tuple(p) for p in made.bad_px.tolist()}
    assert (200, 100) not in {tuple(p) for p in made.bad_px.tolist()}
    assert np.isfinite(made.average).all()
    assert np.corrcoef(made.unweighted.ravel(), clean.unweighted.ravel())[0, 1] > 0.98


def test_the_same_movie_gives_the_same_sum():
    frames = movie(8, track=drift(10))
    frames[:, 30, 30] = 250
    assert (run(frames).average == run(frames).average).all()


@pytest.mark.parametrize("bin_factor, shape", [(2.0, (240, 260)), (1.5, (320, 346))])
def test_binning_keeps_field_of_view_and_values(bin_factor, shape):
    frames = movie(9, track=drift(12))
    made = run(frames, alignment=Alignment(bin_factor=bin_factor))
    assert made.average.shape == shape
    assert made.pixel_size_A == pytest.approx(1.5 * bin_factor)
    assert made.unweighted.mean() == pytest.approx(frames.sum(0).mean(), rel=2e-3)
    assert made.shifts_px == pytest.approx(-drift(12), abs=0.2)
    rows, columns = np.mgrid[: shape[0], : shape[1]] * bin_factor
    expected = map_coordinates(scene(9), [rows, columns], order=3)
    assert np.corrcoef(expected[10:-10, 10:-10].ravel(), made.unweighted[10:-10, 10:-10].ravel())[0, 1] > 0.8


def test_grouped_frames_follow_the_track():
    track = drift(25)
    made = run(movie(10, track=track, counts=2.0), alignment=Alignment(group_frames=3))
    assert len(made.shifts_px) == 25
    assert made.shifts_px[0] == pytest.approx([0, 0])
    assert np.sqrt(np.mean((made.shifts_px + track - (made.shifts_px + track).mean(0)) ** 2)) < 0.45


def test_little_memory_changes_nothing():
    frames = movie(11, track=drift(8))
    small = run(frames, context=Context(memory_GB=1e-4))
    assert small.average == pytest.approx(run(frames).average, abs=1e-3)


def test_the_spectrum_shows_the_rings_of_short_sums():
    made = run(movie(12, track=drift(10)), exposure=Exposure(dose_per_frame_e_A2=1.0))
    assert made.spectrum is not None
    assert made.spectrum.amplitude.shape == (480, 480)
    assert made.spectrum.pixel_size_A == pytest.approx(1.5)
    middle = made.spectrum.amplitude[240 - 20 : 240 + 21, 240 - 20 : 240 + 21]
    assert middle == pytest.approx(middle[::-1, ::-1], abs=0.01 * float(middle.mean()))
    assert middle.mean() > 2 * made.spectrum.amplitude[:40, :40].mean()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_very_short_movies(count):
    made = run(movie(13, track=drift(count)), alignment=Alignment(patches_x=3, patches_y=3))
    assert made.average.shape == SHAPE and np.isfinite(made.average).all()


@pytest.mark.parametrize("shape", [(255, 301), (301, 256), (254, 255)])
def test_odd_frames(shape):
    track = drift(9)
    made = run(movie(14, track=track, shape=shape), alignment=Alignment(patches_x=3, patches_y=3))
    assert made.average.shape == shape
    assert made.shifts_px == pytest.approx(-track, abs=0.3)
    assert made.spectrum.amplitude.shape[0] == made.spectrum.amplitude.shape[1]


def test_what_is_no_movie_is_refused():
    frames = movie(15, track=drift(5))
    blank = frames.copy()
    blank[3] = 0
    with pytest.raises(UserError, match="frame 6"):
        run(blank, exposure=Exposure(first_frame=3))
    with pytest.raises(UserError, match="gain reference has 480 x 520"):
        run(frames, detector=Detector(np.ones((520, 480), np.float32)))
    with pytest.raises(UserError, match="more than half of the pixels as bad"):
        run(frames, detector=Detector(np.zeros(SHAPE, np.float32)))
    with pytest.raises(UserError, match="no frames"):
        run(frames[:0])
    with pytest.raises(UserError, match="50 patches"):
        run(frames, alignment=Alignment(patches_x=50, patches_y=50))
    with pytest.raises(UserError, match="damaged"):
        run(np.full((4, *SHAPE), np.nan, np.float32))
