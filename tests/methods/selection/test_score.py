"""Good class averages score high; blurred, off-centre, cut and empty ones low."""

import numpy as np
import pytest

from vitreous.files import classification, mrc
from vitreous.methods.selection.choose import by_number, by_score, centred
from vitreous.methods.selection.score import measure_classes, rim_and_grain
from vitreous.methods.selection.settings import ClassChoice


def particle(seed: int, shift: tuple[float, float] = (0, 0)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.indices((64, 64)) - 32.0
    image = np.zeros((64, 64))
    for cy, cx in rng.normal(0, 5, (12, 2)) + np.asarray(shift):
        image += np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 12)
    return (image * (np.hypot(y, x) < 28)).astype(np.float32)


def score(images: list[np.ndarray], resolution: list[float], share: list[float]) -> np.ndarray:
    sizes = 100.0 * np.array(share)
    measures = measure_classes(np.array(images), 3.0, resolution_A=np.array(resolution), sizes=sizes, diameter_A=168)
    return measures.score


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_fault_lowers_the_score(seed):
    good = particle(seed)
    noise = np.random.default_rng(seed).normal(size=(64, 64)).astype(np.float32)
    images = [good, good, good, particle(seed, (22, 0)), noise, good, np.zeros((64, 64), np.float32)]
    found = score(images, [12, 13, 40, 12, 12, 12, np.inf], [1, 1, 1, 1, 1, 0.01, 0])
    assert found[:2].min() > 0.8
    assert found[2:].max() < 0.3
    assert found.min() >= 0
    assert found[0] > found[1]


def test_scores_stay_finite_when_nothing_is_resolved():
    found = score([particle(1)] * 3, [np.inf] * 3, [1, 1, 1])
    assert np.isfinite(found).all() and found.max() < 1e-6


@pytest.mark.parametrize("diameter_A", [0.5, 250.0, 1000.0])
def test_a_mask_that_does_not_fit_the_box_gives_a_score(diameter_A):
    images = np.array([particle(1), particle(2)])
    common = {"resolution_A": np.array([12.0, 30.0]), "sizes": np.array([80.0, 60.0])}
    found = measure_classes(images, 3.0, diameter_A=diameter_A, **common).score
    assert np.isfinite(found).all()
    if diameter_A > 64 * 3.0:
        assert found == pytest.approx(measure_classes(images, 3.0, diameter_A=62 * 3.0, **common).score)


def test_no_class_reaches_one_and_better_ones_go_on_scoring_higher():
    found = score([particle(1)] * 6, [4, 5, 7, 10, 14, 20], [1, 1, 1, 1, 1, 1])
    assert (np.diff(found) < -0.005).all()
    assert found.max() < 0.995


@pytest.mark.parametrize("factor", [2, 3])
def test_the_score_does_not_depend_on_box_or_pixel(factor):
    images = np.array([particle(1), particle(2, (20, 0)), particle(3)])
    rng = np.random.default_rng(6)
    ssnr = 400 * rng.uniform(0.5, 2, (3, 1)) * np.exp(-np.arange(33) / np.array([[4.0], [5], [2]]))
    common = {"resolution_A": np.array([14.0, 15, 33]), "sizes": np.array([80.0, 60, 100]), "diameter_A": 168}
    plain = measure_classes(images, 3.0, ssnr=ssnr, **common).score
    finer = np.repeat(np.repeat(images, factor, 1), factor, 2)
    at = np.arange(32 * factor + 1)
    more = np.array([np.interp(at, np.arange(33), one) for one in ssnr]) * (at <= 32)
    assert measure_classes(finer, 3.0 / factor, ssnr=more, **common).score == pytest.approx(plain, abs=0.03)
    wide = np.pad(images, ((0, 0), (32, 32), (32, 32)))
    more = np.array([np.interp(np.arange(65) / 2, np.arange(33), one) for one in ssnr])
    assert measure_classes(wide, 3.0, ssnr=more, **common).score == pytest.approx(plain, abs=0.03)
    assert measure_classes(
        images, 3.0 * factor, ssnr=ssnr, **{**common, "diameter_A": 168 * factor, "resolution_A": factor * common["resolution_A"]}
    ).score == pytest.approx(plain, abs=1e-6)


def test_the_edge_ratio_does_not_depend_on_scale_or_offset():
    images = np.array([particle(1), 7 * particle(1) + 3])
    (first, second), grain = rim_and_grain(images, 28, smooth_px=2)
    assert first == pytest.approx(second, abs=1e-6)
    assert first < 0.2
    assert grain[0] == pytest.approx(grain[1], abs=1e-6)
    assert grain[0] < 0.05


def test_grain_spoils_an_average_that_says_it_is_fine():
    rng = np.random.default_rng(7)
    images = [particle(1), particle(1) + (0.4 * particle(1).max() * rng.standard_normal((64, 64))).astype(np.float32)]
    smooth, grainy = score(images, [12, 12], [1, 1])
    assert smooth > 0.8 > 0.5 > grainy


def test_choosing_by_score_with_least_numbers():
    scores, sizes = np.array([0.9, 0.2, 0.6, 0.4, 0.0]), np.array([10, 500, 20, 30, 0])

    def chosen(**options: float) -> list[int]:
        return (np.flatnonzero(by_score(scores, sizes, ClassChoice(by_score=True, **options))) + 1).tolist()

    assert chosen() == [1, 3]
    assert chosen(least_score=0.1) == [1, 2, 3, 4]
    assert chosen(least_classes=3) == [1, 3, 4]
    assert chosen(least_particles=61) == [1, 2, 3, 4]
    assert chosen(least_classes=9) == [1, 2, 3, 4]


def test_choosing_by_number():
    assert np.flatnonzero(by_number((1, 4), 5)).tolist() == [0, 3]
    with pytest.raises(ValueError, match="no class 6"):
        by_number((6,), 5)


def test_averages_are_moved_to_the_middle():
    before = particle(5, (9.3, -6.6)) - 0.001
    moved = centred(np.array([before, np.zeros((64, 64))], np.float32))
    y, x = np.indices((64, 64)) - 32
    for axis in (y, x):
        weight = np.maximum(moved[0], 0.0)
        assert abs((weight * axis).sum() / weight.sum()) < 0.05
    assert np.abs(moved[0]).sum() == pytest.approx(np.abs(before).sum(), rel=0.02)
    assert not moved[1].any()


@pytest.mark.data
def test_classes_of_a_real_classification(data, tmp_path, monkeypatch):
    """The seven classes of beta-galactosidase that show detail to the eye, among 50."""
    import tarfile

    with tarfile.open(data / "relion_projects" / "relion5_class2d.tar.xz") as archive:
        wanted = [m for m in archive.getmembers() if "/Class2D/job010/run_it025_" in m.name]
        archive.extractall(tmp_path, members=wanted, filter="data")
    monkeypatch.chdir(next(tmp_path.glob("*/Class2D")).parent)
    found = classification.read("Class2D/job010/run_it025_optimiser.star")
    images, pixel = mrc.read_stack("Class2D/job010/run_it025_classes.mrcs")
    measures = measure_classes(
        images,
        pixel,
        resolution_A=found.classes["estimated_resolution_A"],
        sizes=np.bincount(found.particles["class_number"].astype(int), minlength=51)[1:].astype(float),
        diameter_A=found.diameter_A,
        ssnr=classification.spectra(found),
    )
    assert (np.flatnonzero(measures.score > 0.5) + 1).tolist() == [22, 26, 28, 33, 38, 47, 50]
