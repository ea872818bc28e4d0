"""The compiled passes over cells against plain sums in float64, on fresh numbers each run."""

import secrets

import pytest
import torch

from vitreous.methods.refinement import cells, polar, scores
from vitreous.methods.refinement.polar import PolarGrid
from vitreous.methods.refinement.turning import Families, paired, paired_families, phases_of


@pytest.fixture
def generator() -> torch.Generator:
    """Seeded anew each run; the seed is printed."""
    seed = secrets.randbits(32)
    print("seed", seed)
    return torch.Generator().manual_seed(seed)


def quarters_of(generator: torch.Generator, half: int, pairs: int) -> scores.Quarters:
    """Cells that spread over hundreds, as log likelihoods do."""
    scale = 60 * torch.rand((1, pairs), generator=generator)
    values = torch.randn((2 * half, pairs), generator=generator) * scale - 300 * torch.rand((1, pairs), generator=generator)
    even, odd = (values[:half] + values[half:]) / 2, (values[:half] - values[half:]) / 2
    a, b, c, d = (part / 2 for part in scores.quarters(even, odd))
    for part in (a, b, c, d):
        part[0] *= 2
        if half % 2 == 0:
            part[-1] *= 2
    b[0], d[0] = 0, 0
    if half % 2 == 0:
        b[-1], c[-1] = 0, 0
    whole = torch.empty_like(values)
    scores.unfolded((a, b, c, d), whole)
    assert torch.allclose(whole, values, atol=1e-3)
    return a, b, c, d


def wide(parts: scores.Quarters) -> scores.Quarters:
    """In float64."""
    a, b, c, d = (part.double() for part in parts)
    return a, b, c, d


@pytest.mark.parametrize("half", [27, 30])
def test_log_sums_are_those_of_all_angles(generator: torch.Generator, half: int) -> None:
    parts = quarters_of(generator, half, 333)
    whole = torch.empty((2 * half, 333), dtype=torch.float64)
    scores.unfolded(wide(parts), whole)
    assert (cells.log_sums(parts, half) - torch.logsumexp(whole, 0)).abs().max() < 2e-4
    assert (cells.log_sums(wide(parts), half) - torch.logsumexp(whole, 0)).abs().max() < 1e-12


@pytest.mark.parametrize("half", [21, 20])
def test_posteriors_of_both_branches_agree(generator: torch.Generator, half: int) -> None:
    parts = quarters_of(generator, half, 150)
    factor = torch.log(torch.rand(150, generator=generator, dtype=torch.float64)) - cells.log_sums(wide(parts), half)
    truth = cells.posterior(wide(parts), half, factor, least=1e-3)
    found = cells.posterior(parts, half, factor.float(), least=1e-3)
    for mine, theirs in zip((*found.folded, found.total, found.top), (*truth.folded, truth.total, truth.top)):
        assert (mine - theirs).abs().max() < 1e-4
    assert (found.angle == truth.angle).float().mean() > 0.98
    assert (found.many - truth.many).abs().float().mean() < 0.1


def test_one_angle_is_read_and_written_where_it_is(generator: torch.Generator) -> None:
    half, pairs = 12, 40
    parts = quarters_of(generator, half, pairs)
    whole = torch.empty((2 * half, pairs))
    scores.unfolded(parts, whole)
    angle = torch.randint(2 * half, (pairs,), generator=generator)
    assert torch.equal(cells.at_angles(parts, half, angle), whole[angle, torch.arange(pairs)])
    found = cells.single(angle, torch.rand(pairs, generator=generator), half)
    assert torch.equal(found.angle, angle)
    assert torch.allclose(found.total, found.top)


def test_moved_columns_are_those_of_plain_products(generator: torch.Generator) -> None:
    """Both compiled ways against torch in float64, and quarters against the plain transform."""
    grid, space = PolarGrid(32, 10, 44), scores.Workspace()
    samples = scores.columns(polar.sample_images(torch.randn((5, 32, 32), generator=generator, dtype=torch.float64), grid))
    shifts = torch.rand((3, 2), generator=generator, dtype=torch.float64) * 4 - 2
    phases = scores.columns(polar.shift_phases(shifts, grid))
    image, shift = torch.arange(5).repeat(3), torch.arange(3).repeat_interleave(5)
    some = torch.randperm(15, generator=generator)[:7]
    for which in (torch.arange(15), some):
        truth = paired(samples, phases, image[which], shift=shift[which], space=space)
        single = tuple(part.float() for part in samples), tuple(part.float() for part in phases)
        found = paired(*single, image[which], shift=shift[which], space=space)  # type: ignore[arg-type]
        for mine, theirs in zip(found, truth):
            assert (mine - theirs).norm() / theirs.norm() < 1e-6


def test_families_are_moved_as_their_children_one_by_one(generator: torch.Generator) -> None:
    grid, space = PolarGrid(32, 10, 44), scores.Workspace()
    samples = scores.columns(polar.sample_images(torch.randn((5, 32, 32), generator=generator, dtype=torch.float64), grid))
    middles = torch.rand((3, 2), generator=generator, dtype=torch.float64) * 4 - 2
    corners = torch.tensor([[-0.5, 0.3], [0.5, 0.1], [0.0, 0.4], [0.2, -0.5]], dtype=torch.float64)
    image, shift = torch.tensor([0, 0, 2, 3, 3, 4]), torch.tensor([0, 2, 1, 0, 1, 2])
    one_by_one = scores.columns(polar.shift_phases((middles + corners[:, None]).view(-1, 2), grid))
    truth = paired(samples, one_by_one, image.repeat(4), shift=(3 * torch.arange(4)[:, None] + shift).flatten(), space=space)
    families = Families(image, shift, phases_of(middles, grid), phases_of(corners, grid))
    single = samples[0].float(), samples[1].float()
    for found in (paired_families(single, families, space), paired_families(samples, families, space)):
        for mine, theirs in zip(found, truth):
            assert (mine - theirs).norm() / theirs.norm() < 1e-6


def test_chosen_pairs_have_the_cells_they_have_among_all(generator: torch.Generator) -> None:
    grid, space = PolarGrid(32, 10, 48), scores.Workspace()
    images, references = (
        scores.columns(polar.sample_images(torch.randn((n, 32, 32), generator=generator), grid)) for n in (5, 3)
    )
    x, a = scores.modes(images, grid, space, "x"), scores.modes(references, grid, space, "a")
    every = [part.clone() for part in scores.quarter_terms(x, a, grid, space)]
    chosen = torch.randperm(15, generator=generator)[:6]
    some = scores.quarter_terms(x, a, grid, space, chosen=chosen)
    for whole, part in zip(every, some):
        assert torch.allclose(whole[:, chosen], part, rtol=1e-4, atol=1e-4 * float(whole.abs().max()))
