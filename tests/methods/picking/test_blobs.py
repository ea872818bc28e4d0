"""Blobs of known size are found where they are, and noise, dust, carbon and illumination are not taken for them."""

import numpy as np
import pytest

from vitreous.methods.picking.blobs import noise_threshold, pick_blobs
from vitreous.methods.picking.settings import BlobSearch

PIXEL_A = 2.0
DIAMETER_A = 120.0
SEARCH = BlobSearch(min_diameter_A=100, max_diameter_A=140)


def scattered(rng: np.random.Generator, count: int, side: int, distance: float) -> np.ndarray:
    places: list[np.ndarray] = []
    while len(places) < count:
        place = rng.uniform(80, side - 80, 2)
        if all(np.hypot(*(place - other)) > distance for other in places):
            places.append(place)
    return np.array(places)


def with_discs(image: np.ndarray, places: np.ndarray, depth: float) -> np.ndarray:
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    for cy, cx in places:
        image = image - depth / (1 + np.exp(np.minimum((np.hypot(y - cy, x - cx) - DIAMETER_A / PIXEL_A / 2) / 2, 50)))
    return image.astype(np.float32)


def matched(picks, places: np.ndarray, within_px: float) -> int:
    distance = np.hypot(picks.x_px[:, None] - places[:, 1], picks.y_px[:, None] - places[:, 0])
    return int((distance.min(0) < within_px).sum()) if len(picks) else 0


@pytest.mark.parametrize("seed", [1, 2])
def test_discs_in_noise_are_found_and_little_else(seed):
    rng = np.random.default_rng(seed)
    places = scattered(rng, 40, 1200, 90)
    image = with_discs(rng.normal(100, 4, (1200, 1200)), places, 1.5)
    picks = pick_blobs(image, PIXEL_A, SEARCH)
    assert matched(picks, places, 10) >= 39
    assert len(picks) <= 44
    assert np.all(np.diff(picks.signal) <= 0)


def test_a_strong_disc_is_placed_to_a_fraction_of_a_pixel():
    rng = np.random.default_rng(5)
    places = np.array([[150.3, 201.7], [310.8, 120.2]])
    picks = pick_blobs(with_discs(rng.normal(0, 0.3, (440, 420)), places, 3), PIXEL_A, SEARCH)
    assert matched(picks, places, 1.0) == 2


def test_white_particles_are_found_only_when_asked_for():
    rng = np.random.default_rng(6)
    places = scattered(rng, 12, 700, 100)
    image = with_discs(rng.normal(0, 4, (700, 700)), places, -2)
    white = BlobSearch(min_diameter_A=100, max_diameter_A=140, white_particles=True)
    assert matched(pick_blobs(image, PIXEL_A, white), places, 10) == 12
    assert matched(pick_blobs(image, PIXEL_A, SEARCH), places, 10) == 0


def test_noise_gives_as_many_picks_as_were_allowed():
    found = []
    for seed in range(5):
        noise = np.random.default_rng(100 + seed).normal(0, 1, (1500, 1500)).astype(np.float32)
        found.append(len(pick_blobs(noise, PIXEL_A, BlobSearch(min_diameter_A=100, max_diameter_A=140, false_picks=10))))
    assert 5 < np.mean(found) < 15
    empty = np.random.default_rng(9).normal(0, 1, (1000, 1000)).astype(np.float32)
    assert len(pick_blobs(empty, PIXEL_A, BlobSearch(min_diameter_A=100, max_diameter_A=140, false_picks=0.01))) == 0


def test_illumination_hot_pixels_and_carbon_are_not_particles():
    rng = np.random.default_rng(11)
    places = scattered(rng, 25, 1000, 95)
    y, x = np.mgrid[:1000, :1000] / 1000
    image = with_discs(rng.normal(0, 4, (1000, 1000)), places, 1.6) + 100
    image = np.concatenate([image, rng.normal(100, 4, (1000, 700))], axis=1)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    image = image * (0.6 + 0.8 * x / x.max())
    image[np.hypot(y - 500, x - 2300) < 850] -= 25
    image[rng.integers(0, 1000, 60), rng.integers(0, 1700, 60)] = 5000
    image[rng.integers(0, 1000, 60), rng.integers(0, 1700, 60)] = -5000
    picks = pick_blobs(image.astype(np.float32), PIXEL_A, SEARCH)
    assert matched(picks, places, 10) >= 23
    assert len(picks) <= 32


def test_other_sizes_are_passed_over():
    rng = np.random.default_rng(12)
    places = scattered(rng, 12, 1000, 150)
    image = with_discs(rng.normal(0, 4, (1000, 1000)), places, 3)
    for low, high in ((30, 40), (300, 400)):
        assert matched(pick_blobs(image, PIXEL_A, BlobSearch(min_diameter_A=low, max_diameter_A=high)), places, 10) <= 1


@pytest.mark.slow
def test_options_move_the_picks_as_they_say():
    rng = np.random.default_rng(13)
    places = scattered(rng, 20, 1000, 95)
    image = with_discs(rng.normal(0, 4, (1000, 1000)), places, 1.2)

    def count(**changes: float) -> int:
        return len(pick_blobs(image, PIXEL_A, BlobSearch(min_diameter_A=100, max_diameter_A=140, **changes)))

    plain = count()
    assert count(threshold_adjust=-1) > plain > count(threshold_adjust=2)
    assert count(upper_threshold=1) < plain
    assert count(min_distance_A=800) < plain
    assert count(edge_A=600) < plain
    assert count(max_resolution_A=-1) == pytest.approx(plain, abs=3)


def test_bad_micrographs_are_refused():
    image = np.zeros((64, 64), np.float32)
    image[3, 4] = np.nan
    with pytest.raises(ValueError, match="finite"):
        pick_blobs(image, PIXEL_A, SEARCH)
    with pytest.raises(ValueError, match="smaller than"):
        pick_blobs(np.zeros((64, 64), np.float32), PIXEL_A, BlobSearch(min_diameter_A=200, max_diameter_A=100))
    assert len(pick_blobs(np.zeros((256, 256), np.float32), PIXEL_A, SEARCH)) == 0


def test_the_threshold_rises_with_area_and_falls_with_permission():
    small, large = (noise_threshold(1, area, 40) for area in (1e6, 1e8))
    assert 1.5 <= small < large
    assert 1e8 / 40**2 / (2 * np.pi) ** 1.5 * large * np.exp(-(large**2) / 2) == pytest.approx(1)
    assert noise_threshold(100, 1e8, 40) < large


def test_a_particle_of_two_lobes_is_one_pick_in_its_middle():
    rng = np.random.default_rng(17)
    y, x = np.mgrid[:600, :600]
    image = rng.normal(0, 4, (600, 600))
    places = np.array([[150.0, 150], [400, 200], [300, 450]])
    for (cy, cx), angle in zip(places, (0.3, 1.4, 2.5)):
        for side in (-1, 1):
            image -= 5 * (np.hypot(y - cy - side * 17 * np.sin(angle), x - cx - side * 17 * np.cos(angle)) < 15)
    picks = pick_blobs(image.astype(np.float32), PIXEL_A, BlobSearch(min_diameter_A=100, max_diameter_A=150))
    assert matched(picks, places, 6) == 3
    away = np.hypot(picks.x_px[:, None] - places[:, 1], picks.y_px[:, None] - places[:, 0]).min(1)
    assert (away < 40).sum() == 3
