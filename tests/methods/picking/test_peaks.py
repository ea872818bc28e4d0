"""Peaks are local maxima, sub-pixel, highest first, and thinned to a distance."""

import numpy as np

from vitreous.methods.picking.peaks import Peaks, centred_on, find_peaks, roundness, thin_out


def test_peaks_of_parabolas_are_found_to_a_fraction_of_a_pixel():
    y, x = np.mgrid[:40, :50]
    image = (np.maximum(0, 9 - (y - 12.3) ** 2 - (x - 30.6) ** 2) + np.maximum(0, 5 - (y - 30) ** 2 - (x - 8.25) ** 2)).astype(
        np.float32
    )
    peaks = find_peaks(image, 1)
    assert len(peaks) == 2
    assert np.allclose(peaks.y, [12.3, 30], atol=1e-4)
    assert np.allclose(peaks.x, [30.6, 8.25], atol=1e-4)
    assert peaks.height[0] > peaks.height[1]


def test_thinning_keeps_the_higher_and_agrees_with_the_definition():
    rng = np.random.default_rng(3)
    peaks = find_peaks(rng.normal(size=(60, 70)).astype(np.float32), 0.5)
    kept: list[int] = []
    for i in range(len(peaks)):
        if all(np.hypot(peaks.y[i] - peaks.y[j], peaks.x[i] - peaks.x[j]) >= 6 for j in kept):
            kept.append(i)
    thinned = thin_out(peaks, 6)
    assert len(thinned) == len(kept)
    assert np.array_equal(thinned.height, peaks.height[kept])


def test_a_round_top_is_told_from_a_ridge():
    y, x = np.mgrid[:80, :80].astype(float)
    for angle in np.random.default_rng(4).uniform(0, np.pi, 5):
        across = (x - 40) * np.cos(angle) + (y - 40) * np.sin(angle)
        ridge = (np.exp(-(across**2) / 50) + 1e-6 * np.exp(-((x - 40) ** 2) - (y - 40) ** 2)).astype(np.float32)
        top = np.exp(-((x - 40) ** 2 + (y - 40) ** 2) / 50).astype(np.float32)
        for image, least, most in ((ridge, 0, 0.1), (top, 0.95, 1)):
            peaks = find_peaks(image, 0.5)
            peaks = peaks.select((peaks.row == 40) & (peaks.column == 40))
            assert least <= roundness(image, peaks, np.full(len(peaks), 5.0))[0] <= most


def test_peaks_move_to_neighbours_within_reach_only():
    def peaks(places: list[tuple[float, float]]) -> Peaks:
        y, x = np.array(places).T
        return Peaks(y.astype(int), x.astype(int), y, x, np.arange(len(y), 0, -1.0))

    moved = centred_on(peaks([(10, 10), (50, 50)]), peaks([(12, 11), (90, 90)]), reach=5)
    assert list(zip(moved.y, moved.x)) == [(12, 11), (50, 50)]
    assert moved.height.tolist() == [2, 1]
