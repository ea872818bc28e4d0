"""A particle's image against its class: members stand out, strangers and noise do not; being in the sum gains nothing."""

import numpy as np
import pytest
import torch

from vitreous.arrays.source import InMemory
from vitreous.context import UserError
from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.maths.fourier import irfft2, rfft2
from vitreous.maths.masks import disc as disc_of
from vitreous.maths.rotations import from_euler
from vitreous.methods.selection.evidence import Evidence, Placed, evidence
from vitreous.tables.table import Table

BOX, PIXEL_A, RADIUS_PX = 48, 4.0, 20.0


def seen(places: np.ndarray, psi_deg: np.ndarray, origin_px: np.ndarray, ctf: CtfParams, *, bead_px: float = 2.0) -> np.ndarray:
    """Images (n, N, N) of places (n, p, 2) in px turned and moved by their poses."""
    zeros = torch.zeros(len(psi_deg), dtype=torch.float64)
    turns = from_euler(zeros, zeros, torch.from_numpy(psi_deg)).numpy()[:, :2, :2]
    landed = np.einsum("nij,npj->npi", turns, places) - origin_px[:, None]
    at = np.arange(BOX) - BOX // 2
    lines = np.exp(-((at - landed[..., None]) ** 2) / (2 * bead_px**2))
    clean = torch.from_numpy(np.einsum("npy,npx->nyx", lines[:, :, 1], lines[:, :, 0]))
    return irfft2(rfft2(clean) * ctf2d(ctf, BOX, PIXEL_A, dtype=torch.float64), BOX).numpy()


def made(
    seed: int, classes: int = 3, *, strangers: int = 75, defocus_A: tuple[float, float] = (8000, 18000), bead_px: float = 2.0
) -> tuple[np.ndarray, Placed]:
    """300 noisy images of `classes` objects, the first of them of others; and how they lie."""
    rng, count = np.random.default_rng(seed), 300
    which = np.arange(count) % classes
    objects = rng.normal(0, 6, (classes, 25, 2))
    places = objects[which]
    places[:strangers] = rng.normal(0, 6, (strangers, 25, 2))
    psi, origin = rng.uniform(-180, 180, count), rng.normal(0, 1.5, (count, 2))
    defocus = rng.uniform(*defocus_A, count)
    ctf = CtfParams.of(defocus, defocus - 300, defocus_angle_deg=rng.uniform(0, 180, count))
    clean = seen(places, psi, origin, ctf, bead_px=bead_px)
    images = 0.3 * clean / clean.std() + rng.standard_normal((count, BOX, BOX))
    return images.astype(np.float32), Placed(which, psi, origin, ctf, PIXEL_A, RADIUS_PX)


def chance(found: np.ndarray, strange: int) -> float:
    """That a member comes before a stranger."""
    return float((found[strange:, None] > found[None, :strange]).mean())


@pytest.mark.parametrize("seed", [1, 2])
def test_members_stand_out_from_others_that_are_as_strong(seed):
    images, placed = made(seed)
    result = evidence(InMemory(images), placed)
    assert chance(result.found, 75) > 0.97
    assert abs(np.median(result.found[75:]) - np.median(result.expected[75:])) < 1.5
    assert chance(result.score, 75) > 0.97
    assert np.median(result.score[75:]) > 0.5 > np.median(result.score[:75])
    assert result.score.min() >= 0 and result.score.max() <= 1


@pytest.mark.parametrize("fault", ["psi_deg", "origin_px"])
def test_poses_are_used_as_they_are_meant(fault):
    images, placed = made(3, strangers=0)
    values = {**placed.__dict__, fault: -getattr(placed, fault)}
    right, wrong = (evidence(InMemory(images), one).found.mean() for one in (placed, Placed(**values)))
    assert right > wrong + 1


def test_noise_gains_nothing_from_being_part_of_its_own_class():
    _, placed = made(4, classes=30)
    noise = np.random.default_rng(4).standard_normal((300, BOX, BOX)).astype(np.float32)
    values = {**placed.__dict__, "origin_px": np.zeros((300, 2))}
    found = evidence(InMemory(noise), Placed(**values)).found
    assert abs(found.mean()) < 0.35
    assert found.std() < 1.5


def test_an_image_that_is_too_strong_is_something_else():
    images, placed = made(5, strangers=0)
    before = evidence(InMemory(images), placed).found
    y, x = np.indices((BOX, BOX)) - BOX // 2
    images[3] += 6 * np.exp(-((y - 6) ** 2 + (x + 8) ** 2) / 20)
    after = evidence(InMemory(images), placed).found
    assert after[3] < before[3] - 3
    assert np.abs(np.delete(after - before, 3)).max() < 1


def test_flipped_phases_are_known():
    images, placed = made(9, strangers=0, defocus_A=(40_000, 60_000), bead_px=0.8)
    sign = torch.sign(ctf2d(placed.ctf, BOX, PIXEL_A))
    flipped = irfft2(rfft2(torch.from_numpy(images)) * sign, BOX).numpy()
    plain, told, untold = (
        evidence(InMemory(stack), Placed(**{**placed.__dict__, "flipped": flag})).found.mean()
        for stack, flag in ((images, False), (flipped, True), (flipped, False))
    )
    assert told == pytest.approx(plain, abs=0.4)
    assert untold < plain - 1


