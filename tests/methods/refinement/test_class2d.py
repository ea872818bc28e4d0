"""2D classification on arrays: it finds views, repeats with a seed, and survives what is awkward."""

import math
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vitreous.context import Context, UserError
from vitreous.maths.ctf import CtfParams, ctf2d
from vitreous.maths.fourier import irfft2, rfft2
from vitreous.maths.shells import power
from vitreous.methods.refinement import class2d, expectation, first2d, maximisation, polar, prepare, problem2d, scores, seeds2d
from vitreous.methods.refinement.class2d import classify2d
from vitreous.methods.refinement.schedule import blocks_of, following, rows_of, turns
from vitreous.methods.refinement.settings import Class2DSettings, Classification, CtfUse, PlaneSearch
from vitreous.methods.refinement.state import State, Sums
from vitreous.tables.table import Table

PIXEL_A = 4.0


class Held:
    """Images in memory."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def read(self, indices: np.ndarray) -> np.ndarray:
        return self.images[np.asarray(indices)]


def table(count: int, **columns: np.ndarray) -> Table:
    optics = {"optics_group": [1], "pixel_size_A": [PIXEL_A], "voltage_kV": [300.0], "cs_mm": [2.7], "amplitude_contrast": [0.1]}
    return Table({"optics_group": np.ones(count, int), **columns}, "particles", Table(optics, "optics"))


def gaussians(points: torch.Tensor, box: int, width: float = 1.7) -> torch.Tensor:
    """Sums of blobs (n, p, 2) of falling height as images (n, box, box)."""
    at = torch.arange(box) - box // 2
    heights = torch.linspace(1.5, 0.5, points.shape[1])
    ex = torch.exp(-((at - points[..., 0, None]) ** 2) / (2 * width**2))
    ey = torch.exp(-((at - points[..., 1, None]) ** 2) / (2 * width**2)) * heights[:, None]
    return ey.transpose(1, 2) @ ex


def particles_of(kinds: int, count: int, box: int, *, noise: float, seed: int) -> SimpleNamespace:
    """Images of `kinds` flat objects at random angles and shifts, with CTF and white noise, and the truth."""
    made = torch.Generator().manual_seed(seed)
    shapes = (torch.rand((kinds, 6, 2), generator=made) - 0.5) * 0.42 * box
    kind = torch.arange(count) % kinds
    psi = torch.rand(count, generator=made) * 2 * math.pi
    origin = torch.randn((count, 2), generator=made).clamp(-2, 2)
    turn = torch.stack([psi.cos(), psi.sin(), -psi.sin(), psi.cos()], 1).view(-1, 2, 2)
    images = gaussians(torch.einsum("nij,npj->npi", turn, shapes[kind]) - origin[:, None], box)
    defocus = (9000 + 8000 * torch.rand(count, generator=made)).numpy().astype(float)
    images = irfft2(rfft2(images) * ctf2d(CtfParams.of(defocus, amplitude_contrast=0.1), box, PIXEL_A), box)
    images = images / images.std() + noise * torch.randn(images.shape, generator=made)
    rows = table(count, defocus_u_A=defocus, defocus_v_A=defocus, defocus_angle_deg=np.zeros(count))
    return SimpleNamespace(
        source=Held(images.numpy().astype(np.float32)),
        table=rows,
        kind=kind.numpy(),
        psi_deg=np.degrees(psi.numpy()),
        origin=origin.numpy(),
    )


def choices(box: int, **values: object) -> Class2DSettings:
    plain = {"particle_diameter_A": 0.75 * box * PIXEL_A, "use_em": True, "use_mini_batches": False, "em_iterations": 8}
    return Class2DSettings(classification=Classification(**{**plain, **values}))


def last(*arguments: object) -> State:
    *_, state = classify2d(*arguments)  # type: ignore[arg-type]
    return state


def purity(found: np.ndarray, truth: np.ndarray) -> float:
    return sum(np.bincount(truth[found == k]).max() for k in np.unique(found)) / len(truth)


@pytest.fixture(scope="module")
def mixed() -> SimpleNamespace:
    return particles_of(3, 240, 40, noise=1.5, seed=5)


@pytest.fixture(scope="module")
def sorted_out(mixed: SimpleNamespace) -> State:
    return last(mixed.source, mixed.table, choices(40, classes=4, em_iterations=12), Context(seed=3))


@pytest.mark.slow
def test_three_shapes_come_apart(mixed: SimpleNamespace, sorted_out: State) -> None:
    assert purity(sorted_out.poses.classes, mixed.kind) > 0.9
    assert sorted_out.poses.classes.min() >= 0
    assert torch.isclose(sorted_out.shares.sum(), torch.tensor(1.0, dtype=torch.float64))


@pytest.mark.slow
def test_angles_and_origins_are_those_of_the_truth(mixed: SimpleNamespace, sorted_out: State) -> None:
    poses = sorted_out.poses
    errors, moves = [], []
    for k in range(sorted_out.classes):
        for kind in range(3):
            mine = (poses.classes == k) & (mixed.kind == kind)
            if mine.sum() < 20:
                continue
            turn = np.exp(1j * np.radians(poses.psi_deg[mine] - mixed.psi_deg[mine]))
            errors.append(np.degrees(np.abs(np.angle(turn / (turn.mean() / abs(turn.mean()))))))
            off = (poses.origin_px[mine] - mixed.origin[mine]) @ np.array([1, 1j])
            home = off * np.exp(1j * np.radians(mixed.psi_deg[mine]))
            moves.append(np.abs(home - np.median(home.real) - 1j * np.median(home.imag)))
    assert errors
    assert np.median(np.concatenate(errors)) < 4.0
    assert np.median(np.concatenate(moves)) < 0.8


@pytest.mark.slow
def test_mini_batches_reach_the_same(mixed: SimpleNamespace) -> None:
    chosen = choices(40, classes=4, use_em=False, use_mini_batches=True, mini_batches=25)
    assert purity(last(mixed.source, mixed.table, chosen, Context(seed=3)).poses.classes, mixed.kind) > 0.85


@pytest.mark.slow
def test_a_seed_repeats_whatever_the_threads(mixed: SimpleNamespace) -> None:
    chosen = choices(40, classes=2, em_iterations=2)
    one, two, other = (last(mixed.source, mixed.table, chosen, Context(seed=s, threads=t)) for s, t in ((1, 1), (1, 2), (2, 1)))
    assert torch.equal(one.references, two.references)
    assert np.array_equal(one.poses.psi_deg, two.poses.psi_deg)
    assert not torch.equal(one.references, other.references)


@pytest.mark.parametrize("ground", [0, 40])
def test_the_scale_and_the_ground_of_the_images_do_not_matter(mixed: SimpleNamespace, ground: float) -> None:
    chosen = choices(40, classes=2, em_iterations=2)
    plain = last(mixed.source, mixed.table, chosen, Context(seed=1))
    tripled = last(Held(3 * mixed.source.images + np.float32(ground)), mixed.table, chosen, Context(seed=1))
    assert (plain.poses.classes == tripled.poses.classes).mean() > 0.99
    assert torch.allclose(tripled.references, 3 * plain.references, atol=0.02 * float(tripled.references.abs().max()))


@pytest.mark.parametrize("change", ["dark on light", "a diameter of a pixel"])
def test_noise_that_is_not_there_ends_in_no_error(change: str) -> None:
    """What is weighted by a noise that vanishes overflows."""
    few = particles_of(1, 30, 32, noise=1.0, seed=5)
    images = -few.source.images if change == "dark on light" else few.source.images
    diameter_A = 5.0 if change == "a diameter of a pixel" else 100.0
    chosen = choices(32, classes=2, em_iterations=20, particle_diameter_A=diameter_A)
    state = last(Held(images), few.table, chosen, Context(seed=1))
    assert torch.isfinite(state.references).all() and (state.sigma2 > 0).all()


@pytest.mark.parametrize("with_zeros", [True, False])
def test_noise_is_measured_as_it_is(with_zeros: bool) -> None:
    """White noise of variance 4: sigma2 is 4 N^2 / 2 at every shell, before and after an iteration, mask or no mask."""
    box, count = 48, 400
    made = np.random.default_rng(8)
    noise = 2 * made.standard_normal((count, box, box)).astype(np.float32)
    chosen = replace(choices(box, classes=1, em_iterations=1, mask_with_zeros=with_zeros), ctf=CtfUse(correct_ctf=False))
    states = list(classify2d(Held(noise), table(count), chosen, Context(seed=1)))
    for state in states:
        found = state.sigma2[0, 2:-1] / (4 * box**2 / 2)
        assert abs(float(found[6:].mean()) - 1) < 0.01
        assert (found - 1).abs().max() < 0.12
    assert states[-1].poses.pmax.max() < 0.2
    assert states[-1].resolution_shell(0) < 6


def test_posterior_sums_to_one_and_is_flat_without_signal(mixed: SimpleNamespace) -> None:
    chosen = choices(40, classes=3, em_iterations=1)
    setup = problem2d.problem(mixed.source, mixed.table, chosen, Context(seed=1))
    state = first2d.begin(setup, Context(seed=1))
    blank = replace(state, references=torch.zeros_like(state.references))
    after = class2d.step(setup, blank, Context(seed=1))
    assert torch.allclose(after.sums.mass.sum(), torch.tensor(240.0, dtype=torch.float64), rtol=1e-4)
    assert torch.allclose(after.shares, torch.full((3,), 1 / 3, dtype=torch.float64), atol=1e-4)


def test_log_likelihood_differences_equal_the_cartesian_ones(mixed: SimpleNamespace) -> None:
    """Polar scores of one image against two references at a pose, against sums over pixels in float64."""
    box, shells = 40, 14
    setup = problem2d.problem(mixed.source, mixed.table, choices(box, classes=1), Context())
    grid = polar.PolarGrid(box, shells, polar.angles_for(shells, box / 2, box))
    made = torch.Generator().manual_seed(4)
    points = (torch.rand((2, 5, 2), generator=made) - 0.5) * 0.4 * box
    references = gaussians(points, box, 2.0).float()
    rows = np.arange(6)
    read = problem2d.pixels(setup, rows, setup.given, 1.0)
    whole, masked = read.whole, read.masked
    sigma2 = torch.linspace(900.0, 700.0, box // 2 + 1, dtype=torch.float64)
    batch = prepare.on_grid(setup.images, whole, masked, rows=rows, sigma2=sigma2, grid=grid)
    shifts = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    pairs, j = expectation.Pairs.all(6, shifts), 7
    found = []
    for reference in references:
        model = expectation.Model.of(reference[None], grid, torch.ones(1), offset_sigma_px=3.0, shifts_px=shifts)
        at = torch.full((6,), j)
        cells = expectation.score(batch, model, pairs, log_prior=torch.zeros(6), angle=at, space=scores.Workspace())
        found.append(cells.log_sum)
    psi = 2 * math.pi * j / grid.angles
    turn = torch.tensor([[math.cos(psi), -math.sin(psi)], [math.sin(psi), math.cos(psi)]])
    turned = gaussians(torch.einsum("ij,kpj->kpi", turn, points), box, 2.0).double()
    k = torch.arange(box // 2 + 1).double()
    ky = torch.fft.fftfreq(box, 1 / box).double()
    radius = torch.hypot(k[None], ky[:, None])
    full = torch.where((k > 0) & (k < box / 2), 1.0, 0.5)
    spread = torch.from_numpy(np.interp(radius.numpy(), np.arange(box // 2 + 1), (1 / sigma2).numpy())) / setup.images.kept
    weight = full * spread * (radius < shells + 0.5) * (radius > 0)
    assert setup.images.ctf is not None
    ctf = ctf2d(setup.images.ctf[torch.from_numpy(rows)], box, PIXEL_A).double()
    phase = torch.exp(-2j * math.pi / box * (k * shifts[0, 0] + ky[:, None] * shifts[0, 1]))
    difference = rfft2(masked.double())[None] * phase - ctf[None] * rfft2(turned)[:, None]
    truth = -(weight * difference.abs().square()).sum((-1, -2)) / 2
    got, wanted = found[0] - found[1], truth[0] - truth[1]
    assert (got - wanted).norm() / wanted.norm() < 5e-3


def test_likelihood_does_not_fall(mixed: SimpleNamespace) -> None:
    """With one class, a fixed band and white noise the likelihood rises from turn to turn, but for the noise of the grid."""
    chosen = choices(40, classes=1, em_iterations=6, resolution_limit_A=20.0)
    states = list(classify2d(mixed.source, mixed.table, chosen, Context(seed=2)))[2:]
    values = [s.log_likelihood for s in states]
    assert values[-1] > values[0]


@pytest.mark.parametrize("box", [33, 46])
def test_odd_and_unfriendly_boxes(box: int) -> None:
    few = particles_of(1, 12, box, noise=1.0, seed=2)
    state = last(few.source, few.table, choices(box, classes=2, em_iterations=2), Context(seed=1))
    assert torch.isfinite(state.references).all()


def test_one_particle_and_more_classes_than_particles() -> None:
    few = particles_of(1, 1, 32, noise=1.0, seed=2)
    state = last(few.source, few.table, choices(32, classes=3, em_iterations=2), Context(seed=1))
    assert torch.isfinite(state.references).all()
    assert np.isfinite(state.poses.origin_px).all()


@pytest.mark.parametrize("first", [0, 150])
def test_broken_images_are_set_aside_and_told(mixed: SimpleNamespace, first: int) -> None:
    images = mixed.source.images.copy()
    images[first], images[first + 1] = 0.0, 7.0
    images[first + 2, 3, 4], images[first + 3, 5] = np.nan, np.inf
    notes: list[str] = []
    context = Context(seed=1, on_note=notes.append)
    state = last(Held(images), mixed.table, choices(40, classes=2, em_iterations=2), context)
    bad = list(range(first, first + 4))
    assert (state.poses.classes[bad] == -1).all() and (np.delete(state.poses.classes, bad) >= 0).all()
    assert torch.isfinite(state.references).all()
    assert np.isfinite(state.poses.norm).all()
    told = sorted(note for note in notes if "set aside" in note)
    assert told == sorted(
        f"row {row + 1} of the particles is set aside: the image "
        + ("is empty (all pixels are equal)" if row < first + 2 else "holds values that are not numbers")
        for row in bad
    )
    rest = np.delete(np.arange(len(images)), bad)
    alone = last(Held(images[rest]), mixed.table.select(rest), choices(40, classes=2, em_iterations=2), Context(seed=1))
    assert np.allclose(state.sigma2, alone.sigma2, rtol=0.08)  # the first classes are others, as rows have other numbers


def test_empty_classes_are_revived() -> None:
    flat = particles_of(2, 120, 32, noise=0.5, seed=9)
    chosen = choices(32, classes=8, em_iterations=10)
    states = list(classify2d(flat.source, flat.table, chosen, Context(seed=4)))
    assert any(s.reseeded for s in states)
    assert all(torch.isfinite(s.references).all() for s in states)


def test_without_alignment_angles_and_origins_stay(mixed: SimpleNamespace) -> None:
    given = mixed.table.with_(
        psi_deg=mixed.psi_deg, origin_x_A=mixed.origin[:, 0] * PIXEL_A, origin_y_A=mixed.origin[:, 1] * PIXEL_A
    )
    chosen = replace(choices(40, classes=3, em_iterations=8), search=PlaneSearch(align=False))
    state = last(mixed.source, given, chosen, Context(seed=1))
    assert np.allclose(state.poses.psi_deg, mixed.psi_deg)
    assert np.allclose(state.poses.origin_px, mixed.origin, atol=1e-6)
    assert purity(state.poses.classes, mixed.kind) > 0.9


def wrong_tables() -> dict[str, tuple[Callable[[], tuple[Held, Table]], str]]:
    images = Held(np.random.default_rng(0).standard_normal((3, 32, 32)).astype(np.float32))
    defocus = {"defocus_u_A": np.full(3, 1e4), "defocus_v_A": np.full(3, 1e4)}
    holed = Held(np.where(np.arange(32) == 4, np.nan, images.images).astype(np.float32))
    return {
        "no particle": (lambda: (Held(images.images[:0]), table(0)), "holds no particles"),
        "no CTF": (lambda: (images, table(3)), "defocus"),
        "a CTF missing": (
            lambda: (images, table(3, **{**defocus, "defocus_v_A": np.array([1e4, np.nan, 1e4])})),
            "no number.* row 2",
        ),
        "fewer images": (lambda: (Held(images.images[:2]), table(3, **defocus)), "2 images for 3"),
        "NaN": (lambda: (holed, table(3, **defocus)), "not one of 3 .* row 1 holds values that are not numbers"),
        "all alike": (lambda: (Held(np.zeros((3, 32, 32), np.float32)), table(3, **defocus)), "not one of 3 .* row 1 is empty"),
    }


@pytest.mark.parametrize("case", list(wrong_tables()))
def test_bad_input_is_said_clearly(case: str) -> None:
    make, words = wrong_tables()[case]
    source, rows = make()
    with pytest.raises(UserError, match=words):
        last(source, rows, choices(32, classes=1), Context())


def test_a_class_of_rounding_errors_is_nothing() -> None:
    """Running sums of a class that lost its images shrink to rounding errors: these must not be divided by each other."""
    made = torch.Generator().manual_seed(1)
    data = torch.randn((2, 32, 32), generator=made)
    data[1] *= 1e-8
    weight = torch.ones((2, 17), dtype=torch.float64)
    weight[1] = 1e-30
    mask = torch.ones((32, 32))
    ssnr = maximisation.signal_to_noise(data, weight, mask, regularisation=2.0, first_shells=5)
    assert maximisation.regularised(data, weight, ssnr)[1].abs().max() == 0


def test_classes_are_kept_without_which_images_have_none() -> None:
    """Two classes that explain the same images are one too many; a small class that alone explains its images is not."""
    explained = np.zeros((30, 4), np.float32)
    explained[:14, 0], explained[:14, 1] = 0.6, 0.4
    explained[14:26, 2] = 1.0
    explained[26:29, 3] = 1.0  # and one image is like none
    assert seeds2d.best_subset(explained, 3).tolist() == [0, 2, 3]
    assert seeds2d.best_subset(explained, 2).tolist() == [0, 2]
    assert seeds2d.best_subset(explained, 4).tolist() == [0, 1, 2, 3]


def test_noise_is_not_found_again_in_classes_that_began_with_it() -> None:
    noise = np.random.default_rng(8).standard_normal((300, 32, 32)).astype(np.float32)
    chosen = replace(choices(32, classes=6, em_iterations=2), ctf=CtfUse(correct_ctf=False))
    state = last(Held(noise), table(300), chosen, Context(seed=1))
    assert max(state.resolution_shell(k) for k in range(6)) < 4 and state.poses.pmax.mean() < 0.05


def test_a_mirror_pair_comes_apart() -> None:
    """The same flat object seen from both sides, two classes: each holds one hand."""
    one = particles_of(1, 160, 40, noise=1.0, seed=6)
    images = one.source.images.copy()
    images[::2] = np.roll(images[::2, :, ::-1], 1, axis=2)
    state = last(Held(images), one.table, choices(40, classes=2, em_iterations=6), Context(seed=1))
    assert purity(state.poses.classes, np.arange(160) % 2) > 0.9


def test_full_passes_keep_all_classes_alive() -> None:
    views = particles_of(8, 240, 40, noise=1.0, seed=7)
    state = last(views.source, views.table, choices(40, classes=8, em_iterations=8), Context(seed=2))
    assert float(state.shares.min()) > 0.1 / 8
    assert np.bincount(state.poses.classes, minlength=8).min() > 0


def test_one_class_begins_with_the_average_of_many_images(mixed: SimpleNamespace) -> None:
    """Turned at random: what a circle has, and little else."""
    setup = problem2d.problem(mixed.source, mixed.table, choices(40, classes=1), Context(seed=1))
    begun = first2d.begin(setup, Context(seed=1))
    assert float(begun.sums.mass.sum()) == 240
    grid = polar.PolarGrid(40, 8, 48)
    samples = polar.sample_images(begun.sums.data.sum(0), grid)
    round_part = samples.mean(-1).real.square().sum()
    assert float(round_part) > 0.5 * float(samples.abs().square().mean(-1).sum())


@pytest.mark.parametrize(
    ("count", "classes"), [(1, 1), (40, 3), (500, 20), (5000, 100), (5000, 20), (200_000, 50), (1_000_000, 500)]
)
def test_batches_grow_and_the_last_turn_takes_all(count: int, classes: int) -> None:
    made = turns(Classification(mini_batches=200, classes=classes), count)
    sizes = [turn.images for turn in made]
    assert sizes == sorted(sizes) and sizes[-1] == count == max(sizes) and sizes[0] <= max(2 * 50 * classes, 600)
    assert sum(sizes) <= max(18 * count, 8 * 500)
    assert all(0.5 <= turn.step <= 1 for turn in made) and made[-1].step == 1


@pytest.mark.parametrize("asked", [1, 2, 9, 11, 12, 13, 30, 91, 200, 201, 500])
@pytest.mark.parametrize("count", [40, 5000, 1_000_000])
def test_turns_have_rising_numbers_up_to_that_asked_for(asked: int, count: int) -> None:
    numbers = [turn.iteration for turn in turns(Classification(mini_batches=asked, classes=20), count)]
    assert numbers == sorted(set(numbers)) and numbers[0] >= 1 and numbers[-1] == asked
    tens = {-(-number // 10) for number in numbers}
    assert all(min(10 * ten, asked) in numbers for ten in tens)


def test_each_image_is_taken_equally_often() -> None:
    made = turns(Classification(mini_batches=200, classes=20), 3000)
    taken = np.concatenate([rows_of(made, turn, 3000, lambda name: 1) for turn in made])
    often = np.bincount(taken, minlength=3000)
    assert often.max() - often.min() <= 2
    assert following(made, 0) is made[0] and following(made, made[0].iteration) is made[1]


@pytest.mark.parametrize("count", [2, 9, 100])
def test_both_halves_have_images_of_every_group(count: int) -> None:
    rows, group = np.arange(count), np.arange(count) // (count // 2 + count % 2)
    blocks = list(blocks_of(rows, group, 256))
    assert sorted(np.concatenate([block.rows for block in blocks])) == rows.tolist()
    assert {block.half for block in blocks} == {0, 1}


def test_shells_that_are_no_longer_scored_leave_no_trace_however_long_they_fade() -> None:
    """Once, weights that faded to nothing stood under data that rounding held up, and classes grew without bound."""
    box, made = 32, torch.Generator().manual_seed(7)
    weight = torch.full((2, 2, box // 2 + 1), 100.0, dtype=torch.float64)
    sums = Sums(torch.randn((2, 2, box, box), generator=made), weight, torch.ones((2, 2), dtype=torch.float64))
    fresh = Sums(sums.data.clone(), weight.clone(), sums.mass.clone())
    fresh.weight[:, :, 9:] = 0
    for _ in range(40):
        sums = sums.blended(fresh, 0.5).within(8)
    data, total = sums.data.sum(0), sums.weight.sum(0)
    ssnr = maximisation.signal_to_noise(data, total, torch.ones((box, box)), regularisation=2.0, first_shells=6)
    classes = maximisation.regularised(data, total, ssnr)
    assert float(classes.abs().max()) < 1.0
    assert float(spectrum(classes)[:, 10:].max()) < 1e-6 * float(spectrum(classes).max())


def spectrum(images: torch.Tensor) -> torch.Tensor:
    return power(rfft2(images.double()), ndim=2)


def test_too_little_memory_is_said(mixed: SimpleNamespace) -> None:
    setup = problem2d.problem(mixed.source, mixed.table, choices(40, classes=4), Context())
    state = first2d.begin(setup, Context())
    with pytest.raises(UserError, match="raise --memory-gb"):
        class2d.step(setup, state, Context(memory_GB=1e-6))