def test_what_a_table_says_of_its_images():
    optics = Table(
        {"optics_group": [1], "pixel_size_A": [2.0], "voltage_kV": [300.0], "cs_mm": [2.7], "amplitude_contrast": [0.1]}
    )
    columns = {"class_number": [1, 2], "psi_deg": [10.0, 20], "origin_x_A": [4.0, 0], "origin_y_A": [0.0, -2]}
    table = Table({**columns, "optics_group": [1, 1], "defocus_u_A": [9000.0, 9000]}, "particles", optics)
    placed = Placed.of(table, diameter_A=100)
    assert placed.classes.tolist() == [0, 1] and placed.origin_px.tolist() == [[2, 0], [0, -1]]
    assert placed.radius_px == 25 and not placed.flipped
    assert Placed.of(table.with_(ctf_phase_flipped=[1, 1]), diameter_A=100).flipped
    with pytest.raises(UserError, match="multiplied by their CTF"):
        Placed.of(table.with_optics(optics.with_(ctf_premultiplied=[1])), diameter_A=100)


def test_a_far_origin_counts_against_an_image():
    images, placed = made(6, strangers=0)
    origin = placed.origin_px.copy()
    origin[5] += (9, -8)
    moved = images.copy()
    moved[5] = np.roll(images[5], (8, -9), (0, 1))
    before = evidence(InMemory(images), placed).found
    after = evidence(InMemory(moved), Placed(**{**placed.__dict__, "origin_px": origin})).found
    assert after[5] < before[5] - 1
    assert np.abs(np.delete(after - before, 5)).max() < 0.5


def test_images_that_cannot_be_used_and_particles_without_a_class_score_nothing():
    images, placed = made(7)
    images[80] = np.nan
    classes = placed.classes.copy()
    classes[81] = -1
    result = evidence(InMemory(images), Placed(**{**placed.__dict__, "classes": classes}))
    assert result.found[80] == result.found[81] == -np.inf
    assert result.score[80] < 1e-6 and result.score[81] < 1e-6
    assert np.isfinite(np.delete(result.found, [80, 81])).all()


def test_images_that_cannot_be_used_say_nothing_of_how_far_origins_spread():
    images, placed = made(6, strangers=0)
    used = np.arange(300) < 60
    spread = placed.origin_px * np.where(used, 3.0, 0.0)[:, None]
    half = {**placed.__dict__, "origin_px": spread, "classes": np.where(used, 0, -1)}
    alone = Placed(
        **{
            **half,
            **{name: half[name][used] for name in ("classes", "psi_deg", "origin_px")},
            "ctf": placed.ctf[torch.arange(60)],
        }
    )
    found = evidence(InMemory(images), Placed(**half)).found
    assert found[used] == pytest.approx(evidence(InMemory(images[used]), alone).found, abs=1e-3)


def test_without_ctf_it_agrees_with_sums_over_pixels_of_the_plane():
    rng = np.random.default_rng(8)
    y, x = np.indices((BOX, BOX)) - BOX // 2
    middles = rng.normal(0, 6, (25, 2))
    shape = sum(np.exp(-((y - a) ** 2 + (x - b) ** 2) / 8) for a, b in middles)
    images = (0.3 * shape / shape.std() + rng.standard_normal((200, BOX, BOX))).astype(np.float32)
    zeros = np.zeros(200)
    placed = Placed(zeros.astype(int), zeros, np.zeros((200, 2)), None, PIXEL_A, RADIUS_PX)
    found = evidence(InMemory(images), placed).found
    assert np.corrcoef(found, plainly(images))[0, 1] > 0.97


def plainly(images: np.ndarray) -> np.ndarray:
    """The log-likelihood ratio of member and other, less what the other has, by sums over Fourier pixels, whole images."""
    count = len(images)
    disc = disc_of(BOX, RADIUS_PX, 4.0).numpy()
    outside = (images * (1 - disc)).sum((1, 2)) / (1 - disc).sum()
    ft = np.fft.fft2((images - outside[:, None, None]) * disc)
    shell = np.rint(np.hypot(np.fft.fftfreq(BOX, 1 / BOX)[:, None], np.fft.fftfreq(BOX, 1 / BOX))).astype(int)
    last = round(10 * BOX / (2 * RADIUS_PX))
    result = np.zeros(count)
    for s in range(1, last + 1):
        mine = ft[:, shell == s]
        noise = (np.abs(mine) ** 2).mean()
        first, second = mine[0::2].sum(0), mine[1::2].sum(0)
        frc = min(
            max((first * second.conj()).sum().real / np.sqrt((np.abs(first) ** 2).sum() * (np.abs(second) ** 2).sum()), 0), 0.999
        )
        power = max(2 * frc / (1 - frc), 1e-4) * noise / count
        variance = 1 / ((count - 1) / noise + 1 / power)
        shown = (mine.sum(0) - mine) * variance / noise
        member, other = noise + variance, noise + power
        ratio = np.abs(mine) ** 2 / other - np.abs(mine - shown) ** 2 / member - 1 + (other + np.abs(shown) ** 2) / member
        result += ratio.sum(1) / 2
    return result


def test_scores_do_not_saturate_where_images_are_clear():
    found = Evidence(np.array([2.0, 10, 16, 20, 24, 30]), np.full(6, 30.0))
    assert (np.diff(found.score) > 0.004).all()
    assert 0.4 < found.score[2] < 0.6


def test_classes_that_cannot_tell_do_not_lower_the_mark():
    found = np.array([2.0, 4.0, 6.0])
    few, many = (Evidence(np.tile(found, n + 1), np.repeat([6.0, 1.0], [3, 3 * n])).score[:3] for n in (1, 20))
    assert many == pytest.approx(few)
    assert few[0] < 0.1 < few[1] < 0.5 < 0.7 < few[2]
    hopeless = Evidence(found, np.full(3, 1.0)).score
    assert (np.diff(hopeless) > 0).all() and hopeless[0] < 0.5
